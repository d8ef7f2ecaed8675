//! Document 000, « Procédure nouvelle authentification Extranet », from the first old sign-in to the forgotten
//! password.

use std::time::Duration;

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    eventually,
    gateway::Gateway,
    person::Person,
    samples::Samples,
    stage::Stage,
};

const EMAIL: &str = "amelie.dufour@courriel.example";
const NEW_EMAIL: &str = "amelie@nouvelle.example";
const FIRST: &str = "Platane-58-vert";
const SECOND: &str = "Cerisier-31-mur";
const THIRD: &str = "Tilleul-77-banc";

#[test]
fn a_resident_goes_through_document_000_at_a_desk() {
    document_000(Device::Desktop, Stage::Sqlite);
}

#[test]
fn a_resident_goes_through_document_000_on_a_phone() {
    document_000(Device::Phone, Stage::Sqlite);
}

#[test]
fn a_resident_goes_through_document_000_without_javascript() {
    document_000(Device::WithoutJavaScript, Stage::Sqlite);
}

#[test]
fn a_resident_goes_through_document_000_on_postgresql() {
    document_000(Device::Desktop, Stage::Postgres);
}

#[test]
fn a_resident_goes_through_document_000_on_two_nodes_with_redis() {
    document_000(Device::Desktop, Stage::TwoNodesWithRedis);
}

#[test]
fn a_resident_goes_through_document_000_without_javascript_on_two_nodes_with_redis() {
    document_000(Device::WithoutJavaScript, Stage::TwoNodesWithRedis);
}

