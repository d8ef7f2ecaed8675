//! Letters that somebody causes by the hundred (REL-035).

use std::{thread, time::Duration};

use super::{resident, said};
use crate::support::{
    eventually,
    mail_server::MailServer,
    person::Person,
    town::{ALICE, BOB, Town},
};

/// Asks so often for a reset, as several people at once who know the same identifier; every answer is the same page.
fn ask_for_resets(town: &Town, logins: &[String]) {
    thread::scope(|scope| {
        for part in logins.chunks(logins.len().div_ceil(6)) {
            scope.spawn(move || {
                let mut person = Person::new(&town.gateway);
                person.open("/forgotten?client=CA&societe=SA");
                let form = person.form("Recevoir l'e-mail");
                for login in part {
                    let mut form = form.clone();
                    form.set("login", login);
                    let answer = person.send(&form);
                    assert_eq!(answer.status, 200);
                    assert!(crate::support::page::words(&answer.text()).contains("Si un compte existe"));
                }
            });
        }
    });
}

#[test]
fn rel_035_an_address_gets_five_letters_an_hour_and_the_installation_has_its_own_limit() {
    let server = MailServer::start();
    let town = Town::build_with(|site| {
        server.serve(site).set("mail.limits.per_client", 10_000).set("mail.limits.per_hour", 8)
    });
    for who in [ALICE, BOB] {
        resident(&town, &server, who);
    }
    let before = server.received().len();
    ask_for_resets(&town, &vec![ALICE.email.to_owned(); 60]);
    ask_for_resets(&town, &(0..60).map(|number| format!("nobody-{number}@residents.example")).collect::<Vec<_>>());
    ask_for_resets(&town, &vec![BOB.email.to_owned(); 30]);
    eventually("the outbox to be empty", Duration::from_secs(30), || {
        said(&town.gateway, &["list", "--most", "1"]).contains("0 queued").then_some(())
    });
    let resets = |email: &str| {
        let letters = server.received().into_iter().skip(before);
        letters.filter(|received| received.envelope.to == [email.to_owned()]).count()
    };
    // The wizard's letter counts, too. Of resets asked for at once only the newest is worth a letter.
    assert!((1..=4).contains(&resets(ALICE.email)), "{}", resets(ALICE.email));
    assert!((1..=2).contains(&resets(BOB.email)), "eight in all: {}", resets(BOB.email));
    eventually("the flood in the log", Duration::from_secs(5), || {
        town.gateway.log().contains("no more letters are written this hour").then_some(())
    });
    assert_eq!(town.gateway.traced("reset-asked"), 150);
}
