//! Document 001, « Documentation Extranet »: provisional credentials, codes, several contracts, passwords.

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    samples::Samples,
    stage::Stage,
};

const EMAIL: &str = "loic@ailleurs.example";
const CHOSEN: &str = "Platane-58-vert";
const SECOND: &str = "Cerisier-31-mur";
const THIRD: &str = "Tilleul-77-banc";

#[test]
fn a_tenant_goes_through_document_001_at_a_desk() {
    document_001(Device::Desktop, Stage::Sqlite);
}

#[test]
fn a_tenant_goes_through_document_001_on_a_phone() {
    document_001(Device::Phone, Stage::Sqlite);
}

#[test]
fn a_tenant_goes_through_document_001_on_postgresql() {
    document_001(Device::Desktop, Stage::Postgres);
}

#[test]
fn a_tenant_goes_through_document_001_on_two_nodes_with_redis() {
    document_001(Device::Phone, Stage::TwoNodesWithRedis);
}

fn document_001(device: Device, stage: Stage) {
    let samples = Samples::start();
    let gateway = steps::gateway(&samples, stage);
    let mut browser = Browser::start(device, "document-001");

    // III: an address without codes asks for them. 001.20
    browser.open(gateway.portal("/")).see("Première connexion").screenshot("codes");
    steps::fits(&mut browser, device);
    browser.fill("Code client", "SPI31").fill("Code société", "99").press("Continuer");
    browser.see("Ces codes ne correspondent à aucune agence").screenshot("codes-unknown");
    assert_eq!(browser.value("Code client"), "SPI31", "what was typed is not lost");
    browser.fill("Code société", "02").press("Continuer").see("Agence des Tilleuls").screenshot("sign-in");

    // I: provisional credentials, another address than the suggested one, a password. 001.1, 001.3
    steps::sign_in(&mut browser, "L2002", "Pont-9028");
    steps::read_the_notice(&mut browser, device);
    // 001.4, 001.5, 001.6
    browser.see("Votre adresse email").see("Elle deviendra l'identifiant de votre nouveau compte");
    browser.see("vérifiez que votre boîte mail");
    assert_eq!(browser.value("Adresse email"), "loic.kervella@courriel.example", "the roster's address is suggested");
    browser.fill("Adresse email", "loic@ailleurs").press("Continuer");
    browser.see("corriger").screenshot("email-malformed");
    browser.fill("Adresse email", EMAIL).press("Continuer");
    // 001.8, 001.9, 001.10
    steps::choose_a_password(&mut browser, CHOSEN, device, "Créer mon compte");
    browser.see("Vérifiez votre boîte mail").see(EMAIL).screenshot("proof");
    browser.see("Renvoyer l'e-mail").see("Vous pourrez demander un nouvel e-mail");
    let first = gateway.letter_to(EMAIL);

    // 001.11, 001.12
    // Back to the first step: the provisional credentials are needed again, and the first letter is worth nothing.
    browser.press("Revenir à la 1re étape").see("Connexion").screenshot("restart");
    steps::sign_in(&mut browser, "L2002", "Pont-9028");
    steps::read_the_notice(&mut browser, device);
    browser.fill("Adresse email", EMAIL).press("Continuer");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    let second = gateway.letter_to(EMAIL);
    assert_ne!(first.code(), second.code(), "each letter has a code of its own");
    browser.send_code(&first.code(), "Valider").see("Ce code n'est pas le bon");
    browser.screenshot("wrong-code");
    let code = second.code();
    let grouped = format!("{} {}", &code[..4], &code[4..]);
    browser.send_code(&grouped, "Valider").see("Votre compte est à jour");
    browser.screenshot("account-ready");
    assert_eq!(browser.value("Email ou identifiant"), EMAIL, "the address is known"); // 001.13
    steps::sign_in(&mut browser, EMAIL, CHOSEN);
    // 000.3: a tenant
    browser.see("Bonjour Loïc Kervella (Locataire)").screenshot("extranet");
    browser.follow("Contact").fill("Sujet", "Chaudière").fill("Message", "Elle ne chauffe plus : où écrire ?");
    browser.press("Envoyer").see("Votre message a bien été envoyé").see("Chaudière").screenshot("message-sent");

    // II: a second contract, attached to the same account. 001.2, 001.16, 001.17
    browser.open(gateway.portal("/account")).see("Mes comptes d'agence").press("Se déconnecter");
    browser.see("Vous êtes déconnecté");
    // The agency's own address, with its codes: 001.18, 001.19
    browser.open(gateway.portal("/login?client=SPI31&societe=01"));
    steps::sign_in(&mut browser, "loc-0077", "0412");
    steps::attach(&mut browser, device, EMAIL, CHOSEN);
    steps::accept_the_terms(&mut browser, device);
    browser.see("Bonjour Zoé Œuvrard").screenshot("second-extranet");
    browser.open(gateway.portal("/account")).see("Agence des Tilleuls").see("Cabinet Vasseur & Fils");
    browser.screenshot("account");

    // IV.b: another password, from the account page.
    browser.follow("Modifier le mot de passe");
    browser.fill("Mot de passe actuel", "pas celui-ci").fill("Nouveau mot de passe", SECOND);
    browser.fill("Confirmez le nouveau mot de passe", SECOND).press("Enregistrer");
    browser.see("Ce mot de passe n'est pas le bon").screenshot("wrong-current-password");
    browser.fill("Mot de passe actuel", CHOSEN).fill("Nouveau mot de passe", SECOND);
    browser.fill("Confirmez le nouveau mot de passe", SECOND).press("Enregistrer");
    browser.see("Votre mot de passe a été modifié").press("Se déconnecter").see("Vous êtes déconnecté");

    // IV.a: a forgotten one, from an address without codes. 001.21, 001.22, 001.23
    browser.open(gateway.portal("/forgotten")).see("Trouver votre agence");
    browser.fill("Code client", "spi31").fill("Code société", "02").press("Continuer");
    browser.see("Mot de passe oublié").fill("Email ou identifiant", EMAIL).press("Recevoir l'e-mail");
    browser.see("Si un compte existe");
    let letter = gateway.letters().wait_for(EMAIL, |letter| letter.subject.contains("choisissez un nouveau"));
    browser.open(letter.link()).fill("Nouveau mot de passe", THIRD).fill("Confirmez le nouveau mot de passe", THIRD);
    // 001.24, 001.25, 001.26, 001.27
    browser.press("Enregistrer").see("Mot de passe réinitialisé").see("Votre mot de passe a bien été mis à jour");
    browser.see("Se connecter").screenshot("reset-done");
    if device == Device::Desktop {
        // A script leads on, where nothing else is done on the page.
        browser.see("redirigé automatiquement").see("Si vous n'êtes pas redirigé, cliquez ici");
    } else {
        browser.follow("Se connecter");
    }
    browser.see("Connexion à votre espace client").see("Agence des Tilleuls");
    steps::sign_in(&mut browser, EMAIL, THIRD);
    browser.see("Bonjour Loïc Kervella").screenshot("extranet-again");
}
