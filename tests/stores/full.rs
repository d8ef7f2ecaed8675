//! A disk that is full, and that has room again (REL-027).

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::{
    eventually,
    outage::{RECOVERS, assert_come_again, right_password},
    person::Person,
    stage::Stage,
    town::{ALICE, CAROL, DORA, Town, migrate_up_to_proof, try_sign_in},
};

/// How large a file of the gateway's may become; what is larger already can be read, and not be written any further.
/// Like a full disk, that is told by the write that needs room.
fn let_files_grow(town: &Town, bytes: Option<u64>) {
    let gateway = Pid::from_raw(i32::try_from(town.gateway.pid()).expect("a pid"));
    prlimit(gateway, Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("the limit is set");
}

fn told(town: &Town) -> (u16, String) {
    town.gateway.health("/readyz").expect("an answer")
}

#[test]
fn rel_027_on_a_full_disk_residents_are_told_to_come_again_and_are_let_in_as_soon_as_there_is_room() {
    let town = Town::build_with(|site| site.set("server.cache_seconds", 1));
    let mut alice = town.alice();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    let healthy = || town.gateway.run("health", &[]).status.success();
    assert!(healthy());

    let_files_grow(&town, Some(1));
    eventually("readiness to tell", RECOVERS, || (told(&town).0 == 503).then_some(()));
    assert!(told(&town).1.contains("\"database\":\"failing\""), "{}", told(&town).1);
    assert!(!healthy(), "`health` says it, too");
    assert_eq!(town.gateway.health("/healthz").map(|(status, _)| status), Some(200), "alive all the same");
    // More often than wrong passwords could be tried.
    for _ in 0..12 {
        let (_, answer, begin) = right_password(&town);
        assert_come_again(&answer, begin);
    }
    carol.fill("code", &code);
    let (begin, form) = (std::time::Instant::now(), carol.form("Valider"));
    assert_come_again(&carol.send(&form), begin);
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");

    let_files_grow(&town, None);
    for again in 0..12 {
        let (person, answer, _) = right_password(&town);
        assert!(answer.status < 400, "{again}: {} {}", answer.status, person.words());
    }
    eventually("the gateway to be ready again", RECOVERS, || (told(&town).0 == 200).then_some(()));
    assert!(healthy());
    carol.open("/migration/proof").fill("code", &code).press("Valider").see("Votre compte est à jour");
    alice.open("/account").see(ALICE.email);
    try_sign_in(&mut Person::new(&town.gateway), "a", DORA.login, DORA.password);
    assert!(!town.gateway.log().contains("non-zero transaction depth"));
}

on_every_database! {
    rel_027_what_could_not_be_taken_back_of_what_was_counted_locks_nobody_afterwards,
}

/// A disk on which what is counted had room, and what takes it back had none.
fn rel_027_what_could_not_be_taken_back_of_what_was_counted_locks_nobody_afterwards(stage: Stage) {
    let town = Town::on(stage);
    drop(town.alice());
    let (fill, make_room): (&[&str], &str) = if stage == Stage::Sqlite {
        let trigger = "CREATE TRIGGER disk BEFORE UPDATE ON throttles WHEN NEW.streak <= OLD.streak
             BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END";
        (&[trigger], "DROP TRIGGER disk")
    } else {
        let function = "CREATE FUNCTION disk() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$";
        let trigger = "CREATE TRIGGER disk BEFORE UPDATE ON throttles FOR EACH ROW
             WHEN (NEW.streak <= OLD.streak) EXECUTE FUNCTION disk()";
        (&[function, trigger], "DROP TRIGGER disk ON throttles")
    };
    for statement in fill {
        town.gateway.rewrite(statement);
    }
    // More often than wrong passwords could be tried.
    for _ in 0..9 {
        let (_, answer, begin) = right_password(&town);
        assert_come_again(&answer, begin);
    }
    town.gateway.rewrite(make_room);
    let (person, answer, _) = right_password(&town);
    assert!(answer.status < 400, "{} {}", answer.status, person.words());
    let counted = town.gateway.number("SELECT CAST(COALESCE(SUM(streak), 0) AS BIGINT) FROM throttles");
    assert_eq!(counted, 0, "nothing stays counted");
}
