//! `vestibule mail`.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{listed, said, town, waiting};
use crate::support::{
    free_port,
    mail_server::{MailServer, Tls},
    site::Site,
    town::{CAROL, Town},
};

#[test]
fn mail_test_sends_one_letter_and_says_how_far_it_came() {
    let server = MailServer::start();
    let town = town(&server);
    let good = said(&town.gateway, &["test", "--to", "operator@agency.example"]);
    assert!(good.contains("taken: 250") && good.contains("not signed"), "{good}");
    assert!(server.next("operator@agency.example").envelope.tls);
    server.rules(&json!([{ "at": "RCPT", "answer": "450 4.2.0 greylisted" }]));
    let later = said(&town.gateway, &["test", "--to", "operator@agency.example"]);
    assert!(later.contains("sender taken, but not the recipient") && later.contains("this is for now"), "{later}");
    assert!(later.contains("the server said: 450 4.2.0 greylisted"), "{later}");
    assert_eq!(town.gateway.run("mail", &["test", "--to", "nonsense"]).status.code(), Some(1));
    let stranger = Town::build_with(|site| server.serve(site).set("mail.smtp.username", "somebody"));
    let refused = said(&stranger.gateway, &["test", "--to", "operator@agency.example"]);
    assert!(refused.contains("does not let us in (name and password?)"), "{refused}");
}

#[test]
fn mail_resend_sends_what_was_given_up_and_writes_what_was_sent_once_more() {
    let server = MailServer::start();
    let town = town(&server);
    server.rules(&json!([{ "at": "END", "answer": "554 5.6.0 not this", "times": 1 }]));
    let mut carol = waiting(&town, CAROL, CAROL.email);
    let line = crate::support::eventually("the letter given up", std::time::Duration::from_secs(15), || {
        listed(&town.gateway, CAROL.email).into_iter().find(|line| line.contains("abandoned"))
    });
    assert!(!line.contains("address refused"), "the letter was refused, not the address: {line}");
    let id = line.split_whitespace().next().expect("an id");
    assert!(said(&town.gateway, &["resend", id]).contains("1 letters are due now"));
    let first = server.next(CAROL.email).letter;
    crate::support::eventually("the letter sent", std::time::Duration::from_secs(15), || {
        listed(&town.gateway, CAROL.email).into_iter().find(|line| line.contains(" sent "))
    });
    assert!(said(&town.gateway, &["resend", id]).contains("goes again as"));
    let second = server.next(CAROL.email).letter;
    assert_ne!(super::field(&first.raw, "message-id"), super::field(&second.raw, "message-id"));
    assert!(said(&town.gateway, &["resend", "unknown"]).contains("there is no such letter"));
    assert_eq!(town.gateway.traced("letter-resent"), 2);
    carol.fill("code", &first.code()).press("Valider").see("Votre compte est à jour");
}

