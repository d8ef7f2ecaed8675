//! A rule is matched on the path that the extranet would read, or the request is refused.

use super::{assert_login, assert_shut, get_at_a, raw};
use crate::support::town::Town;

#[test]
fn sec_020_no_way_of_climbing_leads_from_public_to_private() {
    let town = Town::build();
    for target in [
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/%2e%2e%2fprivate",
        "/public/..;/private",
        "/public//../private",
        "/public%2f..%2fprivate",
        "/public/..%5cprivate",
        "/public\\..\\private",
        "/%70rivate",
        "/public/./../private",
        "/public/%252e%252e/private",
        "/public/%2e%2e;x=1/private",
        "//public/../private",
        "/public/..%00/private",
        "/public/\u{2025}/private",
    ] {
        let answer = get_at_a(&town, target, "", &[]);
        assert_shut(&town, answer.as_ref(), target);
    }
    assert_eq!(
        get_at_a(&town, "/public/logo.png", "", &[]).expect("an answer").status,
        200,
        "the public path is public"
    );
}

#[test]
fn sec_021_every_spelling_of_a_slash_is_decided_alike() {
    let town = Town::build();
    for slash in ["%2f", "%2F", "%5c", "%5C"] {
        for target in [
            format!("/public{slash}..{slash}private"),
            format!("/public/..{slash}private"),
            format!("/public{slash}{slash}..{slash}private"),
            format!("{slash}public/../private"),
        ] {
            let answer = get_at_a(&town, &target, "", &[]);
            assert_shut(&town, answer.as_ref(), &target);
        }
        let status = |target: String| get_at_a(&town, &target, "", &[]).expect("an answer").status;
        assert_eq!(status(format!("/public{slash}logo.png")), status("/public%2flogo.png".to_owned()), "{slash}");
        town.forget();
    }
}

#[test]
fn sec_023_a_public_path_in_the_query_or_a_parameter_is_none() {
    let town = Town::build();
    for target in
        ["/private?x=/public/", "/private;/public/", "/private/?/public/logo.png", "/private/public/", "/publicprivate"]
    {
        let answer = get_at_a(&town, target, "", &[]);
        assert_login(&town, answer.as_ref(), target);
    }
}

#[test]
fn sec_024_a_fragment_in_the_target_is_refused() {
    let town = Town::build();
    for target in ["/private#/public/a.png", "/public/#/../private", "/public#/private"] {
        let answer = get_at_a(&town, target, "", &[]).expect("an answer");
        assert_eq!(answer.status, 400, "{target}");
        town.a.assert_untouched(target);
    }
    let escaped = get_at_a(&town, "/private%23/public/a.png", "", &[]);
    assert_login(&town, escaped.as_ref(), "an escaped fragment");
}

#[test]
fn sec_025_a_target_that_cannot_be_read_is_refused() {
    let town = Town::build();
    let host = format!("Host: agence-a.localhost:{}\r\nAccept: text/html\r\n\r\n", town.gateway.port());
    let targets: [&[u8]; 14] = [
        b"/%",
        b"/%zz",
        b"/\xff",
        b"/a b",
        b"http://[",
        b"//",
        b"///",
        b"//evil.tld/membre/x",
        b"//public/x",
        b"//agence-a.localhost/public/x",
        b"*",
        b"",
        b"/a%00b",
        b"private",
    ];
    for target in targets {
        let mut head = b"GET ".to_vec();
        head.extend_from_slice(target);
        head.extend_from_slice(b" HTTP/1.1\r\n");
        head.extend_from_slice(host.as_bytes());
        let name = String::from_utf8_lossy(target).into_owned();
        let answer = raw(&town, head).unwrap_or_else(|| panic!("{name:?}: hung up without an answer"));
        assert_eq!(answer.status, 400, "{name:?}");
        town.a.assert_untouched(&name);
    }
}
