//! The mail server refuses, is slow, goes away or dies: no letter is lost, and nobody waits for it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{field, listed, resident, said, town, waiting};
use crate::support::{
    eventually,
    mail_server::MailServer,
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, MALLORY, Town},
};

const SOON: Duration = Duration::from_secs(15);

/// Waits for a line of the outbox about this address that has all these words.
fn wait_listed(town: &Town, to: &str, words: &[&str]) -> String {
    eventually(&format!("{words:?} about {to} in the outbox"), SOON, || {
        let lines = listed(&town.gateway, to);
        lines.into_iter().find(|line| words.iter().all(|word| line.contains(word)))
    })
}

#[test]
fn rel_030_a_mail_server_that_is_down_stops_no_page_and_costs_no_letter() {
    let mut server = MailServer::start();
    let town = town(&server);
    server.down();
    let begin = Instant::now();
    let mut carol = waiting(&town, CAROL, CAROL.email);
    assert!(begin.elapsed() < Duration::from_secs(4), "five pages, each in under a second: {:?}", begin.elapsed());
    wait_listed(&town, CAROL.email, &["queued", "0 tries", "Connection refused"]);
    // Another letter is asked for: the older one is worth nothing any more and does not go.
    town.gateway.let_pass(2);
    carol.open("/migration/proof").press("Renvoyer l'e-mail").see("Vérifiez votre boîte mail");
    assert_eq!(listed(&town.gateway, CAROL.email).len(), 2);
    server.up();
    let letter = server.next(CAROL.email).letter;
    wait_listed(&town, CAROL.email, &["abandoned", "superseded"]);
    wait_listed(&town, CAROL.email, &["sent", "250"]);
    assert_eq!(server.to(CAROL.email).len(), 1);
    carol.fill("code", &letter.code()).press("Valider").see("Votre compte est à jour");
}

#[test]
fn rel_031_a_recipient_domain_that_is_slow_stops_no_other_letter_and_no_page() {
    let server = MailServer::start();
    let town = town(&server);
    server.rules(&json!([{ "at": "RCPT", "to": "@slow.example", "delay": 3 }]));
    for (who, email) in [(ALICE, "a@slow.example"), (BOB, "b@slow.example"), (DORA, "d@slow.example")] {
        waiting(&town, who, email);
    }
    server.wait_for("RCPT", "@slow.example", 2);
    let begin = Instant::now();
    waiting(&town, CAROL, CAROL.email);
    assert!(begin.elapsed() < Duration::from_secs(4), "five pages: {:?}", begin.elapsed());
    let quick = server.next(CAROL.email);
    let slow = ["a", "b", "d"].map(|name| server.next(&format!("{name}@slow.example")));
    assert!(slow.iter().any(|letter| letter.envelope.at > quick.envelope.at), "it did not wait for all of them");
}

#[test]
fn rel_031_two_recipient_domains_that_are_slow_stop_no_letter_to_a_third() {
    let server = MailServer::start();
    let town = town(&server);
    server.rules(&json!([
        { "at": "RCPT", "to": "@slow.example", "delay": 600 },
        { "at": "RCPT", "to": "@slower.example", "delay": 600 },
    ]));
    let slow = [(ALICE, "a@slow.example"), (BOB, "b@slow.example"), (DORA, "d@slower.example")];
    for (who, email) in slow.into_iter().chain([(MALLORY, "m@slower.example")]) {
        waiting(&town, who, email);
    }
    server.wait_for("RCPT", "@slow.example", 2);
    server.wait_for("RCPT", "@slower.example", 1);
    waiting(&town, CAROL, CAROL.email);
    server.next(CAROL.email);
    assert!(slow.iter().all(|(_, email)| server.to(email).is_empty()), "they are still under way");
}

#[test]
fn rel_031_a_server_that_never_answers_is_given_up_in_time_and_asked_again() {
    let server = MailServer::start();
    let town = Town::build_with(|site| server.serve(site).set("mail.smtp.timeout_seconds", 1));
    server.rules(&json!([{ "at": "CONNECT", "delay": 600, "times": 1 }]));
    waiting(&town, CAROL, CAROL.email);
    server.next(CAROL.email);
    wait_listed(&town, CAROL.email, &["sent", "1 try"]);
    eventually("the log to tell it", Duration::from_secs(10), || {
        town.gateway.log().contains("no answer within 2 s").then_some(())
    });
}

