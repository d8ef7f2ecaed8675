//! Extranets as odd as real ones, and the whole road through each: the wizard, a sign-in, a page, a form, the end of a session, a
//! new one, and out.

use reqwest::Method;
use url::Url;

use crate::support::{
    page,
    person::{Person, Request},
    site::Agency,
    town::{ALICE, CHOSEN, Town},
};

/// Goes there and follows what a browser follows, a meta refresh of ours too.
fn go(person: &mut Person, request: Request) -> String {
    let mut answer = person.visit(request);
    while let Some(to) = page::attribute(&answer.text(), "meta[http-equiv=refresh]", "content") {
        let to = to.split_once("url=").expect("where it leads").1.to_owned();
        let next = answer.url.join(&to).expect("an address");
        answer = person.visit(Request::get(next).header("sec-fetch-site", "same-origin"));
    }
    format!("{} {}", answer.status, page::words(&answer.text()))
}

/// Walks the whole road.
fn walk(what: &str, at_a: impl FnOnce(Agency) -> Agency, odd: impl FnOnce(&Town)) -> Town {
    let town = Town::build_with_agency(|site| site, at_a);
    odd(&town);
    let mut alice = town.alice();
    let at = |path: &str| town.gateway.agency("agence-a", path);
    alice.open(at("/membre/x")).see("\"who\":\"alice-77\"");
    let form = Request::get(at("/membre/lettre"))
        .method(Method::POST)
        .header("origin", &at("/").origin().ascii_serialization())
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("texte=Bonjour");
    assert!(go(&mut alice, form).contains("\"body_length\":13"), "{what}");
    town.a.expire_sessions();
    let before = town.a.sign_ins();
    alice.open(at("/membre/x")).see("\"who\":\"alice-77\"");
    assert_eq!(town.a.sign_ins() - before, 1, "{what}: the session is renewed once");
    alice.open(at("/deconnexion")).press("Se déconnecter").see("Vous êtes déconnecté");
    assert_eq!(town.a.live_sessions(), 0, "{what}");
    // Who mistypes is told so, whatever the extranet's manners are.
    let mut other = Person::new(&town.gateway);
    crate::support::town::try_sign_in(&mut other, "a", "carol-3", "faux");
    assert!(!other.sees("évolue"), "{what}: {}", other.words());
    town
}

#[test]
fn review_case_03_a_page_that_leads_on_after_the_login_is_followed() {
    for page in [
        "<html><head><META HTTP-EQUIV=\"Refresh\" CONTENT=\"0; URL=/membre/accueil\"></head><p>Un instant…",
        "<meta http-equiv=refresh content=\"3;URL='membre/accueil?a=1&amp;b=2'\"><p>Vous allez être redirigé",
        "<script language=JavaScript>window.location.replace(\"/membre/accueil\");</script>",
        "<body onload=\"document.location.href='/membre/accueil'\">Patientez",
        "<script>function aller(){ top.location='/membre/accueil' } setTimeout('aller()', 500)</script>",
    ] {
        for cookies in ["relay", "jar"] {
            let town = walk(page, |agency| agency.set("cookies", cookies), |town| town.a.lead_on_by(page));
            let followed = town.a.seen().iter().any(|seen| seen.target.starts_with("/membre/accueil"));
            assert!(followed, "{page}, {cookies}");
        }
    }
}

#[test]
fn review_case_04_a_cookie_that_a_script_of_the_login_page_sets_is_sent() {
    for piece in [
        "<script>document.cookie = \"essai=1\"</script>",
        "<script type='text/javascript'><!--\nvar c = 'essai'; document.cookie = c + '=1; path=/';\n//--></script>",
        "<script>function poser(){document.cookie='essai=1; path=/; SameSite=Lax'} window.onload = poser;</script>",
        "<body onload=\"document.cookie='essai=1'\">",
    ] {
        walk(piece, |agency| agency, |town| town.a.want_cookie(piece, "essai=1"));
    }
    // One that a value decides is declared.
    let declared = toml::toml! { essai = "1" };
    let piece = "<script>document.cookie = 'essai=' + (navigator.cookieEnabled ? 1 : 0)</script>";
    walk(piece, |agency| agency.set("sign_in.form.set_cookies", declared), |town| town.a.want_cookie(piece, "essai=1"));
}

#[test]
fn review_case_05_pages_in_a_coding_that_nobody_asked_for_are_read() {
    for coding in ["gzip", "x-gzip", "deflate", "br", "zstd"] {
        let town =
            walk(coding, |agency| agency.set("session_over.element", "form#fin"), |town| town.a.code_pages(coding));
        // A session that is over, in what a page shows, and in where it leads.
        let mut alice = Person::new(&town.gateway);
        town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        for body in ["<p>Session expirée<form id=fin></form>", "<script>top.location='/identification'</script>"] {
            town.a.expire_sessions();
            let mut url: Url = town.gateway.agency("agence-a", "/over/x");
            url.query_pairs_mut().append_pair("content-type", "text/html").append_pair("body", body);
            // A page of ours leads on, in the coding that the extranet's page has; some the client has read already.
            let answer = alice.ask(Request::get(url));
            let is_coded = answer.header("content-encoding") == coding;
            assert!(is_coded || answer.text().contains("/.vestibule/renew?"), "{coding}: {}", answer.text());
            alice.open(town.at_a("/membre/x")).see("alice-77");
        }
    }
}

#[test]
fn review_case_20_a_login_that_leads_to_accents_and_raw_bytes_is_followed_as_browsers_do() {
    for (location, asked) in [
        (&b"/membre/R\xe9ception?ville=Orl\xe9ans"[..], "/membre/R%E9ception?ville=Orl%E9ans"),
        ("/membre/Réception?ville=Orléans".as_bytes(), "/membre/R%C3%A9ception?ville=Orl%C3%A9ans"),
        (b"/membre/R%E9ception?b=%c3%a9", "/membre/R%E9ception?b=%c3%a9"),
        (b"/membre/deux mots?a=\"1\"", "/membre/deux%20mots?a=%221%22"),
        (b"membre/x?a=[1]&b={2}|3", "/membre/x?a=[1]&b={2}|3"),
    ] {
        let town = walk(asked, |agency| agency, |town| town.a.lead_to(location));
        let targets: Vec<_> = town.a.seen().into_iter().map(|seen| seen.target).collect();
        assert!(targets.iter().any(|target| target == asked), "{asked}: {targets:?}");
    }
}
