//! What all our answers carry, whatever they are (SEC-240), and what is left in a browser after a sign-out (SEC-251).

use std::collections::BTreeSet;

use reqwest::Method;
use url::Url;

use crate::support::{
    browser::{Browser, Device},
    person::{Answer, Person, Request},
    town::{ALICE, BOB, BOB_AGAIN, BOB_AT_B, CHOSEN, Town, try_sign_in},
};

/// Each header of ours, and how it begins.
const OURS: [(&str, &str); 8] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "accelerometer=()"),
    ("content-security-policy", "default-src"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("x-permitted-cross-domain-policies", "none"),
    ("referrer-policy", "same-origin"),
];

fn assert_ours(answer: &Answer, what: &str) {
    for (name, begins) in OURS {
        let values: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{what} {}: {name}: {values:?}", answer.status);
        assert!(answer.header(name).starts_with(begins), "{what}: {name}: {}", answer.header(name));
    }
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
}

/// Every route of ours, as the router's own file has them.
fn routes() -> Vec<String> {
    let file = include_str!("../../src/portal/mod.rs");
    let (portal, agency) = file.split_once("fn agency_pages").expect("two lists");
    let paths = |text: &str| -> Vec<String> {
        text.split(".route(\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
    };
    let named = |path: String| path.replace("{*name}", "vestibule.css").replace("{name}", "failed");
    let portal = paths(portal).into_iter().map(|path| format!("portal {}", named(path)));
    portal.chain(paths(agency).into_iter().map(|path| format!("agency /.vestibule{}", named(path)))).collect()
}

#[test]
fn sec_240_every_answer_of_ours_keeps_others_off_and_no_answer_of_an_extranet_is_changed() {
    let town = Town::build();
    let routes = routes();
    assert!(routes.len() >= 40, "{routes:?}");
    let mut statuses = BTreeSet::new();
    for mut person in [town.alice(), Person::new(&town.gateway)] {
        for route in &routes {
            let (place, path) = route.split_once(' ').expect("a place");
            // Both are tried, but nobody signs out.
            let url = if place == "portal" { town.gateway.portal(path) } else { town.gateway.agency("agence-a", path) };
            for method in [Method::GET, Method::HEAD, Method::POST, Method::DELETE] {
                let answer = person.ask(Request::get(url.clone()).method(method.clone()));
                assert_ours(&answer, &format!("{method} {route}"));
                statuses.insert(answer.status);
            }
        }
        let elsewhere = [
            ("/membre/formulaire", Method::POST),
            ("/identification", Method::GET),
            ("/identification", Method::POST),
            ("/deconnexion", Method::GET),
            ("/motdepasse", Method::POST),
            ("/.vestibule/nothing", Method::GET),
            ("/%2e%2e/x", Method::GET),
        ];
        for (path, method) in elsewhere {
            for mode in ["navigate", "cors"] {
                let request = Request::get(Url::parse(&town.at_a(path)).expect("an address")).method(method.clone());
                let answer =
                    person.ask(request.header("sec-fetch-mode", mode).header("origin", "https://evil.example"));
                assert_ours(&answer, &format!("{method} {path} {mode}"));
                statuses.insert(answer.status);
            }
        }
        for path in ["/nothing", "//x", "/assets/nothing"] {
            assert_ours(&person.get(town.gateway.portal(path), &[]), path);
        }
        let unknown = format!("http://nobody.localhost:{}/", town.gateway.port());
        assert_ours(&person.get(unknown, &[]), "an unknown host");
    }
    for status in [200, 303, 401, 403, 404, 405, 421] {
        assert!(status == 421 || statuses.contains(&status), "{status} was seen: {statuses:?}");
    }
    // A session that is over, and what a stranger's page and parts get.
    let mut alice = Person::new(&town.gateway);
    try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    town.a.expire_sessions();
    assert_ours(&alice.get(town.at_a("/membre/x"), &[]), "a session that is over");
    for mode in ["navigate", "no-cors"] {
        let answer = Person::new(&town.gateway).get(town.at_a("/membre/x"), &[("sec-fetch-mode", mode)]);
        assert_ours(&answer, mode);
    }
    // What the extranet answers is its own.
    alice.open(town.at_a("/membre/x")).see("alice-77");
    for (path, says) in
        [("/membre/x", ""), ("/public/x", ""), ("/answer?content-security-policy=img-src+*", "img-src *")]
    {
        let answer = alice.get(town.at_a(path), &[]);
        assert_eq!((answer.status, answer.header("content-security-policy")), (200, says), "{path}");
        for (name, _) in OURS.iter().filter(|(name, _)| *name != "content-security-policy") {
            assert_eq!(answer.header(name), "", "{path}: {name}");
        }
    }
}

/// What else of ours a browser may hold on an agency's host.
const OTHERS: [&str; 4] = ["vestibule-account", "vestibule-browser", "vestibule-bind", "vestibule-renewals"];

/// Names that an answer takes away, with their paths.
fn taken_away(answer: &Answer) -> Vec<(String, String)> {
    let lines = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let ended = lines.filter(|line| line.contains("Max-Age=0"));
    ended
        .filter_map(|line| {
            let path = line.split("Path=").nth(1)?.split(';').next()?;
            Some((line.split('=').next()?.to_owned(), path.to_owned()))
        })
        .collect()
}

#[test]
fn sec_251_after_a_sign_out_on_the_portal_each_hosts_cookies_end_at_its_next_visit() {
    let town = Town::build();
    for path in ["/membre/x/y", "/membre/x", "/.vestibule/logout", "/.vestibule/renew?return=/membre/x", "/public/x"] {
        let mut alice = Person::new(&town.gateway);
        if path == "/membre/x/y" {
            town.migrate(&mut alice, "a", ALICE, ALICE.email);
        }
        try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        let at = |path: &str| town.gateway.agency("agence-a", path);
        alice.get(at("/answer?set-cookie=theme%3Dx%3B+Path%3D%2Fmembre%2F&set-cookie=lang%3Dfr%3B+Path%3D%2F"), &[]);
        let devices = alice.cookies(&town.gateway.portal("/"));
        let device = devices.into_iter().find(|(name, _)| name == "vestibule-device").expect("a device");
        let form = alice.open("/account").form("Se déconnecter");
        let answer = alice.ask(alice.request_of(&form));
        assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"", "never the whole site's cookies");
        assert!(alice.cookie_line(&at("/membre/x")).contains("USESSION="), "the portal cannot reach it");
        town.forget();
        let answer = alice.get(at(path), &[]);
        let ended = taken_away(&answer);
        for name in ["USESSION", "lang", "vestibule"] {
            assert!(ended.contains(&(name.to_owned(), "/".to_owned())), "{path}: {name}: {ended:?}");
        }
        assert!(
            !path.starts_with("/membre/") || ended.contains(&("theme".to_owned(), "/membre/".to_owned())),
            "{ended:?}"
        );
        let left = alice.cookies(&at("/membre/x"));
        let names: Vec<_> = left.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "theme").collect();
        assert!(names.iter().all(|name| OTHERS.contains(name)), "{names:?}");
        assert!(names.contains(&"vestibule-account"), "what was open here last stays: {names:?}");
        assert!(alice.cookies(&town.gateway.portal("/")).contains(&device), "so does the device");
        // On its public pages the extranet does not see whose they were.
        for seen in town.a.seen().iter().filter(|seen| seen.target == "/public/x") {
            assert_eq!(seen.cookies(), [""; 0]);
        }
    }
}

