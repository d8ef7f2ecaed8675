//! Document 002, « Comment gérer les problèmes de connexion ? », from the resident's side: who does not get in, what the
//! agency then gives out, and that it opens at once.

use std::fs;

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    gateway::Gateway,
    person::Person,
    samples::Samples,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, Town, login_path},
};

const SECOND: &str = "Cerisier-31-mur";
const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";
/// What the agency had given to Loïc Kervella, and what it gives out now.
const GIVEN: &str = "Pont-9028";
const ANEW: &str = "Quai-5512";

#[test]
fn b20_who_does_not_get_in_is_helped_by_new_credentials_at_a_desk() {
    document_002(Device::Desktop, Stage::Sqlite);
}

#[test]
fn b20_who_does_not_get_in_is_helped_by_new_credentials_on_a_phone() {
    document_002(Device::Phone, Stage::Sqlite);
}

#[test]
fn b20_who_does_not_get_in_is_helped_by_new_credentials_without_javascript() {
    document_002(Device::WithoutJavaScript, Stage::Sqlite);
}

#[test]
fn b20_who_does_not_get_in_is_helped_by_new_credentials_on_postgresql() {
    document_002(Device::Desktop, Stage::Postgres);
}

fn document_002(device: Device, stage: Stage) {
    let samples = Samples::start();
    let gateway = steps::gateway(&samples, stage);
    let here = || gateway.portal("/login?client=SPI31&societe=02");
    migrate(&gateway, "L2001", "Gare-4471", "amelie@residents.example");
    gateway.end_provisional_passwords("expires_at");
    let mut browser = Browser::start(device, "document-002");

    // Étape 1. Obsolete credentials: who knows them is told that they are, and what to do (002.6, 002.7).
    browser.open(here()).see("Agence des Tilleuls");
    steps::sign_in(&mut browser, "L2002", GIVEN);
    browser
        .see("Vos identifiants provisoires ne sont plus valables")
        .see("Demandez à votre agence")
        .screenshot("obsolete");
    steps::fits(&mut browser, device);

    // A password that was changed, and forgotten (002.8).
    browser.open(here());
    steps::sign_in(&mut browser, "amelie@residents.example", "celui-d-avant");
    browser
        .see(REFUSED)
        .press("Mot de passe oublié ?")
        .see("Saisissez votre adresse email ou votre identifiant")
        .fill("Email ou identifiant", "amelie@residents.example");
    browser.press("Recevoir l'e-mail").see("Si un compte existe");
    let letter = gateway.letters().wait_for("amelie@residents.example", |letter| letter.subject.contains("choisissez"));
    browser.open(letter.link()).fill("Nouveau mot de passe", SECOND).fill("Confirmez le nouveau mot de passe", SECOND);
    browser.press("Enregistrer").see("Mot de passe réinitialisé").open(here());
    steps::sign_in(&mut browser, "amelie@residents.example", SECOND);
    browser.see("Bonjour Amélie Dufour").screenshot("forgotten-and-found");
    steps::leave(&mut browser);

    // A slip: capitals, digits, signs; the identifier is still there to be looked at (002.9, 002.10).
    for slip in ["pont-9028", "Pont-9O28", "Pont 9028"] {
        browser.open(here());
        steps::sign_in(&mut browser, "L2002", slip);
        browser.see(REFUSED).see("Vérifiez votre saisie");
        assert_eq!(browser.value("Email ou identifiant"), "L2002");
        assert_eq!(browser.value("Mot de passe"), "");
    }
    browser.screenshot("slip");
    // Another browser says the same (002.11).
    let mut elsewhere = Person::new(&gateway);
    sign_in_with(&mut elsewhere, "L2002", GIVEN);
    elsewhere.see("ne sont plus valables");

    // The agency gives out new ones (002.12): they open at once (002.29 to 002.31), and those of before are dead (002.32).
    import(&gateway, &format!("L2002,{ANEW},Loïc Kervella,locataire"));
    browser.open(here());
    steps::sign_in(&mut browser, "L2002", GIVEN);
    browser.see("Ces identifiants provisoires ont été remplacés").screenshot("replaced");
    steps::fits(&mut browser, device);
    steps::sign_in(&mut browser, "L2002", ANEW);
    steps::read_the_notice(&mut browser, device);
    browser.see("Votre adresse email").fill("Adresse email", "loic@residents.example").press("Continuer");
    // They are good until the new password is kept: who begins anew within their time uses them again.
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    gateway.letter_to("loic@residents.example");
    browser.press("Revenir à la 1re étape").see("Connexion");
    steps::sign_in(&mut browser, "L2002", ANEW);
    steps::read_the_notice(&mut browser, device);
    browser.fill("Adresse email", "loic@residents.example").press("Continuer");
    // They have to be changed: they are no new password.
    browser
        .fill("Nouveau mot de passe", ANEW)
        .fill("Confirmez le nouveau mot de passe", ANEW)
        .press("Créer mon compte");
    browser.see("C'est votre ancien mot de passe").screenshot("must-change");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    let letters = gateway.letters();
    browser.send_code(&letters.next("loic@residents.example").code(), "Valider");
    browser.see("Votre compte est à jour");
    steps::sign_in(&mut browser, "loic@residents.example", CHOSEN);
    browser.see("Bonjour Loïc Kervella (Locataire)").screenshot("in-the-extranet");
    steps::leave(&mut browser);
    browser.open(here());
    steps::sign_in(&mut browser, "L2002", ANEW);
    browser.see("Vos anciens identifiants ont été remplacés").screenshot("used");
    steps::sign_in(&mut browser, "L2002", GIVEN);
    browser.see(REFUSED).miss("remplacés");

    // Who has lost the mailbox too is helped in the same way, though the account was brought up to date long ago.
    import(&gateway, "L2001,Phare-3307,Amélie Dufour,propriétaire");
    browser.open(here());
    steps::sign_in(&mut browser, "L2001", "Phare-3307");
    steps::read_the_notice(&mut browser, device);
    browser.fill("Adresse email", "amelie@ailleurs.example").press("Continuer");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    browser.send_code(&letters.next("amelie@ailleurs.example").code(), "Valider");
    browser.see("Votre compte est à jour");
    steps::sign_in(&mut browser, "amelie@ailleurs.example", CHOSEN);
    browser.see("Bonjour Amélie Dufour");
    steps::leave(&mut browser);
    letters.wait_for("amelie@residents.example", |letter| letter.subject.contains("n'est plus accessible"));
    for (login, password) in [("L2001", "Gare-4471"), ("L2001", "Phare-3307"), ("amelie@residents.example", SECOND)] {
        let mut person = Person::new(&gateway);
        sign_in_with(&mut person, login, password);
        person.miss("Bonjour");
    }
}

