//! The trace cannot be changed unseen (d08): what an operator is told after somebody was in the database.

use std::{fs, process::Output};

use crate::support::{
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, Town, try_sign_in},
};

on_every_database! {
    d08_whatever_is_changed_in_the_database_is_told,
    d08_an_agencys_lines_are_exported_as_a_table_that_no_spreadsheet_runs,
}

fn verify(town: &Town, arguments: &[&str]) -> (bool, String) {
    let Output { status, stdout, .. } = town.gateway.run("audit", &[&["verify"], arguments].concat());
    (status.success(), String::from_utf8(stdout).expect("text"))
}

fn head(said: &str) -> String {
    let (_, head) = said.split_once("--head ").expect("the chain's end is told");
    head.trim().to_owned()
}

fn d08_whatever_is_changed_in_the_database_is_told(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let (is_whole, said) = verify(&town, &[]);
    assert!(is_whole && said.contains("the chain holds") && said.contains("from number 1 on, 0 of them without names"));
    let before = head(&said);
    assert!(verify(&town, &["--head", &before]).1.contains("is the one that was told before"));
    for keep in ["CREATE TABLE kept AS SELECT * FROM audit", "CREATE TABLE kept_counters AS SELECT * FROM counters"] {
        town.gateway.rewrite(keep);
    }
    let last = "(SELECT MAX(seq) FROM kept)";
    let cut = "UPDATE counters SET value = value - 1, chain = (SELECT chain FROM kept WHERE seq = (SELECT MAX(seq) FROM kept) - 1) \
               WHERE name = 'audit'";
    for (statements, told) in [
        (vec!["UPDATE audit SET event = 'signed-out' WHERE seq = 3".to_owned()], "the chain breaks at number 3"),
        (
            vec!["UPDATE audit SET happened_at = happened_at + 1 WHERE seq = 3".to_owned()],
            "the chain breaks at number 3",
        ),
        (vec!["UPDATE audit SET agency = 'CB/SB' WHERE seq = 2".to_owned()], "the chain breaks at number 2"),
        (
            vec!["UPDATE audit SET actor_kind = 'operator', actor_id = NULL WHERE seq = 3".to_owned()],
            "the chain breaks at number 3",
        ),
        (vec!["UPDATE audit SET login = 'mallory' WHERE seq = 3".to_owned()], "number 3 names others"),
        (vec!["UPDATE audit SET client = '192.0.2.66' WHERE seq = 3".to_owned()], "number 3 names others"),
        (vec!["UPDATE audit SET request_id = 'x' WHERE seq = 3".to_owned()], "number 3 names others"),
        (
            vec!["UPDATE audit SET detail = '{\"event\":\"signed-in\"}', event = event WHERE seq = 1".to_owned()],
            "number 1 names others",
        ),
        (
            vec!["UPDATE audit SET salt = '00112233445566778899aabbccddeeff' WHERE seq = 3".to_owned()],
            "number 3 names others",
        ),
        (vec!["UPDATE audit SET salt = NULL, login = NULL WHERE seq = 3".to_owned()], "1 of them without names"),
        (vec!["UPDATE audit SET chain = NULL WHERE seq = 3".to_owned()], "the chain breaks at number 4"),
        (vec!["DELETE FROM audit WHERE seq = 3".to_owned()], "the chain breaks at number 4"),
        (
            vec![
                "DELETE FROM audit WHERE seq = 3".to_owned(),
                "UPDATE audit SET seq = 3 WHERE seq = 2".to_owned(),
                "UPDATE audit SET seq = 2 WHERE seq = 1".to_owned(),
            ],
            "the chain breaks at number 3",
        ),
        (vec![format!("DELETE FROM audit WHERE seq = {last}")], "and not where the last line was written"),
        (vec!["DELETE FROM audit".to_owned()], "and none is there"),
    ] {
        for statement in &statements {
            town.gateway.rewrite(statement);
        }
        let (is_whole, said) = verify(&town, &[]);
        assert!(said.contains(told), "{statements:?}: {said}");
        assert_eq!(is_whole, told.contains("without names"), "{statements:?}: {said}");
        restore(&town);
        assert!(verify(&town, &["--head", &before]).0, "after {statements:?}");
    }
    // Who rewrites all of it, as well as the counter, is given away by what was kept elsewhere.
    town.gateway.rewrite(&format!("DELETE FROM audit WHERE seq = {last}"));
    town.gateway.rewrite(cut);
    assert!(verify(&town, &[]).0, "the database alone does not know better");
    let (is_whole, said) = verify(&town, &["--head", &before]);
    assert!(!is_whole && said.contains("it has gone in its time, or was taken out"), "{said}");
    restore(&town);
    let other = format!("{}:{}", before.split(':').next().expect("a number"), "0".repeat(64));
    let (is_whole, said) = verify(&town, &["--head", &other]);
    assert!(!is_whole && said.contains("the trace was written anew"), "{said}");
    assert_eq!(town.gateway.run("audit", &["verify", "--head", "7"]).status.code(), Some(2));
}

fn restore(town: &Town) {
    for statement in [
        "DELETE FROM audit",
        "INSERT INTO audit SELECT * FROM kept",
        "DELETE FROM counters",
        "INSERT INTO counters SELECT * FROM kept_counters",
    ] {
        town.gateway.rewrite(statement);
    }
}

fn d08_an_agencys_lines_are_exported_as_a_table_that_no_spreadsheet_runs(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    town.resident(BOB);
    let mut mallory = Person::new(&town.gateway);
    try_sign_in(&mut mallory, "b", "=HYPERLINK(\"http://evil.example\")", "x");
    let export = |arguments: &[&str]| {
        let file = town.gateway.folder().join("trace");
        let done = town.gateway.run("audit", &[&["export", file.to_str().expect("a path")], arguments].concat());
        assert!(done.status.success(), "{arguments:?}");
        let said = String::from_utf8(done.stdout).expect("text");
        assert!(said.contains("vestibule audit verify --head "), "{said}");
        fs::read_to_string(file).expect("the trace")
    };
    let table = export(&["--agency", "CB/SB", "--csv"]);
    let mut lines = table.lines();
    let headings = "number,time,event,actor,actor_id,agency,person,account,client,request,detail";
    assert_eq!(lines.next(), Some(headings));
    let (mut rows, mut formulas) = (0, 0);
    for line in lines {
        rows += 1;
        assert!(line.contains(",CB/SB,") && !line.contains(ALICE.login), "{line}");
        formulas += usize::from(line.contains("\"'=HYPERLINK(\"\"http"));
    }
    assert!(rows >= 1 && formulas == 1, "{table}");
    let lines = export(&["--agency", "CA/SA", "--since", "1h"]);
    assert!(lines.contains("\"event\":\"migrated\"") && !lines.contains("CB/SB"));
    assert!(export(&[]).contains("CB/SB"));
}
