//! Somebody who asks to be erased, and an agency that has gone.

use std::fs;

use super::{cookies_at_portal, opens_account};
use crate::support::{
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, BOB_AT_B, CAROL, CHOSEN, Town, migrate_up_to_proof, try_sign_in},
};

on_every_database! {
    review_b_a_person_who_is_erased_is_nowhere_any_more_and_the_trace_proves_what_it_proved,
    review_b_an_account_that_nobody_has_is_erased_with_its_run_and_nobody_elses,
    review_b_what_is_kept_for_an_agency_that_has_gone_is_erased,
    walk_4_people_of_an_agency_that_has_gone_are_shown_and_helped_until_they_are_erased,
    review_b_whoever_was_erased_is_erased_again_after_a_restore,
}

const WHY: [&str; 3] = ["--yes", "--reason", "request of 12 March"];

fn said(town: &Town, command: &str, arguments: &[&str]) -> String {
    let done = town.gateway.run(command, arguments);
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{command} {arguments:?}: {out}{}", String::from_utf8_lossy(&done.stderr));
    out
}

/// The tables and columns of texts in which a word stands, whatever its case.
fn where_is(town: &Town, word: &str) -> Vec<String> {
    let sqlite = town.gateway.ground().url().starts_with("sqlite:");
    let columns = town.gateway.texts(if sqlite {
        "SELECT m.name || ' ' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND c.type = 'TEXT' AND m.name NOT LIKE '%sqlx%'"
    } else {
        "SELECT CAST(table_name || ' ' || column_name AS TEXT) FROM information_schema.columns
         WHERE table_schema = current_schema() AND data_type = 'text' AND table_name NOT LIKE '%sqlx%'"
    });
    let holds = |column: &&String| {
        let (table, name) = column.split_once(' ').expect("a table and a column");
        let word = word.to_lowercase();
        town.gateway.number(&format!("SELECT COUNT(*) FROM \"{table}\" WHERE lower(\"{name}\") LIKE '%{word}%'")) > 0
    };
    columns.iter().filter(holds).cloned().collect()
}

fn review_b_a_person_who_is_erased_is_nowhere_any_more_and_the_trace_proves_what_it_proved(stage: Stage) {
    let mut town = Town::on(stage);
    let roster = town.gateway.folder().join("roster.csv");
    fs::write(&roster, "login,name,email\nalice-77,Alice Martin,alice@residents.example\nbob-12,Bob,\n")
        .expect("a roster");
    said(&town, "import", &["--agency", "CA/SA", roster.to_str().expect("a path in UTF-8")]);
    let mut mallory = Person::new(&town.gateway);
    try_sign_in(&mut mallory, "a", "ALICE-77", "Not-the-one-1");
    let alice = town.alice();
    let mut bob = town.resident(BOB);
    try_sign_in(&mut mallory, "a", ALICE.email, "Not-the-one-1");
    try_sign_in(&mut mallory, "a", "Álice-77", ALICE.password);
    let mut asking = Person::new(&town.gateway);
    asking.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    town.gateway.letter_to(ALICE.email);
    said(&town, "person", &["disable", ALICE.email, "--yes", "--reason", "Alice Martin has sold her flat"]);
    said(&town, "person", &["enable", ALICE.email, "--yes", "--reason", "Alice Martin has not"]);
    let mut alice_again = Person::new(&town.gateway);
    town.sign_in(&mut alice_again, "a", ALICE.email, CHOSEN);
    let cookies = cookies_at_portal(&town, &alice_again);
    drop(alice);
    let id =
        town.gateway.texts("SELECT identity_id FROM credentials WHERE login = 'alice@residents.example'").remove(0);
    let lines = town.gateway.number("SELECT COUNT(*) FROM audit");
    let bobs = town.gateway.number("SELECT COUNT(*) FROM audit WHERE login = 'bob-12'");

    assert!(!town.gateway.run("person", &["erase", ALICE.email, "--reason", "request"]).status.success());
    let told = said(&town, "person", &[&["erase", ALICE.email][..], &WHY].concat());
    assert!(told.contains("alice-77 of CA/SA is the agency's"), "{told}");
    for word in ["alice", "Álice-77", "martin", &id] {
        assert_eq!(where_is(&town, word), Vec::<String>::new(), "{word} is there still");
    }
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM audit"), lines + 1);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM audit WHERE login = 'bob-12'"), bobs);
    assert!(said(&town, "audit", &["verify"]).contains("no line is missing"));
    let alias = town.gateway.texts("SELECT DISTINCT identity_id FROM audit WHERE event = 'migrated' AND login IS NULL");
    assert_eq!(alias.len(), 1, "what one person did reads as one person's still");
    let theirs = said(&town, "audit", &["list", "--who", &alias[0]]);
    assert!(theirs.contains("person-disabled") && theirs.contains("reason=erased"), "{theirs}");
    assert!(said(&town, "audit", &["list", "--event", "person-erased"]).contains("request of 12 March"));
    assert!(!opens_account(&town, &cookies), "whoever is erased is out");
    if stage == Stage::TwoNodesWithRedis {
        let keys = town.gateway.redis().keys();
        assert!(!keys.iter().any(|key| key.contains(&id)), "{keys:?}");
    }

    // Bob has lost nothing, and the old credentials make Alice somebody new.
    bob.open(town.at_a("/membre/x")).see("bob-12");
    let nobody = town.gateway.run("person", &["show", ALICE.email]);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nobody is known as"));
    town.migrate(&mut Person::new(&town.gateway), "a", ALICE, ALICE.email);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

