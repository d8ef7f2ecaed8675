//! What the mail server hears when all is well, and when it cannot be trusted.

use std::{process::Command, time::Duration};

use serde_json::json;

use super::{field, listed, said, town, waiting};
use crate::support::{
    eventually,
    mail_server::{MailServer, Tls, is_signature_good},
    town::{ALICE, BOB, CAROL, MALLORY, Town},
};

#[test]
fn g04_law_045_a_letter_goes_over_tls_signed_in_and_its_head_is_as_it_should_be() {
    let server = MailServer::start();
    let town = town(&server);
    let mut carol = waiting(&town, CAROL, CAROL.email);
    let received = server.next(CAROL.email);
    let envelope = &received.envelope;
    assert!(envelope.tls && envelope.user, "{envelope:?}");
    assert_eq!(envelope.from, "ne-pas-repondre@moncompte.example");
    let raw = &received.letter.raw;
    assert!(field(raw, "from").ends_with("<ne-pas-repondre@moncompte.example>"));
    assert!(field(raw, "message-id").ends_with("@moncompte.example>"));
    assert_eq!(field(raw, "auto-submitted"), "auto-generated");
    assert_eq!(field(raw, "content-language"), "fr");
    assert!(field(raw, "content-type").starts_with("multipart/alternative"));
    assert!(!field(raw, "date").is_empty());
    assert!(!raw.to_ascii_lowercase().contains("list-unsubscribe"));
    assert!(raw.is_ascii() && raw.lines().all(|line| line.len() <= 998));
    assert!(!raw.replace("\r\n", "").contains(['\r', '\n']), "no bare line end");
    let link = received.letter.link();
    let linked = received.letter.html.replace("&amp;", "&").replace("&#x3D;", "=");
    assert!(linked.contains(&link), "text and HTML have the same link");
    carol.fill("code", &received.letter.code()).press("Valider").see("Votre compte est à jour");
}

#[test]
fn g04_tls_from_the_first_byte_works_as_well() {
    let server = MailServer::start_with(Tls::Wrapped);
    let town = town(&server);
    waiting(&town, CAROL, CAROL.email);
    let envelope = server.next(CAROL.email).envelope;
    assert!(envelope.tls && envelope.user, "{envelope:?}");
}

#[test]
fn g04_an_agency_writes_from_its_own_address_and_is_answered_at_its_own() {
    let server = MailServer::start();
    let town = Town::build_with_agency(
        |site| server.serve(site),
        |agency| {
            agency.set("brand.mail_from", "lettres@port.example").set("brand.support_email", "contact@port.example")
        },
    );
    waiting(&town, CAROL, CAROL.email);
    let received = server.next(CAROL.email);
    assert_eq!(received.envelope.from, "lettres@port.example");
    assert!(field(&received.letter.raw, "from").ends_with("<lettres@port.example>"));
    assert_eq!(field(&received.letter.raw, "reply-to"), "contact@port.example");
    assert!(field(&received.letter.raw, "message-id").ends_with("@moncompte.example>"));
}

#[test]
fn g04_letters_that_follow_each_other_share_a_connection() {
    let server = MailServer::start();
    let town = Town::build_with(|site| server.serve(site).set("mail.smtp.connections", 1));
    for who in [ALICE, BOB, CAROL] {
        waiting(&town, who, who.email);
        server.next(who.email);
    }
    assert_eq!(server.connections(), 1);
    // What a server closes in the meantime is opened again, and costs no letter a try.
    server.rules(&json!([{ "at": "RSET", "hang_up": true, "times": 1 }]));
    waiting(&town, MALLORY, MALLORY.email);
    server.next(MALLORY.email);
    assert_eq!(server.connections(), 2);
}

