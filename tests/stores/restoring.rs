//! A database that is brought back from a backup, and one that somebody copies while a gateway serves from it.

use std::{fs, process::Command, time::Duration};

use super::missing::run;
use crate::{
    residents::{cookies_at_portal, opens_account},
    support::{
        eventually,
        gateway::{Gateway, program},
        person::Person,
        postgres,
        stage::Stage,
        town::{ALICE, BOB, CAROL, CHOSEN, Town, migrate_up_to_proof, try_sign_in},
    },
};

on_every_database! {
    review_a5_after_a_restore_nobody_is_signed_in_no_letter_goes_twice_and_what_was_lost_is_told,
    review_a5_a_database_that_a_gateway_serves_from_is_neither_copied_nor_looked_through,
    review_a5_an_exported_trace_tells_what_was_lost_too,
    review_a5_a_database_that_goes_back_in_time_under_a_gateway_is_told_though_nobody_asks,
    walk_3_a_database_that_has_gone_back_is_told_by_all_over_starts_and_upgrades_until_restore_check,
}

/// Runs a command that has to succeed.
fn said(gateway: &Gateway, command: &str, arguments: &[&str]) -> String {
    let done = gateway.run(command, arguments);
    let (out, told) = (String::from_utf8_lossy(&done.stdout).into_owned(), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{command} {arguments:?}: {out}{told}");
    out
}

/// Runs a command that has to fail.
fn refused(gateway: &Gateway, command: &str, arguments: &[&str]) -> String {
    let done = gateway.run(command, arguments);
    assert_eq!(done.status.code(), Some(1), "{command} {arguments:?}: {}", String::from_utf8_lossy(&done.stdout));
    String::from_utf8_lossy(&done.stderr).into_owned()
}

fn review_a5_after_a_restore_nobody_is_signed_in_no_letter_goes_twice_and_what_was_lost_is_told(stage: Stage) {
    let mut town = Town::on(stage);
    let alice = town.alice();
    town.resident(BOB);
    let cookies = cookies_at_portal(&town, &alice);
    town.gateway.stop();
    let backup = town.gateway.back_up(stage);
    town.gateway.start_again(0);

    // After the backup: somebody is put out, somebody is new, somebody chooses another password.
    said(&town.gateway, "person", &["disable", BOB.email, "--yes", "--reason", "moved away"]);
    let mut carol = Person::new(&town.gateway);
    town.migrate(&mut carol, "a", CAROL, CAROL.email);
    let mut asking = Person::new(&town.gateway);
    asking.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let reset = |letter: &crate::support::letters::Letter| letter.subject.contains("nouveau mot de passe");
    let link = town.gateway.letters().wait_for(ALICE.email, reset).link();
    asking.open(&link).fill("password", "Cerisier-31-mur").fill("confirmation", "Cerisier-31-mur");
    asking.press("Enregistrer").miss("n'est plus valable");
    town.gateway.stop();

    // As it was at the backup: a letter to Bob had not gone out yet, nor one that nobody knows any more.
    let before = town.gateway.bring_back(backup);
    let bobs = "(SELECT MAX(id) FROM letters WHERE recipient = 'bob@residents.example')";
    town.gateway.rewrite(&format!("UPDATE letters SET state = 'queued', ended_at = NULL WHERE id = {bobs}"));
    let unknown =
        "INSERT INTO letters SELECT 'unknown', agency, 'dora@residents.example', language, kind, 'queued', 0, 0,
        0, NULL, created_at, NULL, 0, domain FROM letters WHERE id =";
    town.gateway.rewrite(&format!("{unknown} {bobs}"));
    assert!(refused(&town.gateway, "restore-check", &["--old", &before]).contains("say --yes"));
    let told = said(&town.gateway, "restore-check", &["--old", &before, "--yes"]);
    for words in [
        "Everybody is signed out (2 people)",
        "1 letters may have gone out before, and are held",
        "1 letters are over",
        "bob@residents.example was disabled: vestibule person disable",
        "--reason \"moved away\"",
        "alice@residents.example chose a password: the one from before opens again",
        "carol-3 of CA/SA was attached to",
    ] {
        assert!(told.contains(words), "{words} is not told:\n{told}");
    }
    let sent = town.gateway.letters().count();
    town.gateway.start_again(0);
    assert!(!opens_account(&town, &cookies), "a sign-in of before the backup lives on");
    // Typed as it stands there, a line does what it says.
    let disable = told.lines().find(|line| line.contains("person disable")).expect("a line");
    let id = disable.split("person disable ").nth(1).and_then(|rest| rest.split(' ').next()).expect("an id");
    said(&town.gateway, "person", &["disable", id, "--yes", "--reason", "moved away"]);
    let mut bob = Person::new(&town.gateway);
    try_sign_in(&mut bob, "a", BOB.email, CHOSEN);
    bob.miss("/membre/").open("/account").miss(BOB.email);
    // The old link died with the restore, although its use was lost.
    asking.open(&link).miss("Choisissez un nouveau mot de passe");
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    assert_eq!(town.gateway.letters().count(), sent, "no letter of before went out");
    assert!(said(&town.gateway, "mail", &["list", "--state", "held"]).contains("dora@residents.example"));
    assert!(said(&town.gateway, "mail", &["resend", "--held"]).contains("1 letters are due now"));
    assert_eq!(town.gateway.traced("database-restored"), 1);
}

fn review_a5_a_database_that_a_gateway_serves_from_is_neither_copied_nor_looked_through(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    let told = refused(&town.gateway, "restore-check", &["--yes"]);
    assert!(told.contains("a gateway has this database open: stop it first"), "{told}");
    let there = format!("sqlite:{}", town.gateway.folder().join("copy.db").display());
    let copy = |town: &Town| {
        program()
            .args(["store", "copy", "--from", town.gateway.ground().url(), "--to", &there])
            .output()
            .expect("started")
    };
    let done = copy(&town);
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(1) && told.contains("stop it first"), "{told}");
    // An upgrade is two who serve.
    town.gateway.upgrade();
    assert!(town.gateway.earlier_end());
    assert!(!copy(&town).status.success());
    town.gateway.stop();
    assert!(copy(&town).status.success());
    said(&town.gateway, "restore-check", &["--yes"]);
    town.gateway.start_again(0);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

fn review_a5_an_exported_trace_tells_what_was_lost_too(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    town.gateway.stop();
    let backup = town.gateway.back_up(stage);
    town.gateway.start_again(0);
    said(&town.gateway, "person", &["disable", ALICE.email, "--yes", "--reason", "by order"]);
    let file = town.gateway.folder().join("trace.jsonl");
    let path = file.to_str().expect("a path in UTF-8").to_owned();
    said(&town.gateway, "audit", &["export", &path]);
    town.gateway.stop();
    town.gateway.bring_back(backup);
    // A gateway ran on it before anybody looked: the numbers of its lines are those of others by now.
    town.gateway.start_again(0);
    let mut dora = Person::new(&town.gateway);
    migrate_up_to_proof(&mut dora, "a", crate::support::town::DORA, "dora@residents.example");
    town.gateway.stop();
    let told = said(&town.gateway, "restore-check", &["--old", &path, "--yes"]);
    assert!(told.contains("alice@residents.example was disabled: vestibule person disable"), "{told}");
    assert!(!told.contains("brought back itself"), "{told}");
    // What is exported now is no trace of before: it ends with this restore.
    said(&town.gateway, "audit", &["export", &path]);
    let done = town.gateway.run("restore-check", &["--old", &path, "--yes"]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(told.contains("warning: the last that") && told.contains("is that it was brought back itself"), "{told}");
    fs::write(&file, "{\"seq\":1}\n").expect("a file");
    assert!(
        refused(&town.gateway, "restore-check", &["--old", &path, "--yes"])
            .contains("trace.jsonl:1: no line of a trace")
    );
}

fn review_a5_a_database_that_goes_back_in_time_under_a_gateway_is_told_though_nobody_asks(stage: Stage) {
    let town = Town::on(stage);
    take_back_in_time(&town, stage);
    let status = said(&town.gateway, "status", &[]);
    assert!(status.contains("the database may not be the right one: it has gone back in time"), "{status}");
    let (_, ready) = town.gateway.health("/readyz").expect("the health listener");
    assert!(ready.contains("\"database_doubt\":\"gone back in time\""), "{ready}");
}

/// Tools that work on the database, each of which says first that it may not be the right one.
const ABOUT_PEOPLE: &[(&str, &[&str])] = &[
    ("person show", &["alice@residents.example"]),
    ("person show", &["alice@residents.example", "--json"]),
    ("person locked", &[]),
    ("audit list", &[]),
    ("audit verify", &[]),
    ("mail list", &[]),
    ("vault keys", &[]),
    ("import", &["--agency", "CA/SA", "--dry-run", "roster.csv"]),
];

/// Whether the tools, `check` and, where one runs, the gateway say that the database is in doubt.
fn is_doubted_by_all(town: &Town, is_doubted: bool, runs: bool, when: &str) {
    let words = "the database may not be the right one: it has gone back in time";
    for tool in ABOUT_PEOPLE {
        let done = run(town, *tool);
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{when}, {tool:?}: {told}");
        let is_first = told.lines().next().is_some_and(|line| line.contains(words));
        assert_eq!(is_first, is_doubted, "{when}, {tool:?}: {told}");
    }
    let checked = town.gateway.run("check", &[]);
    let told = String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(i32::from(is_doubted)), "{when}: {told}");
    assert_eq!(told.contains(words), is_doubted, "{when}: {told}");
    if runs {
        assert_eq!(said(&town.gateway, "status", &[]).contains(words), is_doubted, "{when}");
        let (_, ready) = town.gateway.health("/readyz").expect("the health listener");
        assert_eq!(ready.contains("\"database_doubt\":\"gone back in time\""), is_doubted, "{when}: {ready}");
    }
}

fn walk_3_a_database_that_has_gone_back_is_told_by_all_over_starts_and_upgrades_until_restore_check(stage: Stage) {
    let mut town = Town::on(stage);
    drop(town.alice());
    is_doubted_by_all(&town, false, true, "before");
    take_back_in_time(&town, stage);
    is_doubted_by_all(&town, true, true, "gone back");
    town.gateway.restart();
    is_doubted_by_all(&town, true, true, "after a start");
    town.gateway.upgrade();
    is_doubted_by_all(&town, true, true, "after an upgrade");
    town.gateway.stop();
    is_doubted_by_all(&town, true, false, "where no gateway runs");
    said(&town.gateway, "restore-check", &["--yes"]);
    is_doubted_by_all(&town, false, false, "after restore-check");
    town.gateway.start_again(0);
    is_doubted_by_all(&town, false, true, "after restore-check and a start");
}

/// Brings the database back under the gateway, as it was a moment ago.
fn take_back_in_time(town: &Town, stage: Stage) {
    let told = || town.gateway.log().contains("it has gone back in time under this gateway");
    let alive = || town.gateway.number("SELECT value FROM counters WHERE name = 'alive'");
    let (url, copy) = (town.gateway.ground().url(), town.gateway.folder().join("copy"));
    let copy = copy.to_str().expect("a path in UTF-8");
    let own = |program: &str| postgres::binaries().join(program).display().to_string();
    let by_hand = |program: &str, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).output().expect("the database's own program");
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let file = url.trim_start_matches("sqlite:");
    match stage {
        Stage::Sqlite => by_hand("sqlite3", &[file, &format!(".backup '{copy}'")]),
        _ => by_hand(&own("pg_dump"), &["--format=custom", "--file", copy, url]),
    }
    let before = alive();
    eventually("two signs of life that nobody has asked for", Duration::from_secs(40), || {
        (alive() > before + 1).then_some(())
    });
    assert!(!told());
    match stage {
        Stage::Sqlite => by_hand("sqlite3", &[file, &format!(".restore '{copy}'")]),
        _ => by_hand(&own("pg_restore"), &["--clean", "--single-transaction", "--dbname", url, copy]),
    }
    eventually("it to be told", Duration::from_secs(30), || told().then_some(()));
}

#[test]
fn review_a5_a_sign_in_that_lives_in_redis_ends_with_a_restore_whatever_was_counted_since() {
    let mut town = Town::on(Stage::Redis);
    town.alice();
    town.gateway.stop();
    let backup = town.gateway.back_up(Stage::Sqlite);
    town.gateway.start_again(0);
    // Ended once more after the backup: one more than the backup's would be this very number.
    said(&town.gateway, "person", &["sign-out", ALICE.email, "--yes", "--reason", "lost her tablet"]);
    let mut alice = Person::new(&town.gateway);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    let cookies = cookies_at_portal(&town, &alice);
    assert!(opens_account(&town, &cookies));
    town.gateway.stop();
    town.gateway.bring_back(backup);
    said(&town.gateway, "restore-check", &["--yes"]);
    town.gateway.start_again(0);
    assert!(!opens_account(&town, &cookies));
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
}
