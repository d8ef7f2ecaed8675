//! An agency, or the portal, that has moved to another address.

use std::fs;

use crate::support::{
    person::{Person, Request},
    raw::Raw,
    town::Town,
};

/// Agency A as it was known before, and the portal.
fn moved() -> Town {
    let before = |name: &str| toml::Value::Array(vec![format!("http://{name}.localhost").into()]);
    Town::build_with_agency(
        |site| site.set("portal.former_urls", before("compte")),
        |agency| agency.set("former_urls", before("agence-ancienne")),
    )
}

fn asked(town: &Town, method: &str, rest: &str) -> (u16, String) {
    let mut client = Raw::connect(town.gateway.port());
    let answer = client.send(format!("{method} {rest}")).answer_to(method).expect("an answer");
    (answer.status, answer.header("location").unwrap_or_default().to_owned())
}

#[test]
fn review_b_bookmarks_of_a_former_address_lead_to_the_same_page_of_the_new_one() {
    let town = moved();
    let port = town.gateway.port();
    for (host, new) in [("agence-ancienne", "agence-a"), ("AGENCE-ANCIENNE", "agence-a"), ("compte", "www")] {
        for target in [
            "/",
            "/membre/x?onglet=2&q=%C3%A9",
            "/login?client=CA&societe=SA",
            "/.vestibule/renew?return=/x",
            "/deconnexion",
        ] {
            for method in ["GET", "HEAD"] {
                let request = format!("{target} HTTP/1.1\r\nHost: {host}.localhost:{port}\r\n\r\n");
                let expected = format!("http://{new}.localhost:{port}{target}");
                assert_eq!(asked(&town, method, &request), (301, expected), "{method} {host} {target}");
            }
        }
    }
    town.a.assert_untouched("nothing is forwarded from a former address");
    let mut alice = town.alice();
    alice.open(format!("http://agence-ancienne.localhost:{port}/membre/x")).see("alice-77");
    assert_eq!(alice.here().url.host_str(), Some("agence-a.localhost"));
}

#[test]
fn review_b_what_is_sent_to_a_former_address_goes_nowhere() {
    let town = moved();
    for method in ["POST", "PUT", "DELETE", "PROPFIND"] {
        let url = format!("http://agence-ancienne.localhost:{}/identification", town.gateway.port());
        let request = Request::get(url.parse().expect("an address")).method(method.parse().expect("a method"));
        let answer = Person::new(&town.gateway).ask(request);
        assert_eq!(answer.status, 410, "{method}");
        assert!(answer.text().contains("http://agence-a.localhost"), "the way on: {}", answer.text());
    }
    town.a.assert_untouched("what was sent to a former address");
    let below = format!("http://x.agence-ancienne.localhost:{}/", town.gateway.port());
    assert_eq!(Person::new(&town.gateway).get(below, &[]).status, 421, "a name below it was nobody's");
}

#[test]
fn review_b_an_agency_moves_with_a_reload_and_its_residents_go_on() {
    let town = Town::build();
    let mut alice = town.alice();
    let bookmark = town.at_a("/membre/x");
    alice.open(&bookmark).see("alice-77");
    let file = town.gateway.folder().join("agencies/agence-a.toml");
    let text = fs::read_to_string(&file).expect("a file");
    let port = town.gateway.port();
    let moved = format!(
        "former_urls = [\"http://agence-a.localhost:{port}\"]\n{}",
        text.replace("http://agence-a.localhost", "http://agence-neuve.localhost")
    );
    fs::write(&file, moved).expect("a file");
    let reloaded = town.gateway.run("reload", &[]);
    assert!(reloaded.status.success(), "{}", String::from_utf8_lossy(&reloaded.stderr));
    alice.open(&bookmark).see("alice-77");
    assert_eq!(alice.here().url.as_str(), format!("http://agence-neuve.localhost:{port}/membre/x"));
}
