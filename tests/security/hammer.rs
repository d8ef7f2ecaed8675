//! Many residents at once, with several accounts each, at two agencies: no answer is another account's (SEC-060).

use std::thread;

use url::Url;

use crate::support::{
    echo::{Account, Echo},
    gateway::Gateway,
    person::Person,
    raw::Raw,
    site::{Agency, Site},
    town::{self, CHOSEN, Town},
};

/// Residents; `make faults` has more of them.
const PEOPLE: usize = 8;
/// Requests in a row on one connection.
const REQUESTS: usize = 20;
/// How often each account is opened.
const ROUNDS: usize = 3;

#[test]
fn sec_060_no_answer_is_another_accounts_where_one_is_open_at_a_time() {
    hammer(PEOPLE, "one-at-a-time");
}

#[test]
fn sec_060_no_answer_is_another_accounts_where_each_has_its_host() {
    hammer(PEOPLE, "labels");
}

#[test]
fn sec_060_no_answer_is_another_accounts_where_two_agencies_share_a_host() {
    hammer(PEOPLE, "shared-host");
}

/// So many residents at once, with this setting of `accounts`; how many requests came through.
pub fn hammer(people: usize, accounts: &str) -> usize {
    let account = |login: String| Account::new(&login, "Old-2019", &login, "");
    let at_a = (0..people).flat_map(|n| [account(format!("a{n}-one")), account(format!("a{n}-two"))]).collect();
    let (a, b) = (Echo::start(at_a), Echo::start((0..people).map(|n| account(format!("b{n}"))).collect()));
    let shared = accounts == "shared-host";
    let at = |agency: Agency| if shared { agency.sharing("extranets") } else { agency };
    let agency_a = town::agency("agence-a", "CA", "SA", "Agence du Port", &a).set("accounts", accounts);
    let agency_b = town::agency("agence-b", "CB", "SB", "Agence de la Gare", &b);
    let site = Site::new().agency(at(agency_a)).agency(at(agency_b));
    let town = Town { gateway: Gateway::start(&site), a, b };
    thread::scope(|scope| {
        for n in 0..people {
            let town = &town;
            scope.spawn(move || resident(town, n, accounts == "labels"));
        }
    });
    let mut in_all = 0;
    for (echo, count) in [(&town.a, 2), (&town.b, 1)] {
        let seen = echo.seen();
        let asked = seen.iter().filter(|seen| seen.target.starts_with("/membre/for-"));
        let mut answered = 0;
        for seen in asked {
            let login = seen.target.trim_start_matches("/membre/for-").split('?').next().unwrap_or_default();
            assert_eq!(seen.folded("X-Extranet-User"), [login], "{}", seen.target);
            answered += 1;
        }
        assert!(answered >= people * count * ROUNDS * REQUESTS, "{answered} requests came through");
        in_all += answered;
    }
    in_all
}

/// One resident: three accounts, opened in turn, with many requests on kept connections; a tab that was left open goes
/// on asking with the cookies of the account that was open before.
fn resident(town: &Town, n: usize, side_by_side: bool) {
    let email = format!("r{n}@residents.example");
    let mut person = Person::new(&town.gateway);
    town.migrate_named(&mut person, "a", &format!("a{n}-one"), "Old-2019", &email);
    town::try_sign_in(&mut person, "a", &email, CHOSEN);
    for (codes, login) in [("CA&societe=SA", format!("a{n}-two")), ("CB&societe=SB", format!("b{n}"))] {
        person.open(format!("/login?client={codes}&attach=1")).fill("login", &login).fill("password", "Old-2019");
        person.press("Continuer").press("Étape suivante").fill("password", CHOSEN).press("Connexion");
        person.see("Compte associé");
    }
    let mut before: Option<(Url, String, String)> = None;
    for _ in 0..ROUNDS {
        for (agency, login) in [
            ("Agence du Port", format!("a{n}-one")),
            ("Agence du Port", format!("a{n}-two")),
            ("Agence de la Gare", format!("b{n}")),
        ] {
            person.open("/account").enter(&format!("{agency} {login}")).see(&format!("\"who\":\"{login}\""));
            let home = person.here().url.clone();
            let cookies = person.cookie_line(&home);
            thread::scope(|scope| {
                if let Some((home, cookies, login)) = before.take() {
                    scope.spawn(move || ask(town, &home, &cookies, &login, side_by_side));
                }
                scope.spawn(|| ask(town, &home, &cookies, &login, true));
                scope.spawn(|| ask(town, &home, &cookies, &login, true));
            });
            before = Some((home, cookies, login));
        }
    }
}

/// Asks many times on one connection: each answer is this account's, by header and by the extranet's own session, or
/// none at all where the account may have been closed.
fn ask(town: &Town, home: &Url, cookies: &str, login: &str, is_open: bool) {
    let host = home.host_str().expect("a host");
    let port = town.gateway.port();
    let mut socket = Raw::connect(port);
    for number in 0..REQUESTS {
        socket.send(format!(
            "GET /membre/for-{login}?{number} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookies}\r\n\r\n"
        ));
        let answer = socket.answer().expect("an answer");
        if answer.status == 200 {
            let told: serde_json::Value = serde_json::from_slice(&answer.body).expect("what the extranet saw");
            assert_eq!(told["who"].as_str(), Some(login), "the extranet's own session");
        } else {
            assert!(!is_open && matches!(answer.status, 303 | 401), "{login} at {host}: {}", answer.status);
        }
    }
}