#[test]
fn sec_251_a_sign_out_anywhere_ends_the_cookies_of_accounts_hosts_and_of_shared_ones() {
    let labels = Town::build_with_agency(|site| site, |agency| agency.set("accounts", "labels"));
    let mut bob = Person::new(&labels.gateway);
    for who in [BOB, BOB_AGAIN] {
        bob.forget_cookies();
        labels.migrate(&mut bob, "a", who, &format!("{}@residents.example", who.login));
        try_sign_in(&mut bob, "a", &format!("{}@residents.example", who.login), CHOSEN);
        let home = bob.here().url.join("/membre/x").expect("an address");
        assert!(bob.cookie_line(&home).contains("USESSION="), "{home}");
        bob.open("/account").press("Se déconnecter");
        let ended = taken_away(&bob.get(&home, &[]));
        assert!(ended.contains(&("USESSION".to_owned(), "/".to_owned())), "{ended:?}");
    }
    let shared = Town::on_one_host(|site| site);
    let mut bob = Person::new(&shared.gateway);
    shared.migrate_named(&mut bob, "b", BOB_AT_B.login, BOB_AT_B.password, BOB.email);
    try_sign_in(&mut bob, "b", BOB.email, CHOSEN);
    let at = shared.gateway.agency("extranets", "/membre/x");
    bob.plant(&at, "script", "left");
    bob.open("/account").press("Se déconnecter");
    let held = bob.cookies(&at);
    for path in ["/membre/x", "/.vestibule/logout"] {
        let mut bob = Person::new(&shared.gateway);
        for (name, value) in &held {
            bob.plant(&at, name, value);
        }
        let answer = bob.get(at.join(path).expect("an address"), &[]);
        let ended = taken_away(&answer);
        assert!(ended.contains(&("script".to_owned(), "/".to_owned())), "{path}: {ended:?}");
        assert!(ended.contains(&("vestibule".to_owned(), "/".to_owned())), "{path}: {ended:?}");
    }
}

#[test]
fn sec_251_a_stranger_and_a_failing_store_end_no_cookies() {
    let town = Town::build();
    let mut stranger = Person::new(&town.gateway);
    stranger.plant(&town.gateway.agency("agence-a", "/"), "theirs", "kept");
    for path in ["/membre/x", "/public/x"] {
        assert_eq!(taken_away(&stranger.get(town.at_a(path), &[])), []);
    }
}

#[test]
fn sec_251_in_a_browser_nothing_of_the_extranet_is_left_after_the_next_visit() {
    let town = Town::build();
    town.resident(ALICE);
    let mut browser = Browser::start(Device::Desktop, "signed-out");
    browser.open(town.at_a("/membre/x"));
    browser.fill("Email ou identifiant", ALICE.email).fill("Mot de passe", CHOSEN).press("Connexion").see("alice-77");
    browser.open(town.at_a("/answer?content-type=text/html&body=x&set-cookie=theme%3Dx%3B+Path%3D%2Fmembre%2F"));
    browser.script("localStorage.setItem('draft', 'x')");
    browser.open(town.gateway.portal("/account")).press("Se déconnecter").see("déconnecté");
    browser.open(town.at_a("/membre/x")).see("Email ou identifiant");
    browser.open(town.at_a("/public/x"));
    let left = browser.cookies().join("\n");
    assert!(!left.contains("USESSION") && !left.contains("theme"), "{left}");
    assert!(left.contains("vestibule-account"), "{left}");
}