fn document_000(device: Device, stage: Stage) {
    let samples = Samples::start();
    let gateway = steps::gateway(&samples, stage);
    let mut browser = Browser::start(device, "document-000");

    // I.A: the old identifiers open the procedure. 000.31, 000.32, 000.33, 000.34, 000.35, 000.36
    browser.open(gateway.portal("/login?client=SPI31&societe=01")).see("Cabinet Vasseur & Fils").screenshot("sign-in");
    browser
        .see("Email ou identifiant")
        .see("Mot de passe")
        .see("Mot de passe oublié ?")
        .see("Garder ma session active");
    steps::fits(&mut browser, device);
    steps::sign_in(&mut browser, "durand", "Syndic-2018");
    browser.see("Ce couple identifiant et mot de passe est inconnu").screenshot("sign-in-refused");
    assert_eq!(browser.value("Email ou identifiant"), "durand", "what was typed is not lost");
    assert_eq!(browser.value("Mot de passe"), "", "a password is never shown again");
    // 000.1, 000.4
    steps::sign_in(&mut browser, "durand", "Syndic-2019");
    steps::read_the_notice(&mut browser, device);

    // The agency's address is proposed, and can be corrected. 000.18, 000.19, 000.20, 000.21
    browser.see("Veuillez saisir ou corriger votre adresse email");
    assert_eq!(browser.value("Adresse email"), EMAIL, "the address that the agency knows is proposed");
    browser.see("ne sera pas actualisée auprès de votre agence").screenshot("email");
    steps::fits(&mut browser, device);
    browser.press("Continuer");
    browser.see(EMAIL);
    corrects_the_address(&mut browser, device);
    steps::choose_a_password(&mut browser, FIRST, device, "Créer mon compte");

    // The letter's link, in the same browser. 000.28, 000.29
    browser.see("Vérifiez votre boîte mail").see(EMAIL).screenshot("proof");
    steps::fits(&mut browser, device);
    let letter = gateway.letter_to(EMAIL);
    assert_eq!(letter.subject, "Cabinet Vasseur & Fils : confirmez votre adresse email");
    browser.open_in_new_tab(letter.link()).see("Confirmez votre adresse email").see("Cabinet Vasseur & Fils");
    browser.see("Ce n'est pas moi").screenshot("confirm");
    browser.press("Confirmer mon adresse").see("Votre compte est à jour").screenshot("account-ready");
    assert_eq!(browser.value("Email ou identifiant"), EMAIL, "the address is known"); // 000.30
    browser.close_tab();

    // Again with the new identifiers; then the terms; then the extranet.
    browser.open(gateway.portal("/login?client=SPI31&societe=01"));
    steps::sign_in(&mut browser, EMAIL, FIRST);
    steps::accept_the_terms(&mut browser, device);
    browser.see("Bonjour Amélie Dufour").screenshot("extranet");
    assert!(browser.url().starts_with(gateway.agency("agence-a", "/").as_str()), "at its own host: {}", browser.url());
    // What was there before is there unchanged: 000.12
    browser.follow("Avis").see("Ravalement de la façade nord").follow("Mon profil").see(EMAIL);
    browser.follow("Relevé").see("Télécharger le relevé");

    // Out, and the old identifiers explain themselves.
    assert!(samples.form.live_sessions() > 0, "a session in the extranet while one is signed in");
    steps::leave(&mut browser);
    eventually("the extranet's session to end", Duration::from_secs(10), || {
        (samples.form.live_sessions() == 0).then_some(())
    });
    browser.open(gateway.agency("agence-a", "/accueil.php")).see("Connexion").miss("Bonjour Amélie");
    steps::sign_in(&mut browser, "durand", "Syndic-2019");
    browser.see("Vos anciens identifiants ont été remplacés").screenshot("old-credentials");

    // I.B: a second account at another agency. 000.44, 000.45
    browser.open(gateway.portal("/login?client=SPI31&societe=02")).see("Agence des Tilleuls");
    steps::sign_in(&mut browser, "L2001", "Gare-4471");
    steps::attach(&mut browser, device, EMAIL, FIRST);
    // 000.3: a co-owner before, an owner here
    browser.see("Bonjour Amélie Dufour (Propriétaire)").screenshot("second-extranet");

    // II.A: another address. 000.53
    browser.open(gateway.portal("/account")).see("Connexion et sécurité").see("Agence des Tilleuls");
    browser.see("Cabinet Vasseur & Fils").screenshot("account");
    steps::fits(&mut browser, device);
    // 000.55, 000.56, 000.57, 000.58, 000.59
    browser.follow("Modifier l'adresse email").see("Modification de l'adresse email");
    browser.see("ne sera pas actualisée auprès de votre agence");
    browser.fill("Nouvelle adresse email", NEW_EMAIL).fill("Confirmation de l'adresse email", "amelie@autre.example");
    browser.fill("Mot de passe actuel", FIRST).press("Valider").see("ne sont pas identiques");
    browser.fill("Nouvelle adresse email", NEW_EMAIL).fill("Confirmation de l'adresse email", NEW_EMAIL);
    browser.fill("Mot de passe actuel", FIRST).screenshot("change-email").press("Valider");
    // 000.60, 000.61
    browser.see("Vérifiez votre boîte mail").see(NEW_EMAIL);
    browser.open_in_new_tab(gateway.letter_to(NEW_EMAIL).link()).fill("Mot de passe", FIRST);
    browser.press("Confirmer mon adresse");
    browser.see("Votre adresse email a été modifiée").screenshot("email-changed").close_tab();
    let told = gateway.letters().wait_for(EMAIL, |letter| letter.subject.contains("votre adresse email a changé"));
    assert!(!told.text.contains(NEW_EMAIL), "the new address is masked for whoever reads the old mailbox");
    browser.open_in_new_tab(told.link()).see("Ce n'est pas vous ?").see("Rétablir mon adresse").screenshot("not-me");
    steps::fits(&mut browser, device);
    browser.close_tab();

    // II.B: another password. 000.62, 000.64
    browser.open(gateway.portal("/account")).follow("Modifier le mot de passe").see("Modification du mot de passe");
    // The present password is no new one (000.63).
    browser.fill("Mot de passe actuel", FIRST).fill("Nouveau mot de passe", FIRST);
    browser
        .fill("Confirmez le nouveau mot de passe", FIRST)
        .press("Enregistrer")
        .see("Ce mot de passe est déjà le vôtre");
    browser.miss("Votre mot de passe a été modifié").screenshot("same-password");
    browser.fill("Mot de passe actuel", FIRST).fill("Nouveau mot de passe", SECOND);
    browser.fill("Confirmez le nouveau mot de passe", SECOND).screenshot("change-password").press("Enregistrer");
    browser.see("Votre mot de passe a été modifié").screenshot("password-changed");
    gateway.letters().wait_for(NEW_EMAIL, |letter| letter.subject.contains("votre mot de passe a changé"));

    forgotten_then_anywhere(&gateway, &mut browser, device);
}

