//! Document 003, « Comment modifier ou réinitialiser mes identifiants de connexion ? », as far as it is about residents: another
//! password, a forgotten one, five failures, a forgotten identifier, and an address that the agency alone changes.
//! The numbers are those of the document's sentences.

use std::time::Duration;

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    eventually,
    gateway::Gateway,
    letters::Letter,
    samples::Samples,
    site::Site,
    stage::Stage,
};

const EMAIL: &str = "amelie.dufour@courriel.example";
const NEW_EMAIL: &str = "amelie@nouvelle.example";
const FIRST: &str = "Platane-58-vert";
const SECOND: &str = "Cerisier-31-mur";
const THIRD: &str = "Tilleul-77-banc";
const FOURTH: &str = "Marronnier-12-quai";
const SIGN_IN: &str = "/login?client=SPI31&societe=01";

#[test]
fn a_resident_goes_through_document_003_at_a_desk() {
    document_003(Device::Desktop, Stage::Sqlite);
}

#[test]
fn a_resident_goes_through_document_003_on_a_phone() {
    document_003(Device::Phone, Stage::Sqlite);
}

#[test]
fn a_resident_goes_through_document_003_without_javascript() {
    document_003(Device::WithoutJavaScript, Stage::Sqlite);
}

#[test]
fn a_resident_goes_through_document_003_on_postgresql() {
    document_003(Device::Desktop, Stage::Postgres);
}

fn document_003(device: Device, stage: Stage) {
    let samples = Samples::start();
    let keeps = samples.agency_a().set("policy.email_change", "agency");
    let gateway = Gateway::start(&Site::new().on(stage).agency(keeps).agency(samples.agency_b()));
    migrate(&gateway);
    let mut browser = Browser::start(device, "document-003");
    another_password(&gateway, &mut browser, device);
    a_forgotten_password(&gateway, &mut browser, device);
    five_failures(&gateway, &mut browser, device);
    a_forgotten_identifier(&gateway, &mut browser, device);
    another_address(&gateway, &mut browser, device);
}

/// The account is there when the document begins.
fn migrate(gateway: &Gateway) {
    let mut person = crate::support::person::Person::new(gateway);
    person.open(SIGN_IN).fill("login", "durand").fill("password", "Syndic-2019").press("Connexion");
    person.press("Étape suivante").fill("email", EMAIL).press("Continuer");
    person.fill("password", FIRST).fill("confirmation", FIRST).press("Créer mon compte");
    person.fill("code", &gateway.letter_to(EMAIL).code()).press("Valider").see("Votre compte est à jour");
}

/// « Comment changer votre mot de passe ».
fn another_password(gateway: &Gateway, browser: &mut Browser, device: Device) {
    // 003.1
    browser.open(gateway.portal(SIGN_IN)).see("Cabinet Vasseur & Fils");
    steps::sign_in(browser, EMAIL, FIRST);
    steps::accept_the_terms(browser, device);
    browser.see("Bonjour Amélie Dufour");
    // 003.3
    browser.open(gateway.portal("/account")).follow("Modifier le mot de passe").see("Modification du mot de passe");
    steps::fits(browser, device);
    browser.fill("Mot de passe actuel", FIRST).fill("Nouveau mot de passe", SECOND);
    browser.fill("Confirmez le nouveau mot de passe", SECOND).screenshot("password");
    // 003.4
    browser.press("Enregistrer").see("Votre mot de passe a été modifié");
    gateway.letters().wait_for(EMAIL, |letter| letter.subject.contains("votre mot de passe a changé"));
    // 003.5: the present password is forgotten.
    browser.follow("Modifier le mot de passe").follow("Mot de passe oublié ?").see(EMAIL).screenshot("own-reset");
    steps::fits(browser, device);
    browser.press("Recevoir l'e-mail").see("Un e-mail est en route").screenshot("own-reset-sent");
    steps::fits(browser, device);
    let letter = gateway.letters().wait_for(EMAIL, is_reset);
    browser.send_code(&letter.code(), "Suivant").see("Choisissez un nouveau mot de passe");
    choose(browser, FIRST);
    browser.see("Mot de passe réinitialisé").follow("Se connecter");
    steps::sign_in(browser, EMAIL, FIRST);
    browser.see("Connexion et sécurité").press("Se déconnecter").see("Vous êtes déconnecté");
}

/// « Comment réinitialiser votre mot de passe ».
fn a_forgotten_password(gateway: &Gateway, browser: &mut Browser, device: Device) {
    // 003.6
    browser.open(gateway.portal(SIGN_IN)).see("Connexion à votre espace client").screenshot("sign-in");
    // 003.7
    browser
        .follow("Vous ne parvenez pas à vous connecter ?")
        .see("Vérifier ce que vous saisissez")
        .screenshot("trouble");
    steps::fits(browser, device);
    // 003.8
    browser.follow("Mot de passe oublié ?").see("Mot de passe oublié");
    // 003.9: « votre nom d'utilisateur », which the agency gave out.
    gateway.let_pass(5);
    browser.fill("Email ou identifiant", "durand").press("Recevoir l'e-mail").see("Si un compte existe");
    // 003.10
    let link = gateway.letters().wait_for(EMAIL, is_reset).link();
    browser.open(link);
    choose(browser, SECOND);
    browser.see("Mot de passe réinitialisé");
}