#[test]
fn sec_076_nothing_is_said_to_a_mail_server_that_cannot_prove_who_it_is() {
    let untrusted = MailServer::with_certificate_for("localhost");
    let other_name = MailServer::with_certificate_for("mx.example");
    let plain = MailServer::start_with(Tls::None);
    for (server, cause) in [(&untrusted, "certificate"), (&other_name, "certificate"), (&plain, "STARTTLS")] {
        let town = Town::build_with(|site| server.serve(site).set("mail.smtp.tls", "starttls"));
        waiting(&town, CAROL, CAROL.email);
        let line = eventually("the cause in the outbox", Duration::from_secs(10), || {
            listed(&town.gateway, CAROL.email).into_iter().find(|line| line.contains(cause))
        });
        assert!(line.contains("queued"), "{line}");
        eventually("the cause in the log", Duration::from_secs(5), || {
            town.gateway.log().contains("the mail server takes no letters").then_some(())
        });
        for verb in ["MAIL", "RCPT", "DATA"] {
            assert_eq!(server.heard(verb), 0, "{verb} was said");
        }
        assert!(server.received().is_empty());
    }
}

#[test]
fn sec_076_answers_that_somebody_puts_before_the_encryption_are_not_taken_for_the_servers() {
    let server = MailServer::start();
    let town = town(&server);
    let path_to_taken = "250-mx.test\r\n250 AUTH PLAIN\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken";
    server.rules(&json!([
        { "at": "STARTTLS", "inject": path_to_taken, "times": 1 },
        { "at": "RCPT", "answer": "450 4.2.0 greylisted" },
    ]));
    waiting(&town, CAROL, CAROL.email);
    // The forged line is given up, and on the clean one the server's own answer counts.
    let line = eventually("what became of the letter", Duration::from_secs(15), || {
        listed(&town.gateway, CAROL.email).into_iter().find(|line| line.contains("250") || line.contains("450"))
    });
    assert!(line.contains("queued") && line.contains("450 4.2.0"), "{line}");
}

#[test]
fn law_046_every_letter_is_signed_and_another_implementation_finds_it_good() {
    for kind in [["-algorithm", "ed25519"].as_slice(), &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]] {
        let server = MailServer::start();
        let keys = tempfile::TempDir::new().expect("a folder");
        let key = keys.path().join("dkim.pem");
        let made = Command::new("openssl").arg("genpkey").args(kind).arg("-out").arg(&key).output().expect("openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let town = Town::build_with(|site| {
            server
                .serve(site)
                .set("mail.dkim.domain", "moncompte.example")
                .set("mail.dkim.selector", "v2026")
                .set("mail.dkim.key_file", key.display().to_string())
        });
        let mut carol = waiting(&town, CAROL, CAROL.email);
        let first = server.next(CAROL.email);
        carol.fill("code", &first.letter.code()).press("Valider").see("Votre compte est à jour");
        carol.open("/forgotten?client=CA&societe=SA").fill("login", CAROL.email).press("Recevoir l'e-mail");
        let dns = said(&town.gateway, &["dns"]);
        let line = dns.lines().find(|line| line.starts_with("v2026._domainkey.moncompte.example. TXT ")).expect(&dns);
        let record = line.split_once("TXT ").expect("a record").1.replace("\" \"", "").replace('"', "");
        assert!(dns.contains("moncompte.example. TXT \"v=spf1 ") && dns.contains("_dmarc.moncompte.example. TXT"));
        for received in [first, server.next(CAROL.email)] {
            let name = "v2026._domainkey.moncompte.example";
            assert!(is_signature_good(&received.file, name, &record), "{}", received.letter.raw);
            let forged = received.letter.raw.replacen("moncompte", "votrecompte", 1);
            let changed = keys.path().join("changed.eml");
            std::fs::write(&changed, forged).expect("a file");
            assert!(!is_signature_good(&changed, name, &record), "a changed letter");
            let added = received.letter.raw.replacen("Subject:", "Subject: autre\r\nSubject:", 1);
            std::fs::write(&changed, added).expect("a file");
            assert!(!is_signature_good(&changed, name, &record), "a second subject");
        }
    }
}
