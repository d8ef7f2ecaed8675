//! `vestibule mail`.

use serde_json::json;

use super::{listed, said, town, waiting};
use crate::support::{
    mail_server::MailServer,
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
        ("mail.smtp.host", "nowhere.invalid".into(), "no protected connection"),
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
