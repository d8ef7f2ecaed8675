//! Letters, where it takes minutes: a mail server that is slow at every command, one that is away, and a flood.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    quiet,
    support::{
        eventually,
        mail_server::MailServer,
        page,
        person::Person,
        town::{ALICE, BOB, CAROL, CHOSEN, Town, Who, migrate_up_to_proof},
    },
    table::{Notes, Row},
};

pub const ROWS: &[Row] = &[
    Row { id: "REL-030", done: "mail server away for two minutes: pages go on, every letter arrives", run: away },
    Row { id: "REL-031", done: "mail server with 30 s a command: pages go on, letters arrive once", run: tarpit },
    Row { id: "REL-035", done: "2,000 reset requests in a minute: letters bounded, sign-in as quick", run: flood },
];

/// Somebody who waits for the wizard's letter, and how long the slowest of the pages took.
fn waiting(town: &Town, who: Who, email: &str) -> (Person, Duration) {
    let mut person = Person::new(&town.gateway);
    let begin = Instant::now();
    migrate_up_to_proof(&mut person, "a", who, email);
    (person, begin.elapsed())
}

fn away(notes: &mut Notes) {
    let mut server = MailServer::start();
    let town = Town::build_with(|site| server.serve(site));
    server.down();
    let (mut carol, pages) = waiting(&town, CAROL, CAROL.email);
    waiting(&town, ALICE, ALICE.email);
    assert!(pages < Duration::from_secs(5), "five pages took {pages:?}");
    thread::sleep(Duration::from_mins(2));
    server.up();
    let back = Instant::now();
    let letter = eventually("the letters", Duration::from_secs(90), || {
        (!server.to(ALICE.email).is_empty()).then(|| server.to(CAROL.email).first().cloned()).flatten()
    });
    notes.add(format!("five pages {} ms, letters {} s after it was back", pages.as_millis(), back.elapsed().as_secs()));
    carol.fill("code", &letter.letter.code()).press("Valider").see("Votre compte est à jour");
    assert_eq!(server.received().len(), 2, "each once");
}

fn tarpit(notes: &mut Notes) {
    let server = MailServer::start();
    let town = Town::build_with(|site| server.serve(site).set("mail.smtp.timeout_seconds", 60));
    server.rules(&json!(
        ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END", "RSET"].map(|at| json!({ "at": at, "delay": 30 }))
    ));
    let begin = Instant::now();
    let (mut carol, pages) = waiting(&town, CAROL, CAROL.email);
    waiting(&town, ALICE, ALICE.email);
    assert!(pages < Duration::from_secs(5), "five pages took {pages:?}");
    let letter = eventually("the letter", Duration::from_mins(6), || server.to(CAROL.email).first().cloned());
    notes.add(format!("five pages {} ms, letter after {} s", pages.as_millis(), begin.elapsed().as_secs()));
    carol.fill("code", &letter.letter.code()).press("Valider").see("Votre compte est à jour");
    eventually("the other letter", Duration::from_mins(2), || server.to(ALICE.email).first().cloned());
    assert_eq!(server.received().len(), 2, "each once: the lease held as long as it took");
}

fn flood(notes: &mut Notes) {
    quiet::compare(notes, |notes| {
        let server = MailServer::start();
        let town = Town::build_with(|site| server.serve(site).set("mail.limits.per_client", 10_000));
        for who in [ALICE, BOB] {
            let (mut person, _) = waiting(&town, who, who.email);
            let letter = eventually("the letter", Duration::from_secs(20), || server.to(who.email).first().cloned());
            person.fill("code", &letter.letter.code()).press("Valider").see("Votre compte est à jour");
        }
        let quiet = sign_in_ms(&town, 15);
        let begin = Instant::now();
        let loud = thread::scope(|scope| {
            for worker in 0..4 {
                let town = &town;
                scope.spawn(move || {
                    let mut person = Person::new(&town.gateway);
                    person.open("/forgotten?client=CA&societe=SA");
                    let form = person.form("Recevoir l'e-mail");
                    for number in 0..500 {
                        // 2,000 a minute, spread evenly.
                        let due = begin + Duration::from_millis(number * 120 + worker * 30);
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        let login = match number % 2 {
                            0 => ALICE.email.to_owned(),
                            _ => format!("nobody-{worker}-{number}@residents.example"),
                        };
                        let mut form = form.clone();
                        form.set("login", &login);
                        let answer = person.send(&form);
                        assert!(page::words(&answer.text()).contains("Si un compte existe"), "{login}");
                    }
                });
            }
            sign_in_ms(&town, 40)
        });
        let letters = server.to(ALICE.email).len();
        notes.add(format!(
        "2,000 requests in {} s; letters to the address {letters}; sign-in {quiet} ms quiet, {loud} ms in the flood (medians)",
        begin.elapsed().as_secs()
    ));
        assert!(letters <= 5, "five an hour, the wizard's included: {letters}");
        assert!(server.received().iter().all(|received| !received.envelope.to[0].starts_with("nobody")));
        // A sign-in waits for two or three turns at the database; what is quicker than that twice over is as quick.
        if loud < quiet * 2 + 50 {
            Ok(())
        } else {
            Err(format!("sign-in takes {quiet} ms quiet and {loud} ms beside it"))
        }
    });
}

/// The median time of a sign-in, in milliseconds.
fn sign_in_ms(town: &Town, times: usize) -> u128 {
    let mut took: Vec<u128> = (0..times)
        .map(|_| {
            let mut bob = Person::new(&town.gateway);
            bob.open("/login?client=CA&societe=SA").fill("login", BOB.email).fill("password", CHOSEN);
            let form = bob.form("Connexion");
            let begin = Instant::now();
            bob.send(&form);
            begin.elapsed().as_millis()
        })
        .collect();
    took.sort_unstable();
    took[times / 2]
}
