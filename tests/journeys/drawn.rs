//! The index of drawn pages, opened from disk.

use tempfile::TempDir;

use crate::support::{
    browser::{Browser, Device},
    gateway::{program, words},
};

fn drawn() -> (TempDir, String) {
    let folder = TempDir::new().expect("a folder");
    let done = program().arg("pages").arg(folder.path()).output().expect("the program starts");
    assert!(done.status.success(), "{}", words(&done));
    let index = format!("file://{}", folder.path().join("index.html").display());
    (folder, index)
}

#[test]
fn h02_who_looks_finds_a_page_by_its_words_and_sees_it_on_a_phone_and_a_desk() {
    let (_folder, index) = drawn();
    let mut browser = Browser::start(Device::Desktop, "drawn");
    browser.open(&index).screenshot("index");
    let all = browser.count(".state:not([hidden])");
    browser.fill("Chercher", "etape SUIVANTE disponible").see("Page d'information");
    let found = browser.count(".state:not([hidden])");
    assert!(found > 0 && found < 10 && all > 200, "{found} of {all}");
    browser.see("Bouton pressé trop tôt").screenshot("found");
    assert_eq!(browser.count("#notice-calm [data-views] iframe"), 2, "phone and desk");
    browser.fill("Chercher", "letter-confirm-address-subject").see("Confirmer l'adresse email").see("86991277");
    browser.fill("Chercher", "zzz").see("Rien n'a été trouvé");
    browser.follow("English").see("Pages and letters");
    assert!(!browser.scrolls_sideways());
}

#[test]
fn h02_a_drawn_page_can_be_filled_in_and_followed_and_sends_nothing() {
    let (_folder, index) = drawn();
    let mut browser = Browser::start(Device::Phone, "drawn");
    browser.open(index.replace("index.html", "fr/sign_in-calm.html"));
    browser
        .fill("Email ou identifiant", "durand")
        .fill("Mot de passe", "x")
        .press("Connexion")
        .see("Mot de passe oublié ?");
    assert!(browser.url().ends_with("fr/sign_in-calm.html"), "nothing is sent: {}", browser.url());
    browser.press("Mot de passe oublié ?");
    assert!(browser.url().ends_with("fr/sign_in-calm.html"), "nor by another button: {}", browser.url());
    browser.follow("Vos données personnelles").see("Qui est responsable ?").screenshot("a-page");
}

#[test]
fn h02_without_javascript_the_index_is_a_list_of_links() {
    let (_folder, index) = drawn();
    let mut browser = Browser::start(Device::WithoutJavaScript, "drawn");
    browser.open(&index).see("Pages et lettres").miss("Chercher").see("Cas ordinaire").screenshot("index");
    assert_eq!(browser.count("iframe"), 0);
    assert!(browser.count(".links a[href^=fr]") > 200);
}
