//! What shows that something is under way, and that a press was heard.

use crate::support::{
    browser::{Browser, Device},
    town::{ALICE, CHOSEN, Town, login_path},
};

const OTHER: &str = "Cerisier-31-mur";

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

#[test]
fn review_what_was_left_empty_is_said_by_the_page_and_no_password_is_lost_for_it() {
    let town = Town::build_with(|site| site.set("policy.confirm_noted", true));
    let mut browser = Browser::start(Device::Phone, "left-empty");
    let focus =
        |browser: &mut Browser| browser.script("return document.activeElement.id || document.activeElement.className");
    town.alice();
    // No bubble of the browser's: the form is sent, and the page says it in its own language.
    browser.open(town.gateway.portal(&login_path("a"))).press("Connexion").see("Il y a plusieurs choses à corriger");
    browser.see("Saisissez votre mot de passe.").screenshot("several");
    assert_eq!(focus(&mut browser), "alert alert-error");
    browser.fill("Email ou identifiant", ALICE.email).press("Connexion").see("Saisissez votre mot de passe.");
    browser.miss("plusieurs choses").screenshot("one");
    assert_eq!(focus(&mut browser), "password");
    // What is said of a field is not said of what is typed next.
    browser.fill("Mot de passe", CHOSEN).miss("Saisissez votre mot de passe.");
    browser
        .fill("Email ou identifiant", "")
        .press("Connexion")
        .see("Saisissez votre adresse email ou votre identifiant.");
    assert_eq!((focus(&mut browser), browser.value("Mot de passe")), ("login".into(), CHOSEN.to_owned()));
    browser.fill("Email ou identifiant", ALICE.email).press("Connexion").see("alice-77");
    browser.open(town.gateway.portal("/account/password"));
    let typed = [
        ("Mot de passe actuel", CHOSEN),
        ("Nouveau mot de passe", OTHER),
        ("Confirmez le nouveau mot de passe", OTHER),
    ];
    for (field, value) in typed {
        browser.fill(field, value);
    }
    browser.press("Enregistrer").see("Cochez la case").screenshot("not-ticked");
    assert_eq!(focus(&mut browser), "noted");
    for (field, value) in typed {
        assert_eq!(browser.value(field), value, "{field}");
    }
    browser.tick("J'ai noté ce mot de passe en lieu sûr").miss("Cochez la case").press("Enregistrer");
    browser.see("Votre mot de passe a été modifié");
}
