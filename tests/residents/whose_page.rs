//! Whose page somebody meets who is lost: the agency that is known keeps its name and telephone on it, and the button leads
//! on at that agency (decision 96).

use crate::support::{
    page,
    person::{Answer, Person, Request},
    town::{ALICE, BOB, BOB_AT_B, CAROL, CHOSEN, DORA, Town, login_path, migrate_up_to_proof, try_sign_in},
};

const AT_A: &str = "05 61 00 00 01";
const AT_B: &str = "05 61 00 00 02";
const PORTALS: &str = "01 99 00 00 00";

fn town() -> Town {
    Town::build_with_agencies(
        |site| site.set("portal.support_phone", PORTALS).set("portal.support_email", "aide@moncompte.example"),
        |agency| agency.set("brand.support_phone", AT_A),
        |agency| agency.set("brand.support_phone", AT_B),
    )
}

/// What a browser is known by.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Nothing,
    Cookie,
    Codes,
    Run,
    Session,
    Several,
}

fn is_of(answer: &Answer, name: &str, phone: &str, what: &str) {
    let (html, words) = (answer.text(), page::words(&answer.text()));
    assert!(html.contains(&format!("<span class=\"brand-name\">{name}</span>")), "{what}: {words}");
    assert!(words.contains(phone), "{what}: its telephone: {words}");
    let words = page::words(&without_accounts(&html));
    for other in [AT_A, AT_B, PORTALS].iter().filter(|other| **other != phone) {
        assert!(!words.contains(other), "{what}: another's telephone: {words}");
    }
    let codes = match name {
        "Agence du Port" => "/privacy?client=CA&societe=SA",
        "Agence de la Gare" => "/privacy?client=CB&societe=SB",
        _ => "/privacy",
    };
    let privacy = page::link(&html, &answer.url, "Vos données personnelles").map(|url| path_of(&url));
    assert_eq!(privacy.as_deref(), Some(codes), "{what}");
}

/// A page apart from the list of accounts, where each has its agency's telephone.
fn without_accounts(html: &str) -> String {
    let list = html
        .split_once("<ul class=\"accounts\">")
        .and_then(|(before, rest)| Some((before, rest.split_once("</ul>")?.1)));
    list.map_or_else(|| html.to_owned(), |(before, after)| format!("{before}{after}"))
}

