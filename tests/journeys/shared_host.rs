//! `accounts = "shared-host"`: two old extranets on one address, in a real browser (a24).

use super::steps;
use crate::support::{
    browser::{Browser, Device},
    gateway::Gateway,
    samples::Samples,
    site::Site,
    town::{BOB, BOB_AT_B, CHOSEN, Town, login_path},
};

const EMAIL: &str = "loic@ailleurs.example";
const AT_A: &str = "Cabinet Vasseur & Fils loc-0077";
const AT_B: &str = "Agence des Tilleuls L2002";

#[test]
fn a24_a_resident_goes_from_one_agency_to_the_other_on_one_host_at_a_desk() {
    one_host(Device::Desktop);
}

#[test]
fn a24_a_resident_goes_from_one_agency_to_the_other_on_one_host_on_a_phone() {
    one_host(Device::Phone);
}

fn one_host(device: Device) {
    let samples = Samples::start();
    let site = Site::new().agency(samples.agency_a().sharing("extranets"));
    let gateway = Gateway::start(&site.agency(samples.agency_b().sharing("extranets")));
    samples.import_roster(&gateway);
    let here = |path: &str| gateway.agency("extranets", path);
    let mut browser = Browser::start(device, "shared-host");

    // A link to the host, in a browser that has never been there.
    browser.open(here("/quittances/")).see("Quelle est votre agence ?").see("Cabinet Vasseur & Fils");
    browser.screenshot("which-agency");
    steps::fits(&mut browser, device);
    browser.follow("Continuer Agence des Tilleuls").see("Connexion à votre espace client");
    steps::sign_in(&mut browser, "L2002", "Pont-9028");
    browser.see("évolue").press("Étape suivante").fill("Adresse email", EMAIL).press("Continuer");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    browser.send_code(&gateway.letter_to(EMAIL).code(), "Valider");
    browser.see("Votre compte est à jour");
    steps::sign_in(&mut browser, EMAIL, CHOSEN);
    browser.see("Bonjour Loïc Kervella").screenshot("first-agency");
    assert!(browser.url().starts_with(here("/").as_str()));

    // The other agency of the same host.
    browser.open(gateway.portal("/login?client=SPI31&societe=01&attach=1"));
    steps::type_the_agencys(&mut browser, "loc-0077", "0412");
    browser.see("évolue").press("Étape suivante");
    browser.fill("Mot de passe de votre compte existant", CHOSEN).press("Connexion");
    browser.see("Compte associé ✓").press("Continuer");
    steps::accept_the_terms(&mut browser, device);
    browser.see("Quel compte voulez-vous ouvrir ?").see("Un compte est déjà ouvert").see("Vous avez plusieurs comptes");
    browser.screenshot("which-account");
    steps::fits(&mut browser, device);
    browser.enter(AT_A);
    browser.see("Bonjour Zoé Œuvrard").miss("Tilleuls").screenshot("second-agency");
    assert!(browser.url().starts_with(here("/").as_str()));
    browser.see("Déconnexion");

    // The tab of before shows what is open now; the page of the other extranet is not there.
    browser.open_in_new_tab(here("/")).see("Bonjour Zoé Œuvrard").close_tab();
    browser.open(gateway.portal("/account")).see("Ouvert").screenshot("account");
    steps::fits(&mut browser, device);
    browser.enter(AT_B).see("Bonjour Loïc Kervella").miss("Vasseur").screenshot("first-agency-again");
    browser.open(here("/quittances/")).see("Quittance");
    let held = browser.cookies();
    assert!(held.iter().all(|name| name.starts_with("vestibule")), "ours, and none of an extranet: {held:?}");

    // The way out is the open agency's own, and nothing of it is left.
    steps::leave(&mut browser);
    browser.see("Agence des Tilleuls").open(here("/quittances/")).see("Quelle est votre agence ?");
}

#[test]
fn a24_a_switch_leaves_nothing_of_one_extranet_in_the_browser_for_the_other() {
    let town = Town::on_one_host(|site| site);
    let here = |path: &str| town.gateway.agency("extranets", path);
    let mut browser = Browser::start(Device::Desktop, "shared-host-storage");
    browser.open(town.gateway.portal(&login_path("a")));
    steps::sign_in(&mut browser, BOB.login, BOB.password);
    browser.see("évolue").press("Étape suivante").fill("Adresse email", BOB.email).press("Continuer");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    browser.send_code(&town.gateway.letter_to(BOB.email).code(), "Valider");
    browser.see("Votre compte est à jour");
    steps::sign_in(&mut browser, BOB.email, CHOSEN);
    browser.see("\"who\":\"bob-12\"").open(town.gateway.portal(&format!("{}&attach=1", login_path("b"))));
    steps::type_the_agencys(&mut browser, BOB_AT_B.login, BOB_AT_B.password);
    browser.see("évolue").press("Étape suivante");
    browser.fill("Mot de passe de votre compte existant", CHOSEN).press("Connexion").see("Compte associé ✓");

    // What A's pages leave behind: a style in the cache, a note in the storage, a script that would stay.
    let kept = "/answer?cache-control=max-age%3D600&content-type=text%2Fcss&body=p%7B%7D";
    let style = |browser: &mut Browser| {
        browser.script(&format!("return fetch({kept:?}).then(answer => answer.text())")).as_str().map(str::to_owned)
    };
    browser.open(here("/membre/x")).see("\"who\":\"bob-12\"");
    browser.script("localStorage.setItem('note', 'of-a'); sessionStorage.setItem('draft', 'of-a')");
    let worker = "return navigator.serviceWorker.register('/membre/sw.js').then(() => 'in', () => 'refused')";
    assert_eq!(browser.script(worker), "refused");
    town.forget();
    assert_eq!(style(&mut browser).as_deref(), Some("p{}"));
    assert_eq!(style(&mut browser).as_deref(), Some("p{}"));
    assert_eq!(asked(&town.a.seen(), kept), 1, "the browser does keep it while the account is open");
    let ours = browser.cookies();

    browser.open(town.gateway.portal("/account")).enter("Agence de la Gare B-4412").see("\"who\":\"B-4412\"");
    assert_eq!(browser.script("return localStorage.getItem('note')"), serde_json::Value::Null);
    assert_eq!(browser.script("return sessionStorage.getItem('draft')"), serde_json::Value::Null);
    assert_eq!(style(&mut browser).as_deref(), Some("p{}"));
    assert_eq!(asked(&town.b.seen(), kept), 1, "the other extranet is asked for its own");
    assert_eq!(asked(&town.a.seen(), kept), 1);
    let kept_by_the_browser = browser.cookies();
    for name in ["vestibule", "vestibule-account", "vestibule-bind"] {
        assert!(ours.iter().chain(&kept_by_the_browser).filter(|held| *held == name).count() == 2, "{name} survives");
    }
    browser.open(town.gateway.portal("/account")).see("Mes comptes d'agence");
}

fn asked(seen: &[crate::support::echo::Seen], target: &str) -> usize {
    seen.iter().filter(|seen| seen.target == target).count()
}