#[test]
fn review_b_a_person_who_is_erased_is_nowhere_in_redis_and_on_no_node_any_more() {
    review_b_a_person_who_is_erased_is_nowhere_any_more_and_the_trace_proves_what_it_proved(Stage::TwoNodesWithRedis);
}

fn review_b_an_account_that_nobody_has_is_erased_with_its_run_and_nobody_elses(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    town.gateway.letter_to(CAROL.email);
    said(&town, "person", &[&["erase", "carol-3@CA/SA"][..], &WHY].concat());
    assert_eq!(where_is(&town, "carol"), Vec::<String>::new());
    assert!(said(&town, "audit", &["verify"]).contains("no line is missing"));
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    town.migrate(&mut Person::new(&town.gateway), "a", CAROL, CAROL.email);
}

fn review_b_what_is_kept_for_an_agency_that_has_gone_is_erased(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    let mut bob = town.resident(BOB);
    bob.open("/account").press("Se déconnecter");
    try_sign_in(&mut bob, "b", BOB_AT_B.login, BOB_AT_B.password);
    bob.press("Étape suivante").follow("J'ai déjà un compte").fill("email", BOB.email).fill("password", CHOSEN);
    bob.press("Connexion").see("Compte associé");
    let erase = ["erase", "CA/SA"];
    let told = town.gateway.run("agency", &[&erase[..], &WHY].concat());
    assert!(String::from_utf8_lossy(&told.stderr).contains("the configuration has CA/SA still"), "{told:?}");
    town.gateway.stop();
    fs::remove_file(town.gateway.folder().join("agencies/agence-a.toml")).expect("the agency's file");
    town.gateway.start_again(0);
    // Its file may only be missing: until somebody has said that it is to go, nothing is erased.
    let told = town.gateway.run("agency", &[&erase[..], &["--with-people"], &WHY].concat());
    assert_eq!(told.status.code(), Some(1), "{told:?}");
    let told = String::from_utf8_lossy(&told.stderr);
    assert!(told.contains("nobody has said that it is to go") && told.contains("vestibule reload"), "{told}");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links WHERE agency = 'CA/SA'"), 2);
    said(&town, "reload", &["--yes"]);
    let told = said(&town, "agency", &[&erase[..], &["--with-people"], &WHY].concat());
    assert!(told.contains("2 attached accounts") && told.contains("1 persons who had no other account"), "{told}");
    for table in ["links", "roster", "flows", "letters", "closed_accounts", "old_digests", "identifier_cases"] {
        let left = town.gateway.number(&format!("SELECT COUNT(*) FROM {table} WHERE agency = 'CA/SA'"));
        assert_eq!(left, 0, "{table}");
    }
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM legacy_secrets"), 1, "Bob's at the other agency");
    assert_eq!(where_is(&town, "alice@"), Vec::<String>::new());
    assert!(said(&town, "audit", &["verify"]).contains("no line is missing"));
    town.sign_in(&mut Person::new(&town.gateway), "b", BOB.email, CHOSEN);
}

