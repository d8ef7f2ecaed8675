//! A session belongs to one person on one browser, and never leaves the gateway.

use std::{collections::HashMap, thread};

use super::{assert_login, cookies_at_a, get_at_a};
use crate::support::{
    echo::{Account, Echo},
    gateway::Gateway,
    person::Person,
    raw::Raw,
    site::Site,
    stage::Stage,
    town::{self, ALICE, CHOSEN, Town, login_path},
};

on_every_stage! {
    sec_058_a_session_that_somebody_planted_is_worth_nothing_after_the_sign_in,
    sec_058_each_sign_in_and_a_changed_password_begin_a_new_session,
    sec_061_a_cookie_that_makes_no_sense_is_nobodys,
    sec_063_nothing_of_the_gateways_own_reaches_an_extranet,
    att_07_a_cookie_above_ascii_hides_nothing_from_our_pages,
}

fn sec_058_a_session_that_somebody_planted_is_worth_nothing_after_the_sign_in(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let (portal, at_a) = (town.gateway.portal("/"), town.gateway.agency("agence-a", "/"));
    // What an attacker's own browser got before anybody signed in, and plain inventions.
    let mut mallory = Person::new(&town.gateway);
    mallory.open(login_path("a"));
    mallory.open(town.at_a("/membre/x"));
    let mut planted: Vec<(String, String)> = mallory.cookies(&portal);
    planted.extend(mallory.cookies(&at_a));
    planted.push(("vestibule".to_owned(), "A".repeat(43)));
    let mut victim = Person::new(&town.gateway);
    for (name, value) in &planted {
        victim.plant(&portal, name, value);
        victim.plant(&at_a, name, value);
    }
    town.sign_in(&mut victim, "a", ALICE.email, CHOSEN);
    town.forget();
    for (name, value) in &planted {
        let answer = get_at_a(&town, "/membre/x", &format!("{name}={value}"), &[]);
        assert_login(&town, answer.as_ref(), name);
    }
    mallory.open("/account").miss(ALICE.email);
}

fn sec_058_each_sign_in_and_a_changed_password_begin_a_new_session(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    let (portal, at_a) = (town.gateway.portal("/"), town.gateway.agency("agence-a", "/"));
    let first = (alice.cookies(&portal), cookies_at_a(&town, &alice));
    alice.open("/account").press("Se déconnecter");
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    let session = |person: &Person| person.cookies(&at_a).into_iter().find(|(name, _)| name.contains("vestibule"));
    let before = session(&alice).expect("a session");
    alice.open("/account/password").fill("current", CHOSEN).fill("password", "Cerisier-31-mur");
    alice.fill("confirmation", "Cerisier-31-mur").press("Enregistrer").see("Votre mot de passe a été modifié");
    town.forget();
    let answer = get_at_a(&town, "/membre/x", &format!("{}={}", before.0, before.1), &[]);
    assert_login(&town, answer.as_ref(), "the session before the password changed");
    let answer = get_at_a(&town, "/membre/x", &first.1, &[]);
    assert_login(&town, answer.as_ref(), "the session before that");
    alice.open("/account").see(ALICE.email);
    let now = alice.cookies(&portal);
    let changed = first.0.iter().any(|(name, value)| now.iter().any(|(n, v)| n == name && v != value));
    assert!(changed, "the portal's session is a new one");
}

#[test]
fn sec_060_residents_who_come_together_are_never_mixed_up() {
    const PEOPLE: usize = 16;
    let people: Vec<(String, String)> =
        (0..PEOPLE).map(|n| (format!("resident-{n}"), format!("resident-{n}@residents.example"))).collect();
    let accounts = people.iter().map(|(login, email)| Account::new(login, "Old-2019", login, email)).collect();
    let echo = Echo::start(accounts);
    let site = Site::new().agency(town::agency("agence-a", "CA", "SA", "Agence du Port", &echo));
    let town = Town { gateway: Gateway::start(&site), a: echo, b: Echo::start(Vec::new()) };
    let migrate = |login: &str, email: &str| {
        let mut person = Person::new(&town.gateway);
        town.migrate_named(&mut person, "a", login, "Old-2019", email);
        person
    };
    let browsers: Vec<Person> = thread::scope(|scope| {
        let handles: Vec<_> = people.iter().map(|(login, email)| scope.spawn(move || migrate(login, email))).collect();
        handles.into_iter().map(|handle| handle.join().expect("a migration")).collect()
    });
    thread::scope(|scope| {
        for (mut person, (login, email)) in browsers.into_iter().zip(&people) {
            let town = &town;
            scope.spawn(move || {
                for round in 0..3 {
                    if round > 0 {
                        person.open("/account").press("Se déconnecter");
                    }
                    town.sign_in(&mut person, "a", email, CHOSEN);
                    let cookies = cookies_at_a(town, &person);
                    let mut socket = Raw::connect(town.gateway.port());
                    for number in 0..20 {
                        socket.send(format!(
                            "GET /membre/{login}?{number} HTTP/1.1\r\nHost: agence-a.localhost:{}\r\nCookie: {cookies}\r\n\r\n",
                            town.gateway.port()
                        ));
                        assert_eq!(socket.answer().expect("an answer").status, 200, "{login}");
                    }
                }
            });
        }
    });
    let mut counted: HashMap<String, usize> = HashMap::new();
    for seen in town.a.seen().iter().filter(|seen| seen.target.starts_with("/membre/resident-")) {
        let asked = seen.target.trim_start_matches("/membre/").split('?').next().unwrap_or_default().to_owned();
        assert_eq!(seen.folded("X-Extranet-User"), [asked.as_str()], "{}", seen.target);
        *counted.entry(asked).or_default() += 1;
    }
    assert_eq!((counted.len(), counted.values().min()), (PEOPLE, Some(&60)));
}

