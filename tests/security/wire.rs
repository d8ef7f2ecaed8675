//! One request has one meaning on the wire, or none.

use super::cookies_at_a;
use crate::support::{raw::Raw, town::Town};

/// Sends a request with these header lines and body, with a second one behind it that nobody may ever see.
fn refused(town: &Town, cookies: &str, lines: &[&str], body: &str, allowed: &[u16]) {
    town.forget();
    let port = town.gateway.port();
    let what = format!("{lines:?}");
    let mut head = format!("POST /membre/first HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n");
    for line in lines {
        head.push_str(line);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.push_str(body);
    let smuggled =
        format!("GET /membre/smuggled HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n\r\n");
    head.push_str(&smuggled);
    let mut socket = Raw::connect(port);
    socket.send(head);
    let answer = socket.answer().unwrap_or_else(|| panic!("{what}: hung up without an answer"));
    assert!(allowed.contains(&answer.status), "{what}: {}", answer.status);
    assert!(socket.is_closed(), "{what}: the connection goes on");
    town.a.assert_untouched(&what);
}

#[test]
fn sec_101_a_length_and_chunks_together_are_refused() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    refused(&town, &cookies, &["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n", &[400]);
    refused(&town, &cookies, &["Transfer-Encoding: chunked", "Content-Length: 5"], "0\r\n\r\n", &[400]);
}

#[test]
fn sec_102_two_lengths_are_refused() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    refused(&town, &cookies, &["Content-Length: 5", "Content-Length: 6"], "hello", &[400]);
    refused(&town, &cookies, &["Content-Length: 0", "Content-Length: 5"], "hello", &[400]);
    refused(&town, &cookies, &["Content-Length: 5, 6"], "hello", &[400]);
}

#[test]
fn sec_104_a_length_that_is_no_plain_number_is_refused() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    for length in ["+5", "0x5", "5_0", "1Z", "-1", "5 5", "5,", "99999999999999999999", "\u{665}"] {
        refused(&town, &cookies, &[&format!("Content-Length: {length}")], "hello", &[400]);
    }
}

#[test]
fn sec_104_a_length_with_leading_zeros_is_refused() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    refused(&town, &cookies, &["Content-Length: 010"], "hellohello", &[400]);
}

#[test]
fn sec_105_an_empty_length_is_refused() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    refused(&town, &cookies, &["Content-Length:"], "", &[400]);
    refused(&town, &cookies, &["Content-Length:", "Content-Length: 5"], "hello", &[400]);
    refused(&town, &cookies, &["Content-Length: 5", "Content-Length:"], "hello", &[400]);
}

#[test]
fn sec_107_a_blank_before_the_colon_is_refused() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    refused(&town, &cookies, &["Content-Length : 5"], "hello", &[400]);
    refused(&town, &cookies, &["Transfer-Encoding : chunked"], "0\r\n\r\n", &[400]);
    refused(&town, &cookies, &["X-Extranet-User : mallory-6"], "", &[400]);
}

#[test]
fn sec_108_more_than_one_encoding_is_refused() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    for lines in [
        &["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"][..],
        &["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        &["Transfer-Encoding: chunked, chunked"],
        &["Transfer-Encoding: chunked, identity"],
        &["Transfer-Encoding: identity, chunked"],
        &["Transfer-Encoding: gzip, chunked"],
    ] {
        refused(&town, &cookies, lines, "0\r\n\r\n", &[400, 501]);
    }
}

#[test]
fn sec_109_an_encoding_that_only_looks_like_chunked_is_refused() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    for value in ["xchunked", ",chunked", "chunked;x", "\"chunked\"", "chunked\u{b}", "chunk", "identity", ""] {
        refused(&town, &cookies, &[&format!("Transfer-Encoding: {value}")], "0\r\n\r\n", &[400, 501]);
    }
}

#[test]
fn sec_128_a_cookie_counts_for_its_own_request_only() {
    let town = Town::build();
    let cookies = cookies_at_a(&town, &town.alice());
    let port = town.gateway.port();
    let request = |name: &str, cookie: &str| {
        format!("GET /membre/{name} HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nAccept: text/html\r\n{cookie}\r\n")
    };
    let mut socket = Raw::connect(port);
    let three = [request("1", &format!("Cookie: {cookies}\r\n")), request("2", ""), request("3", "")].concat();
    socket.send(three);
    assert_eq!(socket.answer().expect("the first answer").status, 200);
    for number in [2, 3] {
        if let Some(answer) = socket.answer() {
            assert_ne!(answer.status, 200, "request {number} has no cookie");
        }
    }
    let reached: Vec<_> = town.a.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(reached, ["/membre/1"]);
}