/// Back twice and forward, by the browser's own buttons and by the page's: a wrong address is corrected before a letter goes
/// (residents 5, 6).
fn corrects_the_address(browser: &mut Browser, device: Device) {
    browser.back().see("Veuillez saisir ou corriger votre adresse email");
    assert_eq!(browser.value("Adresse email"), EMAIL);
    if device == Device::WithoutJavaScript {
        browser.follow("Revenir à l'étape précédente").see("Les prochaines étapes").press("Étape suivante");
        browser.see("Veuillez saisir ou corriger").press("Continuer").see("Votre nouveau mot de passe").see(EMAIL);
    } else {
        browser.back().see("Les prochaines étapes");
        browser.forward().see("Veuillez saisir ou corriger").forward().see("Votre nouveau mot de passe").see(EMAIL);
    }
    browser.follow("Corriger l'adresse").see("Veuillez saisir ou corriger").screenshot("way-back");
    browser.fill("Adresse email", "amelie@faute.example").press("Continuer").see("amelie@faute.example");
    browser.back().see("Veuillez saisir ou corriger");
    assert_eq!(browser.value("Adresse email"), "amelie@faute.example");
    browser.fill("Adresse email", EMAIL).press("Continuer").see(EMAIL).miss("faute.example");
}

/// II.C, and any device afterwards.
fn forgotten_then_anywhere(gateway: &Gateway, browser: &mut Browser, device: Device) {
    // II.C: a forgotten password. 000.65, 000.66
    browser.press("Se déconnecter").see("Vous êtes déconnecté");
    browser.open(gateway.portal("/login?client=SPI31&societe=01"));
    steps::sign_in(browser, NEW_EMAIL, FIRST);
    browser.see("Ce couple identifiant et mot de passe est inconnu").press("Mot de passe oublié ?");
    browser.see("Saisissez votre adresse email ou votre identifiant");
    assert_eq!(browser.value("Email ou identifiant"), NEW_EMAIL, "it is taken along");
    browser.fill("Email ou identifiant", NEW_EMAIL).screenshot("forgotten").press("Recevoir l'e-mail");
    browser.see("Si un compte existe").screenshot("forgotten-sent");
    let letter = gateway.letters().wait_for(NEW_EMAIL, |letter| letter.subject.contains("choisissez un nouveau"));
    browser.open(letter.link()).see("Ce lien fonctionnera plus tard").screenshot("reset-waits");
    steps::fits(browser, device);
    gateway.let_pass(24 * 60);
    browser.open(letter.link()).see("Choisissez un nouveau mot de passe").screenshot("reset");
    browser.fill("Nouveau mot de passe", THIRD).fill("Confirmez le nouveau mot de passe", THIRD).press("Enregistrer");
    browser.see("Mot de passe réinitialisé").screenshot("reset-done").follow("Se connecter");
    browser.open(gateway.portal("/login?client=SPI31&societe=01"));
    steps::sign_in(browser, NEW_EMAIL, THIRD);
    browser.see("Bonjour Amélie Dufour").screenshot("extranet-again");

    // On any device, at the bare address, by e-mail and password (000.13): the accounts are read together, and chosen from.
    let mut elsewhere = Person::new(gateway);
    elsewhere.open("/").fill("login", NEW_EMAIL).fill("password", THIRD).press("Connexion");
    elsewhere.see("Quel compte voulez-vous ouvrir ?").enter("Agence des Tilleuls L2001");
    elsewhere.see("Bonjour Amélie Dufour (Propriétaire)");
}
