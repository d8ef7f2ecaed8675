//! Document 004, « Connexion Syndic de copropriété »: the identifier is kept, and the address is for letters. The numbers are
//! those of the document's sentences.

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    gateway::Gateway,
    letters::Letter,
    samples::Samples,
    site::Site,
    stage::Stage,
};

const LOGIN: &str = "L2001";
const EMAIL: &str = "amelie@ailleurs.example";
const NEW_EMAIL: &str = "amelie@nouvelle.example";
const FIRST: &str = "Platane58vert";
const SECOND: &str = "Cerisier31mur";
const THIRD: &str = "Tilleul77banc";
/// Whose account is not up to date yet: identifier, and the address that the agency knows.
const NOT_YET: (&str, &str) = ("L2002", "loic.kervella@courriel.example");
const PRINTED: &str = "par exemple les appels de fonds";

#[test]
fn a_co_owner_goes_through_document_004_at_a_desk() {
    document_004(Device::Desktop, Stage::Sqlite);
}

#[test]
fn a_co_owner_goes_through_document_004_on_a_phone() {
    document_004(Device::Phone, Stage::Sqlite);
}

#[test]
fn a_co_owner_goes_through_document_004_without_javascript() {
    document_004(Device::WithoutJavaScript, Stage::Sqlite);
}

#[test]
fn a_co_owner_goes_through_document_004_on_postgresql() {
    document_004(Device::Desktop, Stage::Postgres);
}

fn document_004(device: Device, stage: Stage) {
    let samples = Samples::start();
    let site = Site::new().on(stage).set("policy.notice_seconds", 2).agency(samples.agency_that_keeps_identifiers());
    let gateway = Gateway::start(&site);
    samples.import_roster_of("COPRO/01", &gateway);
    let mut browser = Browser::start(device, "document-004");
    first_sign_in(&mut browser, &gateway, device);
    forgotten_password(&mut browser, &gateway, device);
    changes(&mut browser, &gateway, device);
}

/// « Première connexion au site ».
fn first_sign_in(browser: &mut Browser, gateway: &Gateway, device: Device) {
    // 004.3: the address without anything else.
    browser.open(gateway.portal("/")).see("Syndic du Canal");
    // 004.6, 004.7: where the password is printed, and whom to call.
    browser.see(PRINTED).see("04 94 00 00 00").screenshot("sign-in");
    steps::fits(browser, device);
    // 004.4, 004.5, 004.8.
    browser.fill("Identifiant", LOGIN).fill("Mot de passe", "Gare-4471").press("Connexion");
    // 004.1, 004.2, 004.9; 004.16 and 004.18 for the first time.
    browser
        .see("Pour mieux protéger vos données")
        .see("sans remplacer votre identifiant")
        .see("Votre nouveau mot de passe");
    read_the_notice(browser, device);

    // 004.10, 004.11, 004.16, 004.18.
    browser.see("1 - Votre adresse email").see("Mise à jour de votre service en ligne").see("Étape 1 sur 3");
    browser.see("l'adresse email qui sera attachée à votre compte").see("Cette adresse est importante");
    browser.see("paiement en ligne").see("renouvellement de votre mot de passe");
    browser
        .see("Notez bien")
        .see("n'est pas votre identifiant et ne le remplace pas")
        .see("Vous gardez votre identifiant");
    // 004.12 to 004.15, 004.17.
    browser.see("fonctionne").see("n'est pas pleine").see("MailInBlack").see("choisissez une autre adresse");
    browser.see("Soyez bien attentif").see("vous ne recevrez aucun message").screenshot("email");
    steps::fits(browser, device);
    browser.fill("Adresse email", "amelie@gmial.com").press("Suivant");
    browser.see("Vouliez-vous écrire amelie@gmail.com").screenshot("email-slip");
    assert_eq!(gateway.letters().count(), 0, "no letter leaves for an address with a slip in it");
    // 004.19.
    browser.fill("Adresse email", EMAIL).press("Suivant");

    // 004.20, 004.21, 004.26 to 004.29, 004.32 to 004.34.
    browser.see("2 - Authentification de votre adresse email").see("Étape 2 sur 3").see("Ne fermez pas cette page");
    browser.see("ouvrez un nouvel onglet").see("Le code est valable 30 minutes").see(EMAIL).see("spam");
    browser.see("Patientez deux ou trois minutes").see("Un filtre comme MailInBlack").screenshot("proof");
    steps::fits(browser, device);
    // 004.22 to 004.24.
    let first = gateway.letter_to(EMAIL);
    assert!(first.text.contains("30 minutes"), "one figure in page and letter: {}", first.text);
    assert_eq!(first.code().len(), 8);
    // 004.30.
    gateway.let_pass(2);
    browser.open(gateway.portal("/migration")).press("Recevoir un nouveau code").see("Un nouvel e-mail est en route");
    let second = gateway.letter_to(EMAIL);
    browser.send_code(&first.code(), "Suivant").see("Ce code n'est pas le bon");
    browser.screenshot("wrong-code");
    // 004.25, 004.31: within its thirty minutes.
    gateway.let_pass(29);
    browser.send_code(&second.code(), "Suivant");

    // 004.35 to 004.38, 004.41.
    browser.see("3 - Votre nouveau mot de passe").see("Étape 3 sur 3").see("Au moins 8 caractères");
    browser.see("Au moins une majuscule").see("Au moins une minuscule").see("Au moins un chiffre");
    browser.see("Évitez votre nom, une date de naissance").see("déjà utilisé sur un autre site");
    choose(browser, FIRST, device);
    steps::fits(browser, device);
    // 004.42, 004.43.
    browser.see("Puis cliquez sur « Terminer »").press("Terminer");
    // 004.44, 004.47, 004.48.
    browser.see("Votre compte est à jour").see("votre identifiant, qui n'a pas changé").screenshot("account-ready");
    browser.see("Votre adresse email n'est pas votre identifiant");
    browser.fill("Identifiant", EMAIL).fill("Mot de passe", FIRST).press("Connexion").see("inconnu");
    browser.fill("Identifiant", LOGIN).fill("Mot de passe", FIRST).press("Connexion").see("Bonjour Amélie Dufour");
    browser.screenshot("extranet");
    steps::leave(browser);
}

