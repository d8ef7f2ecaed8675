//! A database that is away, or was never there: who only looks makes none, and what is put back is what it was.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use tempfile::TempDir;

use crate::support::{
    eventually,
    gateway::words,
    person::Person,
    postgres,
    stage::Stage,
    town::{ALICE, CHOSEN, Town},
};

/// Everything that looks at the database, or changes something in it, and does not begin one.
pub const TOOLS: &[(&str, &[&str])] = &[
    ("person show", &["alice@residents.example"]),
    ("person show", &["alice-77@CA/SA", "--json"]),
    ("person unlock", &["alice@residents.example", "--reason", "test", "--yes"]),
    ("person sign-out", &["--everybody", "--reason", "test", "--yes"]),
    ("person locked", &[]),
    ("audit list", &[]),
    ("audit refused", &[]),
    ("audit guesses", &[]),
    ("audit verify", &[]),
    ("audit export", &[]),
    ("mail list", &[]),
    ("mail resend", &["--waiting"]),
    ("vault keys", &[]),
    ("vault rotate", &[]),
    ("agency erase", &["CX/SX", "--reason", "test", "--yes"]),
    ("restore-check", &["--yes"]),
    ("import", &["--agency", "CA/SA", "--undo", "--yes"]),
    ("import", &["--agency", "CA/SA", "--dry-run", "roster.csv"]),
    ("import", &["--agency", "CA/SA", "--yes", "roster.csv"]),
];

/// A town whose files of `SQLite` are in a folder of their own.
pub fn town_in(disk: &Path) -> Town {
    Town::build_with(|site| site.keeping_in(disk))
}

pub fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let names = entries.map(|name| name.to_string_lossy().into_owned());
    // The control socket that a crash has left is replaced by the next start.
    let mut names: Vec<String> = names.filter(|name| name != "vestibule.sock").collect();
    names.sort();
    names
}

/// Runs a tool, with paths in the gateway's folder.
pub fn run(town: &Town, (command, arguments): (&str, &[&str])) -> Output {
    let roster = town.gateway.folder().join("roster.csv");
    fs::write(&roster, "login,name\ndora-9,Dora\n").expect("a roster");
    let roster = roster.to_str().expect("a path in UTF-8");
    let arguments: Vec<&str> = arguments.iter().map(|word| if *word == "roster.csv" { roster } else { word }).collect();
    town.gateway.run(command, &arguments)
}

