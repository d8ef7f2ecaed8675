//! A database that is down, silent, read-only, or that answers to nobody any more.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::outages::take_writes;
use crate::support::{
    eventually,
    line::Line,
    mail_server::MailServer,
    outage::{GIVES_UP, RECOVERS, assert_come_again, right_password},
    person::{Person, Request},
    postgres,
    redis::Redis,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, MALLORY, Town, Who, login_path, migrate_up_to_proof, try_sign_in},
};

/// A town whose gateway reaches its database over a line; what is decided is kept for a second.
fn town_over(line: &Line) -> Town {
    Town::build_with(|site| site.over(line).set("server.cache_seconds", 1))
}

fn is_ready(town: &Town) -> Option<()> {
    town.gateway.health("/readyz").filter(|(status, _)| *status == 200).map(|_| ())
}

#[test]
fn rel_022_a_database_that_is_down_is_told_calmly_and_everything_goes_on_when_it_is_back() {
    outage(Line::cut, "failing");
}

#[test]
fn rel_022_a_database_that_says_nothing_any_more_holds_nobody() {
    outage(Line::hold, "silent");
}

fn outage(fail: impl Fn(&Line), named: &str) {
    let line = Line::to(postgres::shared().port);
    let town = town_over(&line);
    let mut alice = town.alice();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    let mut dora = Person::new(&town.gateway);
    dora.open(login_path("a")).fill("login", DORA.login).fill("password", DORA.password);
    let page = Request::get(town.at_a("/membre/x").parse().expect("an address"));
    let cookies = [town.gateway.portal("/"), town.gateway.agency("agence-a", "/")].map(|url| alice.cookie_line(&url));

    assert_eq!(alice.ask(page.clone()).status, 200);
    fail(&line);
    assert_eq!(alice.ask(page.clone()).status, 200, "who was just decided about goes on");
    let begin = Instant::now();
    let form = dora.form("Connexion");
    assert_come_again(&dora.send(&form), begin);
    carol.fill("code", &code);
    let (begin, form) = (Instant::now(), carol.form("Valider"));
    assert_come_again(&carol.send(&form), begin);
    let turned_away = eventually("the cache's age", GIVES_UP, || {
        let begin = Instant::now();
        let answer = alice.ask(page.clone());
        (answer.status != 200).then_some((answer, begin))
    });
    assert_come_again(&turned_away.0, turned_away.1);
    let (status, said) = town.gateway.health("/readyz").expect("an answer");
    assert_eq!(status, 503, "{said}");
    assert!(said.contains(&format!("\"database\":\"{named}\"")) || said.contains("\"database\":\"failing\""), "{said}");
    assert_eq!(town.gateway.health("/healthz").map(|(status, _)| status), Some(200), "alive all the same");

    line.open();
    eventually("the gateway to be ready again", RECOVERS, || is_ready(&town));
    let now = [town.gateway.portal("/"), town.gateway.agency("agence-a", "/")].map(|url| alice.cookie_line(&url));
    assert_eq!(now, cookies, "nobody was signed out");
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"").open("/account").see(ALICE.email);
    carol.open("/migration/proof").fill("code", &code).press("Valider").see("Votre compte est à jour");
    town.sign_in(&mut carol, "a", CAROL.email, CHOSEN);
    try_sign_in(&mut dora, "a", DORA.login, DORA.password);
    dora.see("évolue");
}

