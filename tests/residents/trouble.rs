//! « Vous ne parvenez pas à vous connecter ? »: a page that leads on (002, 003, c14).

use super::REFUSED;
use crate::support::{
    browser::{Browser, Device},
    person::Person,
    site::{Agency, Site},
    town::{ALICE, CHOSEN, Town, login_path, try_sign_in},
};

const TROUBLE: &str = "Vous ne parvenez pas à vous connecter ?";
const PHONE: &str = "05 61 00 00 00";

/// Agency A says how it is reached, and agency B does not.
fn town(installation: impl FnOnce(Site) -> Site) -> Town {
    let reached = |agency: Agency| {
        agency
            .set("brand.support_phone", PHONE)
            .set("brand.support_email", "contact@port.example")
            .set("brand.old_password_hint", "Il figure sur vos appels de fonds.")
    };
    Town::build_with_agency(installation, reached)
}

#[test]
fn c14_who_cannot_sign_in_is_led_on_from_every_page_that_asks_for_a_password() {
    let town = town(|site| site);
    town.alice();
    let (a, b, nobody) = (login_path("a"), login_path("b"), "/".to_owned());
    for (page, agency) in [
        (a.clone(), Some(true)),
        (a.replace("/login", "/forgotten"), Some(true)),
        (b.clone(), Some(false)),
        (nobody, None),
        ("/login".to_owned(), None),
        ("/forgotten?by=email".to_owned(), None),
    ] {
        let mut person = Person::new(&town.gateway);
        person.open(&page).follow(TROUBLE).see(TROUBLE);
        assert_eq!((person.here().url.path(), person.here().status), ("/trouble", 200), "{page}");
        for words in [
            "Vous avez oublié votre nom d'utilisateur ?",
            "Les majuscules et les minuscules comptent",
            "le chiffre 0 et la lettre O",
            "Les caractères spéciaux",
            "un autre navigateur ou un autre appareil",
            "Vos anciens identifiants ne fonctionnent plus ?",
            "Contacter mon agence",
        ] {
            person.see(words);
        }
        match agency {
            Some(true) => person.see("Agence du Port").see(PHONE).see("Il figure sur vos appels de fonds."),
            Some(false) => person.see("Les coordonnées de Agence de la Gare figurent sur ses courriers").miss(PHONE),
            None => person.see("Indiquez d'abord votre agence").miss(PHONE),
        };
        let back = person.here().url.clone();
        person.follow("Mot de passe oublié").see("Mot de passe oublié");
        assert_eq!(person.here().url.path(), "/forgotten", "{page}");
        person.open(back.as_str()).follow("Revenir à la connexion").see("Connexion à votre espace client");
    }
    // From a refusal, too.
    let mut refused = Person::new(&town.gateway);
    try_sign_in(&mut refused, "a", ALICE.email, "pas-celui-ci");
    refused.see(REFUSED).follow(TROUBLE).see("Agence du Port").see(PHONE);
}

#[test]
fn c14_the_page_knows_its_agency_by_its_codes_by_this_browser_or_by_asking() {
    let town = town(|site| site);
    town.alice();
    let mut person = Person::new(&town.gateway);
    person.open("/trouble").see("Indiquez d'abord votre agence").follow("Trouver votre agence");
    person.fill("client", "CA").fill("societe", "99").press("Continuer").see("Ces codes ne correspondent à aucune");
    person.fill("client", "ca").fill("societe", "sa").press("Continuer").see("Agence du Port").see(PHONE);
    assert_eq!(person.here().url.path(), "/trouble");
    // Whoever has signed in here before is at that agency.
    town.sign_in(&mut person, "a", ALICE.email, CHOSEN);
    person.open("/account").press("Se déconnecter");
    person.open("/").follow(TROUBLE).see("Agence du Port").see(PHONE).follow("Revenir à la connexion");
    assert!(person.here().url.as_str().ends_with("/login?client=CA&societe=SA"), "{}", person.here().url);
    let mut typed = Person::new(&town.gateway);
    typed.open("/trouble?client=%3Cscript%3E&societe=1").see("Ces codes ne correspondent à aucune");
    assert_eq!(typed.here().status, 404);
}

#[test]
fn c14_where_the_identifier_is_kept_or_several_share_an_address_the_page_says_so() {
    let kept = town(|site| site.set("policy.identifier", "legacy"));
    let mut person = Person::new(&kept.gateway);
    person.open(login_path("a")).follow(TROUBLE).see("il ne change pas").see("n'est pas votre identifiant");
    person.miss("est votre adresse email");
    let shared = Town::on_one_host(|site| site);
    person = Person::new(&shared.gateway);
    person.open(login_path("a")).follow(TROUBLE).follow("Choisir une autre agence").see("Agence de la Gare");
}

#[test]
fn c14_in_a_browser_the_page_fits_and_its_links_lead_to_their_places() {
    let town = town(|site| site);
    for device in [Device::Desktop, Device::Phone, Device::WithoutJavaScript] {
        let mut browser = Browser::start(device, "trouble");
        browser.open(town.gateway.portal(&login_path("a"))).screenshot("sign-in").follow(TROUBLE).see(PHONE);
        assert!(!browser.scrolls_sideways(), "{device:?}");
        browser.screenshot("trouble").follow("Vous avez oublié votre nom d'utilisateur ?").see("Contacter mon agence");
        browser.follow("Contacter mon agence").see("contact@port.example");
        assert!(browser.url().ends_with("#agency"), "{}", browser.url());
        browser.follow("Mot de passe oublié").see("Recevoir l'e-mail");
    }
}
