//! The terms: printed, read, accepted as they stand.

use std::fs;

use tempfile::TempDir;

use super::{cookies_at_portal, opens_account};
use crate::support::{
    browser::{Browser, Device},
    page,
    person::Person,
    town::{ALICE, CHOSEN, Town, login_path, try_sign_in},
};

const TEXT: &str = "Conditions du portail\n\nArticle 1 - Objet\n\nLe portail donne accès à votre espace client.\n";

/// A town whose agency A wants its terms accepted, and Alice, who has an account but has not accepted them.
fn town_with_terms() -> (Town, TempDir, Person) {
    let papers = TempDir::new().expect("a folder");
    let file = papers.path().join("cgu.txt");
    fs::write(&file, TEXT).expect("the terms");
    let town = Town::build_with_agency(|site| site, |agency| agency.with_terms(&file));
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    alice.see("Conditions Générales d'Utilisation").see("Article 1 - Objet");
    (town, papers, alice)
}

#[test]
fn residents_5_terms_of_any_length_are_answered_at_their_page_where_the_box_was_not_ticked() {
    let papers = TempDir::new().expect("a folder");
    let file = papers.path().join("cgu.txt");
    // No two of its words are alike, so that nothing packs it.
    let words: Vec<_> = (0..4000_u32).map(|number| format!("{:x}", number.wrapping_mul(2_654_435_761))).collect();
    fs::write(&file, format!("{TEXT}\nArticle 2 - Détails\n\n{}\n", words.join(" "))).expect("the terms");
    let town = Town::build_with_agency(|site| site, |agency| agency.with_terms(&file));
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    let form = alice.form("Continuer");
    let request = alice.request_of(&form);
    let shown = alice.ask(request).redirect().expect("the way to the page");
    alice.open(shown.as_str()).see("cochez la case").see(&words[3999]);
    alice.tick("J'ai lu et j'accepte les présentes conditions").press("Continuer").see("alice-77");
}

#[test]
fn c03_the_terms_can_be_printed_and_only_they_are_on_the_sheet() {
    let (town, _papers, alice) = town_with_terms();
    let text = alice.here().text();
    // A button that needs a script is shown by the script.
    assert_eq!(page::count(&text, "button[data-print][type=button][hidden]"), 1);
    assert_eq!(page::count(&text, "form article.terms"), 0, "the text is outside what is not printed");
    let mut browser = Browser::start(Device::Desktop, "terms");
    sign_in(&mut browser, &town);
    browser.script("window.print = () => { document.body.dataset.printed = 'yes' }");
    browser.press("Imprimer");
    assert_eq!(browser.script("return document.body.dataset.printed"), "yes");
    // The rules of the print sheet, applied to the screen.
    browser.script(
        "for (const sheet of document.styleSheets) for (const rule of Array.from(sheet.cssRules)) \
         if (rule.media && rule.media.mediaText === 'print') rule.media.mediaText = 'all';",
    );
    browser.see("Article 1 - Objet").screenshot("printed");
    // 000.38
    browser.miss("Imprimer").miss("Continuer").miss("J'ai lu et j'accepte").miss("Mon compte");
}

#[test]
fn c03_without_a_script_one_is_told_how_to_print() {
    let (town, _papers, _) = town_with_terms();
    let mut browser = Browser::start(Device::WithoutJavaScript, "terms");
    sign_in(&mut browser, &town);
    browser.see("Pour imprimer cette page, appuyez sur les touches Ctrl et P").miss("Imprimer ");
    assert!(!browser.words().lines().any(|line| line.trim() == "Imprimer"), "{}", browser.words());
    browser.tick("J'ai lu et j'accepte les présentes conditions").press("Continuer").see("alice-77");
}

fn sign_in(browser: &mut Browser, town: &Town) {
    browser.open(town.gateway.portal(&login_path("a"))).fill("Email ou identifiant", ALICE.email);
    browser.fill("Mot de passe", CHOSEN).press("Connexion").see("Article 1 - Objet");
}

#[test]
fn c02_the_terms_are_accepted_by_a_box_and_by_nothing_else() {
    let (town, _papers, mut alice) = town_with_terms();
    // 000.39
    alice.press("Continuer").see("Article 1 - Objet");
    assert_eq!(town.gateway.traced("terms-accepted"), 0);
    alice.open(town.at_a("/membre/x")).see("Article 1 - Objet").miss("alice-77");
}

#[test]
fn c04_terms_that_changed_between_page_and_click_are_shown_again() {
    let (mut town, papers, mut alice) = town_with_terms();
    alice.tick("accept");
    let read = alice.form("Continuer");
    fs::write(papers.path().join("cgu.txt"), TEXT.replace("Objet", "Tout autre chose")).expect("other terms");
    town.gateway.restart();
    let answer = alice.send(&read);
    let words = page::words(&answer.text());
    assert!(words.contains("Article 1 - Tout autre chose"), "the text as it is now: {} {words}", answer.status);
    assert_eq!(town.gateway.traced("terms-accepted"), 0, "nobody accepted what was not shown");
    alice.open(town.at_a("/membre/x")).see("Tout autre chose").miss("alice-77");
    alice.tick("accept").press("Continuer").see("alice-77");
    assert_eq!(town.gateway.traced("terms-accepted"), 1);
}

#[test]
fn sec_058_accepting_the_terms_begins_a_new_session() {
    let (town, _papers, mut alice) = town_with_terms();
    let before = cookies_at_portal(&town, &alice);
    assert!(opens_account(&town, &before));
    alice.tick("accept").press("Continuer").see("alice-77");
    assert!(!opens_account(&town, &before), "what was known before is worth nothing");
    alice.open("/account").see(ALICE.email);
}
