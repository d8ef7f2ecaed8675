//! What a form is answered is shown at the address of its page: nothing is sent twice, whichever way somebody goes
//! (decision 103). That no route answers a form by a page is in `security::steps`.

use std::time::Duration;

use crate::support::{
    browser::{Browser, Device},
    eventually, page,
    person::{Person, Request},
    town::{ALICE, Town, login_path},
};

const REFUSED: &str = "est inconnu";

#[test]
fn residents_5_an_error_is_shown_once_at_the_address_of_its_page_with_what_was_typed() {
    let town = Town::build();
    town.alice();
    let mut alice = Person::new(&town.gateway);
    for page in [login_path("a"), format!("{}&return=%2Fcomptes%3Fa%3D1", login_path("a")), "/".to_owned()] {
        alice.open(&page).fill("login", ALICE.email).fill("password", "pas-celui-ci");
        let form = alice.form("Connexion");
        let request = alice.request_of(&form);
        let answer = alice.ask(request);
        let shown = answer.redirect().expect("a browser is led to the page");
        assert_eq!(answer.status, 303);
        alice.open(shown.as_str()).see(REFUSED);
        assert_eq!(alice.here().status, 422);
        assert_eq!(page::attribute(&alice.here().text(), "#login", "value").as_deref(), Some(ALICE.email));
        assert!(!alice.here().text().contains("pas-celui-ci"));
        // In the other language nothing is lost, and « Actualiser » begins anew.
        alice.press("English").see("not known together");
        assert_eq!(page::attribute(&alice.here().text(), "#login", "value").as_deref(), Some(ALICE.email));
        alice.press("Français").see(REFUSED);
        alice.open(shown.as_str()).miss(REFUSED).see("Connexion");
    }
}

#[test]
fn residents_5_an_answer_is_one_browsers_and_whoever_is_no_browser_gets_it_at_once() {
    let town = Town::build();
    town.alice();
    let mut alice = Person::new(&town.gateway);
    let mut bob = Person::new(&town.gateway);
    alice.open(login_path("a")).fill("login", ALICE.email).fill("password", "pas-celui-ci");
    let form = alice.form("Connexion");
    let request = alice.request_of(&form).header("sec-fetch-mode", "cors");
    let answer = alice.ask(request);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains(REFUSED) && !answer.header("set-cookie").contains("vestibule-answer"));
    let request = alice.request_of(&form);
    let shown = alice.ask(request).redirect().expect("a page");
    let portal = town.gateway.portal("/");
    let kept = alice.cookies(&portal).into_iter().find(|(name, _)| name == "vestibule-answer").expect("the answer");
    bob.open(login_path("a"));
    bob.plant(&portal, &kept.0, &kept.1);
    bob.open(shown.as_str()).miss(REFUSED).miss(ALICE.email);
    for torn in ["", "x", "x.y", &kept.1[1..], &format!("{}0", kept.1)] {
        alice.plant(&portal, &kept.0, torn);
        alice.open(shown.as_str()).miss(REFUSED).see("Connexion");
    }
    // Nor does it stand at another page, or for a part of one.
    alice.plant(&portal, &kept.0, &kept.1);
    alice.open(login_path("b")).miss(REFUSED);
    let part = alice.ask(Request::get(shown).header("sec-fetch-mode", "cors"));
    assert!(!part.text().contains(REFUSED));
}

#[test]
fn residents_5_in_a_browser_back_and_reload_never_ask_to_send_a_form_again() {
    let town = Town::build();
    town.alice();
    let mut browser = Browser::start(Device::Phone, "back-after-errors");
    browser.open(town.gateway.portal(&login_path("a")));
    browser.fill("Email ou identifiant", ALICE.email).fill("Mot de passe", "faux").press("Connexion").see(REFUSED);
    assert_eq!(browser.value("Email ou identifiant"), ALICE.email);
    // Words that no other page of these has: what is seen is the page that was gone to.
    let forgotten = "Nous vous enverrons un e-mail pour choisir";
    browser.press("Mot de passe oublié ?").see(forgotten);
    browser.back().see("Connexion à votre espace client").miss(REFUSED);
    browser.forward().see(forgotten).fill("Email ou identifiant", ALICE.email);
    browser.press("Recevoir l'e-mail").see("Si un compte existe");
    browser.script("document.body.dataset.before = 'yes'; location.reload()");
    browser.see("Si un compte existe");
    eventually("the page to be loaded again", Duration::from_secs(10), || {
        (browser.count("body[data-before]") == 0).then_some(())
    });
    browser.see("Si un compte existe");
    browser.back().see(forgotten);
}
