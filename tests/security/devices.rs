//! A device that several people share: each is known on it, and none learns of the others.

use crate::support::{
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, MALLORY, Town, migrate_up_to_proof, try_sign_in},
};

const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";
const OTHER: &str = "Cerisier-31-mur";

on_every_stage! {
    review_b7_everybody_who_signs_in_on_a_shared_computer_stays_known_there,
    review_b7_a_reset_ends_what_devices_know_of_that_person_and_of_nobody_else,
    c16_whoever_has_signed_in_on_devices_sees_them_and_has_one_forgotten,
    residents_8_whoever_begins_the_wizard_after_somebody_else_sees_nobodys_address,
}

/// One browser in which Alice and Bob have signed in and out.
fn shared(town: &Town) -> Person {
    let mut computer = town.alice();
    computer.open("/account").press("Se déconnecter");
    town.migrate(&mut computer, "a", BOB, BOB.email);
    town.sign_in(&mut computer, "a", BOB.email, CHOSEN);
    computer.open("/account").press("Se déconnecter");
    computer
}

fn lock(town: &Town, login: &str) {
    let mut stranger = Person::new(&town.gateway);
    for number in 0..7 {
        try_sign_in(&mut stranger, "a", login, &format!("pas-celui-ci-{number}"));
    }
    try_sign_in(&mut stranger, "a", login, CHOSEN);
    stranger.see(REFUSED);
}

fn review_b7_everybody_who_signs_in_on_a_shared_computer_stays_known_there(stage: Stage) {
    let town = Town::on(stage);
    let mut computer = shared(&town);
    assert_eq!(town.gateway.number("SELECT COUNT(DISTINCT digest) FROM devices"), 1, "one secret for both");
    for who in [ALICE, BOB] {
        lock(&town, who.email);
        town.sign_in(&mut computer, "a", who.email, CHOSEN);
        computer.open("/account").press("Se déconnecter");
    }
    // After 180 days, of which the browser knows too, it is any device.
    town.gateway.rewrite("UPDATE devices SET remembered_at = remembered_at - 15552000000");
    try_sign_in(&mut computer, "a", ALICE.email, CHOSEN);
    computer.see(REFUSED);
}

fn review_b7_a_reset_ends_what_devices_know_of_that_person_and_of_nobody_else(stage: Stage) {
    let town = Town::on(stage);
    let mut computer = shared(&town);
    let mut forgetful = Person::new(&town.gateway);
    forgetful.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let is_reset = |letter: &crate::support::letters::Letter| letter.subject.contains("nouveau mot de passe");
    let reset = town.gateway.letters().wait_for(ALICE.email, is_reset).link();
    forgetful.open(&reset).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer");
    forgetful.see("Mot de passe réinitialisé");
    for number in 0..7 {
        let mut stranger = Person::new(&town.gateway);
        try_sign_in(&mut stranger, "a", ALICE.email, &format!("pas-celui-ci-{number}"));
        try_sign_in(&mut stranger, "a", BOB.email, &format!("pas-celui-ci-{number}"));
    }
    try_sign_in(&mut computer, "a", ALICE.email, OTHER);
    computer.see(REFUSED);
    town.sign_in(&mut computer, "a", BOB.email, CHOSEN);
}

