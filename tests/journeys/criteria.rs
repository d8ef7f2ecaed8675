//! The criteria under a new password: the page's script and the server judge alike (B25).

use crate::support::{
    browser::{Browser, Device},
    town::{CAROL, Town, login_path},
};

/// Texts, and what they meet of: three characters, capital, small letter, digit, special character, all four kinds. The
/// server's own test reads the same table.
const CHARACTERS: &str = include_str!("../../src/domain/password/characters.txt");

#[test]
fn review_b25_the_criteria_on_the_page_are_the_servers() {
    let town = Town::build();
    let mut browser = Browser::start(Device::Desktop, "criteria");
    browser.open(town.gateway.portal(&login_path("a")));
    browser.fill("Email ou identifiant", CAROL.login).fill("Mot de passe", CAROL.password).press("Connexion");
    browser.press("Étape suivante").see("Adresse email");
    // Pasted from a letter, with what nobody sees; a browser would refuse it in a field for addresses.
    browser
        .fill("Adresse email", &format!("\u{200b}{}\u{a0}", CAROL.email))
        .press("Continuer")
        .see("Au moins 8 caractères");
    let rows: Vec<(&str, &str)> = CHARACTERS.lines().filter_map(|line| line.split_once('\t')).collect();
    let texts: Vec<&str> = rows.iter().map(|(text, _)| *text).collect();
    let script = format!(
        "const list = document.querySelector('[data-criteria]'), item = list.querySelector('[data-rule]');
         const input = document.getElementById(list.dataset.criteria);
         const rules = [['length', 3], ['upper', 0], ['lower', 0], ['digit', 0], ['special', 0], ['kinds', 4]];
         return {}.map((text) => rules.map(([rule, number]) => {{
             item.dataset.rule = rule;
             item.dataset.number = number;
             input.value = text;
             input.dispatchEvent(new Event('input', {{ bubbles: true }}));
             return item.classList.contains('met') ? '+' : '-';
         }}).join(''))",
        serde_json::to_string(&texts).expect("JSON")
    );
    let judged = browser.script(&script);
    for ((text, met), judged) in rows.iter().zip(judged.as_array().expect("an answer for each")) {
        assert_eq!(judged, met, "{text:?}");
    }
    assert!(rows.len() > 30, "the whole table");
}
