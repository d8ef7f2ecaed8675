//! A real DokuWiki, unmodified, entered through the gateway in a real browser with the agency file of the examples.

use std::{fs, time::Duration};

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    eventually,
    gateway::Gateway,
    package,
    person::{Person, Request},
    real_app::{RealApp, WikiAccount},
    site::{Agency, Site},
};

const EMAIL: &str = "benoit@residents.example";
const CHOSEN: &str = "Platane-58-vert";
const BENOIT: WikiAccount = ("c10023", "p&s=w+rd 100% \"é'<9>", "Benoît N'Guessan");

/// The agency file of the examples, with this application behind it.
fn agency(wiki: &RealApp, cookies: &str) -> Agency {
    let file = fs::read_to_string(package().join("config/examples/form-inline.toml")).expect("the example");
    Agency::from_toml("agence-a", &file).set("upstream.url", wiki.origin()).set("cookies", cookies)
}

#[test]
fn a_resident_works_in_dokuwiki_with_its_cookies_in_the_browser() {
    works_in_dokuwiki("relay");
}

#[test]
fn a13_a_resident_works_in_dokuwiki_with_its_cookies_in_the_session() {
    works_in_dokuwiki("jar");
}

fn works_in_dokuwiki(cookies: &str) {
    let wiki = RealApp::dokuwiki(&[BENOIT]);
    let gateway = Gateway::start(&Site::new().agency(agency(&wiki, cookies)));
    let mut browser = Browser::start(Device::Desktop, &format!("dokuwiki-{cookies}"));
    let login = gateway.portal("/login?client=DEMO&societe=WIKI&return=/dokuwiki/doku.php%3Fid%3Dstart");
    let at = |page: &str| gateway.agency("agence-a", &format!("/dokuwiki/doku.php?id={page}"));

    // The wiki's own credentials open the wizard.
    browser.open(&login);
    steps::sign_in(&mut browser, BENOIT.0, "faux");
    browser.see("Ce couple identifiant et mot de passe est inconnu");
    steps::sign_in(&mut browser, BENOIT.0, BENOIT.1);
    browser.see("évolue").press("Étape suivante").fill("Adresse email", EMAIL).press("Continuer");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    browser.send_code(&gateway.letter_to(EMAIL).code(), "Valider").see("Votre compte est à jour");

    // The new ones enter it: the name, a link, an edited page.
    browser.open(&login);
    steps::sign_in(&mut browser, EMAIL, CHOSEN);
    browser.see("Logged in as: Benoît N'Guessan").see("Espace privé").screenshot("start");
    browser.follow("Le règlement").see("This topic does not exist yet");
    browser.open(format!("{}&do=edit", at("reglement")));
    browser.write("textarea[name=wikitext]", "Article 1. Les vélos restent au local.").press("Save");
    browser.see("Les vélos restent au local").screenshot("edited");
    assert!(wiki.wiki_page("reglement").contains("Les vélos"), "the page is the wiki's own");
    let page = browser.script("return document.documentElement.outerHTML").to_string();
    assert!(!page.contains("id=\"dw__login\""), "no form of the wiki's own");
    let held = browser.cookies();
    let of_the_wiki = held.iter().filter(|name| name.starts_with("DW") || *name == "DokuWiki").count();
    assert_eq!(of_the_wiki, if cookies == "jar" { 0 } else { 2 }, "{held:?}");

    // A session that is over upstream is renewed without a word, with its cookie that signs in by itself worth nothing.
    wiki.expire_wiki_sessions();
    gateway.let_pass(1);
    assert!(!gateway.log().contains("session-over"));
    browser.open(at("reglement")).see("Les vélos restent au local").see("Benoît N'Guessan");
    eventually("a line about the renewal", Duration::from_secs(5), || {
        gateway.log().contains("session-over").then_some(())
    });

    // Its own login, profile and logout are the gateway's.
    browser.open(format!("{}&do=profile", at("start"))).see("Connexion et sécurité");
    browser.open(format!("{}&do=login", at("start")));
    assert_eq!(browser.count("#dw__login"), 0, "{}", browser.url());
    browser.open(at("start")).follow("Log Out");
    browser.press("Se déconnecter").see("Vous êtes déconnecté").screenshot("signed-out");
    browser.open(at("start")).see("Connexion").miss("Espace privé");
}

#[test]
fn a12_a_form_that_meets_a_session_that_is_over_is_not_lost_without_a_word() {
    let wiki = RealApp::dokuwiki(&[BENOIT]);
    let gateway = Gateway::start(&Site::new().agency(agency(&wiki, "relay")));
    let mut benoit = Person::new(&gateway);
    let login = "/login?client=DEMO&societe=WIKI";
    benoit.open(login).fill("login", BENOIT.0).fill("password", BENOIT.1).press("Connexion");
    benoit.press("Étape suivante").fill("email", EMAIL).press("Continuer");
    benoit.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = gateway.letter_to(EMAIL).code();
    benoit.fill("code", &code).press("Valider").open(login).fill("login", EMAIL).fill("password", CHOSEN);
    benoit.press("Connexion");
    let at = |query: &str| gateway.agency("agence-a", &format!("/dokuwiki/doku.php?{query}"));
    benoit.open(at("id=start")).see("Benoît N'Guessan");
    wiki.expire_wiki_sessions();
    gateway.let_pass(1);
    let post = Request::get(at("id=start&do=preview"))
        .method(reqwest::Method::POST)
        .header("origin", gateway.agency("agence-a", "/").origin().ascii_serialization().as_str())
        .header("content-type", "application/x-www-form-urlencoded")
        .body("wikitext=perdu");
    let answer = benoit.ask(post);
    assert!(answer.text().contains("/.vestibule/not-sent"), "{}", answer.text());
    // An image or a script of the page is not looked at, and not led anywhere.
    let part = benoit.ask(Request::get(at("id=start")).header("sec-fetch-mode", "no-cors"));
    assert!(!part.text().contains("/.vestibule/"), "{}", part.text());
}
