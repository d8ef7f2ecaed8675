//! Our own pages met after the session's end: they lead to the sign-in of the agency that this browser knows, and back
//! (residents 1 and 3, decision 54).

use super::OTHER;
use crate::support::{
    browser::{Browser, Device},
    page,
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, Town, login_path, migrate_up_to_proof, try_sign_in},
};

on_every_stage! {
    residents_1_a_page_of_ours_after_the_sessions_end_leads_to_the_agencys_sign_in_and_back,
    residents_1_a_form_of_ours_after_the_sessions_end_is_told_calmly_with_the_way_back,
}

/// How a session can have ended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ended {
    SignedOutHere,
    Elsewhere,
    CookieGone,
}

const WAYS: [Ended; 3] = [Ended::SignedOutHere, Ended::Elsewhere, Ended::CookieGone];

/// Ends Alice's session; gives her password since.
fn end(town: &Town, alice: &mut Person, ended: Ended, password: &'static str) -> &'static str {
    match ended {
        Ended::SignedOutHere => {
            alice.open("/account").press("Se déconnecter").see("déconnecté");
            password
        }
        Ended::Elsewhere => {
            let other = if password == CHOSEN { OTHER } else { CHOSEN };
            let mut elsewhere = Person::new(&town.gateway);
            try_sign_in(&mut elsewhere, "a", ALICE.email, password);
            elsewhere.open("/account/password").fill("current", password).fill("password", other);
            elsewhere.fill("confirmation", other).press("Enregistrer").see("Votre mot de passe a été modifié");
            other
        }
        Ended::CookieGone => {
            let portal = town.gateway.portal("/");
            let kept = alice.cookies(&portal);
            alice.forget_cookies();
            for (name, value) in kept.iter().filter(|(name, _)| name != "vestibule") {
                alice.plant(&portal, name, value);
            }
            password
        }
    }
}

/// The pages that want somebody signed in.
fn pages(alice: &mut Person) -> Vec<String> {
    alice.open("/account").follow("Détacher Agence du Port");
    let detach = format!("/account/detach?{}", alice.here().url.query().expect("which account"));
    let others = ["/account", "/account/password", "/account/email", "/accounts?client=CA&societe=SA"];
    others.into_iter().map(str::to_owned).chain([detach]).collect()
}

fn path_of(url: &url::Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

/// The way to sign in at agency A, and back to this page.
fn way_back_to(page: &str) -> String {
    let back = url::form_urlencoded::Serializer::new(String::new()).append_pair("back", page).finish();
    format!("{}&{back}", login_path("a"))
}

fn residents_1_a_page_of_ours_after_the_sessions_end_leads_to_the_agencys_sign_in_and_back(stage: Stage) {
    for ended in WAYS {
        let town = Town::on(stage);
        let mut alice = town.alice();
        let mut password = CHOSEN;
        for page in pages(&mut alice) {
            password = end(&town, &mut alice, ended, password);
            alice.open(&page).see("Agence du Port");
            assert_eq!(path_of(&alice.here().url), way_back_to(&page), "{ended:?}");
            // A mistyped password, and the other language, lead there too.
            alice.fill("login", ALICE.email).fill("password", "pas-celui-ci").press("Connexion");
            alice.fill("login", ALICE.email).fill("password", password).press("Connexion");
            assert_eq!(path_of(&alice.here().url), page, "{ended:?}: {}", alice.words());
        }
        end(&town, &mut alice, ended, password);
        assert_eq!(path_of(&alice.open("/").here().url), "/", "{ended:?}: the bare address is a sign-in itself");
        alice.see("Continuer avec Agence du Port");
        alice.open("/logout").see("Agence du Port");
    }
}

fn residents_1_a_form_of_ours_after_the_sessions_end_is_told_calmly_with_the_way_back(stage: Stage) {
    const SECRET: &str = "Tres-secret-77";
    for ended in WAYS {
        let town = Town::on(stage);
        let mut alice = town.alice();
        let detach = pages(&mut alice).pop().expect("the page to detach");
        let mut password = CHOSEN;
        for (page, fields, button) in [
            ("/account/password", &["current", "password", "confirmation"][..], "Enregistrer"),
            ("/account/email", &["email", "confirmation", "current"], "Valider"),
            (&detach, &["password"], "Détacher ce compte"),
            ("/accounts?client=CA&societe=SA", &[], "Ouvrir Agence du Port alice-77"),
        ] {
            alice.open(page);
            for field in fields {
                alice.fill(field, SECRET);
            }
            let form = alice.form(button);
            let sent = alice.request_of(&form);
            password = end(&town, &mut alice, ended, password);
            let what = format!("{ended:?} {page}");
            let foreign = sent.clone().without("origin").without("sec-fetch-site").without("referer");
            let foreign = foreign.header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
            assert_eq!(alice.ask(foreign).status, 403, "{what}: what another site sends is told nothing");
            let answer = alice.visit(sent);
            let words = page::words(&answer.text());
            assert_eq!(answer.status, 401, "{what}: {words}");
            assert!(words.contains("Votre session a pris fin") && words.contains("Agence du Port"), "{what}: {words}");
            assert!(!answer.text().contains(SECRET), "{what}");
            let way = page::link(&answer.text(), &answer.url, "Se connecter").expect("a way on");
            assert_eq!(path_of(&way), way_back_to(page), "{what}");
            alice.open(way).fill("login", ALICE.email).fill("password", password).press("Connexion");
            assert_eq!(path_of(&alice.here().url), page, "{what}");
        }
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 1);
    }
}

#[test]
fn residents_1_a_sign_in_leads_back_to_our_own_pages_only() {
    let town = Town::build();
    town.alice();
    for back in
        ["https://evil.example/account", "//evil.example/account", "/\\evil.example", "/logout", "/hand-over", ""]
    {
        let mut alice = Person::new(&town.gateway);
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish();
        alice.open(format!("{}&{query}", login_path("a"))).fill("login", ALICE.email).fill("password", CHOSEN);
        alice.press("Connexion").see("alice-77");
        let inside = town.gateway.agency("agence-a", "/").origin();
        assert_eq!(alice.here().url.origin(), inside, "{back}");
    }
}

#[test]
fn residents_3_the_last_agency_is_known_after_a_sign_in_only_and_can_be_forgotten() {
    const GO_ON: &str = "Continuer avec Agence du Port";
    let town = Town::build();
    town.alice();
    // Who only began, or was refused, leaves nothing behind.
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    try_sign_in(&mut carol, "a", BOB.login, "pas-celui-ci");
    carol.open("/login").see("Trouver votre agence").miss(GO_ON);
    let mut alice = Person::new(&town.gateway);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    let cookies = alice.cookies(&town.gateway.portal("/"));
    let agency = cookies.iter().find(|(name, _)| name == "vestibule-agency");
    assert_eq!(agency.map(|(_, value)| value.as_str()), Some("CA/SA"), "the codes, and nothing else");
    alice.open("/account").press("Se déconnecter");
    // Letters' links that are over lead to it, and so does whatever asks for the codes.
    for link in ["/reset?s=x", "/confirm?s=x", "/not-me?s=x"] {
        alice.open(link);
        let here = alice.here();
        let way = page::link(&here.text(), &here.url, "Se connecter").or_else(|| {
            let text = here.text();
            page::attribute(&text, "main a.button", "href").and_then(|way| here.url.join(&way).ok())
        });
        assert_eq!(way.map(|way| path_of(&way)), Some(login_path("a")), "{link}: {}", alice.words());
    }
    alice.open("/forgotten").follow(GO_ON).see("Mot de passe oublié");
    alice.open("/login").follow(GO_ON).see("Email ou identifiant");
    alice.open("/login").press("Oublier cette agence sur cet appareil").see("Trouver votre agence").miss(GO_ON);
    alice.open("/").see("Première connexion").miss("Continuer avec");
    // Without it no agency is asked for, and where one is, the way back goes on through its codes.
    alice.open("/account/password").see("Première connexion");
    assert_eq!(alice.here().url.path(), "/");
    alice.fill("client", "CA").fill("societe", "SA").press("Continuer");
    alice.fill("login", ALICE.email).fill("password", CHOSEN).press("Connexion");
    assert_eq!(alice.here().url.path(), "/account/password");
    // A cookie that somebody wrote, or of an agency that is gone, is none.
    for value in ["XX/YY", "CA", "CA/SA/CA", "%", "CB%2FSB"] {
        let mut planted = Person::new(&town.gateway);
        planted.plant(&town.gateway.portal("/"), "vestibule-agency", value);
        planted.open("/").see("Première connexion").miss("Continuer avec");
    }
}

#[test]
fn residents_3_in_a_browser_the_agency_is_offered_and_forgotten() {
    let town = Town::build();
    town.resident(BOB);
    for device in [Device::Desktop, Device::Phone, Device::WithoutJavaScript] {
        let mut browser = Browser::start(device, "session-over");
        browser.open(town.gateway.portal(&login_path("a")));
        browser.fill("Email ou identifiant", BOB.email).fill("Mot de passe", CHOSEN).press("Connexion").see("bob-12");
        browser.open(town.gateway.portal("/account/password"));
        browser.open_in_new_tab(town.gateway.portal("/account")).press("Se déconnecter").see("déconnecté").close_tab();
        browser.fill("Mot de passe actuel", CHOSEN).fill("Nouveau mot de passe", OTHER);
        browser.fill("Confirmez", OTHER).press("Enregistrer").see("Votre session a pris fin").screenshot("over");
        browser.follow("Se connecter").see("Email ou identifiant").see("Agence du Port");
        browser.open(town.gateway.portal("/login")).see("Continuer avec Agence du Port").screenshot("codes");
        assert!(!browser.scrolls_sideways(), "{device:?}");
        browser.see("Oublier cette agence sur cet appareil");
    }
}