/// « Si vous avez bloqué votre compte en essayant de vous connecter 5 fois sans succès ».
fn five_failures(gateway: &Gateway, browser: &mut Browser, device: Device) {
    // 003.11
    for number in 1..=5 {
        browser.open(gateway.portal(SIGN_IN));
        steps::sign_in(browser, EMAIL, &format!("pas-celui-ci-{number}"));
        browser.see("Ce couple identifiant et mot de passe est inconnu").see("Oui, créer mon mot de passe");
        if number == 1 {
            browser.miss("Confirmez votre adresse email").screenshot("refused");
        }
    }
    steps::fits(browser, device);
    browser.see("au plus tôt dans").screenshot("refused-five-times");
    // Not even the right one is looked at now.
    steps::sign_in(browser, EMAIL, SECOND);
    browser.see("Ce couple identifiant et mot de passe est inconnu");
    // 003.12
    browser.see("Voulez-vous créer un nouveau mot de passe ?");
    assert_eq!(browser.value("Confirmez votre adresse email"), "", "no address is shown");
    gateway.let_pass(5);
    browser.fill("Confirmez votre adresse email", EMAIL);
    // 003.13
    browser.press("Oui, créer mon mot de passe").see("Si un compte existe").screenshot("sent");
    // 003.14
    let link = gateway.letters().wait_for(EMAIL, is_reset).link();
    browser.open(link);
    choose(browser, THIRD);
    browser.see("Mot de passe réinitialisé");
    // It is unlocked at once, for whoever knows the new one.
    browser.open(gateway.portal(SIGN_IN)).miss("Oui, créer mon mot de passe");
    steps::sign_in(browser, EMAIL, THIRD);
    browser.see("Bonjour Amélie Dufour");
    browser.open(gateway.portal("/account")).press("Se déconnecter").see("Vous êtes déconnecté");
}

/// « Si vous avez également oublié votre nom d'utilisateur ».
fn a_forgotten_identifier(gateway: &Gateway, browser: &mut Browser, device: Device) {
    // 003.15
    browser.open(gateway.portal(SIGN_IN)).follow("Vous ne parvenez pas à vous connecter ?");
    browser.follow("Vous avez oublié votre nom d'utilisateur ?").see("votre adresse email").screenshot("identifier");
    browser.follow("Contacter mon agence").see("05 61 00 00 00").see("contact@vasseur.example");
    steps::fits(browser, device);
    // 003.5: who has forgotten the identifier resets by the address.
    gateway.let_pass(5);
    browser.follow("Mot de passe oublié ?").fill("Email ou identifiant", EMAIL).press("Recevoir l'e-mail");
    let link = gateway.letters().wait_for(EMAIL, is_reset).link();
    browser.open(link);
    choose(browser, FOURTH);
    browser.see("Mot de passe réinitialisé");
}

/// « Vous ne pouvez pas modifier l'adresse e-mail que vous utilisez pour vous connecter ».
fn another_address(gateway: &Gateway, browser: &mut Browser, device: Device) {
    // 003.16
    browser.open(gateway.portal(SIGN_IN));
    steps::sign_in(browser, EMAIL, FOURTH);
    browser.see("Bonjour Amélie Dufour").open(gateway.portal("/account"));
    browser.see("ne peut être modifiée que par votre agence : Cabinet Vasseur & Fils").screenshot("account");
    steps::fits(browser, device);
    browser.open(gateway.portal("/account/email")).see("Votre agence modifie cette adresse").screenshot("refusal");
    browser.follow("Demander une modification").see("Adresse actuelle").screenshot("request");
    steps::fits(browser, device);
    browser
        .fill("Nouvelle adresse souhaitée", NEW_EMAIL)
        .fill("Votre message à l'agence", "J'ai changé de fournisseur.");
    browser.press("Envoyer la demande").see("Votre demande est transmise").screenshot("requested");
    let asked = gateway.letters().next("contact@vasseur.example");
    assert!(asked.text.contains(NEW_EMAIL) && asked.text.contains("durand"), "{}", asked.text);
    gateway.letters().wait_for(EMAIL, |letter| letter.subject.contains("demande est transmise"));
    let stays = gateway.texts("SELECT email FROM credentials");
    assert_eq!(stays, [EMAIL]);
    eventually("the outbox to be empty", Duration::from_secs(10), || {
        (gateway.number("SELECT COUNT(*) FROM letters WHERE state = 'queued'") == 0).then_some(())
    });
}

fn is_reset(letter: &Letter) -> bool {
    letter.subject.contains("choisissez un nouveau")
}

fn choose(browser: &mut Browser, password: &str) {
    browser.fill("Nouveau mot de passe", password).fill("Confirmez le nouveau mot de passe", password);
    browser.press("Enregistrer");
}
