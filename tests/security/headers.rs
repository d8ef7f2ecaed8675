//! Identity headers belong to the gateway alone.

use super::{cookies_at_a, get_at_a};
use crate::support::{
    echo::Seen,
    town::{ALICE, DORA, Town},
};

/// Every header that the configuration injects, with Alice's value.
const INJECTED: [(&str, &str); 3] = [
    ("X-Extranet-User", ALICE.login),
    ("X-Extranet-Agency", "CA-SA"),
    ("X-Extranet-Name", "Alice Martin-%C5%92uvrard"),
];

fn assert_only_ours(seen: &Seen, what: &str) {
    for (name, value) in INJECTED {
        assert_eq!(seen.folded(name), [value], "{what}: {name} at the extranet");
    }
}

#[test]
fn sec_001_an_identity_header_in_any_spelling_is_replaced() {
    let town = Town::build();
    let alice = town.alice();
    let cookies = cookies_at_a(&town, &alice);
    let mut lines = Vec::new();
    for (name, _) in INJECTED {
        let half = name.replacen('-', "_", 1);
        for spelling in [name.replace('-', "_"), half, name.to_uppercase(), name.to_lowercase(), name.to_owned()] {
            lines.push(format!("{spelling}: mallory-6"));
        }
    }
    for line in &lines {
        town.forget();
        let answer = get_at_a(&town, "/membre/x", &cookies, &[line]).expect("an answer");
        assert_eq!(answer.status, 200, "{line}");
        assert_only_ours(&town.a.last(), line);
    }
    town.forget();
    let all: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(get_at_a(&town, "/membre/x", &cookies, &all).expect("an answer").status, 200);
    assert_only_ours(&town.a.last(), "all spellings at once");
}

#[test]
fn sec_002_a_header_without_a_value_is_removed_and_not_believed() {
    let town = Town::build();
    let dora = town.resident(DORA);
    let cookies = cookies_at_a(&town, &dora);
    get_at_a(&town, "/membre/x", &cookies, &["X-Extranet-Name: Somebody Else"]).expect("an answer");
    let seen = town.a.last();
    assert_eq!(seen.folded("X-Extranet-Name"), [""; 0], "nobody wrote down her name");
    assert_eq!(seen.folded("X-Extranet-User"), [DORA.login]);
    for cookies in [String::new(), cookies] {
        town.forget();
        let lines = ["X-Extranet-User: alice-77", "x_extranet_agency: CA-SA", "X-EXTRANET-NAME: Alice"];
        assert_eq!(get_at_a(&town, "/public/logo.png", &cookies, &lines).expect("an answer").status, 200);
        for (name, _) in INJECTED {
            assert_eq!(town.a.last().folded(name), [""; 0], "{name} on a public path");
        }
    }
}

#[test]
fn sec_004_no_nomination_in_connection_takes_a_header_away() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    let attempts: [&[&str]; 7] = [
        &["Connection: close, X-Extranet-User"],
        &["connection: x-extranet-user, x-extranet-agency, x-extranet-name"],
        &["Connection: keep-alive", "Connection: X-Extranet-User"],
        &["Connection: close, X-Forwarded-For"],
        &["Connection: close, Host"],
        &["Connection: cookie"],
        &[
            "Connection: TE, Trailer",
            "TE: trailers",
            "Trailer: X-A",
            "Keep-Alive: timeout=5",
            "Proxy-Connection: close",
        ],
    ];
    for lines in attempts {
        town.forget();
        let answer = get_at_a(&town, "/membre/x", &cookies, lines).unwrap_or_else(|| panic!("{lines:?}: no answer"));
        if answer.status == 400 {
            town.a.assert_untouched(&format!("{lines:?}"));
            continue;
        }
        let seen = town.a.last();
        assert_only_ours(&seen, &format!("{lines:?}"));
        assert!(!seen.values("X-Forwarded-For").is_empty(), "{lines:?}: the client's address is told");
        for hop in ["Keep-Alive", "TE", "Trailer", "Proxy-Connection", "Proxy-Authorization"] {
            assert_eq!(seen.values(hop), [""; 0], "{lines:?}: {hop}");
        }
        let nominated = seen.values("Connection").join(",").to_ascii_lowercase();
        assert!(!nominated.contains("extranet") && !nominated.contains("forwarded"), "{lines:?}: {nominated}");
    }
}

#[test]
fn sec_006_a_header_that_is_configured_in_odd_capitals_is_still_one() {
    let town = Town::build_with_agency(
        |site| site,
        |agency| {
            let header: toml::Table = "name = 'x-eXTRANET-user'\nvalue = '{login}'".parse().expect("TOML");
            agency.set("headers", vec![header])
        },
    );
    let cookies = cookies_at_a(&town, &town.alice());
    get_at_a(&town, "/membre/x", &cookies, &["X-Extranet-User: mallory-6"]).expect("an answer");
    assert_eq!(town.a.last().folded("X-Extranet-User"), [ALICE.login]);
}

#[test]
fn sec_008_forwarding_headers_of_strangers_are_not_believed() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    for line in [
        "X-Forwarded-For: 1.2.3.4",
        "X-Real-IP: 1.2.3.4",
        "Forwarded: for=1.2.3.4;proto=https;host=evil.tld",
        "True-Client-IP: 1.2.3.4",
        "CF-Connecting-IP: 1.2.3.4",
        "X_Forwarded_For: 1.2.3.4",
        "X-Client-IP: 1.2.3.4",
    ] {
        town.forget();
        get_at_a(&town, "/membre/x", &cookies, &[line]).expect("an answer");
        let seen = town.a.last();
        let told = seen.folded("X-Forwarded-For").join(",");
        assert_eq!(told, "127.0.0.1", "{line}: the socket's address");
        let head = String::from_utf8_lossy(&seen.raw).into_owned();
        assert!(!head.contains("1.2.3.4") && !head.contains("evil.tld"), "{line}:\n{head}");
    }
}

#[test]
fn sec_008_of_a_trusted_proxys_chain_the_right_most_untrusted_address_counts() {
    let town = Town::build_with(|site| site.set("server.trusted_proxies", vec!["127.0.0.0/8", "10.0.0.0/8"]));
    let cookies = cookies_at_a(&town, &town.alice());
    get_at_a(&town, "/membre/x", &cookies, &["X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.2.3"]).expect("an answer");
    let seen = town.a.last();
    let told = seen.values("X-Forwarded-For").join(",");
    assert!(told.contains("203.0.113.9") && !told.contains("6.6.6.6"), "{told}");
}

#[test]
fn sec_011_a_header_cannot_say_that_another_path_was_asked() {
    let town = Town::build();
    for line in [
        "X-Forwarded-Uri: /public/logo.png",
        "X-Original-URL: /public/logo.png",
        "X-Original-URI: /public/logo.png",
        "X-Rewrite-URL: /public/logo.png",
        "X-Forwarded-Path: /public/logo.png",
        "X-Forwarded-Prefix: /public",
        "X-HTTP-Method-Override: OPTIONS",
        "X-Forwarded-Method: OPTIONS",
    ] {
        let answer = get_at_a(&town, "/membre/x", "", &[line]);
        super::assert_login(&town, answer.as_ref(), line);
    }
}
