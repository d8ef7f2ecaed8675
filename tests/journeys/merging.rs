//! Document 001, II « Fusion de comptes »: several contracts at one agency, then another agency, under one sign-in.

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    samples::Samples,
    stage::Stage,
};

const EMAIL: &str = "loic@ailleurs.example";
const CHOSEN: &str = "Platane-58-vert";

#[test]
fn a_resident_merges_accounts_at_a_desk() {
    merging(Device::Desktop, Stage::Sqlite);
}

#[test]
fn a_resident_merges_accounts_on_a_phone() {
    merging(Device::Phone, Stage::Sqlite);
}

#[test]
fn a_resident_merges_accounts_on_two_nodes_with_redis() {
    merging(Device::Desktop, Stage::TwoNodesWithRedis);
}

fn merging(device: Device, stage: Stage) {
    let samples = Samples::start();
    let gateway = steps::gateway(&samples, stage);
    let mut browser = Browser::start(device, "merging");
    browser.open(gateway.portal("/login?client=SPI31&societe=02"));
    steps::sign_in(&mut browser, "L2002", "Pont-9028");
    steps::read_the_notice(&mut browser, device);
    browser.fill("Adresse email", EMAIL).press("Continuer");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    browser.send_code(&gateway.letter_to(EMAIL).code(), "Valider");
    browser.see("Votre compte est à jour");
    steps::sign_in(&mut browser, EMAIL, CHOSEN);
    browser.see("Bonjour Loïc Kervella (Locataire)");

    // a. A second contract at the same agency.
    browser.open(gateway.portal("/account")).see("Mes comptes d'agence").screenshot("account-with-one");
    steps::fits(&mut browser, device);
    browser.follow("Associer un autre compte : Agence des Tilleuls").see("Vous restez connecté").screenshot("attach");
    steps::type_the_agencys(&mut browser, "L2001", "Gare-4471");
    steps::read_the_notice(&mut browser, device);
    browser.see("Veuillez saisir votre mot de passe pour rattacher vos comptes").screenshot("join");
    browser.fill("Mot de passe de votre compte existant", CHOSEN).press("Connexion");
    browser.see("Compte associé ✓").screenshot("joined").press("Continuer");
    browser.see("Quel compte voulez-vous ouvrir ?").see("Un compte est déjà ouvert").screenshot("choose");
    steps::fits(&mut browser, device);
    browser.enter("Agence des Tilleuls L2001").see("Bonjour Amélie Dufour (Propriétaire)").screenshot("second");
    browser.open(gateway.agency("agence-b", "/")).see("Bonjour Amélie Dufour");

    // b. Another agency.
    browser.open(gateway.portal("/account")).follow("Associer un compte d'une autre agence");
    browser.fill("Code client", "SPI31").fill("Code société", "01").press("Continuer");
    steps::type_the_agencys(&mut browser, "loc-0077", "0412");
    steps::read_the_notice(&mut browser, device);
    browser.fill("Mot de passe de votre compte existant", CHOSEN).press("Connexion");
    browser.see("Compte associé ✓").press("Continuer");
    steps::accept_the_terms(&mut browser, device);
    browser.see("Bonjour Zoé Œuvrard").screenshot("other-agency");
    browser.open(gateway.portal("/account")).see("Agence des Tilleuls").see("Cabinet Vasseur & Fils");
    assert_eq!(browser.count("ul.accounts li"), 3);
    browser.screenshot("account-with-three");
    steps::fits(&mut browser, device);
    browser.enter("Agence des Tilleuls L2002").see("Bonjour Loïc Kervella");

    // And one is taken off again.
    browser.open(gateway.portal("/account")).follow("Détacher Agence des Tilleuls L2001");
    browser.see("rien n'est supprimé dans votre agence").screenshot("detach");
    steps::fits(&mut browser, device);
    browser.fill("Votre mot de passe, pour confirmer", CHOSEN).press("Détacher ce compte");
    browser.see("Le compte d'agence a été détaché").miss("L2001").screenshot("detached");
}
