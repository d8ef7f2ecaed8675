//! After several refusals: « Oui, créer mon mot de passe » (003, c15, §17). What a page says of it comes from the browser's own
//! count, so that it says the same whoever is typed.

use super::{OTHER, REFUSED, cookies_at_portal, masked};
use crate::support::{
    letters::Letter,
    person::{Answer, Person, Request},
    site::Site,
    stage::Stage,
    town::{ALICE, BOB_AT_B, CAROL, CHOSEN, Town, login_path, try_sign_in},
};

on_every_stage! {
    c15_after_five_refusals_the_address_is_asked_for_and_a_letter_leads_on,
    c15_a_reset_unlocks_at_once_whatever_is_typed_to_sign_in,
    c15_the_way_out_is_the_same_for_everybody_however_often_they_were_refused,
}

/// The larger screen.
const FIRST: &str = "Confirmez votre adresse email";
const GO: &str = "Oui, créer mon mot de passe";
const WAIT: &str = "Vous pourrez réessayer au plus tôt dans";

fn is_reset(letter: &Letter) -> bool {
    letter.subject.contains("nouveau mot de passe")
}

/// Sends the sign-in of this page off so many times.
fn refused(person: &mut Person, page: &str, login: &str, times: u32) {
    for number in 0..times {
        person.open(page).fill("login", login).fill("password", &format!("pas-celui-ci-{number}")).press("Connexion");
        person.see(REFUSED);
    }
}

/// Follows the letter of a reset.
fn reset(town: &Town, person: &mut Person, email: &str) {
    let link = town.gateway.letters().wait_for(email, is_reset).link();
    person.open(&link);
    if person.sees("J'ai noté ce mot de passe") {
        person.tick("noted");
    }
    person.fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer").see("Mot de passe réinitialisé");
}

fn c15_after_five_refusals_the_address_is_asked_for_and_a_letter_leads_on(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    town.resident(CAROL);
    for (page, who) in [(login_path("a"), ALICE), ("/".to_owned(), CAROL)] {
        let mut alice = Person::new(&town.gateway);
        for number in 1..=4 {
            refused(&mut alice, &page, who.email, 1);
            alice.see(GO).miss(FIRST).miss(WAIT);
            assert_eq!(alice.here().status, 422, "{page}, refusal {number}");
        }
        refused(&mut alice, &page, who.email, 1);
        alice.see(FIRST).see(WAIT).see("Réessayer de vous connecter");
        let text = alice.here().text();
        assert!(text.find("way-out-email") < text.find("id=\"login\""), "before the form");
        assert!(
            !text[text.find("way-out-email").expect("the field")..][..400].contains(who.email),
            "no address is shown"
        );
        // Who opens the page again, by Back or anew, finds the same.
        alice.open(&page).see(FIRST).see(WAIT).miss(REFUSED);
        alice.press(GO).see("Saisissez votre adresse email");
        alice.open(&page).fill("login", who.email).press(GO).see("Si un compte existe");
        reset(&town, &mut alice, who.email);
        alice.open(&page).miss(FIRST).miss(GO).fill("login", who.email).fill("password", OTHER).press("Connexion");
        assert!(!alice.sees(REFUSED), "{page}: the reset unlocks");
    }
}

fn c15_a_reset_unlocks_at_once_whatever_is_typed_to_sign_in(stage: Stage) {
    let town = Town::build_with(|site: Site| site.on(stage).set("policy.identifier", "legacy"));
    town.migrate(&mut Person::new(&town.gateway), "a", ALICE, ALICE.email);
    let mut alice = Person::new(&town.gateway);
    refused(&mut alice, &login_path("a"), ALICE.login, 6);
    alice.see(GO).see(WAIT).miss(FIRST).see("Confirmez votre identifiant et votre adresse email sur la page suivante");
    try_sign_in(&mut alice, "a", ALICE.login, CHOSEN);
    alice.see(REFUSED).follow(GO).see("Mot de passe oublié");
    alice.open("/forgotten?by=email").fill("login", ALICE.email).press("Recevoir l'e-mail").see("Si un compte existe");
    reset(&town, &mut alice, ALICE.email);
    town.sign_in(&mut alice, "a", ALICE.login, OTHER);
}