#[test]
fn a10_check_signs_in_at_the_mail_server_and_sends_nothing() {
    let mut server = MailServer::start();
    let town = town(&server);
    let checked = |town: &Town| {
        let output = town.gateway.run("check", &[]);
        let said = [&output.stdout[..], &output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (code, said) = checked(&town);
    assert!(code == Some(0) && said.contains("lets us in"), "{said}");
    assert!(server.heard("EHLO") > 0);
    assert_eq!((server.heard("MAIL"), server.heard("RCPT")), (0, 0), "no letter is begun");
    for (key, value, told) in [
        ("mail.smtp.username", toml::Value::from("somebody"), "does not let us in (name and password?)"),
        ("mail.smtp.tls", "tls".into(), "no protected connection"),
        ("mail.smtp.host", "nowhere.invalid".into(), "no connection: its name cannot be resolved"),
    ] {
        let stranger = Town::build_with(|site| server.serve(site).set(key, value));
        let (code, said) = checked(&stranger);
        let offline = stranger.gateway.run("check", &["--offline"]);
        assert!(code == Some(1) && said.contains(told), "{key}: {said}");
        assert!(said.contains("the mail server cannot be used from here"), "{key}: {said}");
        assert!(offline.status.success(), "{key}: {offline:?}");
    }
    server.down();
    let (code, said) = checked(&town);
    assert!(code == Some(1) && said.contains("Connection refused"), "{said}");
}

/// What a mail server is told otherwise to the gateway.
type Change<'c> = Box<dyn FnOnce(Site) -> Site + 'c>;

#[test]
fn review_a10_what_is_in_the_way_of_letters_is_told_apart_and_whoever_waits_is_told() {
    const LETS_US_IN_NOT: &str = "the server does not let us in";
    let starttls = |site: Site| site.set("mail.smtp.tls", "starttls");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_at = i64::from(silent.local_addr().expect("a port").port());
    let closed = i64::from(free_port());
    let ruled = |rule: Value| {
        let server = MailServer::start();
        server.rules(&json!([rule]));
        server
    };
    let upgraded = MailServer::start;
    let rows: Vec<(&str, MailServer, Change<'_>, &[&str])> = vec![
        (
            "name",
            upgraded(),
            Box::new(|site| site.set("mail.smtp.host", "nowhere.invalid")),
            &["no connection: its name cannot be resolved", "mail.smtp.host"],
        ),
        (
            "refused",
            upgraded(),
            Box::new(|site| site.set("mail.smtp.port", closed)),
            &["no connection: nobody listens there: Connection refused"],
        ),
        (
            "silent",
            upgraded(),
            Box::new(|site| site.set("mail.smtp.port", silent_at)),
            &[
                "no connection: it does not answer: no answer within 4 s",
                "waiting for the mail server",
                "no answer for 3 s",
            ],
        ),
        (
            "TLS from the first byte",
            MailServer::start_with(Tls::Wrapped),
            Box::new(starttls),
            &["it does not answer: no answer within 4 s (hint:", "mail.smtp.tls = \"tls\""],
        ),
        (
            "STARTTLS only",
            upgraded(),
            Box::new(|site| site.set("mail.smtp.tls", "tls")),
            &["no protected connection: it does not speak TLS as it should", "\"starttls\" for port 587"],
        ),
        (
            "no STARTTLS",
            MailServer::start_with(Tls::None),
            Box::new(starttls),
            &["no protected connection: it does not offer STARTTLS"],
        ),
        (
            "an authority that nobody knows",
            MailServer::with_certificate_for("localhost"),
            Box::new(|site| site),
            &["no protected connection: its certificate is not good"],
        ),
        (
            "another's certificate",
            MailServer::with_certificate_for("mx.example"),
            Box::new(|site| site),
            &["no protected connection: its certificate is not good", "mail.smtp.host as on the certificate"],
        ),
        (
            "hangs up",
            ruled(json!({ "at": "CONNECT", "hang_up": true })),
            Box::new(|site| site),
            &["no connection: it has ended the connection"],
        ),
        (
            "greets with a refusal",
            ruled(json!({ "at": "CONNECT", "answer": "554 5.7.1 not you" })),
            Box::new(|site| site),
            &[LETS_US_IN_NOT, "the server said: 554 5.7.1 not you"],
        ),
        (
            "password",
            upgraded(),
            Box::new(|site| site.set("mail.smtp.username", "somebody")),
            &["the server does not let us in (name and password?)", "the server said: 535"],
        ),
    ];
    for (what, server, change, words) in rows {
        let town = Town::build_with(|site| change(server.serve(site).set("mail.smtp.timeout_seconds", 2)));
        both_are_told(&town, what, words, words.iter().any(|words| words.starts_with(LETS_US_IN_NOT)));
    }
}

/// `check` and `mail test` say these words, and quote the server only where it has said something.
fn both_are_told(town: &Town, what: &str, words: &[&str], has_said: bool) {
    for (command, arguments) in [("check", &[][..]), ("mail", &["test", "--to", "operator@agency.example"])] {
        let done = town.gateway.run(command, arguments);
        let said = [&done.stdout[..], &done.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(done.status.code(), Some(1), "{what}, {command}: {said}");
        for words in words {
            assert!(said.contains(words), "{what}, {command}, {words}: {said}");
        }
        assert_eq!(said.contains("the server said"), has_said, "{what}, {command}: {said}");
        assert_eq!(said.contains("(name and password?)"), what == "password", "{what}, {command}: {said}");
    }
}

#[test]
fn review_a10_check_gives_up_a_silent_mail_server_long_before_the_gateway_does() {
    let server = MailServer::start();
    let town = Town::build_with(|site| server.serve(site).set("mail.smtp.timeout_seconds", 60));
    server.rules(&json!([{ "at": "CONNECT", "delay": 600 }]));
    let begin = Instant::now();
    let done = town.gateway.run("check", &[]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.code() == Some(1) && said.contains("it does not answer: no answer within 10 s"), "{said}");
    assert!(said.contains("waiting for the mail server: no answer for 3 s"), "{said}");
    assert!(begin.elapsed() < Duration::from_secs(25), "{:?}", begin.elapsed());
}
