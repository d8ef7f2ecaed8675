//! What shows that something is under way, and that a press was heard.

use crate::support::{
    browser::{Browser, Device},
    town::{ALICE, Town, login_path},
};

#[test]
fn residents_17_a_pressed_button_shows_that_it_is_under_way_is_not_pressed_twice_and_is_a_button_again_after_back() {
    let town = Town::build();
    let mut browser = Browser::start(Device::Phone, "under-way");
    browser.open(town.gateway.portal(&login_path("a")));
    browser.fill("Email ou identifiant", ALICE.login).fill("Mot de passe", "faux");
    // The form is kept from leaving, as by an extranet that takes its time.
    let seen = browser.script(
        "const button = document.querySelector('button[type=submit]'), form = button.form;
         let sent = 0;
         addEventListener('submit', (event) => { if (!event.defaultPrevented) sent += 1; event.preventDefault(); });
         button.click(); button.click();
         const busy = button.getAttribute('aria-busy');
         const said = document.querySelector('[data-busy]').textContent;
         dispatchEvent(new Event('pageshow'));
         return [sent, busy, said, button.getAttribute('aria-busy'), document.querySelector('[data-busy]').textContent];",
    );
    assert_eq!(seen, serde_json::json!([1, "true", "Un instant…", null, ""]));
    // The password that was shown fits the page of a phone: it has the whole width.
    let shares = browser.script(
        "const field = document.getElementById('password'), row = field.parentElement;
         return field.getBoundingClientRect().width / row.getBoundingClientRect().width;",
    );
    assert!(shares.as_f64().expect("a share") > 0.99, "{shares}");
}
