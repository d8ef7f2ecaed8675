//! The extranet's own doors are closed; ours are open.

use std::time::Duration;

use crate::support::{
    eventually,
    person::{Person, Request},
    town::{ALICE, CHOSEN, Town},
};

#[test]
fn a23_the_extranets_own_login_never_answers() {
    let town = Town::build();
    let mut alice = town.alice();
    let mut stranger = Person::new(&town.gateway);
    for person in [&mut alice, &mut stranger] {
        for target in ["/identification", "/identification?retour=/x", "/%69dentification"] {
            let answer = person.get(town.at_a(target), &[]);
            assert!(matches!(answer.status, 302 | 303 | 307), "{target}: {}", answer.status);
            assert!(!answer.text().contains("jeton"), "{target}");
        }
        let public = town.at_a("").trim_end_matches('/').to_owned();
        let post = Request::get(town.gateway.agency("agence-a", "/identification"))
            .method(reqwest::Method::POST)
            .header("origin", &public)
            .body("identifiant=bob-12&motdepasse=x");
        assert_eq!(person.ask(post).status, 403);
    }
    town.a.assert_untouched("its own login");
    for target in ["//identification", "/identification;x=1", "/identification%2f", "/./identification"] {
        let answer = stranger.get(town.at_a(target), &[]);
        assert_ne!(answer.status, 200, "{target}");
    }
    town.a.assert_untouched("other spellings of its own login");
}

#[test]
fn a18_the_extranets_own_pages_for_passwords_lead_to_ours() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/motdepasse")).see("Connexion et sécurité");
    town.a.assert_untouched("its own password page");
}

#[test]
fn a17_a18_leaving_the_extranet_leaves_the_gateway_and_the_extranet() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    assert!(town.a.live_sessions() > 0);
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    alice.open(town.at_a("/deconnexion"));
    if !alice.sees("Vous êtes déconnecté") {
        alice.press("Se déconnecter").see("Vous êtes déconnecté");
    }
    eventually("the extranet's session to end", Duration::from_secs(10), || {
        (town.a.live_sessions() == 0).then_some(())
    });
    town.forget();
    let answer = Person::new(&town.gateway)
        .ask(Request::get(town.gateway.agency("agence-a", "/membre/x")).header("cookie", &cookies));
    assert_ne!(answer.status, 200, "the cookie is dead at once");
    town.a.assert_untouched("a dead cookie");
    alice.open("/account").miss(ALICE.email);
}

#[test]
fn a17_leaving_on_the_portal_ends_every_extranets_session() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    alice.open("/account").press("Se déconnecter").see("Vous êtes déconnecté");
    eventually("the extranet's session to end", Duration::from_secs(10), || {
        (town.a.live_sessions() == 0).then_some(())
    });
    alice.open(town.at_a("/membre/x")).miss("alice-77").see("Connexion");
}

#[test]
fn a12_a_session_that_is_over_in_the_extranet_is_renewed_without_a_word() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x?y=1")).see("alice-77");
    let before = town.a.sign_ins();
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    alice.open(town.at_a("/membre/x?y=1")).see("\"who\":\"alice-77\"");
    assert_eq!(alice.here().url.as_str(), town.at_a("/membre/x?y=1"), "the same page again");
    assert_eq!(town.a.sign_ins(), before + 1);
}

#[test]
fn a12_a_form_is_not_sent_twice_but_asked_for_again() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    town.forget();
    let public = town.at_a("").trim_end_matches('/').to_owned();
    let post = Request::get(town.gateway.agency("agence-a", "/membre/form"))
        .method(reqwest::Method::POST)
        .header("origin", &public)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("a=1");
    let answer = alice.visit(post);
    let sent = town.a.seen().iter().filter(|seen| seen.method == "POST" && seen.target == "/membre/form").count();
    assert_eq!(sent, 1, "once, to a session that was over");
    assert!(answer.text().contains("Votre formulaire"), "{}: {}", answer.status, answer.text());
    alice.open(town.at_a("/membre/x")).see("alice-77");
}

#[test]
fn a12_an_extranet_that_refuses_the_kept_credentials_is_asked_once_and_said_so() {
    let town = Town::build();
    let mut alice = town.alice();
    town.a.break_login(true);
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    alice.open(town.at_a("/membre/x")).miss("\"who\":\"alice-77\"");
    assert!(
        alice.here().status >= 500 || alice.sees("ne répond pas") || alice.sees("indisponible"),
        "{}",
        alice.words()
    );
    town.a.break_login(false);
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
}

#[test]
fn a20_a_part_of_a_page_gets_401_and_never_a_login_page() {
    let town = Town::build();
    let mut stranger = Person::new(&town.gateway);
    for headers in [
        &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"), ("accept", "application/json")][..],
        &[("x-requested-with", "XMLHttpRequest"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image"), ("accept", "image/*")],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "script"), ("accept", "*/*")],
    ] {
        let answer = stranger.get(town.at_a("/membre/x"), headers);
        assert_eq!(answer.status, 401, "{headers:?}");
        if headers.contains(&("accept", "application/json")) {
            let json = answer.json().to_string();
            assert!(answer.header("content-type").starts_with("application/json") && json.contains("/login"), "{json}");
        }
    }
    town.a.assert_untouched("parts of a page for nobody");
    let page = stranger.get(town.at_a("/membre/x?y=1"), &[]);
    assert!(matches!(page.status, 302 | 303 | 307), "a page load is redirected: {}", page.status);
}

#[test]
fn after_the_sign_in_one_is_where_one_wanted_to_be() {
    let town = Town::build();
    town.alice();
    let mut alice = Person::new(&town.gateway);
    alice.open(town.at_a("/membre/avis?page=2&tri=date")).fill("login", ALICE.email).fill("password", CHOSEN);
    alice.press("Connexion");
    assert_eq!(alice.here().url.as_str(), town.at_a("/membre/avis?page=2&tri=date"));
}

#[test]
fn a22_public_paths_pass_without_a_sign_in_and_without_an_identity() {
    let town = Town::build();
    let mut stranger = Person::new(&town.gateway);
    assert_eq!(stranger.get(town.at_a("/public/style.css"), &[]).status, 200);
    let seen = town.a.last();
    assert_eq!((seen.target.as_str(), seen.folded("X-Extranet-User")), ("/public/style.css", vec![]));
}

#[test]
fn c02_terms_that_are_owed_stand_before_everything_but_public_paths() {
    let samples = crate::support::samples::Samples::start();
    let site = crate::support::site::Site::new().agency(samples.agency_a());
    let gateway = crate::support::gateway::Gateway::start(&site);
    let mut person = Person::new(&gateway);
    let login = "/login?client=SPI31&societe=01";
    person.open(login).fill("login", "durand").fill("password", "Syndic-2019").press("Connexion");
    person.press("Étape suivante").fill("email", "a@x.example").press("Continuer");
    person.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = gateway.letter_to("a@x.example").code();
    person.fill("code", &code).press("Valider");
    person.open(login).fill("login", "a@x.example").fill("password", CHOSEN).press("Connexion");
    person.see("Conditions Générales d'Utilisation");
    person.open(gateway.agency("agence-a", "/avis.php")).see("Conditions Générales d'Utilisation").miss("Ravalement");
    person.press("Continuer").see("cochez la case").miss("Ravalement");
    person.tick("accept").press("Continuer").see("Ravalement");
}
