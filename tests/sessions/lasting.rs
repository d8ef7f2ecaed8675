//! What lasts ends with the session, on every node (ATT-23).

use std::time::{Duration, Instant};

use crate::support::{
    person::Person,
    raw::Raw,
    stage::Stage,
    town::{ALICE, CHOSEN, Town, try_sign_in},
};

/// The age of the cache here, seconds.
const AGE: u64 = 6;

#[test]
fn att_23_what_lasts_ends_with_its_session() {
    ends_with_its_session(Stage::Sqlite);
}

#[test]
fn att_23_what_lasts_ends_with_its_session_on_postgres() {
    ends_with_its_session(Stage::Postgres);
}

#[test]
fn att_23_what_lasts_ends_with_its_session_on_redis() {
    ends_with_its_session(Stage::Redis);
}

#[test]
fn att_23_what_lasts_ends_with_its_session_on_another_node() {
    ends_with_its_session(Stage::TwoNodes);
}

#[test]
fn att_23_what_lasts_ends_with_its_session_on_another_node_with_redis() {
    ends_with_its_session(Stage::TwoNodesWithRedis);
}

/// Every way in which a session ends, one after the other: streams are opened on the first node, and it ends on the last.
fn ends_with_its_session(stage: Stage) {
    let town = Town::build_with(|site| site.on(stage).set("server.cache_seconds", i64::try_from(AGE).expect("small")));
    let mut alice = town.alice();
    let mut bystander = Person::new(&town.gateway);
    town.sign_in(&mut bystander, "a", ALICE.email, CHOSEN);
    let node = |node: usize| {
        if stage.nodes() > 1 {
            town.gateway.balancer().lead_to(node);
        }
    };
    let last = stage.nodes() - 1;

    node(0);
    let (mut socket, mut other) = (open(&town, &alice), open(&town, &bystander));
    node(last);
    alice.open("/logout").press("Se déconnecter").see("Vous êtes déconnecté");
    is_cut_off("a sign-out", &mut socket);
    assert!(goes_on(&mut other), "another sign-in of the same person goes on");

    node(0);
    try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    let mut socket = open(&town, &alice);
    node(last);
    let mut forgetful = Person::new(&town.gateway);
    forgetful.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot de passe"));
    forgetful.open(letter.link()).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer");
    forgetful.see("Mot de passe réinitialisé");
    is_cut_off("a reset", &mut socket);
    is_cut_off("a reset, in the other browser", &mut other);

    node(0);
    try_sign_in(&mut alice, "a", ALICE.email, OTHER);
    let mut socket = open(&town, &alice);
    node(last);
    let done = town.gateway.run("person", &["disable", ALICE.email, "--yes", "--reason", "sold her flat"]);
    assert!(done.status.success(), "{done:?}");
    is_cut_off("the end of the person", &mut socket);
}

#[test]
fn att_23_what_lasts_ends_with_its_account_and_with_its_time() {
    for stage in [Stage::Sqlite, Stage::TwoNodes] {
        let town =
            Town::build_with(|site| site.on(stage).set("server.cache_seconds", i64::try_from(AGE).expect("small")));
        let mut alice = town.alice();
        let mut socket = open(&town, &alice);
        town.gateway.rewrite("UPDATE sessions SET started_at = started_at - 86400000, seen_at = seen_at - 86400000");
        is_cut_off("the end of its time", &mut socket);

        try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        let mut socket = open(&town, &alice);
        alice.open("/account").follow("Détacher Agence du Port alice-77").fill("password", CHOSEN);
        alice.press("Détacher ce compte").see("Le compte d'agence a été détaché");
        is_cut_off("the end of the account", &mut socket);
    }
}

#[test]
fn att_23_a_long_download_ends_with_its_session_and_an_open_socket_keeps_none_awake() {
    let town = Town::build_with(|site| site.set("server.cache_seconds", i64::try_from(AGE).expect("small")));
    let mut alice = town.alice();
    let seen = || town.gateway.number("SELECT max(seen_at) FROM sessions");
    town.gateway.rewrite("UPDATE sessions SET seen_at = seen_at - 600000");
    let before = seen();
    let (mut socket, mut download) = (open(&town, &alice), asked(&town, &alice, "/drip?n=200&ms=200", ""));
    let came = seen();
    assert!(before <= came, "a request of hers");
    town.gateway.rewrite("UPDATE sessions SET seen_at = seen_at - 600000");
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(12) {
        assert!(goes_on(&mut socket));
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(seen(), came - 600_000, "nobody has asked for anything meanwhile");
    alice.open("/logout").press("Se déconnecter").see("Vous êtes déconnecté");
    let out = Instant::now();
    let rest = download.rest();
    assert!(out.elapsed() < Duration::from_secs(AGE + 2), "{:?}", out.elapsed());
    assert!(!rest.ends_with(b"0\r\n\r\n"), "broken off, not finished");
}

const OTHER: &str = "Cerisier-31-mur";

/// A WebSocket of somebody at agency A.
fn open(town: &Town, who: &Person) -> Raw {
    let origin = town.at_a("").trim_end_matches('/').to_owned();
    let lines = format!(
        "Origin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    );
    // pingora ends one now and then whose 101 overtakes the end of the request's empty body; a browser opens another.
    let open = || {
        let mut socket = asked(town, who, "/membre/socket", &lines);
        assert_eq!(socket.answer().expect("an answer").status, 101);
        (message(&mut socket)? == b"\x81\x01x").then_some(socket)
    };
    (0..10).find_map(|_| open()).expect("a WebSocket")
}

fn asked(town: &Town, who: &Person, path: &str, lines: &str) -> Raw {
    let port = town.gateway.port();
    let cookies = who.cookie_line(&town.gateway.agency("agence-a", "/"));
    let mut socket = Raw::connect(port);
    socket.send(format!("GET {path} HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n{lines}\r\n"));
    socket
}

/// What comes back of a message (« x », masked with noughts).
fn message(socket: &mut Raw) -> Option<Vec<u8>> {
    socket.send([0x81, 0x81, 0, 0, 0, 0, b'x']).exactly(3)
}

fn goes_on(socket: &mut Raw) -> bool {
    message(socket).is_some()
}

fn is_cut_off(by: &str, socket: &mut Raw) {
    let since = Instant::now();
    assert_eq!(socket.rest(), b"", "nothing more comes after {by}");
    assert!(since.elapsed() < Duration::from_secs(AGE + 2), "{by}: {:?}", since.elapsed());
    assert!(!goes_on(socket), "{by}");
}