fn path_of(url: &url::Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

/// Where the button of a page that only tells something leads.
fn button(answer: &Answer) -> Option<String> {
    let way = page::attribute(&answer.text(), "main a.button", "href")?;
    Some(path_of(&answer.url.join(&way).ok()?))
}

fn who(town: &Town, by: By) -> Person {
    match by {
        By::Nothing | By::Codes => Person::new(&town.gateway),
        By::Cookie => {
            let mut person = Person::new(&town.gateway);
            person.plant(&town.gateway.portal("/"), "vestibule-agency", "CA/SA");
            person
        }
        By::Run => {
            let mut person = Person::new(&town.gateway);
            migrate_up_to_proof(&mut person, "a", DORA, DORA.email);
            person
        }
        By::Session => town.alice(),
        By::Several => {
            let mut bob = town.resident(BOB);
            bob.open("/account").press("Se déconnecter");
            try_sign_in(&mut bob, "b", BOB_AT_B.login, BOB_AT_B.password);
            bob.press("Étape suivante").follow("J'ai déjà un compte").fill("email", BOB.email).fill("password", CHOSEN);
            bob.press("Connexion").see("Compte associé");
            town.sign_in(&mut bob, "a", BOB.email, CHOSEN);
            bob
        }
    }
}

#[test]
fn residents_3_whoever_is_lost_meets_the_agency_that_is_known_and_goes_on_there() {
    let town = town();
    for by in [By::Nothing, By::Cookie, By::Codes, By::Run, By::Session, By::Several] {
        let mut person = who(&town, by);
        let (name, phone) = match by {
            By::Nothing | By::Several => ("Mon compte immobilier", PORTALS),
            _ => ("Agence du Port", AT_A),
        };
        let way_in = match by {
            By::Nothing => "/".to_owned(),
            _ => login_path("a"),
        };
        for (path, status, leads_to) in [
            ("/nowhere", 404, Some(way_in.clone())),
            ("/language", 405, Some(way_in.clone())),
            ("/confirm?s=x", 410, Some(way_in.clone())),
            ("/confirm/disown?s=x", 410, Some(way_in.clone())),
            ("/reset?s=x", 410, Some(way_in.clone())),
            ("/not-me?s=x", 410, Some(way_in.clone())),
            ("/cookies-needed?back=%2Fx", 403, None),
            ("/migration", 200, (by != By::Run).then(|| way_in.clone())),
            ("/forgotten?by=email", 200, None),
            ("/trouble", 200, None),
            ("/privacy", 200, None),
        ] {
            let what = format!("{by:?} {path}");
            let joint = if path.contains('?') { '&' } else { '?' };
            // The codes of this page make it the agency's own.
            if by == By::Codes && path.starts_with("/forgotten") {
                continue;
            }
            // Pages of who is not signed in go by the last agency.
            if by == By::Several && (path.starts_with("/forgotten") || path == "/trouble") {
                continue;
            }
            let path = match by {
                By::Codes => format!("{path}{joint}client=CA&societe=SA"),
                _ => path.to_owned(),
            };
            // The wizard leads on to its open step.
            let answer = person.visit(Request::get(town.gateway.portal(&path)));
            assert_eq!(answer.status, status, "{what}");
            is_of(&answer, name, phone, &what);
            // Who is signed in goes on to the accounts, or types old credentials to attach another one.
            let leads_to = match (by, status) {
                (By::Session | By::Several, 404 | 405) => Some("/".to_owned()),
                (By::Session, 200) => leads_to.map(|way| format!("{way}&attach=1")),
                (By::Several, 200) => leads_to.map(|_| "/login?attach=1".to_owned()),
                (By::Several, _) => None,
                _ => leads_to,
            };
            if let Some(leads_to) = leads_to {
                assert_eq!(button(&answer).as_deref(), Some(leads_to.as_str()), "{what}");
            }
        }
        // A form without its token, of a page whose address names the agency or not.
        let mut form = Request::get(town.gateway.portal("/forgotten")).method(http::Method::POST).body("by=email");
        for (header, value) in
            [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")]
        {
            form = form.header(header, value);
        }
        let from =
            town.gateway.portal(if by == By::Codes { "/login?client=CA&societe=SA" } else { "/forgotten?by=email" });
        person.open(&from);
        let answer = person.visit(form.header("referer", from.as_str()));
        if by != By::Several {
            is_of(&answer, name, phone, &format!("{by:?} a form"));
        }
        assert_eq!(button(&answer), Some(path_of(&from)), "{by:?} a form");
    }
    // What is asked for between agencies is the portal's own, whatever is known; and so are codes that nobody has.
    let mut known = who(&town, By::Cookie);
    for path in ["/", "/login", "/forgotten", "/trouble?find=agency", "/nowhere?client=CX&societe=SX"] {
        let answer = known.ask(Request::get(town.gateway.portal(path)));
        let is_lost = path.starts_with("/nowhere");
        let (name, phone) = if is_lost { ("Agence du Port", AT_A) } else { ("Mon compte immobilier", PORTALS) };
        is_of(&answer, name, phone, path);
    }
}

#[test]
fn residents_3_the_pages_of_who_is_signed_in_are_the_agencys_where_there_is_one() {
    let town = town();
    let mut alice = who(&town, By::Session);
    let mut bob = who(&town, By::Several);
    for path in ["/account", "/account/password", "/account/email", "/account/forgotten", "/logout"] {
        is_of(&alice.ask(Request::get(town.gateway.portal(path))), "Agence du Port", AT_A, path);
        is_of(&bob.ask(Request::get(town.gateway.portal(path))), "Mon compte immobilier", PORTALS, path);
    }
    // Beside each account stands its own agency's telephone.
    bob.open("/account").see(AT_A).see(AT_B).see(PORTALS);
    // An agency that is named in a link dresses the page, and lets nobody in: the account is whose it is.
    let answer = bob.ask(Request::get(town.gateway.portal("/privacy?client=CB&societe=SB")));
    is_of(&answer, "Agence de la Gare", AT_B, "a link of that agency's page");
    let answer = alice.ask(Request::get(town.gateway.portal("/account?client=CB&societe=SB")));
    is_of(&answer, "Agence du Port", AT_A, "her own account");
}

#[test]
fn review_10_the_page_about_personal_data_says_who_answers_for_them_and_names_every_cookie() {
    let town = Town::build_with_agencies(
        |site| site.set("portal.controller.contact", "dpo@moncompte.example"),
        |agency| agency.set("controller.name", "Cabinet du Port SARL").set("controller.role", "syndicat"),
        |agency| agency,
    );
    let privacy = |query: &str| {
        let answer = Person::new(&town.gateway).ask(Request::get(town.gateway.portal(&format!("/privacy{query}"))));
        assert_eq!(answer.status, 200);
        page::words(&answer.text())
    };
    for (query, words) in [
        ("?client=CA&societe=SA", &["Cabinet du Port SARL est responsable", "syndicat des copropriétaires"][..]),
        ("?client=CB&societe=SB", &["Agence de la Gare est responsable de vos données", "dpo@moncompte.example"]),
        ("", &["Chaque agence est responsable", "Ce portail, Mon compte immobilier, les traite pour son compte"]),
    ] {
        let page = privacy(query);
        for words in words {
            assert!(page.contains(words), "{query}: {words}: {page}");
        }
        assert!(!page.contains("Mon compte immobilier est responsable"), "{query}: {page}");
    }
    // Every cookie that a walk through everything leaves behind is named, with the time that it is kept.
    let page = privacy("");
    let mut alice = town.alice();
    alice.open("/account").press("English").press("Français");
    let mut names: Vec<String> = alice.cookies(&town.gateway.portal("/")).into_iter().map(|(name, _)| name).collect();
    names.extend(alice.cookies(&town.gateway.agency("agence-a", "/")).into_iter().map(|(name, _)| name));
    names.retain(|name| name.starts_with("vestibule"));
    assert!(names.len() > 6, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("Nom technique : {name} ")), "{name}: {page}");
    }
    for words in ["Dernier compte", "Durée : 180 jours", "Durée : 365 jours", "Durée : 20 secondes", "30 jours au plus"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Who checks is asked for both, and nothing is out of order.
    let told = town.gateway.run("check", &["--offline"]);
    let out = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && out.contains("told of nobody whom they can reach"), "{out}");
    assert!(!out.contains("nobody is named who answers"), "the portal names somebody for all: {out}");
}