fn sec_061_a_cookie_that_makes_no_sense_is_nobodys(stage: Stage) {
    let town = Town::on(stage);
    let alice = town.alice();
    let (name, right) = alice
        .cookies(&town.gateway.agency("agence-a", "/"))
        .into_iter()
        .find(|(name, _)| name.contains("vestibule"))
        .expect("a session");
    let long = "A".repeat(8 * 1024);
    let values = [
        "%",
        "{",
        "",
        "\"",
        "!!!!",
        "null",
        "0",
        "-1",
        "AAAA",
        "a.b.c",
        "../../etc/passwd",
        "' OR 1=1 --",
        &long,
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.",
        "v0:AAAAAAAAAAAAAAAA",
        "%00",
        "%ff%fe",
    ];
    for value in values {
        let answer = get_at_a(&town, "/membre/x", &format!("{name}={value}"), &[]);
        assert_login(&town, answer.as_ref(), value);
    }
    for line in [
        format!("{name}=;;;"),
        format!("=;;;{name}"),
        name.clone(),
        format!("{name}=wrong; {name}=wrong too"),
        format!("{}={right}", name.to_uppercase()),
        format!("{name}={}", right.to_uppercase()),
        format!("{name}={right}x"),
        format!("{name}={}", &right[1..]),
    ] {
        let answer = get_at_a(&town, "/membre/x", &line, &[]);
        assert_login(&town, answer.as_ref(), &line);
    }
    let bytes = [
        b"GET /membre/x HTTP/1.1\r\nHost: agence-a.localhost:".as_slice(),
        town.gateway.port().to_string().as_bytes(),
        b"\r\nCookie: ",
        name.as_bytes(),
        b"=\xff\xfe\r\n\r\n",
    ]
    .concat();
    let answer = super::raw(&town, bytes);
    super::assert_shut(&town, answer.as_ref(), "bytes that are no UTF-8");
}

fn att_07_a_cookie_above_ascii_hides_nothing_from_our_pages(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    // A page of the extranet sets it for the whole domain; each browser in its own bytes.
    let (portal, at_a) = (town.gateway.portal("/"), town.gateway.agency("agence-a", "/"));
    for here in [&portal, &at_a] {
        alice.plant(here, "nom", "Amélie");
        alice.plant(here, "ж", "1");
    }
    alice.open("/account").see(ALICE.email);
    for target in ["/account", "/"] {
        let line = alice.cookie_line(&portal).into_bytes();
        let line = [b"nom2=Am\xe9lie; \xff; ", &line[..], b"; \xfe=\x80"].concat();
        let host = format!("{}:{}", portal.host_str().expect("a host"), portal.port().expect("a port"));
        let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: ");
        let mut raw = Raw::connect(portal.port().expect("a port"));
        let answer = raw.send([head.as_bytes(), &line, b"\r\n\r\n"].concat()).answer().expect("an answer");
        let to = answer.header("location").unwrap_or_default();
        assert!(!to.contains("login") && answer.status < 400, "{target}: {} {to}", answer.status);
    }
    // A form of ours, the sign-out on the agency's host, and the whole way back in.
    alice.open(town.gateway.agency("agence-a", "/.vestibule/logout").as_str());
    alice.press("Se déconnecter").see("Vous êtes déconnecté");
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    alice.open(town.gateway.agency("agence-a", "/membre/x").as_str()).see("\"who\":\"alice-77\"");
    let held: Vec<String> = town.a.last().cookies();
    assert!(held.contains(&"USESSION".to_owned()), "{held:?}");
}

fn sec_063_nothing_of_the_gateways_own_reaches_an_extranet(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    alice.open("/account");
    let ours = alice.cookies(&town.gateway.portal("/"));
    let mut secrets: Vec<String> = ours.iter().map(|(_, value)| value.clone()).collect();
    let at_a = alice.cookies(&town.gateway.agency("agence-a", "/"));
    secrets.extend(at_a.iter().filter(|(name, _)| name.contains("vestibule")).map(|(_, value)| value.clone()));
    // A language or a number is no secret.
    secrets.retain(|secret| secret.len() > 8);
    // The portal's own cookies as if they had come to the agency's host; one name only once, or nobody is signed in.
    let theirs = ours.iter().filter(|(name, _)| !at_a.iter().any(|(known, _)| known == name));
    let theirs: Vec<String> = theirs.map(|(name, value)| format!("{name}={value}")).collect();
    let line = format!(
        "{}; {}; VESTIBULE-x=x; __Host-vestibule=y; __Secure-vestibule-z=z; theirs=kept",
        cookies_at_a(&town, &alice),
        theirs.join("; ")
    );
    for target in ["/membre/x", "/public/x", "/answer?status=404", "/answer?status=500"] {
        town.forget();
        get_at_a(&town, target, &line, &["Authorization: Bearer our-own"]).expect("an answer");
        let seen = town.a.last();
        let head = String::from_utf8_lossy(&seen.raw).into_owned();
        assert!(
            !seen.cookies().iter().any(|name| name.to_ascii_lowercase().contains("vestibule")),
            "{target}:\n{head}"
        );
        let told: Vec<_> = secrets.iter().filter(|secret| head.contains(secret.as_str())).collect();
        assert!(told.is_empty(), "{target}: {told:?}\n{head}");
        assert!(seen.cookies().contains(&"theirs".to_owned()), "the extranet's own cookies pass: {head}");
        assert_eq!(seen.values("Authorization"), [""; 0], "{target}");
    }
    assert!(town.a.last().cookies().contains(&"USESSION".to_owned()), "the extranet's own session passes");
}