/// « Mot de passe oublié ».
fn forgotten_password(browser: &mut Browser, gateway: &Gateway, device: Device) {
    // 004.49: not up to date yet.
    browser.open(gateway.portal("/")).fill("Identifiant", NOT_YET.0).press("Mot de passe oublié ?");
    browser.see("Vous n'avez pas encore mis à jour votre compte ?").see("contactez-la").see(PRINTED);
    browser.see("04 94 00 00 00").fill("Adresse email associée", NOT_YET.1).press("Valider").see("Si un compte existe");
    browser.see("Vous n'avez pas encore mis à jour votre compte ?").see("contactez-la").screenshot("sent-to-nobody");
    let letter = gateway.letter_to(NOT_YET.1);
    assert_eq!(letter.subject, "Syndic du Canal : votre première connexion");
    for words in [PRINTED, "04 94 00 00 00", "n'a pas encore été mis à jour", "/login?client=COPRO&societe=01"] {
        assert!(letter.text.contains(words), "{words}: {}", letter.text);
    }
    // 004.50, 004.51.
    browser.open(gateway.portal("/")).fill("Identifiant", LOGIN).press("Mot de passe oublié ?");
    // 004.52 to 004.54.
    browser.see("l'adresse email associée à votre compte").see("Vous allez recevoir un code").screenshot("forgotten");
    assert_eq!(browser.value("Identifiant"), LOGIN, "it is taken along");
    steps::fits(browser, device);
    browser.fill("Adresse email associée", EMAIL).press("Valider");
    // 004.55, 004.59, 004.60.
    browser.see("Saisissez le code reçu par e-mail").see("ouvrez un nouvel onglet").see("valable 10 minutes");
    browser.screenshot("forgotten-sent");
    steps::fits(browser, device);
    // 004.56 to 004.58.
    let first = reset_letter(gateway, EMAIL);
    assert!(first.text.contains("10 minutes") && first.code().len() == 8, "{}", first.text);
    assert!(!first.text.contains("s="), "a code, and no link: {}", first.text);
    // 004.62.
    browser.see("Vous n'avez rien reçu ?");
    gateway.let_pass(11);
    browser.send_code(&first.code(), "Suivant").see("n'est pas valable, ou ne l'est plus");
    browser.press("Recevoir un nouveau code").see("un e-mail est en route").screenshot("forgotten-again");
    let second = reset_letter(gateway, EMAIL);
    // 004.61, 004.63 to 004.67.
    gateway.let_pass(9);
    browser.send_code(&second.code(), "Suivant").see("Choisissez un nouveau mot de passe");
    browser.see("Au moins 8 caractères").see("Au moins un chiffre").see(LOGIN);
    choose(browser, SECOND, device);
    browser.press("Enregistrer").see("Mot de passe réinitialisé").screenshot("reset-done");
    browser.open(gateway.portal("/")).fill("Identifiant", LOGIN).fill("Mot de passe", SECOND).press("Connexion");
    browser.see("Bonjour Amélie Dufour");
}

