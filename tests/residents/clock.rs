//! A clock that is set while the gateway runs: an hour back or forward, more than a year, over the changes of summer
//! time, by a leap second (REL-055).

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{OTHER, REFUSED};
use crate::support::{
    eventually, page,
    person::Person,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, MALLORY, Town, login_path, migrate_up_to_proof, try_sign_in},
};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// A code lives ten minutes.
const LATER: i64 = 11 * 60;

/// A town whose clock can be set, and where each request is decided anew.
fn town() -> Town {
    Town::build_with(|site| site.with_settable_clock().set("server.cache_seconds", 0))
}

/// Somebody whose right password is refused after five wrong ones.
fn locked(town: &Town) -> Person {
    let mut dora = Person::new(&town.gateway);
    for guess in 0..5 {
        try_sign_in(&mut dora, "a", DORA.login, &format!("pas-celui-ci-{guess}"));
    }
    assert!(!is_let_in(&mut dora));
    dora
}

fn is_let_in(dora: &mut Person) -> bool {
    try_sign_in(dora, "a", DORA.login, DORA.password);
    assert!(dora.sees(REFUSED) || dora.sees("évolue"), "{}", dora.words());
    dora.sees("évolue")
}

#[test]
fn rel_055_a_clock_that_is_set_back_an_hour_lengthens_no_lock_and_holds_nobody_up() {
    let town = town();
    let mut alice = town.alice();
    let mut dora = locked(&town);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    town.gateway.letter_to(CAROL.email);
    let set = Instant::now();
    town.gateway.set_clock(-HOUR);
    assert_eq!(alice.get(town.at_a("/membre/x"), &[]).status, 200, "nobody is signed out");
    assert!(!is_let_in(&mut dora), "nobody is let in");
    // A minute later another letter can be asked for, and is sent; nobody waits until the clock has caught up.
    town.gateway.set_clock(-HOUR + 62);
    carol.open("/migration/proof").press("Renvoyer l'e-mail");
    let code = town.gateway.letter_to(CAROL.email).code();
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
    assert!(!is_let_in(&mut dora), "not before the time of the lock");
    // The lock was for 90 seconds.
    town.gateway.set_clock(-HOUR + 92);
    assert!(is_let_in(&mut dora), "and not after it");
    assert!(set.elapsed() < Duration::from_secs(28), "or the real time has done it");
    // The wizard's first page lets go on although it was opened by a later clock.
    town.gateway.set_clock(0);
    let mut mallory = Person::new(&town.gateway);
    try_sign_in(&mut mallory, "a", MALLORY.login, MALLORY.password);
    town.gateway.set_clock(-HOUR);
    mallory.press("Étape suivante").see("Votre adresse email");
}

#[test]
fn rel_055_what_was_used_or_over_stays_so_when_the_clock_is_set_back() {
    let town = town();
    let alice = town.alice();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let spent = town.gateway.letter_to(CAROL.email);
    carol.fill("code", &spent.code()).press("Valider").see("Votre compte est à jour");
    // A reset that was used, with which a session was ended, and a code that nobody typed in its time.
    let held = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let mut forgetful = Person::new(&town.gateway);
    forgetful.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let is_reset = |letter: &crate::support::letters::Letter| letter.subject.contains("nouveau mot de passe");
    let reset = town.gateway.letters().wait_for(ALICE.email, is_reset).link();
    forgetful.open(&reset).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer");
    forgetful.see("Mot de passe réinitialisé");
    let mut dora = Person::new(&town.gateway);
    migrate_up_to_proof(&mut dora, "a", DORA, DORA.email);
    let late = town.gateway.letter_to(DORA.email).code();
    // The page as it was shown in time; later it has no field for a code that is over.
    let late = dora.fill("code", &late).form("Valider");
    town.gateway.set_clock(LATER);
    assert!(page::words(&dora.send(&late).text()).contains("Le délai est dépassé"));

    town.gateway.set_clock(LATER - HOUR);
    assert!(page::words(&dora.send(&late).text()).contains("Le délai est dépassé"));
    town.gateway.set_clock(0);
    Person::new(&town.gateway).open(spent.link()).miss("Confirmer");
    Person::new(&town.gateway).open(&reset).miss("Enregistrer");
    let mut thief = Person::new(&town.gateway);
    assert_ne!(thief.get(town.at_a("/membre/x"), &[("cookie", &held)]).status, 200, "what a reset ended has ended");
}