#[test]
fn rel_071_readiness_tells_what_is_out_of_order_within_five_seconds_and_alive_is_alive() {
    const FLIPS: Duration = Duration::from_secs(5);
    let line = Line::to(postgres::shared().port);
    let (mut redis, mut mail) = (Redis::start(), MailServer::start());
    let town = Town::build_with(|site| mail.serve(site.over(&line)).set("redis.urls", vec![redis.url()]));
    let becomes = |status: u16, said: &str| {
        eventually(said, FLIPS, || {
            assert_eq!(town.gateway.health("/healthz").map(|(status, _)| status), Some(200), "alive all the time");
            town.gateway.health("/readyz").filter(|told| told.0 == status && told.1.contains(said)).map(drop)
        });
    };
    becomes(200, r#""redis":"ready""#);
    redis.kill();
    becomes(503, r#""redis":"failing""#);
    redis.start_again();
    becomes(200, r#""redis":"ready""#);
    line.cut();
    becomes(503, r#""database":"failing""#);
    line.open();
    becomes(200, r#""database":"ready""#);
    line.hold();
    becomes(503, r#""ready":false"#);
    line.open();
    becomes(200, r#""ready":true"#);
    mail.down();
    migrate_up_to_proof(&mut Person::new(&town.gateway), "a", CAROL, CAROL.email);
    becomes(200, r#""letters":"ready""#);
    town.gateway.rewrite("UPDATE letters SET created_at = created_at - 1900000");
    becomes(200, r#""letters":"late""#);
}

#[test]
fn rel_023_who_was_not_told_that_it_was_done_does_it_again_and_it_was_done_once() {
    let line = Line::to(postgres::shared().port);
    let town = town_over(&line);
    let mut carol = Person::new(&town.gateway);
    // Nothing but what the resident does writes from here on.
    eventually("the first purge", RECOVERS, || {
        town.gateway.log().contains("what was past its time was thrown away").then_some(())
    });
    let lose = |carol: &mut Person, button: &str| {
        let form = carol.form(button);
        line.lose_the_answer_to_the_next_commit();
        let answer = carol.send(&form);
        assert!(line.has_lost_it(), "« {button} » writes something");
        assert_eq!(answer.status, 503, "« {button} »");
        form
    };
    carol.open(login_path("a")).fill("login", CAROL.login).fill("password", CAROL.password);
    lose(&mut carol, "Connexion");
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("évolue").press("Étape suivante").fill("email", CAROL.email);
    let again = lose(&mut carol, "Continuer");
    carol.send(&again);
    carol.open("/migration/password").fill("password", CHOSEN).fill("confirmation", CHOSEN);
    let again = lose(&mut carol, "Créer mon compte");
    carol.send(&again);
    carol.open("/migration/proof").see("Vérifiez votre boîte mail");
    let letter = town.gateway.letter_to(CAROL.email);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM letters"), 1, "one letter");
    carol.fill("code", &letter.code());
    let again = lose(&mut carol, "Valider");
    let answer = carol.send(&again);
    assert!(answer.status < 400, "{}", answer.status);
    for (what, statement) in [
        ("person", "SELECT COUNT(*) FROM identities"),
        ("account", "SELECT COUNT(*) FROM links"),
        ("migration", "SELECT COUNT(*) FROM audit WHERE event = 'migrated'"),
    ] {
        assert_eq!(town.gateway.number(statement), 1, "one {what}");
    }
    town.sign_in(&mut carol, "a", CAROL.email, CHOSEN);
}

#[test]
fn rel_027_an_attempt_whose_count_got_no_answer_is_taken_back_once_and_nobody_elses_is() {
    const COUNTED: &str = "SELECT CAST(COALESCE(SUM(streak), 0) AS BIGINT) FROM throttles";
    let line = Line::to(postgres::shared().port);
    let town = town_over(&line);
    eventually("the first purge", RECOVERS, || {
        town.gateway.log().contains("what was past its time was thrown away").then_some(())
    });
    drop(town.alice());
    let mut dora = Person::new(&town.gateway);
    try_sign_in(&mut dora, "a", DORA.login, "not it");
    assert_eq!(town.gateway.number(COUNTED), 2, "Dora's one failure, with her and with the client");
    let mut lost = 0;
    for commit in 0.. {
        line.lose_the_answer_to_the_commit_after(commit);
        let (_, answer, _) = right_password(&town);
        if !line.has_lost_it() {
            break;
        }
        assert_eq!(answer.status, 503, "commit {commit}");
        lost += 1;
        let (_, answer, _) = right_password(&town);
        assert!(answer.status < 400, "commit {commit}: {}", answer.status);
        assert_eq!(town.gateway.number(COUNTED), 2, "commit {commit}");
    }
    assert!(lost >= 2, "it is counted, and taken back");
}

#[test]
fn rel_024_a_primary_that_became_a_replica_is_down_until_another_one_is_primary() {
    let town = Town::on(Stage::Postgres);
    let mut alice = town.alice();
    take_writes(&town, false);
    let (status, said) =
        eventually("readyz to tell", RECOVERS, || town.gateway.health("/readyz").filter(|(status, _)| *status != 200));
    assert!(status == 503 && !said.contains("\"database\":\"ready\""), "{said}");
    let mut dora = Person::new(&town.gateway);
    dora.open(login_path("a")).fill("login", DORA.login).fill("password", DORA.password);
    let (begin, form) = (Instant::now(), dora.form("Connexion"));
    assert_come_again(&dora.send(&form), begin);
    take_writes(&town, true);
    let begin = Instant::now();
    eventually("the gateway to be ready again", RECOVERS, || is_ready(&town));
    try_sign_in(&mut dora, "a", DORA.login, DORA.password);
    dora.see("évolue");
    alice.open("/account").see(ALICE.email);
    assert!(begin.elapsed() < RECOVERS);
}

on_every_database! {
    rel_002_what_residents_were_told_is_there_after_kill_9,
}

fn rel_002_what_residents_were_told_is_there_after_kill_9(stage: Stage) {
    let mut town = Town::on(stage);
    let mut alice = town.alice();
    let told: Mutex<Vec<(&str, Who)>> = Mutex::default();
    let tell = |what, who| told.lock().unwrap_or_else(PoisonError::into_inner).push((what, who));
    thread::scope(|scope| {
        let town = &town;
        let workers: Vec<_> = [BOB, CAROL, DORA, MALLORY]
            .into_iter()
            .map(|who| {
                scope.spawn(move || {
                    let mut person = Person::new(&town.gateway);
                    migrate_up_to_proof(&mut person, "a", who, who.email);
                    tell("letter", who);
                    let code = town.gateway.letter_to(who.email).code();
                    person.fill("code", &code).press("Valider").see("Votre compte est à jour");
                    tell("account", who);
                    loop {
                        town.sign_in(&mut person, "a", who.email, CHOSEN);
                        person.open("/account").press("Se déconnecter");
                    }
                })
            })
            .collect();
        eventually("somebody to have an account", RECOVERS, || {
            let told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.iter().any(|(what, _)| *what == "account").then_some(())
        });
        // By its number, while the others still speak to it.
        let pid = rustix::process::Pid::from_raw(i32::try_from(town.gateway.pid()).expect("a pid")).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
        for worker in workers {
            // Each one's request met a closed door.
            assert!(worker.join().is_err());
        }
    });
    town.gateway.kill(0);
    // The time is over in which a letter waits for the sender that has died.
    town.gateway.rewrite("UPDATE letters SET lease_until = 0");
    town.gateway.start_again(0);
    alice.open(town.at_a("/membre/x")).see("alice-77").open("/account").see(ALICE.email);
    let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(told.len() >= 2, "{}", told.len());
    for (what, who) in told {
        if what == "account" {
            town.sign_in(&mut Person::new(&town.gateway), "a", who.email, CHOSEN);
        } else {
            eventually("the letter that was promised", RECOVERS, || {
                town.gateway.letters().all().into_iter().find(|letter| letter.to == who.email)
            });
        }
    }
    for half in [
        "SELECT COUNT(*) FROM identities WHERE id NOT IN (SELECT identity_id FROM credentials)",
        "SELECT COUNT(*) FROM identities WHERE id NOT IN (SELECT identity_id FROM links)",
        "SELECT COUNT(*) - MAX(seq) FROM audit",
    ] {
        assert_eq!(town.gateway.number(half), 0, "{half}");
    }
}
