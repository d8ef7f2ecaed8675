//! The tools beside a gateway leave its tables as they are (decision 80): they look at what takes no writes, and refuse what
//! another version serves from.

use std::fs;

use super::outages::ServersFolder;
use crate::support::{
    gateway::words,
    postgres::Cluster,
    stage::Stage,
    town::{ALICE, Town},
};

/// What only looks.
const LOOKS: [(&str, &[&str]); 9] = [
    ("person show", &[ALICE.email]),
    ("person locked", &[]),
    ("audit list", &[]),
    ("audit refused", &[]),
    ("audit guesses", &[]),
    ("audit verify", &[]),
    ("audit export", &[]),
    ("mail list", &[]),
    ("vault keys", &[]),
];

/// What changes something.
const ACTS: [(&str, &[&str]); 8] = [
    ("person unlock", &[ALICE.email, "--yes", "--reason", "by order"]),
    ("person disable", &[ALICE.email, "--yes", "--reason", "by order"]),
    ("person sign-out", &[ALICE.email, "--yes", "--reason", "by order"]),
    ("person erase", &[ALICE.email, "--yes", "--reason", "by order"]),
    ("person unlink", &["CA/SA", ALICE.login, "--yes", "--reason", "by order"]),
    ("mail resend", &["--waiting"]),
    ("vault rotate", &[]),
    ("restore-check", &["--yes"]),
];

/// Who only looks is answered, who acts is refused, and `check` says why no gateway can serve from it.
fn is_looked_at_only(town: &Town, what: &str, why: &str, checked: &str) {
    for (command, arguments) in LOOKS {
        let done = town.gateway.run(command, arguments);
        let said = words(&done);
        assert!(done.status.success(), "{what}, {command}: {said}");
        if ["person show", "audit list", "audit export"].contains(&command) {
            assert!(said.contains("that somebody looked could not be written"), "{what}, {command}: {said}");
            assert!(said.contains(why) && said.contains("alice"), "{what}, {command}: {said}");
        }
    }
    for (command, arguments) in ACTS.into_iter().filter(|(command, _)| *command != "mail resend") {
        let done = town.gateway.run(command, arguments);
        let said = words(&done);
        assert_eq!(done.status.code(), Some(1), "{what}, {command}: {said}");
        assert!(said.contains(why), "{what}, {command}: {said}");
    }
    let done = town.gateway.run("check", &[]);
    let said = words(&done);
    assert!(done.status.code() == Some(1) && said.contains(checked), "{what}, check: {said}");
    assert_eq!(said.contains("own the database"), what == "a user who may only look", "{what}, check: {said}");
}

#[test]
fn review_a6_a_database_that_takes_no_writes_answers_who_only_looks() {
    const CONNECTIONS: u32 = 40;
    let folder = ServersFolder::new();
    let mut cluster = Cluster::start_in(&folder.0, CONNECTIONS);
    let mut town = Town::build_with(|site| site.in_database(cluster.database()));
    town.alice();
    town.gateway.stop();
    let url = town.gateway.ground().url().to_owned();
    town.gateway.configure("database.url", format!("{url}?options=-c%20default_transaction_read_only%3Don"));
    is_looked_at_only(&town, "read-only", "it is read-only", "it is read-only (hint: default_transaction_read_only");
    for statement in [
        "CREATE ROLE night LOGIN",
        "GRANT USAGE ON SCHEMA public TO night",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO night",
    ] {
        town.gateway.rewrite(statement);
    }
    town.gateway.configure("database.url", url.replace("vestibule@", "night@"));
    is_looked_at_only(&town, "a user who may only look", "its user lacks a right", "its user may make no tables");
    // As a replica is that was copied from this one, and has lost it.
    cluster.stop();
    fs::write(folder.0.join("data/standby.signal"), "").expect("a file");
    cluster.start_again_in(&folder.0, CONNECTIONS);
    town.gateway.configure("database.url", url);
    is_looked_at_only(&town, "a replica", "it is read-only", "it is read-only: a replica");
}

#[test]
fn review_a9_no_tool_changes_the_tables_that_a_gateway_of_another_version_serves_from() {
    for stage in [Stage::Sqlite, Stage::Postgres] {
        let mut town = Town::build_with(|site| site.on(stage));
        town.alice();
        let steps = |town: &Town| town.gateway.number("SELECT COUNT(*) FROM _sqlx_migrations");
        let now = steps(&town);
        // As the version before this one would have left them.
        for statement in [
            "DROP TABLE audit_spent",
            "ALTER TABLE counters DROP COLUMN chain",
            "ALTER TABLE audit DROP COLUMN chain",
            "ALTER TABLE audit DROP COLUMN bound",
            "ALTER TABLE audit DROP COLUMN salt",
            "ALTER TABLE roster DROP COLUMN replaced",
            "ALTER TABLE links DROP COLUMN visited_at",
            "ALTER TABLE recoveries DROP COLUMN by_address",
            "DROP INDEX identities_part_of",
            "ALTER TABLE identities DROP COLUMN part_of",
            "DROP INDEX roster_person",
            "ALTER TABLE roster DROP COLUMN person",
            "ALTER TABLE import_lines DROP COLUMN person",
            "DELETE FROM _sqlx_migrations WHERE version >= 20",
        ] {
            town.gateway.rewrite(statement);
        }
        let older = steps(&town);
        assert!(older < now);
        let roster = town.gateway.folder().join("roster.csv");
        fs::write(&roster, "login\ndora\n").expect("a roster");
        let roster = roster.to_str().expect("a path in UTF-8");
        let import: [(&str, &[&str]); 1] = [("import", &[roster, "--agency", "CB/SB"])];
        for (command, arguments) in LOOKS.into_iter().chain(ACTS).chain(import) {
            let done = town.gateway.run(command, arguments);
            let said = words(&done);
            assert_eq!(done.status.code(), Some(1), "{stage:?}, {command}: {said}");
            let why =
                if command == "restore-check" { "a gateway has this database open" } else { "of an older version" };
            assert!(said.contains(why), "{stage:?}, {command}: {said}");
            assert_eq!(steps(&town), older, "{stage:?}, {command}");
        }
        let done = town.gateway.run("check", &[]);
        assert!(words(&done).contains("older tables: the next start brings them up to date"), "{}", words(&done));
        assert_eq!(steps(&town), older, "{stage:?}, check");
        // Brought back from a backup, it has to be looked through before anything serves from it.
        town.gateway.stop();
        let done = town.gateway.run("restore-check", &["--yes"]);
        assert!(done.status.success(), "{stage:?}: {}", words(&done));
        assert_eq!(steps(&town), now, "{stage:?}");
        town.gateway.start_again(0);
        assert!(town.gateway.run("person show", &[ALICE.email]).status.success(), "{stage:?}");
    }
}
