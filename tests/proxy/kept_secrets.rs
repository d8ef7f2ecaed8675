//! One answer is not believed at once: what an extranet's refusals do to the passwords that are kept for it.

use std::fs;

use crate::support::{
    browser::{Browser, Device},
    gateway::Gateway,
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, Town, Who, try_sign_in},
};

const ASKED: &str = "Le mot de passe de votre espace client";
const DOUBT: &str = "C'est peut-être une panne passagère";

on_every_stage! {
    a11_whoever_comes_back_after_an_outage_gets_in_as_before,
    a11_between_two_refusals_the_extranet_is_asked_once_more_and_then_no_more_for_a_quarter_of_an_hour,
    a11_two_sign_ins_at_one_moment_make_one_try,
    a11_many_refusals_are_an_outage_in_which_nobody_is_asked_for_a_new_password_first,
}

/// The directory behind the extranet is away: it takes nobody's password.
fn is_away(town: &Town, who: Who) {
    town.a.make_anew(who.login, "the directory is away");
    town.gateway.let_pass(1);
}

fn is_back(town: &Town, who: Who) {
    town.a.make_anew(who.login, who.password);
}

/// Signs in with what the person has, in a browser of its own.
fn arrive(gateway: &Gateway, who: Who) -> Person {
    let mut person = Person::new(gateway);
    try_sign_in(&mut person, "a", who.email, CHOSEN);
    person
}

fn a11_whoever_comes_back_after_an_outage_gets_in_as_before(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    is_away(&town, ALICE);
    alice.open(town.at_a("/membre/x")).see(ASKED).see(DOUBT).see("Vous pouvez réessayer maintenant");
    is_back(&town, ALICE);
    alice.follow("Réessayer").see("\"who\":\"alice-77\"");
    assert_eq!(alice.here().url.to_string(), town.at_a("/membre/x"), "back where she was");
    // What was is forgotten: the next refusal is a first one again.
    town.gateway.let_pass(20);
    is_away(&town, ALICE);
    arrive(&town.gateway, ALICE).see(ASKED).see(DOUBT);
    is_back(&town, ALICE);
    arrive(&town.gateway, ALICE).miss(ASKED).see("alice-77");
    assert_eq!(town.gateway.traced("upstream-secret-dropped"), 0);
}

fn a11_between_two_refusals_the_extranet_is_asked_once_more_and_then_no_more_for_a_quarter_of_an_hour(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    is_away(&town, ALICE);
    let before = town.a.attempts(ALICE.login);
    for _ in 0..4 {
        alice.open(town.at_a("/membre/x")).see(ASKED).see(DOUBT);
    }
    assert_eq!(town.a.attempts(ALICE.login), before + 1);
    arrive(&town.gateway, ALICE).see(DOUBT).see("Réessayez dans un quart d'heure").miss("Vous pouvez réessayer");
    assert_eq!(town.a.attempts(ALICE.login), before + 2, "once more, where she signs in");
    town.gateway.let_pass(13);
    for _ in 0..3 {
        arrive(&town.gateway, ALICE).see(DOUBT);
        alice.open(town.at_a("/membre/x")).see(DOUBT);
    }
    assert_eq!(town.a.attempts(ALICE.login), before + 2, "an extranet may lock who tries again and again");
    assert_eq!(town.gateway.traced("upstream-secret-dropped"), 0);
    town.gateway.let_pass(2);
    alice.open(town.at_a("/membre/x")).see(ASKED).miss(DOUBT);
    assert_eq!(town.a.attempts(ALICE.login), before + 3, "the second refusal is believed");
    assert_eq!(town.gateway.traced("upstream-secret-dropped"), 1);
    is_back(&town, ALICE);
    arrive(&town.gateway, ALICE).see(ASKED).fill("password", ALICE.password).press("Enregistrer et continuer");
    arrive(&town.gateway, ALICE).see("alice-77");
}

fn a11_two_sign_ins_at_one_moment_make_one_try(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    is_away(&town, ALICE);
    alice.open(town.at_a("/membre/x")).see(DOUBT);
    for minutes in [0, 15] {
        town.gateway.let_pass(minutes);
        let before = town.a.attempts(ALICE.login);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    arrive(&town.gateway, ALICE).see(ASKED).miss("\"who\"");
                });
            }
        });
        assert_eq!(town.a.attempts(ALICE.login), before + 1, "after {minutes} minutes");
    }
    assert_eq!(town.gateway.traced("upstream-secret-dropped"), 1);
}