#[test]
fn rel_032_law_050_what_is_refused_for_now_is_tried_again_under_the_same_message_id() {
    let server = MailServer::start();
    let town = town(&server);
    server.rules(&json!([
        { "at": "RCPT", "to": ALICE.email, "answer": "450 4.2.0 greylisted", "times": 1 },
        { "at": "END", "to": BOB.email, "answer": "452 4.3.1 no room", "times": 1 },
        { "at": "DATA", "to": CAROL.email, "answer": "421 4.3.2 going down", "times": 1 },
    ]));
    for (who, code) in [(ALICE, "450 4.2.0"), (BOB, "452 4.3.1"), (CAROL, "421 4.3.2")] {
        let mut person = waiting(&town, who, who.email);
        let line = wait_listed(&town, who.email, &["queued", "1 try", code]);
        assert!(!line.contains("address refused"), "{line}");
        let id = line.split_whitespace().next().expect("an id").to_owned();
        town.gateway.let_pass(2);
        let received = server.next(who.email);
        assert_eq!(field(&received.letter.raw, "message-id"), format!("<{id}@moncompte.example>"));
        person.fill("code", &received.letter.code()).press("Valider").see("Votre compte est à jour");
        assert_eq!(server.to(who.email).len(), 1);
    }
}

#[test]
fn rel_032_a_server_that_hangs_up_after_the_letter_gets_it_again_and_both_copies_open() {
    let server = MailServer::start();
    let town = town(&server);
    server.rules(&json!([{ "at": "END", "hang_up": true, "times": 1 }]));
    let mut carol = waiting(&town, CAROL, CAROL.email);
    let first = server.next(CAROL.email);
    wait_listed(&town, CAROL.email, &["queued", "1 try"]);
    town.gateway.let_pass(2);
    let second = server.next(CAROL.email);
    assert_eq!(field(&first.letter.raw, "message-id"), field(&second.letter.raw, "message-id"));
    assert_ne!(first.letter.code(), second.letter.code(), "no secret is kept, so none can be repeated");
    let mut elsewhere = Person::new(&town.gateway);
    for copy in [&first, &second] {
        elsewhere.open(copy.letter.link()).see("Confirmer mon adresse");
    }
    carol.fill("code", &first.letter.code()).press("Valider").see("Votre compte est à jour");
    elsewhere.open(second.letter.link()).see("Ce lien a déjà été utilisé");
}

#[test]
fn rel_032_a_gateway_killed_between_the_letter_and_the_answer_repeats_it_and_the_first_copy_still_opens() {
    let server = MailServer::start();
    let mut town = town(&server);
    server.rules(&json!([{ "at": "END", "delay": 600, "keep_first": true, "times": 1 }]));
    let mut carol = waiting(&town, CAROL, CAROL.email);
    let first = server.next(CAROL.email);
    town.gateway.kill(0);
    town.gateway.start_again(0);
    assert_eq!(server.to(CAROL.email).len(), 1, "the lease of the dead one still holds");
    town.gateway.let_pass(2);
    let second = server.next(CAROL.email);
    assert_eq!(field(&first.letter.raw, "message-id"), field(&second.letter.raw, "message-id"));
    wait_listed(&town, CAROL.email, &["sent", "2 tries"]);
    carol.fill("code", &first.letter.code()).press("Valider").see("Votre compte est à jour");
}

