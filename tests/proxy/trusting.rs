//! The gateway makes sure of the extranet, and the extranet of the gateway (a25).

use std::{fs, time::Duration};

use tempfile::TempDir;

use crate::support::{
    echo::{Account, Echo},
    eventually,
    gateway::Gateway,
    person::{Person, Request},
    site::{Agency, Site},
    tls_front::{Authority, TlsFront, self_signed},
    town::{self, ALICE, Town, try_sign_in},
};

/// Until the gateway has noticed that a connection is gone.
const WHILE: Duration = Duration::from_secs(10);
const SECRET: &str = "Zu8-gate-secret-4711-planted";

fn echo() -> Echo {
    Echo::start(vec![Account::new(ALICE.login, ALICE.password, "Alice Martin", ALICE.email)])
}

/// Agency A behind a front with TLS.
fn agency(a: &Echo, front: &TlsFront) -> Agency {
    town::agency("agence-a", "CA", "SA", "Agence du Port", a)
        .set("upstream.url", front.origin())
        .set("upstream.aliases", vec![a.origin().to_owned()])
}

fn town_of(a: Echo, agency: Agency) -> Town {
    Town { gateway: Gateway::start(&Site::new().agency(agency)), a, b: Echo::start(Vec::new()) }
}

#[test]
fn a25_an_extranet_of_a_private_authority_sees_the_gateways_certificate_and_secret() {
    let (a, authority, clients) = (echo(), Authority::new("Interne"), Authority::new("Passerelles"));
    let front = TlsFront::start_for(&a, authority.certify("extranet.interne"), &clients);
    clients.certify("vestibule");
    let folder = TempDir::new().expect("a folder");
    let secret = folder.path().join("secret");
    fs::write(&secret, format!("{SECRET}\n")).expect("the secret");
    let agency = agency(&a, &front)
        .set("upstream.tls.ca_file", authority.file())
        .set("upstream.tls.server_name", "extranet.interne")
        .set("upstream.tls.client_cert_file", clients.path_of("vestibule", "pem"))
        .set("upstream.tls.client_key_file", clients.path_of("vestibule", "key"))
        .set("upstream.secret_header.name", "X-Gate")
        .set("upstream.secret_header.value_file", secret.to_str().expect("a path"));
    let town = town_of(a, agency);
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    town.sign_in(&mut alice, "a", ALICE.email, town::CHOSEN);
    for seen in town.a.seen() {
        assert_eq!(seen.folded("X-Gate"), [SECRET], "in the gateway's own conversation too: {}", seen.target);
    }
    town.forget();
    let at = |path: &str| town.gateway.agency("agence-a", path);
    for spelling in ["X-Gate", "x_gate", "X-GATE"] {
        alice.ask(Request::get(at("/membre/x")).header(spelling, "a-guess"));
        assert_eq!(town.a.last().folded("X-Gate"), [SECRET], "{spelling}");
    }
    alice.ask(Request::get(at("/public/x")));
    assert_eq!(town.a.last().folded("X-Gate"), [SECRET], "the gateway is the gateway on public paths too");
    assert!(front.asked().iter().all(|name| name.as_deref() == Some("extranet.interne")), "{:?}", front.asked());
    assert!(!town.gateway.log().contains(SECRET), "never logged");
    // How long the gateway's own certificate holds is told like the others', and a renewed one is taken up.
    let own = "vestibule_certificate_not_after_seconds{agency=\"CA/SA\"} ";
    let ends = || {
        let (_, metrics) = town.gateway.health("/metrics").expect("metrics");
        metrics.lines().find_map(|line| line.strip_prefix(own)?.parse::<i64>().ok()).expect("a metric")
    };
    let day = jiff::Timestamp::now().as_second();
    assert!(ends() - day > 30 * 86400, "rcgen's are for long");
    let date = jiff::Zoned::now().date().saturating_add(jiff::Span::new().days(6));
    let until = (date.year().into(), date.month().try_into().expect("a month"), date.day().try_into().expect("a day"));
    clients.certify_until("vestibule", until);
    eventually("the renewed one to be in force", Duration::from_secs(20), || (ends() - day < 7 * 86400).then_some(()));
    let warned = |line: &str| line.contains("WARN") && line.contains("the gateway's own certificate ends");
    eventually("a warning with the reload", Duration::from_secs(5), || {
        town.gateway.log().lines().any(warned).then_some(())
    });
    alice.ask(Request::get(at("/membre/y")));
    assert_eq!(town.a.last().folded("X-Gate"), [SECRET], "the extranet believes the renewed one");
    let told = town.gateway.run("check", &[]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned() + &String::from_utf8_lossy(&told.stderr);
    assert!(told.contains("answers the gateway only") && !told.contains(SECRET), "{told}");
}

#[test]
fn a25_who_shows_another_certificate_gets_nothing() {
    let (a, authority) = (echo(), Authority::new("Interne"));
    let front = TlsFront::start(&a, authority.certify("127.0.0.1"));
    let agency = agency(&a, &front).set("upstream.tls.ca_file", authority.file());
    let town = town_of(a, agency);
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    town.sign_in(&mut alice, "a", ALICE.email, town::CHOSEN);
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    // The next connection meets somebody else.
    let other = Authority::new("Ailleurs");
    for (what, certified) in
        [("another authority", other.certify("127.0.0.1")), ("another name", authority.certify("ailleurs.example"))]
    {
        front.show(certified);
        eventually("the connection from before to go", WHILE, || {
            town.forget();
            alice.open(town.at_a("/membre/x"));
            (alice.here().status != 200).then_some(())
        });
        alice.see("ne répond pas pour le moment");
        assert_eq!(alice.here().status, 502, "{what}");
        town.a.assert_untouched(what);
        let mut stranger = Person::new(&town.gateway);
        try_sign_in(&mut stranger, "a", "bob-12", "his-old-password");
        stranger.see("ne répond pas");
        town.a.assert_untouched("old credentials");
        front.show(authority.certify("127.0.0.1"));
        alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    }
}

#[test]
fn a25_a_pinned_certificate_is_believed_itself_and_no_other() {
    let (a, folder) = (echo(), TempDir::new().expect("a folder"));
    let file = folder.path().join("extranet.pem");
    let front = TlsFront::start(&a, self_signed("vieux.extranet.example", &file));
    let agency = agency(&a, &front).set("upstream.tls.pinned_file", file.to_str().expect("a path"));
    let town = town_of(a, agency);
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    town.sign_in(&mut alice, "a", ALICE.email, town::CHOSEN);
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    // The same name, the same words, another key.
    front.show(self_signed("vieux.extranet.example", &folder.path().join("other.pem")));
    eventually("the connection from before to go", WHILE, || {
        town.forget();
        alice.open(town.at_a("/membre/x"));
        (alice.here().status != 200).then_some(())
    });
    assert_eq!(alice.here().status, 502);
    town.a.assert_untouched("another certificate");
    let mut stranger = Person::new(&town.gateway);
    try_sign_in(&mut stranger, "a", "bob-12", "his-old-password");
    stranger.see("ne répond pas");
    town.a.assert_untouched("old credentials");
}

#[test]
fn a25_check_tells_that_an_extranet_is_reached_around_the_gateway() {
    let (a, authority) = (echo(), Authority::new("Interne"));
    let front = TlsFront::start(&a, authority.certify("127.0.0.1"));
    authority.certify("vestibule");
    let open = agency(&a, &front)
        .set("upstream.tls.ca_file", authority.file())
        .set("upstream.tls.client_cert_file", authority.path_of("vestibule", "pem"))
        .set("upstream.tls.client_key_file", authority.path_of("vestibule", "key"));
    let strange = town::agency("agence-b", "CB", "SB", "Agence de la Gare", &a).set("upstream.url", front.origin());
    let gateway = Gateway::start(&Site::new().agency(open).agency(strange));
    let done = gateway.run("check", &[]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(told.contains("CA/SA: warning:") && told.contains("without the gateway's certificate"), "{told}");
    assert!(told.contains("CB/SB:") && told.contains("invalid peer certificate"), "{told}");
    assert_eq!(done.status.code(), Some(1), "one is not believed: {told}");
    assert!(front.refused() > 0);
}
