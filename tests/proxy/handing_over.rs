//! From the portal to an agency's host and into its extranet, by several ways at once and again and again.

use reqwest::Method;
use url::Url;

use crate::support::{
    browser::{Browser, Device},
    person::{Person, Request},
    town::{ALICE, CHOSEN, Town},
};

const PAGES: [&str; 3] = ["/membre/1", "/membre/2?page=2", "/membre/3"];

#[test]
fn a24_three_tabs_that_are_opened_one_after_the_other_all_arrive() {
    let town = Town::build();
    let mut alice = signed_in_on_the_portal(&town);
    assert_eq!(arrive_in_turns(&town, &mut alice, false), wanted(&town));
}

#[test]
fn a24_three_tabs_that_are_opened_at_the_same_moment_all_arrive() {
    let town = Town::build();
    let mut alice = signed_in_on_the_portal(&town);
    assert_eq!(arrive_in_turns(&town, &mut alice, true), wanted(&town));
}

/// Alice, in a browser that has forgotten the agency's host but not the portal.
fn signed_in_on_the_portal(town: &Town) -> Person {
    let mut before = town.alice();
    before.open("/account");
    let portal = town.gateway.portal("/");
    let mut alice = Person::new(&town.gateway);
    for (name, value) in before.cookies(&portal) {
        alice.plant(&portal, &name, &value);
    }
    alice
}

fn wanted(town: &Town) -> Vec<String> {
    PAGES.iter().map(|page| town.at_a(page)).collect()
}

/// Takes each tab one redirect further in turn, until all have arrived; where they are then. A whole round is sent with
/// the cookies from before it, if the tabs are faster than the answers.
fn arrive_in_turns(town: &Town, alice: &mut Person, at_once: bool) -> Vec<String> {
    let mut tabs: Vec<Url> = wanted(town).into_iter().map(|address| address.parse().expect("an address")).collect();
    let mut arrived: Vec<Option<String>> = vec![None; tabs.len()];
    for _ in 0..14 {
        let lines: Vec<String> = tabs.iter().map(|url| alice.cookie_line(url)).collect();
        for (tab, url) in tabs.iter_mut().enumerate() {
            if arrived[tab].is_some() {
                continue;
            }
            let mut request = Request::get(url.clone());
            if at_once {
                let line = if lines[tab].is_empty() { "none=yet" } else { &lines[tab] };
                request = request.header("cookie", line);
            }
            let answer = alice.ask(request);
            if let Some(next) = answer.redirect() {
                *url = next;
            } else {
                assert!(answer.text().contains("\"who\":\"alice-77\""), "{}: {}", answer.url, answer.text());
                arrived[tab] = Some(answer.url.to_string());
            }
        }
    }
    arrived.into_iter().map(|place| place.expect("each tab arrives")).collect()
}

#[test]
fn rel_042_going_in_again_and_again_within_seconds_is_no_refusal() {
    let town = Town::build();
    let mut alice = town.alice();
    for _ in 0..5 {
        alice.open("/account").enter("Agence du Port alice-77").miss("refuse l'accès");
        assert_eq!(alice.here().status, 200);
    }
    for page in ["/membre/1", "/membre/2", "/membre/3", "/membre/4", "/membre/5"] {
        alice.open(town.at_a(&format!("/.vestibule/begin?return={page}"))).see("alice-77");
    }
}

#[test]
fn a11_credentials_that_the_extranet_refuses_are_tried_once_and_never_again() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    town.a.make_anew(ALICE.login, "somebody-changed-it");
    town.gateway.let_pass(1);
    let before = town.a.attempts(ALICE.login);
    for _ in 0..4 {
        alice.open(town.at_a("/membre/x")).see("Le mot de passe de votre espace client").see(ALICE.login);
    }
    alice.press("Enregistrer et continuer").see("Saisissez votre mot de passe.");
    assert_eq!(town.a.attempts(ALICE.login), before + 1, "an extranet may lock who tries again and again");
    alice.fill("password", "faux").press("Enregistrer et continuer").see("n'est pas le bon");
    alice.fill("password", "somebody-changed-it").press("Enregistrer et continuer").see("\"who\":\"alice-77\"");
    assert_eq!(alice.here().url.to_string(), town.at_a("/membre/x"));
    alice.open("/account").see(ALICE.email);
}

#[test]
fn a11_the_page_that_asks_for_the_extranets_password_fits_a_desk_and_a_phone() {
    let town = Town::build();
    town.alice();
    town.a.make_anew(ALICE.login, "somebody-changed-it");
    for device in [Device::Desktop, Device::Phone] {
        town.gateway.let_pass(1);
        let mut browser = Browser::start(device, "extranet-password");
        browser.open(town.at_a("/membre/x"));
        browser.fill("Email ou identifiant", ALICE.email).fill("Mot de passe", CHOSEN).press("Connexion");
        browser.see("Le mot de passe de votre espace client").see(ALICE.login).screenshot("asked");
        browser
            .fill("Mot de passe de l'espace client", "faux")
            .press("Enregistrer et continuer")
            .see("n'est pas le bon");
        browser.screenshot("refused");
        assert!(!browser.scrolls_sideways(), "{device:?}");
    }
}

#[test]
fn a11_guesses_at_the_extranets_password_are_slowed_like_all_others() {
    let town = Town::build();
    let mut alice = town.alice();
    town.a.make_anew(ALICE.login, "somebody-changed-it");
    town.gateway.let_pass(1);
    alice.open(town.at_a("/membre/x")).see("Le mot de passe de votre espace client");
    let before = town.a.attempts(ALICE.login);
    for number in 0..8 {
        alice.fill("password", &format!("faux-{number}")).press("Enregistrer et continuer").see("n'est pas le bon");
    }
    assert_eq!(town.a.attempts(ALICE.login), before + 5, "the extranet is not asked beyond the limit");
}

#[test]
fn a12_who_is_told_that_a_form_was_not_sent_is_signed_in_again() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    let before = town.a.sign_ins();
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    let post = Request::get(town.gateway.agency("agence-a", "/membre/form"))
        .method(Method::POST)
        .header("origin", town.at_a("").trim_end_matches('/'))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("a=1");
    let answer = alice.visit(post.clone());
    assert_eq!((answer.status, answer.url.path()), (409, "/.vestibule/not-sent"), "{}", answer.text());
    assert_eq!(town.a.sign_ins(), before + 1, "renewed at once");
    // Back, and sent again: now it arrives.
    let answer = alice.ask(post);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("\"who\":\"alice-77\""), "{}", answer.text());
}

#[test]
fn sec_063_a_cookie_of_an_extranet_that_is_named_like_ours_never_reaches_the_browser() {
    let town = Town::build();
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    for name in ["vestibule", "vestibule-browser", "Vestibule-language", "__Host-vestibule", "vestibule-bind"] {
        town.a.also_set(&format!("{name}=planted; Path=/"));
    }
    town.a.also_set("theirs=kept; Path=/");
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    let held = alice.cookies(&town.gateway.agency("agence-a", "/"));
    assert!(held.contains(&("theirs".to_owned(), "kept".to_owned())), "{held:?}");
    assert!(held.iter().all(|(_, value)| value != "planted"), "{held:?}");
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
}
