//! Where the old identifier stays what is typed, and the e-mail address is for letters only (document 004); and two people who
//! read one mailbox.

use super::{OTHER, REFUSED};
use crate::support::{
    browser::{Browser, Device},
    person::Person,
    site::Site,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, DORA, Town, login_path, migrate_up_to_proof, try_sign_in},
};

on_every_stage! {
    b07_the_identifier_is_kept_and_the_address_is_for_letters_only,
    b09_where_the_proof_comes_first_the_steps_are_three_and_bear_the_documents_labels,
    b18_two_people_at_one_mailbox_stay_two,
}

/// Where the agency prints the first password.
const PRINTED: &str = "Il figure sur vos appels de fonds.";

/// An installation as document 004 has it.
fn town(stage: Stage) -> Town {
    let installation = |site: Site| {
        site.on(stage)
            .set("policy.identifier", "legacy")
            .set("policy.order", "proof-first")
            .set("policy.confirmation", "code")
            .set("policy.code_minutes", 30)
            .set("policy.confirm_noted", true)
    };
    Town::build_with_agency(installation, |agency| agency.set("brand.old_password_hint", PRINTED))
}

/// Goes through document 004's wizard.
fn migrate(town: &Town, person: &mut Person, login: &str, password: &str, email: &str) {
    try_sign_in(person, "a", login, password);
    if person.sees("Les prochaines étapes") {
        person.press("Étape suivante");
    }
    person.fill("email", email).press("Suivant");
    person.fill("code", &town.gateway.letter_to(email).code()).press("Suivant");
    person.tick("noted").fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Terminer");
}

fn b07_the_identifier_is_kept_and_the_address_is_for_letters_only(stage: Stage) {
    let town = town(stage);
    let mut alice = Person::new(&town.gateway);
    alice.open("/forgotten?client=CA&societe=SA").see(PRINTED);
    alice.open(login_path("a")).see("Identifiant").see(PRINTED).miss("Email ou identifiant");
    try_sign_in(&mut alice, "a", ALICE.login, ALICE.password);
    alice.see("sans remplacer votre identifiant").see("avec votre identifiant actuel, qui ne change pas");
    alice.press("Étape suivante").see("paiement en ligne").see("cette adresse n'est pas votre identifiant");
    alice.miss("Elle deviendra l'identifiant");
    migrate(&town, &mut alice, ALICE.login, ALICE.password, ALICE.email);
    alice.see("Votre compte est à jour").see("votre identifiant, qui n'a pas changé").miss("votre adresse email et");
    // The next sign-in, on any device.
    let mut anywhere = Person::new(&town.gateway);
    try_sign_in(&mut anywhere, "a", ALICE.login, CHOSEN);
    anywhere.see("alice-77");
    for (login, password, told) in [
        (ALICE.login, ALICE.password, "Votre ancien mot de passe a été remplacé. Votre identifiant n'a pas changé"),
        (ALICE.login, "pas-celui-ci", REFUSED),
        (ALICE.email, CHOSEN, REFUSED),
    ] {
        let mut person = Person::new(&town.gateway);
        try_sign_in(&mut person, "a", login, password);
        person.see(told);
    }
    let mut bare = Person::new(&town.gateway);
    bare.open("/").fill("login", ALICE.email).fill("password", CHOSEN).press("Connexion").see(REFUSED);
    // The address that letters go to changes, and nothing else.
    anywhere.open("/account/email").fill("email", "alice@ailleurs.example");
    anywhere.fill("confirmation", "alice@ailleurs.example").fill("current", CHOSEN).press("Valider");
    anywhere.fill("code", &town.gateway.letter_to("alice@ailleurs.example").code()).press("Valider");
    anywhere.see("alice@ailleurs.example");
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.login, CHOSEN);
}