fn c16_whoever_has_signed_in_on_devices_sees_them_and_has_one_forgotten(stage: Stage) {
    let town = Town::on(stage);
    let mut computer = shared(&town);
    town.sign_in(&mut computer, "a", ALICE.email, CHOSEN);
    let mut phone = Person::new(&town.gateway);
    town.sign_in(&mut phone, "a", ALICE.email, CHOSEN);
    let devices = |of: &str| {
        town.gateway.number(&format!(
            "SELECT COUNT(*) FROM devices d JOIN credentials c ON c.identity_id = d.identity_id WHERE c.email = '{of}'"
        ))
    };
    assert_eq!((devices(ALICE.email), devices(BOB.email)), (2, 1));
    // Each sees which one it is, and the other one.
    for person in [&mut computer, &mut phone] {
        person.open("/account").see("Appareils reconnus").see("Firefox sur un ordinateur Linux").see("cet appareil –");
        assert_eq!(person.words().matches("dernière connexion :").count(), 2);
    }
    // Nobody has another one's forgotten.
    let bobs = town.gateway.texts(&format!(
        "SELECT d.digest FROM devices d JOIN credentials c ON c.identity_id = d.identity_id WHERE c.email = '{}'",
        BOB.email
    ));
    for named in [bobs[0].as_str(), "", "x", &"0".repeat(64)] {
        let mut form = phone.form("Oublier cet appareil Firefox sur un ordinateur Linux");
        for (name, value) in &mut form.fields {
            if name == "device" {
                named.clone_into(value);
            }
        }
        let of_bob = named == bobs[0];
        phone.send(&form);
        // Bob and Alice share the computer: she may forget herself there, and not him.
        assert_eq!(
            (devices(ALICE.email), devices(BOB.email)),
            (if of_bob { 1 } else { devices(ALICE.email) }, 1),
            "{named}"
        );
    }
    // The computer knows her no more, and is not signed out; it knows Bob as before.
    computer.open("/account").see(ALICE.email).miss("cet appareil –").see("Firefox sur un ordinateur Linux");
    computer.open("/account").press("Se déconnecter");
    lock(&town, ALICE.email);
    lock(&town, BOB.email);
    try_sign_in(&mut computer, "a", ALICE.email, CHOSEN);
    computer.see(REFUSED);
    town.sign_in(&mut computer, "a", BOB.email, CHOSEN);
    // This one.
    phone
        .open("/account")
        .press("Oublier cet appareil Firefox sur un ordinateur Linux")
        .see("Cet appareil est oublié")
        .miss("Appareils reconnus");
    assert_eq!(devices(ALICE.email), 0);
    assert_eq!(town.gateway.traced("device-forgotten"), 2);
    phone.open("/account").see(ALICE.email);
}

fn residents_8_whoever_begins_the_wizard_after_somebody_else_sees_nobodys_address(stage: Stage) {
    let town = Town::on(stage);
    let mut computer = town.alice();
    // While Alice is signed in, the wizard asks for her password, in this browser.
    try_sign_in_to_attach(&mut computer);
    computer.see("évolue").press("Étape suivante").see(ALICE.email);
    // Somebody goes on with that run at home, and sees nothing of her.
    let mut home = Person::new(&town.gateway);
    try_sign_in(&mut home, "a", MALLORY.login, MALLORY.password);
    home.miss("•").miss(ALICE.email);
    home.open("/migration").miss("•").miss(ALICE.email);
    // And joins an account of their own from there.
    town.migrate(&mut Person::new(&town.gateway), "a", BOB, BOB.email);
    home.open("/migration").fill("email", BOB.email).fill("password", CHOSEN).press("Connexion");
    home.see("associé");
    // Alice has signed out: her computer is anybody's.
    computer.open("/account").press("Se déconnecter");
    try_sign_in(&mut computer, "a", CAROL.login, CAROL.password);
    computer.see("évolue").press("Étape suivante").see("Votre adresse email").miss("•").miss(ALICE.email);
}

/// Old credentials, typed by who is signed in: the form is shown with `attach`.
fn try_sign_in_to_attach(person: &mut Person) {
    person.open("/login?client=CA&societe=SA&attach=1");
    person.fill("login", MALLORY.login).fill("password", MALLORY.password).press("Continuer");
}

#[test]
fn review_b7_a_device_knows_ten_people_at_most() {
    let town = Town::build();
    let mut computer = town.alice();
    computer.open("/account").press("Se déconnecter");
    // Ten others have signed in since.
    for number in 0..10 {
        town.gateway
            .rewrite(&format!("INSERT INTO identities (id, language, created_at) VALUES ('other-{number}', 'fr', 0)"));
        town.gateway.rewrite(&format!(
            "INSERT INTO devices (digest, identity_id, remembered_at)
             SELECT digest, 'other-{number}', remembered_at + 1 FROM devices
             WHERE identity_id NOT LIKE 'other-%'"
        ));
    }
    migrate_up_to_proof(&mut computer, "a", BOB, BOB.email);
    let code = town.gateway.letter_to(BOB.email).code();
    computer.fill("code", &code).press("Valider").see("Votre compte est à jour");
    town.sign_in(&mut computer, "a", BOB.email, CHOSEN);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM devices"), 10);
    let alice = "SELECT COUNT(*) FROM devices d JOIN credentials c ON c.identity_id = d.identity_id WHERE c.email = ";
    assert_eq!(town.gateway.number(&format!("{alice} '{}'", ALICE.email)), 0, "the oldest has gone");
    assert_eq!(town.gateway.number(&format!("{alice} '{}'", BOB.email)), 1);
}