#[test]
fn walk_1_a_tool_makes_no_database_where_sqlites_file_is_away_and_the_one_that_is_put_back_is_whole() {
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    drop(town.alice());
    town.gateway.stop();
    let (here, away) = (disk.path().join("vestibule.db"), disk.path().join("away.db"));
    fs::rename(&here, &away).expect("moved");
    let before = files_in(disk.path());
    for tool in TOOLS {
        let done = run(&town, *tool);
        let said = words(&done);
        assert_eq!(done.status.code(), Some(1), "{tool:?}: {said}");
        assert!(said.contains("there is no database of Vestibule's yet") && said.contains("vestibule.db"), "{said}");
        assert!(
            said.contains("a gateway has served from one there: put it, or its backup, back"),
            "what to do: {said}"
        );
        assert_eq!(files_in(disk.path()), before, "{tool:?} leaves something");
    }
    let checked = town.gateway.run("check", &[]);
    let said = words(&checked);
    assert!(checked.status.success(), "the next start makes one: {said}");
    assert!(said.contains("warning: there is no database any more where a gateway has served from one"), "{said}");
    assert_eq!(files_in(disk.path()), before, "`check` leaves something");
    fs::rename(&away, &here).expect("moved back");
    town.gateway.start_again(0);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

#[test]
fn walk_1_a_tool_makes_no_tables_in_another_database_of_postgresql() {
    let mut town = Town::on(Stage::Postgres);
    drop(town.alice());
    town.gateway.stop();
    let empty = postgres::shared().database();
    town.gateway.configure("database.url", empty.url());
    for tool in &TOOLS[..TOOLS.len() - 1] {
        let done = run(&town, *tool);
        let said = words(&done);
        assert_eq!(done.status.code(), Some(1), "{tool:?}: {said}");
        assert!(said.contains("there is no database of Vestibule's yet: PostgreSQL at"), "{tool:?}: {said}");
    }
    let checked = town.gateway.run("check", &[]);
    assert!(words(&checked).contains("no tables yet: the first start makes them"), "{}", words(&checked));
    // The first start does, and says so.
    town.gateway.start_again(0);
    eventually("the line in the log", Duration::from_secs(10), || {
        let log = town.gateway.log();
        let lines = log.lines().filter(|line| line.contains("a new, empty database was made"));
        (lines.filter(|line| line.contains("WARN") && line.contains("PostgreSQL at")).count() == 2).then_some(())
    });
}

#[test]
fn walk_1_a_tool_leaves_nothing_beside_a_database_and_what_a_crash_has_left_is_written_down() {
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    drop(town.alice());
    for crash in [false, true] {
        if crash {
            town.gateway.start_again(0);
            town.gateway.kill(0);
            assert!(files_in(disk.path()).contains(&"vestibule.db-wal".to_owned()));
        } else {
            town.gateway.stop();
        }
        for tool in TOOLS {
            let done = run(&town, *tool);
            assert_ne!(done.status.code(), Some(2), "{tool:?}: {}", words(&done));
            assert_eq!(files_in(disk.path()), ["vestibule.db", "vestibule.db-serving"], "{tool:?}, crash: {crash}");
        }
    }
    town.gateway.start_again(0);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

#[test]
fn walk_1_a_first_roster_begins_a_database_and_none_in_the_place_of_one_that_was_served() {
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    town.gateway.stop();
    let other = disk.path().join("other/first.db");
    town.gateway.configure("database.url", format!("sqlite:{}", other.display()));
    let checked = town.gateway.run("check", &[]);
    assert!(checked.status.success() && words(&checked).contains("no tables yet"), "{}", words(&checked));
    let done = run(&town, ("import", &["--agency", "CA/SA", "roster.csv"]));
    let said = words(&done);
    assert!(done.status.success() && said.contains("a new one was made") && said.contains("first.db"), "{said}");
    assert_eq!(files_in(&disk.path().join("other")), ["first.db"]);
    // The gateway finds it, and makes none.
    town.gateway.start_again(0);
    assert_eq!(town.gateway.log().matches("a new, empty database was made").count(), 1, "that of before");
    assert!(words(&town.gateway.run("person show", &["dora-9@CA/SA"])).contains("dora-9"));
}

#[test]
fn walk_1_a_start_that_makes_a_database_says_so_and_says_more_where_one_was_served() {
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    let warns = |town: &Town, what: &str| {
        eventually(what, Duration::from_secs(10), || {
            let log = town.gateway.log();
            let mut lines = log.lines();
            lines
                .any(|line| line.contains("WARN") && line.contains(what) && line.contains("vestibule.db"))
                .then_some(())
        });
    };
    warns(&town, "right at a first start");
    town.gateway.restart();
    assert_eq!(town.gateway.log().matches("a new, empty database").count(), 1, "once, and not at each start");
    town.gateway.stop();
    fs::rename(disk.path().join("vestibule.db"), disk.path().join("away.db")).expect("moved");
    town.gateway.start_again(0);
    warns(&town, "nobody is known in it");
}

#[test]
fn walk_1_where_the_gateway_runs_check_fails_without_its_database_and_an_upgrade_makes_none() {
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    drop(town.alice());
    let (here, away) = (disk.path().join("vestibule.db"), disk.path().join("away.db"));
    fs::rename(&here, &away).expect("moved");
    let before = files_in(disk.path());
    let checked = town.gateway.run("check", &[]);
    let said = words(&checked);
    assert_eq!(checked.status.code(), Some(1), "{said}");
    assert!(said.contains("the database cannot be used from here"), "{said}");
    for command in ["upgrade", "serve --upgrade", "person locked", "audit verify"] {
        let done = town.gateway.run(command, &[]);
        assert_eq!(done.status.code(), Some(1), "{command}: {}", words(&done));
        assert_eq!(files_in(disk.path()), before, "{command} leaves something");
    }
    fs::rename(&away, &here).expect("moved back");
    eventually("the gateway to find its database again", Duration::from_secs(20), || {
        town.gateway.health("/readyz").filter(|(status, _)| *status == 200).map(drop)
    });
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    town.gateway.stop();
}

#[test]
fn walk_1_what_was_written_last_to_a_database_that_is_away_is_not_thrown_away() {
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    drop(town.alice());
    town.gateway.kill(0);
    let (here, away) = (disk.path().join("vestibule.db"), disk.path().join("away.db"));
    fs::rename(&here, &away).expect("moved");
    let before = files_in(disk.path());
    for (command, arguments) in [("serve", &[][..]), ("check", &[]), ("import", &["--agency", "CA/SA", "roster.csv"])] {
        for empty in [false, true] {
            if empty {
                fs::write(&here, "").expect("an empty file");
            }
            let done = run(&town, (command, arguments));
            let said = words(&done);
            assert_eq!(done.status.code(), Some(1), "{command}: {said}");
            assert!(said.contains("vestibule.db-wal beside it holds what was written last"), "{command}: {said}");
            let _ = fs::remove_file(&here);
            assert_eq!(files_in(disk.path()), before, "{command}");
        }
    }
    fs::rename(&away, &here).expect("moved back");
    town.gateway.start_again(0);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

#[test]
fn walk_1_the_log_of_another_database_is_not_played_into_the_one_that_is_put_back() {
    let (disk, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let mut town = town_in(disk.path());
    drop(town.alice());
    town.gateway.stop();
    // Somebody starts without the database, and the machine goes down: a new one, and its log beside it.
    let here = disk.path().join("vestibule.db");
    let away = other.path().join("vestibule.db");
    fs::rename(&here, &away).expect("moved");
    town.gateway.start_again(0);
    town.gateway.kill(0);
    let log = fs::read(disk.path().join("vestibule.db-wal")).expect("a log");
    assert!(log.len() > 4096, "the empty database is in its log");
    fs::rename(&away, &here).expect("put back");
    for (command, arguments) in [("serve", &[][..]), ("check", &[]), ("person show", &["alice@residents.example"])] {
        let done = town.gateway.run(command, arguments);
        let said = words(&done);
        assert_eq!(done.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("vestibule.db-wal is not this database's"), "{command}: {said}");
        assert!(said.contains("vestibule.db-shm away"), "what to do: {said}");
    }
    let beside: Vec<PathBuf> = ["-wal", "-shm"].map(|end| disk.path().join(format!("vestibule.db{end}"))).to_vec();
    for file in &beside {
        let _ = fs::rename(file, other.path().join(file.file_name().expect("a name")));
    }
    town.gateway.start_again(0);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    // A crash leaves a log that is its own.
    town.gateway.kill(0);
    town.gateway.start_again(0);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}
