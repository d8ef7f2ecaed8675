//! The portal's own address: an e-mail address and a password, and no agency is asked for (§27).

use super::{OTHER, REFUSED, cookies_at_portal, masked, opens_account};
use crate::support::{
    browser::{Browser, Device},
    page,
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, BOB_AT_B, CAROL, CHOSEN, Town, login_path, try_sign_in},
};

on_every_stage! {
    c01_at_the_bare_address_who_has_one_account_goes_in_and_who_has_several_chooses,
    f03_at_the_bare_address_unknown_wrong_locked_and_old_credentials_are_answered_alike,
    c10_a_password_is_forgotten_without_an_agencys_codes,
}

/// Signs in at the bare address.
fn sign_in(person: &mut Person, email: &str, password: &str) {
    person.open("/").fill("login", email).fill("password", password).press("Connexion");
    // A form may not lead on to a host that its page did not name: a page of ours does.
    if person.sees("Continuer / Continue") {
        person.follow("Continuer / Continue");
    }
}

/// Bob's account at the other agency, beside his first one.
fn attach_bobs_second(town: &Town, bob: &mut Person) {
    bob.open("/account").press("Se déconnecter");
    try_sign_in(bob, "b", BOB_AT_B.login, BOB_AT_B.password);
    bob.press("Étape suivante").follow("J'ai déjà un compte").fill("email", BOB.email).fill("password", CHOSEN);
    bob.press("Connexion").see("Compte associé");
    town.forget();
}

fn c01_at_the_bare_address_who_has_one_account_goes_in_and_who_has_several_chooses(stage: Stage) {
    // 000.13, 001.16
    let town = Town::on(stage);
    town.alice();
    let mut bob = town.resident(BOB);
    attach_bobs_second(&town, &mut bob);
    let mut alice = Person::new(&town.gateway);
    sign_in(&mut alice, ALICE.email, CHOSEN);
    alice.see("alice-77");
    assert_eq!(alice.here().url.origin(), town.gateway.agency("agence-a", "/").origin());
    // The agency is known from now on, and offered for what wants one.
    alice.open("/account").press("Se déconnecter");
    alice.open("/").see("Continuer avec Agence du Port");
    let mut bob = Person::new(&town.gateway);
    sign_in(&mut bob, BOB.email, CHOSEN);
    bob.see("Quel compte voulez-vous ouvrir").see("Agence du Port").see("Agence de la Gare").miss("le ferme");
    bob.enter("Agence de la Gare B-4412").see("B-4412");
    assert_eq!(bob.here().url.origin(), town.gateway.agency("agence-b", "/").origin());
    // Who is signed in is not asked again, and a page that wanted somebody signed in is come back to.
    bob.open("/");
    assert_eq!(bob.here().url.path(), "/accounts");
    let mut bob = Person::new(&town.gateway);
    bob.open("/account/password").fill("login", BOB.email).fill("password", CHOSEN).press("Connexion");
    assert_eq!(bob.here().url.path(), "/account/password");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM audit WHERE event = 'signed-in' AND agency IS NULL"), 3);
}

