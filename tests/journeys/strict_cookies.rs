//! An extranet whose session cookie browsers send only where they come from its own pages, as servlets of today set it.

use crate::support::{
    browser::{Browser, Device},
    town::{ALICE, CHOSEN, Town, login_path},
};

#[test]
fn who_comes_from_the_portal_or_by_a_link_in_a_letter_brings_a_strict_cookie_along() {
    for device in [Device::Desktop, Device::WithoutJavaScript] {
        let town = Town::build();
        town.alice();
        town.a.be_strict();
        let before = town.a.sign_ins();
        let mut browser = Browser::start(device, "strict-cookies");
        browser.open(town.gateway.portal(&login_path("a")));
        browser.fill("Email ou identifiant", ALICE.email).fill("Mot de passe", CHOSEN).press("Connexion");
        browser.see("alice-77");
        assert_eq!(town.a.sign_ins() - before, 1, "no sign-in for nothing, {device:?}");
        if device == Device::WithoutJavaScript {
            continue;
        }
        let there = town.at_a("/membre/comptes?n=1");
        browser.open(town.gateway.portal("/account")).script(&format!("location.href = {there:?}"));
        browser.see("alice-77").see("/membre/comptes?n=1");
        // A session that is over is renewed as ever.
        town.a.expire_sessions();
        browser.open(&there).see("alice-77");
    }
}