/// « Modifier votre mot de passe ou votre e-mail depuis votre espace client ».
fn changes(browser: &mut Browser, gateway: &Gateway, device: Device) {
    // 004.69 to 004.71.
    browser
        .open(gateway.portal("/account"))
        .see("Connexion et sécurité")
        .see(EMAIL)
        .see("********")
        .screenshot("account");
    steps::fits(browser, device);
    // 004.72, 004.74 to 004.77.
    browser.follow("Modifier l'adresse email").see("Annuler").fill("Nouvelle adresse email", NEW_EMAIL);
    browser.fill("Confirmation de l'adresse email", NEW_EMAIL).fill("Mot de passe actuel", SECOND);
    browser.screenshot("change-email").press("Valider");
    // 004.73, 004.78.
    browser.see(NEW_EMAIL).screenshot("change-email-proof");
    browser.send_code(&gateway.letter_to(NEW_EMAIL).code(), "Valider");
    browser.see("Votre adresse email a été modifiée").see("Votre identifiant n'a pas changé").see(NEW_EMAIL);
    browser.screenshot("email-changed");
    // 004.79 to 004.86.
    browser.follow("Modifier le mot de passe").see("Évitez votre nom, une date de naissance");
    browser.see("Au moins 8 caractères").see("Annuler").fill("Mot de passe actuel", SECOND);
    choose(browser, THIRD, device);
    steps::fits(browser, device);
    browser.press("Enregistrer").see("Votre mot de passe a été modifié").screenshot("password-changed");
    // 004.88.
    let told = gateway.letters().wait_for(NEW_EMAIL, |letter| letter.subject.contains("a changé"));
    assert_eq!(told.subject, "Syndic du Canal : votre mot de passe a changé");
    for words in ["04 94 00 00 00", "/forgotten?client=COPRO&societe=01"] {
        assert!(told.text.contains(words), "{words}: {}", told.text);
    }
    browser.press("Se déconnecter").see("Vous êtes déconnecté").open(gateway.portal("/"));
    browser.fill("Identifiant", LOGIN).fill("Mot de passe", THIRD).press("Connexion").see("Bonjour Amélie Dufour");
}

/// 004.39, 004.40, 004.66, 004.84, 004.87: the box before the fields; what is good is said in words where there is a script, and
/// nothing claims to be where there is none.
fn choose(browser: &mut Browser, password: &str, device: Device) {
    const GOOD: &str = "Mot de passe validé ✓";
    const SAME: &str = "Les deux saisies sont identiques ✓";
    let has_script = device != Device::WithoutJavaScript;
    browser.tick("J'ai noté ce mot de passe en lieu sûr");
    browser.miss(GOOD).miss(SAME).fill("Nouveau mot de passe", &password[..6]);
    browser.fill("Confirmez le nouveau mot de passe", &password[..6]);
    if has_script {
        browser.see(SAME).miss(GOOD);
    }
    browser.fill("Nouveau mot de passe", password);
    if has_script {
        browser.see(GOOD).miss(SAME);
    }
    browser.fill("Confirmez le nouveau mot de passe", password);
    if has_script {
        browser.see(GOOD).see(SAME);
    } else {
        browser.miss(GOOD).miss(SAME);
    }
    browser.screenshot("password");
}

fn read_the_notice(browser: &mut Browser, device: Device) {
    browser.screenshot("notice");
    steps::fits(browser, device);
    browser.press("Étape suivante");
    while !browser.sees("Votre adresse email est") && !browser.sees("1 - Votre adresse email") {
        if browser.sees("Prenez le temps de lire") {
            browser.press("Étape suivante");
        }
    }
}

fn reset_letter(gateway: &Gateway, address: &str) -> Letter {
    gateway.letters().wait_for(address, |letter| letter.subject.contains("choisissez un nouveau"))
}