fn a11_many_refusals_are_an_outage_in_which_nobody_is_asked_for_a_new_password_first(stage: Stage) {
    const WARNED: &str = "an extranet refuses passwords that had worked";
    let town = Town::on(stage);
    let everybody = [ALICE, BOB, CAROL, DORA];
    for who in everybody {
        town.resident(who);
    }
    for (number, who) in everybody.into_iter().enumerate() {
        is_away(&town, who);
        let mut person = arrive(&town.gateway, who);
        let form = person.here().text().contains("name=\"password\"");
        assert_eq!(form, number < 2, "{number}: {}", person.words());
        person.see(if number < 2 { DOUBT } else { "refuse en ce moment les mots de passe de plusieurs résidents" });
        if number >= 2 {
            person.follow("Mon agence m'a donné un nouveau mot de passe").see("Mot de passe de l'espace client");
        }
    }
    assert!(town.gateway.log().contains(WARNED), "the operator is told");
    let status = || String::from_utf8(town.gateway.run("status", &[]).stdout).expect("text");
    let is_one = stage.nodes() == 1;
    let said = status();
    let outage = "extranet of CA/SA: an outage: 4 kept passwords that had worked are refused";
    assert!(!is_one || said.contains(outage), "{said}");
    if let Some((_, counted)) = town.gateway.health("/metrics") {
        assert!(counted.contains("vestibule_kept_passwords_refused{agency=\"CA/SA\"} 4"), "{counted}");
    }
    // While it lasts, nothing is dropped.
    town.gateway.let_pass(16);
    for who in everybody {
        arrive(&town.gateway, who).see("plusieurs résidents");
    }
    assert_eq!(town.gateway.traced("upstream-secret-dropped"), 0);
    for who in everybody {
        is_back(&town, who);
        arrive(&town.gateway, who).see(who.login);
    }
    assert!(!status().contains("are refused"), "{}", status());
}

#[test]
fn a11_one_that_never_worked_is_dropped_at_once_and_is_no_outage() {
    let town = Town::build_with_agency(|site| site, |agency| agency.set("sign_in.verifier", "roster"));
    let roster = town.gateway.folder().join("roster.csv");
    let everybody = [ALICE, BOB, CAROL];
    let lines = everybody.map(|who| format!("{},Provisoire-1", who.login)).join("\n");
    fs::write(&roster, format!("login,password\n{lines}\n")).expect("the roster");
    let done = town.gateway.run("import", &["--agency", "CA/SA", roster.to_str().expect("a path")]);
    assert!(done.status.success(), "{done:?}");
    for who in everybody {
        let before = town.a.attempts(who.login);
        let mut person = Person::new(&town.gateway);
        town.migrate_named(&mut person, "a", who.login, "Provisoire-1", who.email);
        arrive(&town.gateway, who).see(ASKED).miss(DOUBT);
        arrive(&town.gateway, who).see(ASKED).miss(DOUBT);
        assert_eq!(town.a.attempts(who.login), before + 1);
    }
    assert_eq!(town.gateway.traced("upstream-secret-dropped"), 3);
    assert!(!town.gateway.log().contains("refuses passwords that had worked"));
    // What is typed and taken has worked.
    let mut alice = arrive(&town.gateway, ALICE);
    alice.fill("password", ALICE.password).press("Enregistrer et continuer").see("alice-77");
    is_away(&town, ALICE);
    arrive(&town.gateway, ALICE).see(ASKED).see(DOUBT);
}

#[test]
fn a11_the_page_that_offers_to_wait_fits_a_desk_and_a_phone() {
    let town = Town::build();
    town.alice();
    is_away(&town, ALICE);
    for device in [Device::Desktop, Device::Phone] {
        town.gateway.let_pass(1);
        let mut browser = Browser::start(device, "kept-password");
        browser.open(town.at_a("/membre/x"));
        browser.fill("Email ou identifiant", ALICE.email).fill("Mot de passe", CHOSEN).press("Connexion");
        browser.see(DOUBT).screenshot(if device == Device::Desktop { "try" } else { "wait" });
        assert!(!browser.scrolls_sideways(), "{device:?}");
    }
}
