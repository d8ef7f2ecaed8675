//! Two people read one mailbox (b18): each has an identifier and a password of their own, and a forgotten password asks
//! whose it is, behind the letter only.

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    letters::Letter,
    person::Person,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, Town, login_path},
};

const CAROLS: &str = "Cerisier-31-mur";
const ANEW: &str = "Tilleul-77-banc";

#[test]
fn b18_a_couple_at_one_address_stays_two_at_a_desk() {
    a_couple(Device::Desktop, Stage::Sqlite);
}

#[test]
fn b18_a_couple_at_one_address_stays_two_on_a_phone() {
    a_couple(Device::Phone, Stage::Postgres);
}

#[test]
fn b18_a_couple_at_one_address_stays_two_without_javascript() {
    a_couple(Device::WithoutJavaScript, Stage::Sqlite);
}

fn a_couple(device: Device, stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let here = || town.gateway.portal(&login_path("a"));
    let mut browser = Browser::start(device, "two-people");

    // The second one brings the account up to date with the address that they share.
    browser.open(here());
    steps::sign_in(&mut browser, CAROL.login, CAROL.password);
    browser.see("évolue").press("Étape suivante").fill("Adresse email", ALICE.email).press("Continuer");
    browser.fill("Nouveau mot de passe", CAROLS).fill("Confirmez le nouveau mot de passe", CAROLS);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail").miss("deux à cette adresse");
    let letter = town.gateway.letter_to(ALICE.email);
    assert!(letter.text.contains("Bonjour Alice Martin-Œuvrard,"), "{}", letter.text);
    browser.send_code(&letter.code(), "Valider");
    browser.see("Vous êtes deux à cette adresse").miss("alice-77").screenshot("two");
    steps::fits(&mut browser, device);
    browser.press("Nous sommes deux à cette adresse").see("celui de votre compte carol-3").screenshot("apart");
    browser.fill("Nouveau mot de passe", CAROLS).fill("Confirmez le nouveau mot de passe", CAROLS);
    browser.press("Terminer").see("votre identifiant, qui n'a pas changé").screenshot("ready");
    assert_eq!(browser.value("Email ou identifiant"), CAROL.login, "what is typed from now on stands there");
    steps::sign_in(&mut browser, CAROL.login, CAROLS);
    browser.see("\"who\":\"carol-3\"").open(town.gateway.portal("/account")).miss("alice-77");
    browser.press("Se déconnecter").see("Vous êtes déconnecté");

    // A forgotten password, by the address: the page tells nothing, the letter greets both and says whose it may be.
    browser
        .open(here())
        .press("Mot de passe oublié ?")
        .see("Saisissez votre adresse email ou votre identifiant")
        .fill("Email ou identifiant", ALICE.email);
    browser.press("Recevoir l'e-mail").see("Si un compte existe").miss("carol").miss("alice-77");
    let letter = reset_letter(&town);
    for words in ["Bonjour Alice Martin-Œuvrard, Carol Petit,", "Plusieurs personnes reçoivent leurs e-mails"] {
        assert!(letter.text.contains(words), "{words}: {}", letter.text);
    }
    assert!(!letter.text.contains(CAROL.login) && !letter.text.contains(ALICE.login), "masked: {}", letter.text);
    browser.open(letter.link()).see("De quel compte s'agit-il ?").see("alice-77").see("Carol Petit");
    browser.miss("Nouveau mot de passe").screenshot("whose");
    steps::fits(&mut browser, device);
    browser.follow("C'est ce compte carol-3").see("Ce mot de passe ouvrira").see("carol-3").miss("alice-77");
    browser.fill("Nouveau mot de passe", "court").fill("Confirmez le nouveau mot de passe", "court");
    browser.press("Enregistrer").see("carol-3").screenshot("whose-password");
    browser.fill("Nouveau mot de passe", ANEW).fill("Confirmez le nouveau mot de passe", ANEW).press("Enregistrer");
    browser.see("Mot de passe réinitialisé").open(letter.link()).see("Ce lien a déjà été utilisé");
    browser.open(here());
    steps::sign_in(&mut browser, CAROL.login, ANEW);
    browser.see("\"who\":\"carol-3\"");

    // The other's password is what it was, and neither opens the other's account.
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    for (login, password) in [(ALICE.email, ANEW), (CAROL.login, CHOSEN), (CAROL.login, CAROLS)] {
        let mut person = Person::new(&town.gateway);
        person.open(login_path("a")).fill("login", login).fill("password", password).press("Connexion");
        person.see("Ce couple identifiant et mot de passe est inconnu");
    }

    // By the identifier nobody is asked.
    let mut alice = Person::new(&town.gateway);
    alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.login).press("Recevoir l'e-mail");
    let letter = reset_letter(&town);
    assert!(!letter.text.contains("Plusieurs personnes"), "{}", letter.text);
    alice.open(letter.link()).see("Choisissez un nouveau mot de passe").see("alice-77").miss("carol-3");
}

fn reset_letter(town: &Town) -> Letter {
    town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("choisissez un nouveau"))
}
