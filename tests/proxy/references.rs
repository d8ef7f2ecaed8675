//! Every page with a status of 5xx has a reference, and the log says by it why (A8, A9).

use std::time::Duration;

use serde_json::Value;

use crate::stores::outages::ServersFolder;
use crate::support::{
    echo::Echo,
    eventually, free_port,
    gateway::Gateway,
    outage::right_password,
    person::{Answer, Person},
    postgres::Cluster,
    raw::Raw,
    rogue::{self, Rogue},
    site::Site,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, DORA, Town, migrate_up_to_proof, try_sign_in},
};

/// The reference that somebody could read out: on a page in its element, else as the last word.
fn reference(text: &str) -> String {
    let named = text.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next());
    let id = named.or_else(|| text.split_whitespace().last()).unwrap_or_default();
    assert!(id.len() == 16 && id.chars().all(|c| c.is_ascii_hexdigit()), "no reference: {text}");
    id.to_owned()
}

/// Fails unless the access line with this reference says why, in the field that every such line has.
fn explained(gateway: &Gateway, what: &str, text: &str, why: &str) {
    let id = reference(text);
    let lines = eventually(&format!("{what}: {id} in the log"), Duration::from_secs(5), || {
        let log = gateway.log();
        let lines = log.lines().filter(|line| line.contains(&id)).filter_map(|line| serde_json::from_str(line).ok());
        let lines: Vec<Value> = lines.collect();
        lines.iter().any(|line| line["target"] == "access").then_some(lines)
    });
    for line in lines.iter().filter(|line| line["target"] == "access" || line["level"] == "ERROR") {
        assert_eq!(line["request_id"], id.as_str(), "{what}: {line}");
        assert!(line["fault"].as_str().is_some_and(|fault| !fault.is_empty()), "{what}: {line}");
    }
    let said = lines.iter().find(|line| line["target"] == "access").expect("an access line");
    assert!(said["fault"].as_str().is_some_and(|fault| fault.contains(why)), "{what}: {why}: {said}");
}

fn failed(answer: &Answer, what: &str) -> String {
    assert!(answer.status >= 500, "{what}: {} {}", answer.status, answer.text());
    answer.text()
}

#[test]
fn a09_whatever_an_extranet_does_wrong_has_a_reference_that_the_log_explains() {
    let rogue = Rogue::start();
    let site = Site::new()
        .agency(rogue.agency("rogue"))
        .agency(rogue::agency("refused", &format!("http://127.0.0.1:{}", free_port())))
        .agency(rogue::agency("nameless", "http://no-such-host.invalid:8000"));
    let gateway = Gateway::start(&site);
    for (label, path, why) in [
        ("refused", "x", "the extranet refuses connections"),
        ("nameless", "x", "the extranet's name cannot be resolved"),
        ("rogue", "silence", "the extranet does not answer in time"),
        ("rogue", "garbage", "the extranet's answer cannot be read"),
    ] {
        // A page, and a part of one, over and over: each has its own reference, though the outage is told once.
        for mode in ["navigate", "no-cors", "navigate"] {
            let mut raw = Raw::connect(gateway.port());
            let destination = if mode == "navigate" { "document" } else { "image" };
            raw.send(format!(
                "GET /public/{path} HTTP/1.1\r\nHost: {label}.localhost:{}\r\nAccept: */*\r\nSec-Fetch-Mode: {mode}\r\n\
                 Sec-Fetch-Dest: {destination}\r\n\r\n",
                gateway.port()
            ));
            let Some(answer) = raw.answer() else { panic!("{label} {path}: hung up") };
            assert!(answer.status >= 500, "{label} {path}: {}", answer.status);
            explained(&gateway, &format!("{label} {path} {mode}"), &answer.text(), why);
        }
    }
}

#[test]
fn a09_a_sign_in_that_an_extranet_does_not_answer_has_a_reference() {
    let mut town = Town::build();
    let mut alice = town.alice();
    town.a = Echo::start(Vec::new());
    let mut carol = Person::new(&town.gateway);
    carol.open("/login?client=CA&societe=SA").fill("login", CAROL.login).fill("password", CAROL.password);
    let form = carol.form("Connexion");
    explained(&town.gateway, "the wizard's sign-in", &failed(&carol.send(&form), "sign-in"), "no verdict");
    alice.open(town.at_a("/membre/x"));
    let inside = alice.here().text();
    explained(&town.gateway, "inside", &inside, "the extranet refuses connections");
    let mut again = Person::new(&town.gateway);
    try_sign_in(&mut again, "a", ALICE.email, CHOSEN);
    explained(&town.gateway, "entering", &failed(again.here(), "entering"), "no verdict");
}

#[test]
fn a09_without_its_database_every_page_has_a_reference_forms_too() {
    const AWAY: &str = "the database is away";
    let folder = ServersFolder::new();
    let mut cluster = Cluster::start_in(&folder.0, 50);
    let town = Town::build_with(|site| site.in_database(cluster.database()).set("server.cache_seconds", 1));
    let mut alice = town.alice();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let mut dora = Person::new(&town.gateway);
    try_sign_in(&mut dora, "a", DORA.login, DORA.password);
    dora.press("Étape suivante").fill("email", "dora@residents.example");
    carol.fill("code", "12345678");
    cluster.stop();
    std::thread::sleep(Duration::from_millis(1500));
    let form = carol.form("Valider");
    explained(&town.gateway, "the code", &failed(&carol.send(&form), "the code"), AWAY);
    let form = dora.form("Continuer");
    let page = failed(&dora.send(&form), "the address");
    assert!(page.contains("<form") && page.contains("dora@residents.example"), "what was typed stays: {page}");
    explained(&town.gateway, "the address", &page, AWAY);
    for new in [true, false] {
        let mut person = Person::new(&town.gateway);
        let login = if new { CAROL.login } else { ALICE.email };
        person.open("/login?client=CA&societe=SA").fill("login", login).fill("password", CHOSEN);
        let form = person.form("Connexion");
        let page = failed(&person.send(&form), "sign-in");
        explained(&town.gateway, "sign-in", &page, AWAY);
    }
    let (_, answer, _) = right_password(&town);
    explained(&town.gateway, "sign-in", &failed(&answer, "sign-in"), AWAY);
    for (path, part) in
        [("/account".to_owned(), false), (town.at_a("/membre/x"), false), (town.at_a("/membre/x.png"), true)]
    {
        let headers: &[(&str, &str)] =
            if part { &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")] } else { &[] };
        let answer = alice.get(&path, headers);
        explained(&town.gateway, &path, &failed(&answer, &path), AWAY);
    }
}

#[test]
fn a09_without_redis_every_page_has_a_reference() {
    let mut town = Town::build_with(|site| site.on(Stage::Redis).set("server.cache_seconds", 1));
    let mut alice = town.alice();
    town.gateway.redis().kill();
    std::thread::sleep(Duration::from_millis(1500));
    let (_, answer, _) = right_password(&town);
    explained(&town.gateway, "sign-in", &failed(&answer, "sign-in"), "Redis is away");
    for path in ["/account".to_owned(), town.at_a("/membre/x")] {
        let answer = alice.get(&path, &[]);
        explained(&town.gateway, &path, &failed(&answer, &path), "Redis is away");
    }
}