fn c15_the_way_out_is_the_same_for_everybody_however_often_they_were_refused(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    for page in [login_path("a"), "/".to_owned()] {
        let mut known = Person::new(&town.gateway);
        let mut unknown = Person::new(&town.gateway);
        for number in 1..=7 {
            let answers =
                [(&mut known, ALICE.email), (&mut unknown, "nobody@residents.example")].map(|(person, login)| {
                    person.open(&page).fill("login", login).fill("password", "pas-celui-ci");
                    let form = person.form("Connexion");
                    let (status, names, body) = masked(&person.send(&form), login);
                    (status, names, without_seconds(&body))
                });
            assert_eq!(answers[0], answers[1], "{page}, refusal {number}");
            assert_eq!(answers[0].2.contains(FIRST), number >= 5, "{page}, refusal {number}");
        }
    }
}

/// A page without the figure of a time that is left, since two of them are asked for one after the other.
fn without_seconds(body: &str) -> String {
    let mut words: Vec<&str> = body.split(' ').collect();
    for place in 1..words.len() {
        if words[place].starts_with("seconde") {
            words[place - 1] = "N";
        }
    }
    words.join(" ")
}

#[test]
fn c15_the_count_is_the_browsers_own() {
    let town = Town::build();
    town.alice();
    // At whatever agency, and whoever is typed: five are five, and nobody is said to wait who does not.
    let mut one = Person::new(&town.gateway);
    refused(&mut one, &login_path("a"), ALICE.email, 2);
    refused(&mut one, &login_path("b"), BOB_AT_B.login, 2);
    one.miss(FIRST);
    refused(&mut one, "/", "nobody@residents.example", 1);
    one.see(FIRST).miss(WAIT);
    one.open(login_path("b")).see(FIRST).miss(WAIT);
    // Another browser has not been refused.
    let mut other = Person::new(&town.gateway);
    other.open(login_path("a")).miss(FIRST);
    // Nor has this one under another secret, and nobody makes it believe so.
    let cookies = cookies_at_portal(&town, &one);
    let foreign = cookies_at_portal(&town, &other);
    let secret = |line: &str| line.split("; ").find(|pair| pair.starts_with("vestibule-browser=")).map(str::to_owned);
    let planted = cookies.replace(&secret(&cookies).expect("a secret"), &secret(&foreign).expect("a secret"));
    for (cookies, is_shown) in [(cookies.clone(), true), (planted, false), (cookies.replace("5-", "9-"), false)] {
        let request = Request::get(town.gateway.portal("/")).header("cookie", &cookies);
        let answer = Person::new(&town.gateway).ask(request);
        assert_eq!(answer.text().contains("way-out-email"), is_shown, "{cookies}");
    }
    // Who signs in begins anew.
    town.sign_in(&mut one, "a", ALICE.email, CHOSEN);
    one.open("/account").press("Se déconnecter");
    one.open("/").miss(FIRST);
    refused(&mut one, &login_path("a"), CAROL.email, 1);
    one.see(GO).miss(FIRST);
    // So does who goes into the wizard.
    refused(&mut one, &login_path("a"), "nobody", 4);
    one.see(FIRST);
    try_sign_in(&mut one, "a", CAROL.login, CAROL.password);
    one.see("Étape suivante").open(login_path("a")).miss(FIRST);
}

#[test]
fn c15_what_is_no_wrong_password_is_not_counted() {
    let town = Town::build();
    town.alice();
    let mut alice = Person::new(&town.gateway);
    refused(&mut alice, &login_path("a"), ALICE.email, 4);
    // Credentials that are right, and switched off, are told another way on, and have this one too.
    try_sign_in(&mut alice, "a", ALICE.login, ALICE.password);
    alice.see("Vos anciens identifiants ont été remplacés").see(FIRST);
    let mut silent = Person::new(&town.gateway);
    town.a.be_silent_to(CAROL.login);
    for _ in 0..6 {
        try_sign_in(&mut silent, "a", CAROL.login, "pas-celui-ci");
        silent.miss(REFUSED).miss(FIRST);
    }
}

#[test]
fn c15_a_browser_that_refuses_cookies_is_told_so_and_keeps_its_calm() {
    let town = Town::build();
    let mut person = Person::new(&town.gateway);
    person.open(login_path("a")).fill("login", "nobody").fill("password", "pas-celui-ci");
    let form = person.form("Connexion");
    let mut request = person.request_of(&form);
    request.as_browser = false;
    for _ in 0..6 {
        // It is asked whether a cookie comes back, and none does.
        let next = person.ask(request.clone()).redirect().expect("a page that looks");
        let mut look = Request::get(next);
        look.as_browser = false;
        let answer: Answer = person.ask(look);
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("refuse les cookies"));
        assert!(!answer.text().contains("way-out-email"));
    }
}