#[test]
fn rel_055_five_minutes_sign_nobody_out_and_more_than_a_year_breaks_nothing() {
    let mut town = town();
    let mut alice = town.alice();
    let mut bob = Person::new(&town.gateway);
    town.migrate(&mut bob, "a", BOB, BOB.email);
    bob.open(login_path("a")).fill("login", BOB.email).fill("password", CHOSEN).tick("keep").press("Connexion");
    let inside = town.at_a("/membre/x");
    let goes_on = |person: &mut Person| person.get(&inside, &[]).status == 200;
    for seconds in [5 * 60, 0, -5 * 60, 0] {
        town.gateway.set_clock(seconds);
        assert!(goes_on(&mut alice) && goes_on(&mut bob), "at {seconds} s");
    }
    // By the policy, an hour without a request is over, where nobody wished to stay signed in; the last request was
    // written down by a clock that was five minutes ahead.
    town.gateway.set_clock(HOUR + 6 * 60);
    town.gateway.restart();
    assert!(!goes_on(&mut alice) && goes_on(&mut bob));
    town.gateway.set_clock(400 * DAY);
    assert_eq!(town.gateway.health("/readyz").map(|(status, _)| status), Some(200));
    assert!(!goes_on(&mut bob));
    town.sign_in(&mut bob, "a", BOB.email, CHOSEN);
    town.migrate(&mut Person::new(&town.gateway), "a", CAROL, CAROL.email);
    // The clock is right again: who signed in goes on, and so does everybody who does now.
    town.gateway.set_clock(0);
    assert!(goes_on(&mut bob));
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    assert!(goes_on(&mut alice));
    town.migrate(&mut Person::new(&town.gateway), "a", MALLORY, MALLORY.email);
}

#[test]
fn rel_055_summer_time_and_a_leap_second_are_nothing_to_notice_and_the_log_is_in_utc() {
    let town = town();
    town.alice();
    let ahead = |moment: &str| {
        let moment: Timestamp = moment.parse().expect("a time");
        moment.duration_since(Timestamp::now()).as_secs()
    };
    // Clocks in Paris go back, and forward, at one o'clock UTC. A second before midnight comes twice.
    for (before, after) in [
        ("2026-10-25T00:59:58Z", "2026-10-25T01:00:00"),
        ("2027-03-28T00:59:58Z", "2027-03-28T01:00:00"),
        ("2028-12-31T23:59:58Z", "2029-01-01T00:00:00"),
    ] {
        let seconds = ahead(before);
        town.gateway.set_clock(seconds);
        let mut alice = Person::new(&town.gateway);
        town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        if after.ends_with("00:00:00") {
            town.gateway.shift_clock(seconds - 1);
        }
        let begin = town.gateway.log().len();
        eventually("the moment to be over", Duration::from_secs(20), || {
            assert_eq!(alice.get(town.at_a("/membre/x"), &[]).status, 200, "goes on over {after}");
            let log = town.gateway.log();
            log[begin..].lines().filter_map(time_of).any(|time| time.as_str() >= after).then_some(())
        });
    }
    let log = town.gateway.log();
    let times: Vec<String> = log.lines().filter_map(time_of).collect();
    assert!(times.len() > 20 && times.iter().all(|time| time.ends_with('Z')), "{times:?}");
    let jumps = log.lines().filter(|line| line.contains("the clock was set")).count();
    assert_eq!(jumps, 3, "only what the test did itself was noticed");
}

/// The time of a line of the log.
fn time_of(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(line.get("timestamp")?.as_str()?.to_owned())
}
