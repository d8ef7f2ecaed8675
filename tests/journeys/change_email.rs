//! Another e-mail address, with both mailboxes (c06, c07; §10, §11): the new one proves itself, the old one is told at once
//! and can hold, and undo with the password from before.

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    letters::Letter,
    stage::Stage,
    town::{ALICE, CHOSEN, Town, login_path},
};

const SLIP: &str = "alice@faute.example";
const NEW: &str = "alice.martin@courriel.example";
const THIEFS: &str = "Cerisier-31-mur";

#[test]
fn c06_c07_an_address_is_changed_with_both_mailboxes_at_a_desk() {
    both_mailboxes(Device::Desktop, Stage::Sqlite);
}

#[test]
fn c06_c07_an_address_is_changed_with_both_mailboxes_on_a_phone() {
    both_mailboxes(Device::Phone, Stage::Sqlite);
}

#[test]
fn c06_c07_an_address_is_changed_with_both_mailboxes_without_javascript() {
    both_mailboxes(Device::WithoutJavaScript, Stage::Sqlite);
}

#[test]
fn c06_c07_an_address_is_changed_with_both_mailboxes_on_postgresql() {
    both_mailboxes(Device::Desktop, Stage::Postgres);
}

fn both_mailboxes(device: Device, stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let letters = town.gateway.letters();
    let here = || town.gateway.portal(&login_path("a"));
    let mut browser = Browser::start(device, "change-email");
    browser.open(here());
    steps::sign_in(&mut browser, ALICE.email, CHOSEN);
    browser.see("\"who\":\"alice-77\"");

    // Twice the same, another one than now, and the present password.
    browser.open(town.gateway.portal("/account")).follow("Modifier l'adresse email").screenshot("form");
    steps::fits(&mut browser, device);
    for (email, again, password) in [(NEW, SLIP, CHOSEN), (ALICE.email, ALICE.email, CHOSEN), (NEW, NEW, "non")] {
        ask(&mut browser, email, again, password);
        browser.see("Modification de l'adresse email").miss("Vérifiez votre boîte mail");
    }
    browser.screenshot("wrong-password");

    // A slip is seen while it waits, and given up: the old address stays valid all the while.
    ask(&mut browser, SLIP, SLIP, CHOSEN);
    browser.see("Vérifiez votre boîte mail").see(SLIP).open(town.gateway.portal("/account"));
    browser.see("en attente de confirmation").see(ALICE.email).screenshot("pending");
    let slip = town.gateway.letter_to(SLIP);
    browser.follow("Confirmer ou annuler cette nouvelle adresse").see(SLIP).press("Annuler la modification");
    browser.see("Connexion et sécurité").miss(SLIP);
    browser.open(slip.link()).miss("Confirmer mon adresse").screenshot("given-up");

    // The letter to the new address, opened where nobody is signed in: it asks for the password.
    browser.open(town.gateway.portal("/account/email"));
    ask(&mut browser, NEW, NEW, CHOSEN);
    browser.see("Vérifiez votre boîte mail").screenshot("proof");
    let letter = town.gateway.letter_to(NEW);
    let mut mailbox = Browser::start(device, "change-email-mailbox");
    mailbox.open(letter.link()).see(NEW).see("Ce n'est pas moi").screenshot("confirm");
    mailbox.fill("Mot de passe", "pas-celui-ci").press("Confirmer mon adresse").miss("Adresse email confirmée");
    // Who has only the letter can hold; the code where it was asked for still wins.
    mailbox.press("Ce n'est pas moi").see("Ce n'est pas vous ?").see("Quelqu'un demande à remplacer");
    mailbox.screenshot("not-me").press("Ce n'est pas moi").see("La demande est mise en attente");
    for address in [ALICE.email, NEW] {
        held(&town, address);
    }
    mailbox.open(letter.link()).see("Cette demande est en attente").screenshot("held");
    browser.open(town.gateway.portal("/account/email/proof")).see("Ce n'est pas moi");
    browser.send_code(&letter.code(), "Valider");
    browser.see("Votre adresse email a été modifiée").see(NEW).screenshot("changed");

    // The old mailbox is told at once, without the new address.
    let told = letters.wait_for(ALICE.email, |letter| letter.subject.contains("votre adresse email a changé"));
    assert!(!told.text.contains(NEW), "masked: {}", told.text);
    // A reset at the fresh address waits.
    browser.press("Se déconnecter").see("Vous êtes déconnecté").open(here());
    browser.press("Mot de passe oublié ?").see("Saisissez votre adresse email ou votre identifiant");
    browser.fill("Email ou identifiant", NEW).press("Recevoir l'e-mail").see("Si un compte existe");
    let reset = letters.wait_for(NEW, |letter| letter.subject.contains("choisissez un nouveau"));
    browser.open(reset.link()).see("Ce lien fonctionnera plus tard").screenshot("reset-waits");
    // Whoever did it changes the password, too.
    browser.open(here());
    steps::sign_in(&mut browser, NEW, CHOSEN);
    browser.see("\"who\":\"alice-77\"").open(town.gateway.portal("/account/password"));
    browser.fill("Mot de passe actuel", CHOSEN).fill("Nouveau mot de passe", THIEFS);
    browser.fill("Confirmez le nouveau mot de passe", THIEFS).press("Enregistrer").see("a été modifié");

    // « Ce n'est pas moi » at the old mailbox holds, and changes nothing; the password as before the change undoes it.
    mailbox.open(told.link()).see("L'adresse email de votre compte a été remplacée").miss(NEW).screenshot("told");
    steps::fits(&mut mailbox, device);
    mailbox.press("Ce n'est pas moi").see("La demande est mise en attente");
    browser.open(town.gateway.portal("/account")).see(NEW);
    mailbox.fill("Mot de passe d'avant le changement", THIEFS).press("Rétablir mon adresse");
    mailbox.miss("Votre adresse est rétablie").screenshot("wrong-password");
    mailbox.fill("Mot de passe d'avant le changement", CHOSEN).press("Rétablir mon adresse");
    mailbox.see("Votre adresse est rétablie").screenshot("restored");
    for address in [ALICE.email, NEW] {
        letters.wait_for(address, |letter| letter.subject.contains("est rétablie"));
    }
    browser.open(town.gateway.portal("/account")).see("Email ou identifiant").miss(NEW);
    mailbox.open(here());
    steps::sign_in(&mut mailbox, ALICE.email, CHOSEN);
    mailbox.see("\"who\":\"alice-77\"");
}

fn ask(browser: &mut Browser, email: &str, again: &str, password: &str) {
    browser.fill("Nouvelle adresse email", email).fill("Confirmation de l'adresse email", again);
    browser.fill("Mot de passe actuel", password).press("Valider");
}

fn held(town: &Town, address: &str) -> Letter {
    town.gateway.letters().wait_for(address, |letter| letter.subject.contains("mise en attente"))
}