#[test]
fn rel_033_a_refused_address_is_marked_and_not_tried_again_and_another_one_can_be_given() {
    let server = MailServer::start();
    let town = town(&server);
    server.rules(&json!([
        { "at": "RCPT", "to": "nobody@", "answer": "550 5.1.1 user unknown" },
        { "at": "END", "to": "full@", "answer": "552 mailbox full", "times": 1 },
    ]));
    let mut carol = waiting(&town, CAROL, "nobody@residents.example");
    wait_listed(&town, "nobody@residents.example", &["abandoned", "1 try", "[address refused]", "550 5.1.1"]);
    assert_eq!(town.gateway.traced("letter-given-up"), 1);
    // The page says nothing that it did not say before, and leads on.
    carol.open("/migration/proof").see("Vérifiez votre boîte mail").miss("550").press("Modifier l'adresse");
    carol.see("Votre adresse email").fill("email", "full@residents.example").press("Continuer");
    carol.fill("password", crate::support::town::CHOSEN).fill("confirmation", crate::support::town::CHOSEN);
    carol.press("Créer mon compte").see("Vérifiez votre boîte mail");
    wait_listed(&town, "full@residents.example", &["abandoned", "[address refused]", "552"]);
    // There is room again: the next letter arrives and takes the mark away.
    town.gateway.let_pass(2);
    carol.open("/migration/proof").press("Renvoyer l'e-mail").see("Vérifiez votre boîte mail");
    let letter = server.next("full@residents.example").letter;
    let line = wait_listed(&town, "full@residents.example", &["sent", "250"]);
    assert!(!line.contains("address refused"), "{line}");
    carol.fill("code", &letter.code()).press("Valider").see("Votre compte est à jour");
    assert_eq!(
        server
            .events()
            .iter()
            .filter(|event| event.verb == "RCPT" && event.to.as_deref().is_some_and(|to| to.starts_with("nobody@")))
            .count(),
        1
    );
    assert!(!town.gateway.log().contains("residents.example"), "no address in the log");
    assert!(said(&town.gateway, &["list", "--state", "abandoned"]).contains("2 abandoned"));
}

#[test]
fn g04_of_two_gateways_on_one_postgresql_each_letter_is_sent_by_one_and_once() {
    const LETTERS: usize = 80;
    let server = MailServer::start();
    let town = Town::build_with(|site| server.serve(site).on(Stage::TwoNodes));
    resident(&town, &server, ALICE);
    let before = server.received().len();
    server.rules(&json!([{ "at": "RCPT", "to": "@many.example", "delay": 0.1 }]));
    town.gateway.rewrite(&format!(
        "INSERT INTO letters
             (id, agency, recipient, domain, language, kind, state, not_before, lease_until, attempts, created_at)
         SELECT id || '-' || number, agency, 'r' || number || '@many.example', 'many' || number % 4 || '.example',
             language, '{{\"letter\":\"account-detached\",\"account\":\"x\"}}', 'queued', 0, 0, 0, created_at
         FROM letters, generate_series(1, {LETTERS}) AS number WHERE recipient = '{}'",
        ALICE.email
    ));
    eventually("the outbox to be empty", Duration::from_secs(30), || {
        (town.gateway.number("SELECT COUNT(*) FROM letters WHERE state = 'queued'") == 0).then_some(())
    });
    let mut to: Vec<_> = server.received().into_iter().skip(before).map(|received| received.envelope.to).collect();
    assert_eq!(to.len(), LETTERS);
    to.sort();
    to.dedup();
    assert_eq!(to.len(), LETTERS, "none twice");
    let once = "SELECT COUNT(*) FROM letters WHERE state = 'sent' AND attempts = 1 AND recipient LIKE '%@many.example'";
    assert_eq!(town.gateway.number(once), 80);
    assert!(server.connections() > 4, "more than one gateway has: both took part");
}

#[test]
fn d07_who_signs_in_with_an_address_that_takes_no_letters_is_told_and_so_is_support() {
    let server = MailServer::start();
    let town = town(&server);
    resident(&town, &server, CAROL);
    let mut carol = Person::new(&town.gateway);
    town.sign_in(&mut carol, "a", CAROL.email, CHOSEN);
    let refused = "pas pu être remis à cette adresse";
    carol.open("/account").see(CAROL.email).miss(refused);
    server.rules(&json!([{ "at": "RCPT", "to": CAROL.email, "answer": "550 5.1.1 user unknown", "times": 1 }]));
    let ask = || {
        let mut somebody = Person::new(&town.gateway);
        somebody.open("/forgotten?client=CA&societe=SA").fill("login", CAROL.email).press("Recevoir l'e-mail");
    };
    ask();
    wait_listed(&town, CAROL.email, &["abandoned", "[address refused]"]);
    carol.open("/account").see(refused).miss("550");
    let shown = |town: &Town| {
        let done = town.gateway.run("person show", &[CAROL.email]);
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let said = shown(&town);
    assert!(said.contains("takes no letters") && said.contains("550 5.1.1 user unknown"), "{said}");
    // What arrives takes the mark away.
    town.gateway.let_pass(2);
    ask();
    wait_listed(&town, CAROL.email, &["reset", "sent"]);
    carol.open("/account").see(CAROL.email).miss(refused);
    assert!(!shown(&town).contains("takes no letters"));
}
