//! What `check` tells an operator of an extranet before a resident finds it out.

use url::form_urlencoded;

use crate::support::{
    site::{Agency, rewrite},
    town::Town,
};

/// A page of the extranet that answers this.
fn page(answer: &[(&str, &str)]) -> String {
    format!("/answer?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish())
}

fn html(body: &str) -> String {
    page(&[("content-type", "text/html; charset=utf-8"), ("body", body)])
}

/// Checks agency A's file with these values; whether all is well, and what is said.
fn checked(values: &[(&str, toml::Value)]) -> (Option<i32>, String) {
    checked_of(|agency| agency, values)
}

fn checked_of(change: impl FnOnce(Agency) -> Agency, values: &[(&str, toml::Value)]) -> (Option<i32>, String) {
    let town = Town::build_with_agency(|site| site, change);
    let file = town.gateway.folder().join("agencies/agence-a.toml");
    for (path, value) in values {
        rewrite(&file, path, value.clone());
    }
    let done = town.gateway.run("check", &[]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.code(), said)
}

/// What is other in an agency's file.
type Change = fn(Agency) -> Agency;

const FIELDS: &str = "<input name=identifiant><input type=password name=motdepasse>";

#[test]
fn sec_077_a_form_that_would_put_a_password_into_a_url_fails_the_check() {
    for form in [
        format!("<form action=/identification>{FIELDS}<button>Entrer</button></form>"),
        format!("<form method=get action=/identification>{FIELDS}<button>Entrer</button></form>"),
        format!("<form method=post action=/identification>{FIELDS}<button formmethod=get>Entrer</button></form>"),
    ] {
        let values: [(&str, toml::Value); 2] =
            [("sign_in.form.page", html(&form).into()), ("sign_in.form.extra", toml::Table::new().into())];
        let (code, said) = checked(&values);
        assert_eq!(code, Some(1), "{form}: {said}");
        assert!(said.contains("is refused: the form would put the password into a URL"), "{form}: {said}");
        assert!(said.contains("1 of 2 login forms are refused"), "{form}: {said}");
        assert!(said.contains("sign_in.form.method"), "{form}: {said}");
        let posts = ("sign_in.form.method", "post".into());
        let (code, said) = checked(&[values.to_vec(), vec![posts]].concat());
        assert_eq!(code, Some(0), "{form}: {said}");
        assert!(said.contains("is posted to /identification as application/x-www-form-urlencoded"), "{form}: {said}");
    }
    // One that cannot be sent for another reason may be out of order for a while.
    let other = html("<form method=post><input name=identifiant><input type=password name=mdp></form>");
    let (code, said) = checked(&[("sign_in.form.page", other.into())]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("cannot be sent: no form has both declared fields"), "{said}");
}

#[test]
fn f2_check_tells_where_residents_would_stand() {
    for (answer, told) in [
        (vec![("status", "404")], "answers 404"),
        (vec![("status", "410")], "answers 410"),
        (vec![("status", "500")], "answers 500"),
        (vec![("status", "403")], "answers 403 to whoever is not signed in"),
        (vec![("status", "302"), ("location", "https://ailleurs.example/")], "leads to another server"),
        (vec![("status", "302"), ("location", "/identification")], ""),
        (vec![("status", "200")], ""),
        (vec![("status", "401")], ""),
    ] {
        let start = page(&answer);
        let (code, said) = checked(&[("start", start.clone().into())]);
        assert_eq!(code, Some(0), "{answer:?}: {said}");
        let warning = format!("CA/SA: warning: {start}, where residents stand after signing in, {told}");
        assert_eq!(said.contains(&warning), !told.is_empty(), "{answer:?}: {said}");
    }
}

#[test]
fn f3_check_tells_of_a_success_page_that_is_closed_to_residents() {
    let redirect = |to: &str| {
        let rule = toml::Table::from_iter([("redirect".to_owned(), to.into())]);
        ("sign_in.form.success", toml::Value::Array(vec![rule.into()]))
    };
    for (to, list) in [
        ("/identification/ok", "login"),
        ("/Deconnexion?x=1", "logout"),
        ("/motdepasse", "account"),
        ("/membre/accueil", ""),
    ] {
        let (code, said) = checked(&[redirect(to)]);
        assert_eq!(code, Some(0), "{to}: {said}");
        let warning = format!("a sign-in leads to {to}, which is closed to residents by paths.{list}");
        assert_eq!(said.contains(&warning), !list.is_empty(), "{to}: {said}");
    }
}

#[test]
fn s1_check_tells_which_login_forms_stay_open() {
    let form = "<form method=post action='/entrer?vue=1'><input name=code><input type=password name=secret></form>";
    let open = "a login form that is sent to /entrer?vue=1 stays open to residents";
    let headers = |agency: Agency| agency.set("sign_in", toml::toml! { adapter = "trusted-headers" });
    let basic = |agency: Agency| {
        agency.set(
            "sign_in",
            toml::toml! {
                adapter = "http-basic"
                [basic]
                page = "/basic/moi"
            },
        )
    };
    let replay = |agency: Agency| agency;
    let adapters: [(&str, Change); 3] = [("trusted-headers", headers), ("http-basic", basic), ("form-replay", replay)];
    let start = |body: &str| vec![("start", toml::Value::from(html(body)))];
    for (adapter, change) in adapters {
        let (code, said) = checked_of(change, &start(form));
        assert_eq!(code, Some(0), "{adapter}: {said}");
        assert!(said.contains(open), "{adapter}: {said}");
        assert_eq!(said.contains("password = \"secret\""), adapter != "form-replay", "{adapter}: {said}");
        let rule = [start(form), vec![("paths.login", vec!["/identification", "/entrer"].into())]].concat();
        let (_, said) = checked_of(change, &rule);
        assert!(!said.contains("stays open"), "{adapter}, closed by a rule: {said}");
    }
    for (adapter, change) in &adapters[..2] {
        let names = toml::toml! { login = "Code" password = "secret" };
        let (_, said) = checked_of(*change, &[start(form), vec![("sign_in.fields", names.into())]].concat());
        assert!(!said.contains("stays open"), "{adapter}, closed by its fields: {said}");
    }
    // Where the start page leads counts; what makes an account, or is sent to another server, is no login here.
    let there = page(&[("status", "302"), ("location", &html(form))]);
    let (_, said) = checked_of(headers, &[("start", there.into())]);
    assert!(said.contains(open), "{said}");
    for other in [
        "<form method=post action=/creer><input name=code><input type=password name=a><input type=password name=b></form>",
        "<form method=post action=https://ailleurs.example/><input name=code><input type=password name=a></form>",
        "<form method=post action=/chercher><input name=q></form>",
    ] {
        let (_, said) = checked_of(headers, &start(other));
        assert!(!said.contains("stays open"), "{other}: {said}");
    }
}
