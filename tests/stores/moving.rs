//! An installation that moves to another database.

use crate::support::{
    gateway::program,
    person::Person,
    postgres,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, Town, migrate_up_to_proof},
};

const GAPS: &str = "SELECT COUNT(*) - MAX(seq) FROM audit";

#[test]
fn who_migrated_on_sqlite_goes_on_on_postgresql_as_if_nothing_had_happened() {
    let mut town = Town::build();
    let mut alice = town.alice();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    let lines = town.gateway.number("SELECT COUNT(*) FROM audit");

    let said = town.gateway.settle_on(Stage::Postgres);
    assert!(said.contains("identities") && said.contains("everything is there"), "{said}");
    assert!(said.lines().any(|line| line.split_whitespace().eq(["links", "1", "1"])), "{said}");
    alice.open(town.at_a("/membre/x")).see("alice-77").open("/account").see(ALICE.email);
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
    town.sign_in(&mut carol, "a", CAROL.email, CHOSEN);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    assert!(town.gateway.number("SELECT MAX(seq) FROM audit") > lines);
    assert_eq!(town.gateway.number(GAPS), 0, "the trace has no gap");
}

#[test]
fn a_copy_onto_somebodys_data_or_from_nowhere_is_refused_and_changes_nothing() {
    let town = Town::on(Stage::Postgres);
    town.alice();
    let there = town.gateway.ground().url();
    // Dropped at once.
    let gone = postgres::shared().database().url();
    let folder = town.gateway.folder().join("nothing.db");
    let nowhere = format!("sqlite:{}", folder.display());
    for (from, to, reason) in [
        (there, there, "already holds rows in"),
        (nowhere.as_str(), there, "there is no database"),
        (there, "mysql://somewhere", "neither sqlite: nor postgres://"),
        (there, gone.as_str(), "the database to copy to"),
    ] {
        let done = program().args(["store", "copy", "--from", from, "--to", to]).output().expect("started");
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(1) && told.contains(reason), "{reason}: {told}");
        assert!(told.contains("nothing was copied"), "{told}");
    }
    assert!(!folder.exists(), "no file is made where none was");
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}
