//! « Détacher »: with proof, at once, and not for ever.

use super::{OTHER, cookies_at_a, opens_a};
use crate::support::{gateway::Gateway, site::Site, town::MALLORY};
use crate::support::{
    page,
    person::Person,
    samples::Samples,
    town::{ALICE, BOB, BOB_AT_B, CHOSEN, Town, migrate_up_to_proof, try_sign_in},
};

#[test]
fn c17_detaching_asks_for_the_password_and_tells_what_it_means() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open("/account").follow("Détacher Agence du Port alice-77");
    alice.see("rien n'est supprimé dans votre agence").see("C'est le dernier compte associé");
    alice.press("Détacher ce compte").see("Saisissez votre mot de passe.");
    for wrong in [OTHER, ALICE.password] {
        alice.fill("password", wrong).press("Détacher ce compte").see("Ce mot de passe n'est pas le bon");
    }
    assert_eq!(town.gateway.traced("password-refused"), 2);
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
}

#[test]
fn b17_what_was_detached_is_shut_at_once_everywhere_and_the_owner_is_told() {
    let town = Town::build();
    let mut alice = town.alice();
    let mut elsewhere = Person::new(&town.gateway);
    town.sign_in(&mut elsewhere, "a", ALICE.email, CHOSEN);
    let cookies = [cookies_at_a(&town, &alice), cookies_at_a(&town, &elsewhere)];
    assert!(cookies.iter().all(|cookies| opens_a(&town, cookies)) && town.a.live_sessions() == 2);
    detach(&mut alice, "Agence du Port alice-77");
    assert!(!cookies.iter().any(|cookies| opens_a(&town, cookies)), "on every device");
    assert_eq!(town.a.live_sessions(), 0, "the extranet's sessions are ended too");
    let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("a été détaché"));
    assert!(letter.text.contains("Agence du Port") && !letter.text.contains(ALICE.login), "{}", letter.text);
    assert_eq!(town.gateway.traced("account-detached"), 1);
    // The last one: the person stays, and is told what to do.
    alice.open("/account").see("Aucun compte d'agence n'est associé").see(ALICE.email);
    alice.open(town.at_a("/membre/x")).see("Pas de compte dans cette agence").miss("\"who\"");
    let mut again = Person::new(&town.gateway);
    try_sign_in(&mut again, "a", ALICE.email, CHOSEN);
    again.see("Pas de compte dans cette agence");
    // And the old credentials open the wizard again.
    again.open("/login?client=CA&societe=SA&attach=1").fill("login", ALICE.login).fill("password", ALICE.password);
    again.press("Continuer").press("Étape suivante").see("rattacher vos comptes");
    again.fill("password", CHOSEN).press("Connexion").see("Compte associé").press("Continuer");
    again.see("\"who\":\"alice-77\"");
}

#[test]
fn b17_detaching_one_account_leaves_the_others() {
    let town = Town::build();
    let mut bob = town.resident(BOB);
    bob.open("/login?client=CB&societe=SB&attach=1").fill("login", BOB_AT_B.login).fill("password", BOB_AT_B.password);
    bob.press("Continuer").press("Étape suivante").fill("password", CHOSEN).press("Connexion").press("Continuer");
    bob.open("/account").follow("Détacher Agence du Port bob-12").miss("C'est le dernier compte");
    bob.fill("password", CHOSEN).press("Détacher ce compte").see("Le compte d'agence a été détaché");
    bob.miss("bob-12").see("B-4412").open(town.at_b("/membre/x")).see("\"who\":\"B-4412\"");
}

#[test]
fn sec_040_a_foreign_account_that_somebody_had_attached_is_detached_by_its_victim() {
    let town = Town::build();
    let mut victim = town.resident(BOB);
    let mut mallory = Person::new(&town.gateway);
    migrate_up_to_proof(&mut mallory, "a", MALLORY, BOB.email);
    let letter = town.gateway.letters().wait_for(BOB.email, |letter| letter.subject.contains("déjà un compte"));
    // Bob takes it for his own affair, and gives his password.
    victim.open(letter.link()).fill("password", CHOSEN).press("Confirmer mon adresse");
    mallory.open("/migration").miss("\"who\"").open("/account").miss(BOB.login);
    victim.open("/account").see(MALLORY.login).see(BOB.login);
    detach(&mut victim, &format!("Agence du Port {}", MALLORY.login));
    victim.open("/account").miss(MALLORY.login).see(BOB.login);
    assert_eq!(page::count(&victim.here().text(), "ul.accounts li"), 1);
    // Mallory's account is hers again, and nobody else's.
    let mut again = Person::new(&town.gateway);
    try_sign_in(&mut again, "a", MALLORY.login, MALLORY.password);
    again.see("évolue").miss(BOB.email);
}

#[test]
fn b20_provisional_credentials_can_be_used_once_more_after_a_detachment_within_their_time() {
    let samples = Samples::start();
    let gateway = Gateway::start(&Site::new().agency(samples.agency_b()));
    samples.import_roster(&gateway);
    let mut loic = Person::new(&gateway);
    sign_in_with_provisional(&mut loic);
    loic.see("évolue").press("Étape suivante").fill("email", "loic@ailleurs.example").press("Continuer");
    loic.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = gateway.letter_to("loic@ailleurs.example").code();
    loic.fill("code", &code).press("Valider").see("Votre compte est à jour");
    sign_in_with_provisional(&mut Person::new(&gateway)).see("Vos anciens identifiants ont été remplacés");
    loic.fill("login", "loic@ailleurs.example").fill("password", CHOSEN).press("Connexion").see("Bonjour Loïc");
    detach(&mut loic, "Agence des Tilleuls L2002");
    gateway.end_provisional_passwords("expires_at");
    sign_in_with_provisional(&mut Person::new(&gateway)).see("ne sont plus valables");
    samples.import_roster(&gateway);
    sign_in_with_provisional(&mut Person::new(&gateway)).see("évolue");
}

fn sign_in_with_provisional(person: &mut Person) -> &mut Person {
    person.open("/login?client=SPI31&societe=02").fill("login", "L2002").fill("password", "Pont-9028");
    person.press("Connexion")
}

fn detach(person: &mut Person, account: &str) {
    person.open("/account").follow(&format!("Détacher {account}"));
    person.fill("password", CHOSEN).press("Détacher ce compte").see("Le compte d'agence a été détaché");
}