#[test]
fn residents_3_a_letters_link_knows_its_agency_whatever_has_become_of_it() {
    let town = town();
    let open = |path: &str| Person::new(&town.gateway).ask(Request::get(town.gateway.portal(path)));
    let bare = |link: &str| {
        let (page, secret) = (link.split(['?']).next().expect("a page"), link.split_once("s=").expect("a secret").1);
        format!("/{}?s={secret}", page.rsplit('/').next().expect("a name"))
    };
    let check = |link: &str, words: &str, way: &str| {
        // As it stands in the letter, cut off by a mail program, and as letters had it before.
        let whole = link.split_once("localhost").and_then(|(_, rest)| rest.split_once('/')).expect("a path").1;
        let cut = &whole[..whole.len() - 4];
        for (path, words, way) in [
            (format!("/{whole}"), words, way.to_owned()),
            (bare(link), words, way.to_owned()),
            (format!("/{cut}"), "Ce lien n'est pas valable", login_path("a")),
        ] {
            let answer = open(&path);
            is_of(&answer, "Agence du Port", AT_A, &path);
            assert!(page::words(&answer.text()).contains(words), "{path}: {}", page::words(&answer.text()));
            assert_eq!(button(&answer), Some(way), "{path}");
        }
    };
    // A proof: replaced, used, past its time.
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let first = town.gateway.letter_to(CAROL.email);
    assert!(first.link().contains("/confirm?client=CA&societe=SA&s="), "{}", first.link());
    assert!(first.raw.contains("Reply-To: aide@moncompte.example"), "an answer reaches somebody: {}", first.raw);
    assert!(first.text.contains(AT_A) && first.text.contains("/trouble?client=CA&societe=SA"), "{}", first.text);
    town.gateway.let_pass(2);
    carol.press("Renvoyer l'e-mail");
    let second = town.gateway.letter_to(CAROL.email);
    check(&first.link(), "Un e-mail plus récent vous attend", "/migration?client=CA&societe=SA");
    carol.open(second.link()).press("Confirmer mon adresse").see("Votre compte est à jour");
    check(&second.link(), "Ce lien a déjà été utilisé", &login_path("a"));
    let mut dora = Person::new(&town.gateway);
    migrate_up_to_proof(&mut dora, "a", DORA, DORA.email);
    let third = town.gateway.letter_to(DORA.email).link();
    town.gateway.let_pass(61);
    check(&third, "Ce lien n'est plus valable", "/migration?client=CA&societe=SA");
    // The page that it leads to on another device goes on there, too.
    is_of(&open("/migration?client=CA&societe=SA"), "Agence du Port", AT_A, "the wizard elsewhere");

    // A reset that nobody named an agency for: its letter does.
    let mut alice = town.alice();
    let reset = |minutes: i64| {
        let mut somebody = Person::new(&town.gateway);
        somebody.open("/forgotten?by=email").fill("login", ALICE.email).press("Recevoir l'e-mail");
        let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot"));
        assert!(letter.subject.starts_with("Agence du Port"), "{}", letter.subject);
        town.gateway.let_pass(minutes);
        letter.link()
    };
    check(&reset(61), "Ce lien n'est plus valable", "/forgotten?client=CA&societe=SA");
    let replaced = reset(2);
    let used = reset(0);
    check(&replaced, "Un e-mail plus récent vous attend", &login_path("a"));
    let mut there = Person::new(&town.gateway);
    there.open(&used).fill("password", "Cerisier-31-mur").fill("confirmation", "Cerisier-31-mur").press("Enregistrer");
    check(&used, "Ce lien a déjà été utilisé", &login_path("a"));

    // A changed address: the way on is the account page, by the agency's sign-in.
    town.sign_in(&mut alice, "a", ALICE.email, "Cerisier-31-mur");
    alice.open("/account/email").fill("email", "alice@ailleurs.example").fill("confirmation", "alice@ailleurs.example");
    alice.fill("current", "Cerisier-31-mur").press("Valider").see("Vérifiez votre boîte mail");
    let letter = town.gateway.letter_to("alice@ailleurs.example");
    assert!(letter.subject.starts_with("Agence du Port"), "{}", letter.subject);
    town.gateway.let_pass(61);
    check(&letter.link(), "Ce lien n'est plus valable", "/account/email/proof?client=CA&societe=SA");
    let mut elsewhere = Person::new(&town.gateway);
    elsewhere.open("/account/email/proof?client=CA&societe=SA").see("Agence du Port").see("Email ou identifiant");
    elsewhere.fill("login", ALICE.email).fill("password", "Cerisier-31-mur").press("Connexion");
    elsewhere.see("Vérifiez votre boîte mail").see("alice@ailleurs.example");
}