fn b09_where_the_proof_comes_first_the_steps_are_three_and_bear_the_documents_labels(stage: Stage) {
    let town = town(stage);
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("Les prochaines étapes").miss("Étape 1 sur").press("Étape suivante");
    carol.see("Étape 1 sur 3").see("1 - Votre adresse email").fill("email", CAROL.email).press("Suivant");
    carol.see("Étape 2 sur 3").see("2 - Authentification de votre adresse email").see("valable 30 minutes");
    carol.see("Recevoir un nouveau code").miss("Renvoyer l'e-mail");
    let letter = town.gateway.letter_to(CAROL.email);
    assert_eq!(letter.code().len(), 8);
    assert!(letter.text.contains("30 minutes"), "one figure in page and letter: {}", letter.text);
    carol.fill("code", &letter.code()).press("Suivant");
    carol.see("Étape 3 sur 3").see("3 - Votre nouveau mot de passe").see("J'ai noté ce mot de passe en lieu sûr");
    // The box stands before the fields, and counts.
    let text = carol.here().text();
    assert!(text.find("id=\"noted\"") < text.find("id=\"password\""), "before the fields");
    carol.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Terminer").see("Cochez");
    carol.tick("noted").fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Terminer");
    carol.see("Votre compte est à jour");
    town.sign_in(&mut carol, "a", CAROL.login, CHOSEN);
    // It stands wherever a password is chosen.
    carol.open("/account/password").see("J'ai noté ce mot de passe en lieu sûr");
}

fn b18_two_people_at_one_mailbox_stay_two(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, ALICE.email);
    carol.fill("code", &town.gateway.letter_to(ALICE.email).code()).press("Valider");
    carol.see("Rattacher votre compte d'agence").see("Vous êtes deux à cette adresse");
    carol.press("Nous sommes deux à cette adresse").see("celui de votre compte carol-3");
    carol.fill("password", OTHER).fill("confirmation", OTHER).press("Terminer");
    carol.see("votre identifiant, qui n'a pas changé");
    try_sign_in(&mut carol, "a", CAROL.login, OTHER);
    carol.see("carol-3");
    // Nobody has got anything of the other one.
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    for (login, password) in [(ALICE.email, OTHER), (CAROL.login, CHOSEN)] {
        let mut person = Person::new(&town.gateway);
        try_sign_in(&mut person, "a", login, password);
        person.see(REFUSED);
    }
    carol.open("/account").see("carol-3").miss("alice-77");
    // Who has proven no address is nobody's second.
    let mut dora = Person::new(&town.gateway);
    migrate_up_to_proof(&mut dora, "a", DORA, ALICE.email);
    dora.miss("Nous sommes deux");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM identities"), 2);
}

#[test]
fn b07_b18_in_a_browser_document_004s_steps_are_shown() {
    let town = town(Stage::Sqlite);
    for (device, who) in [(Device::Desktop, ALICE), (Device::Phone, CAROL), (Device::WithoutJavaScript, DORA)] {
        let mut browser = Browser::start(device, "kept-identifier");
        let email = format!("{}@ailleurs.example", who.login);
        browser.open(town.gateway.portal(&login_path("a"))).screenshot("sign-in");
        browser.fill("Identifiant", who.login).fill("Mot de passe", who.password).press("Connexion");
        browser.see("Les prochaines étapes").screenshot("notice");
        browser.press("Étape suivante").see("1 - Votre adresse email").screenshot("email");
        assert!(!browser.scrolls_sideways(), "{device:?}");
        browser.fill("Adresse email", &email).press("Suivant").see("2 - Authentification").screenshot("proof");
        browser.send_code(&town.gateway.letter_to(&email).code(), "Suivant");
        browser.see("3 - Votre nouveau mot de passe").screenshot("password");
        browser.tick("J'ai noté ce mot de passe en lieu sûr").fill("Nouveau mot de passe", CHOSEN);
        browser.fill("Confirmez", CHOSEN).screenshot("password-typed").press("Terminer");
        browser.see("Votre compte est à jour").screenshot("ready");
        browser.fill("Identifiant", who.login).fill("Mot de passe", CHOSEN).press("Connexion").see(who.login);
    }
}
