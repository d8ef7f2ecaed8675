//! Published flaws of comparable products, as tests from outside; each carries the id of its row in the table of
//! security checks.

mod budgets;
mod clocks;
mod devices;
mod flows;
mod forms;
mod guessing;
mod hammer;
mod headers;
mod hosts;
mod letters;
mod our_answers;
mod our_passwords;
mod paths;
mod recycled;
mod redirects;
mod routes;
mod sessions;
mod spellings;
mod steps;
mod taken_back;
mod unnamed;
mod wire;

use crate::support::{
    person::Person,
    raw::{Raw, RawAnswer},
    town::Town,
};

/// Sends a request head as it is, on a connection of its own, and returns the answer; none where the gateway hung up.
fn raw(town: &Town, head: impl AsRef<[u8]>) -> Option<RawAnswer> {
    let mut socket = Raw::connect(town.gateway.port());
    socket.send(head);
    socket.answer()
}

/// A GET of agency A's extranet by a browser with these cookies and further header lines.
fn get_at_a(town: &Town, target: &str, cookies: &str, lines: &[&str]) -> Option<RawAnswer> {
    let mut head = format!(
        "GET {target} HTTP/1.1\r\nHost: agence-a.localhost:{}\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n\
         Sec-Fetch-Dest: document\r\n",
        town.gateway.port()
    );
    if !cookies.is_empty() {
        head.extend(["Cookie: ", cookies, "\r\n"]);
    }
    for line in lines {
        head.push_str(line);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    raw(town, head)
}

/// The cookies that a person's browser sends to agency A.
fn cookies_at_a(town: &Town, person: &Person) -> String {
    person.cookie_line(&town.gateway.agency("agence-a", "/"))
}

/// Fails unless the answer leads to a sign-in, refuses, or is malformed; never an extranet's page.
fn assert_shut(town: &Town, answer: Option<&RawAnswer>, what: &str) {
    let answer = answer.unwrap_or_else(|| panic!("{what}: the gateway hung up without a word"));
    let location = answer.header("location").unwrap_or_default();
    let to_login = matches!(answer.status, 302 | 303 | 307)
        && (location.contains("/login") || location.contains("/.vestibule/begin"));
    let refused = matches!(answer.status, 400 | 401 | 403 | 404 | 405 | 421);
    assert!(to_login || refused, "{what}: {} {location}\n{}", answer.status, answer.text());
    town.a.assert_untouched(what);
}

/// Fails unless the answer leads to a sign-in.
fn assert_login(town: &Town, answer: Option<&RawAnswer>, what: &str) {
    assert_shut(town, answer, what);
    let answer = answer.expect("an answer");
    assert!(matches!(answer.status, 302 | 303 | 307 | 401), "{what}: {}", answer.status);
}