fn f03_at_the_bare_address_unknown_wrong_locked_and_old_credentials_are_answered_alike(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    town.resident(BOB);
    let mut stranger = Person::new(&town.gateway);
    for number in 0..6 {
        sign_in(&mut stranger, BOB.email, &format!("pas-celui-ci-{number}"));
    }
    let disabled = town.resident(CAROL);
    let cookies = cookies_at_portal(&town, &disabled);
    let withdrawn = town.gateway.run("person", &["disable", CAROL.email, "--yes", "--reason", "by order"]);
    assert!(withdrawn.status.success() && !opens_account(&town, &cookies));
    let asked = town.a.seen().len();
    let mut answers = Vec::new();
    for (who, login, password) in [
        ("unknown address", "nobody@residents.example", "pas-celui-ci"),
        ("no address", "nobody", "pas-celui-ci"),
        ("wrong password", ALICE.email, "pas-celui-ci"),
        ("an old identifier with its old password", ALICE.login, ALICE.password),
        ("locked, with the right password", BOB.email, CHOSEN),
        ("an access that was withdrawn, with the right password", CAROL.email, CHOSEN),
    ] {
        let mut person = Person::new(&town.gateway);
        person.open("/").fill("login", login).fill("password", password);
        let form = person.form("Connexion");
        let answer = person.send(&form);
        let words = page::words(&answer.text());
        assert!(words.contains(REFUSED) && words.contains("Première connexion"), "{who}: {words}");
        answers.push((who, masked(&answer, login)));
    }
    for (who, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{who} is answered otherwise than {}", answers[0].0);
    }
    assert_eq!(town.a.seen().len(), asked, "nothing of it is asked of an extranet");
}

fn c10_a_password_is_forgotten_without_an_agencys_codes(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let mut alice = Person::new(&town.gateway);
    alice.open("/").press("Mot de passe oublié ?").see("Adresse email").miss("Email ou identifiant");
    alice.press("Recevoir l'e-mail").see("Saisissez");
    alice.fill("login", ALICE.email).press("Recevoir l'e-mail").see("Si un compte existe");
    let sent = |letter: &crate::support::letters::Letter| letter.subject.contains("nouveau mot de passe");
    let link = town.gateway.letters().wait_for(ALICE.email, sent).link();
    alice.open(&link).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer").see("réinitialisé");
    sign_in(&mut alice, ALICE.email, OTHER);
    alice.see("alice-77");
    // The screen for the codes leads there, too, and to the sign-in.
    let mut lost = Person::new(&town.gateway);
    lost.open("/forgotten").see("Trouver votre agence").follow("J'ai déjà un compte").see("Adresse email");
    lost.follow("Revenir à la connexion").see("Première connexion");
    lost.open("/login").see("Trouver votre agence").follow("J'ai déjà un compte").see("Première connexion");
}

#[test]
fn document_004_3_an_installation_with_one_agency_shows_it_at_the_bare_address() {
    // 004.3
    let town = Town::build();
    std::fs::remove_file(town.gateway.folder().join("agencies/agence-b.toml")).expect("the other agency's file");
    let done = town.gateway.run("reload", &["--yes"]);
    assert!(done.status.success(), "{done:?}");
    let mut alice = Person::new(&town.gateway);
    for bare in ["/", "/login", "/forgotten"] {
        alice.open(bare).see("Agence du Port").miss("Code client");
    }
    alice.open("/").fill("login", ALICE.login).fill("password", ALICE.password).press("Connexion");
    alice.see("Étape suivante");
    let mut lost = Person::new(&town.gateway);
    lost.open("/forgotten?by=email").see("Agence du Port").see("Email ou identifiant");
}

#[test]
fn c01_in_a_browser_the_bare_address_is_a_sign_in() {
    let town = Town::build();
    town.alice();
    for device in [Device::Desktop, Device::Phone, Device::WithoutJavaScript] {
        let mut browser = Browser::start(device, "home");
        browser.open(town.gateway.portal("/")).see("Connexion à votre espace client").see("Première connexion");
        assert!(!browser.scrolls_sideways(), "{device:?}");
        browser.screenshot("home");
        browser.fill("Adresse email", ALICE.email).fill("Mot de passe", "pas-celui-ci").press("Connexion").see(REFUSED);
        browser.screenshot("refused");
        browser.fill("Mot de passe", CHOSEN).press("Connexion").see("alice-77");
        browser.open(town.gateway.portal("/account")).press("Se déconnecter").see("déconnecté");
        browser.open(town.gateway.portal("/")).see("Continuer avec Agence du Port").screenshot("known");
        browser.open(town.gateway.portal(&login_path("a"))).see("Email ou identifiant");
    }
}
