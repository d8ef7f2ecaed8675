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

/// What is told once to whoever had a session.
const OVER: &str = "Votre session a pris fin";

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

fn sign_in(alice: &mut Person) {
    try_sign_in(alice, "a", ALICE.email, CHOSEN);
    alice.see("alice-77");
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
            if ended == Ended::Elsewhere {
                alice.see(OVER).open(&page).see("Agence du Port");
            }
            alice.miss(OVER);
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
            alice
                .open(way)
                .miss(OVER)
                .open(way_back_to(page))
                .miss(OVER)
                .fill("login", ALICE.email)
                .fill("password", password)
                .press("Connexion");
            assert_eq!(path_of(&alice.here().url), page, "{what}");
        }
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 1);
    }
}

/// Whose session ended by itself, or by somebody else, is told so where they come next, and not again; nobody else is.
#[test]
fn residents_the_end_of_a_session_is_told_once_to_who_had_it() {
    const ENDS: [&str; 2] =
        ["UPDATE sessions SET seen_at = seen_at - 7200000", "UPDATE sessions SET started_at = started_at - 86400000"];
    let town = Town::build_with(|site| site.set("server.cache_seconds", 0));
    let mut alice = town.alice();
    alice.open("/account").press("Se déconnecter");
    let extranet = town.at_a("/membre/x");
    for ended in ENDS {
        for page in ["/account", "/accounts", "/", "/login", "/login?client=CA&societe=SA", &extranet] {
            sign_in(&mut alice);
            town.gateway.rewrite(ended);
            alice.open(page).see(OVER).see("connectez-vous à nouveau").open(page).miss(OVER);
            alice.open("/login?client=CA&societe=SA").miss(OVER);
        }
    }
    // Who signs out knows it, wherever that was done.
    for (at, then) in [("/logout", &extranet), (town.at_a("/.vestibule/logout").as_str(), &"/account".to_owned())] {
        sign_in(&mut alice);
        alice.open(at).press("Se déconnecter").see("Vous êtes déconnecté").miss(OVER).open(then).see("Connexion");
        alice.miss(OVER).open("/").miss(OVER);
    }
    // And so does who has just chosen another password.
    sign_in(&mut alice);
    alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot de passe"));
    alice.open(letter.link()).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer");
    alice.follow("Se connecter").see("Connexion").miss(OVER);
    // A stranger has no session that could have ended. A cookie that somebody planted says that much, and no more.
    let mut stranger = Person::new(&town.gateway);
    stranger.open(&extranet).see("Connexion").miss(OVER);
    stranger.plant(&town.gateway.portal("/"), "vestibule", &"A".repeat(43));
    stranger.open("/account").see(OVER).miss("Agence du Port").miss("@").open("/account").miss(OVER);
    stranger.plant(&town.gateway.portal("/"), "vestibule", "short");
    stranger.open("/account").miss(OVER);
}

/// « Mon compte » is found from every page of ours, by who is signed in and by nobody else (residents 7).
#[test]
fn residents_7_mon_compte_is_found_from_every_page_of_ours() {
    let town = Town::build();
    let mut alice = town.alice();
    let pages = [
        "/account",
        "/account/email",
        "/accounts",
        "/privacy",
        "/trouble",
        "/forgotten?client=CA&societe=SA",
        "/logout",
        "/nowhere",
        "/reset?s=x",
        "/confirm?s=x",
        "/not-me?s=x",
        "/confirm/disown?s=x",
        "/cookies-needed?back=/",
        "/migration",
        "/login?client=CB&societe=SB",
        "/login?attach=1",
        "/login?client=CA&societe=SA&attach=1",
    ];
    let at_a = ["/.vestibule/logout", "/.vestibule/nowhere"].map(|path| town.at_a(path));
    let way = format!("header a[href='{}']", town.gateway.portal("/account"));
    for page in pages.into_iter().chain(at_a.iter().map(String::as_str)) {
        alice.open(page);
        assert_eq!(page::count(&alice.here().text(), &way), 1, "{page}: {}", alice.words());
        let mut stranger = Person::new(&town.gateway);
        stranger.open(page);
        assert_eq!(page::count(&stranger.here().text(), &way), 0, "{page}: {}", stranger.words());
    }
    alice.open(&at_a[0]).follow("Mon compte").see(ALICE.email);
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