fn walk_4_people_of_an_agency_that_has_gone_are_shown_and_helped_until_they_are_erased(stage: Stage) {
    let mut town = Town::on(stage);
    let roster = town.gateway.folder().join("roster.csv");
    fs::write(&roster, "login,name\nalice-77,Alice\ncarol-3,Carol\n").expect("a roster");
    said(&town, "import", &["--agency", "CA/SA", roster.to_str().expect("a path in UTF-8")]);
    town.alice();
    town.gateway.stop();
    fs::remove_file(town.gateway.folder().join("agencies/agence-a.toml")).expect("the agency's file");
    town.gateway.start_again(0);
    for who in [ALICE.email, "alice-77@CA/SA", "Alice-77@ca/sa"] {
        let told = said(&town, "person", &["show", who]);
        assert!(told.contains("The configuration has no agency CA/SA any more"), "{who}: {told}");
        assert!(told.contains("alice-77 of CA/SA"), "{who}: {told}");
    }
    let told = said(&town, "person", &["show", "carol-3@CA/SA"]);
    assert!(told.contains("no credentials open anything, until its file is back"), "{told}");
    let told = said(&town, "person", &["show", "carol-3@CA/SA", "--json"]);
    assert!(told.contains("\"agency-gone\""), "{told}");
    assert!(said(&town, "audit", &["list", "--who", "alice-77@CA/SA"]).contains("migrated"));
    said(&town, "person", &[&["unlock", "alice-77@CA/SA"][..], &WHY].concat());
    said(&town, "person", &[&["disable", "alice-77@CA/SA"][..], &WHY].concat());
    said(&town, "person", &[&["enable", "alice-77@CA/SA"][..], &WHY].concat());
    let undone = said(&town, "import", &["--agency", "CA/SA", "--undo", "--dry-run"]);
    assert!(undone.contains("nothing was changed"), "{undone}");
    assert!(
        said(&town, "person", &[&["unlink", "CA/SA", "alice-77"][..], &WHY].concat()).contains("belongs to nobody")
    );
    said(&town, "person", &[&["erase", "carol-3@CA/SA"][..], &WHY].concat());
    // One that never was is a mistake in what was typed.
    for arguments in [&["show", "alice-77@CX/SX"][..], &[&["unlink", "CX/SX", "alice-77"][..], &WHY].concat()] {
        let done = town.gateway.run("person", arguments);
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(
            !done.status.success() && told.contains("the configuration has no agency CX/SX; it has: CB/SB"),
            "{told}"
        );
    }
}

fn review_b_whoever_was_erased_is_erased_again_after_a_restore(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    town.gateway.stop();
    let backup = town.gateway.back_up(stage);
    town.gateway.start_again(0);
    said(&town, "person", &[&["erase", ALICE.email][..], &WHY].concat());
    town.gateway.stop();
    let before = town.gateway.bring_back(backup);
    let told = said(&town, "restore-check", &["--old", &before, "--yes"]);
    let line = told.lines().find(|line| line.contains("vestibule person erase")).expect("a line");
    let id = line.split("person erase ").nth(1).and_then(|rest| rest.split(' ').next()).expect("an id");
    said(&town, "person", &[&["erase", id][..], &WHY].concat());
    assert_eq!(where_is(&town, "alice"), Vec::<String>::new());
}