#[test]
fn b20_what_the_agency_gives_out_in_its_extranet_opens_at_once() {
    for (device, stage) in [(Device::Desktop, Stage::Sqlite), (Device::Phone, Stage::Postgres)] {
        in_its_extranet(device, stage);
    }
}

#[test]
fn b20_what_the_agency_gives_out_in_its_extranet_opens_at_once_without_javascript() {
    in_its_extranet(Device::WithoutJavaScript, Stage::Sqlite);
}

fn in_its_extranet(device: Device, stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let here = || town.gateway.portal(&login_path("a"));
    let mut browser = Browser::start(device, "document-002-extranet");
    for who in [ALICE, CAROL] {
        town.a.make_anew(who.login, "Neuf-2026");
    }

    // An account that nobody has brought up to date yet.
    browser.open(here());
    steps::sign_in(&mut browser, CAROL.login, CAROL.password);
    browser.see(REFUSED);
    steps::sign_in(&mut browser, CAROL.login, "Neuf-2026");
    bring_up_to_date(&town, &mut browser, "carol@ailleurs.example");
    browser.see("\"who\":\"carol-3\"").open(town.gateway.portal("/account")).press("Se déconnecter");

    // One that its resident has: the password of the agency is asked for by its name.
    browser.open(here());
    steps::sign_in(&mut browser, ALICE.login, ALICE.password);
    browser.see("Vos anciens identifiants ont été remplacés");
    steps::sign_in(&mut browser, ALICE.login, "Neuf-2026");
    browser.see(REFUSED).see("Mon agence m'a donné un nouveau mot de passe");
    browser.unfold("Mon agence m'a donné un nouveau mot de passe").see("Vérifier auprès de mon agence");
    browser.screenshot("given").fill("Mot de passe donné par votre agence", "Neuf-2026");
    browser.press("Vérifier auprès de mon agence");
    bring_up_to_date(&town, &mut browser, "alice@ailleurs.example");
    browser.see("\"who\":\"alice-77\"").screenshot("in-the-extranet");
    town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("n'est plus accessible"));
}

/// From the notice to the extranet, with the code of the letter.
fn bring_up_to_date(town: &Town, browser: &mut Browser, email: &str) {
    browser.see("évolue").press("Étape suivante").fill("Adresse email", email).press("Continuer");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    browser.send_code(&town.gateway.letter_to(email).code(), "Valider");
    browser.see("Votre compte est à jour");
    steps::sign_in(browser, email, CHOSEN);
}

fn sign_in_with<'p>(person: &'p mut Person, login: &str, password: &str) -> &'p mut Person {
    person.open("/login?client=SPI31&societe=02").fill("login", login).fill("password", password).press("Connexion")
}

fn migrate(gateway: &Gateway, login: &str, password: &str, email: &str) {
    let mut person = Person::new(gateway);
    sign_in_with(&mut person, login, password).see("évolue");
    while !person.sees("Veuillez saisir") {
        person.press("Étape suivante");
    }
    person.fill("email", email).press("Continuer").fill("password", CHOSEN).fill("confirmation", CHOSEN);
    person.press("Créer mon compte").fill("code", &gateway.letter_to(email).code()).press("Valider");
    person.see("Votre compte est à jour");
}

fn import(gateway: &Gateway, line: &str) {
    let file = gateway.folder().join("new-credentials.csv");
    fs::write(&file, format!("login,password,name,kind\n{line}\n")).expect("a roster");
    let done = gateway.run("import", &["--agency", "SPI31/02", file.to_str().expect("a path in UTF-8")]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
