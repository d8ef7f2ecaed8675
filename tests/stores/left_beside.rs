//! What lies beside a file of `SQLite`, and what was taken away from there: a gateway that runs is asked what it serves from,
//! and what a backup cannot be is refused (decisions 85, 89).

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, time::Duration};

use tempfile::TempDir;

use super::missing::{TOOLS, files_in, run, town_in};
use crate::support::{
    eventually,
    gateway::{program, words},
    person::Person,
    stage::Stage,
    town::{ALICE, CHOSEN, Town},
};

on_every_database! {
    walk_3_secrets_that_nobody_can_open_are_told_with_a_restore,
    walk_3_an_exported_trace_says_until_when_it_tells,
}

fn back_up(database: &Path, to: &Path) {
    let done = Command::new("sqlite3").arg(database).arg(format!(".backup '{}'", to.display())).status();
    assert!(done.expect("sqlite3").success());
}

fn restore_check(town: &Town, old: &[&str]) -> (Option<i32>, String) {
    let done = town.gateway.run("restore-check", &[&["--yes"], old].concat());
    (done.status.code(), words(&done))
}

#[test]
fn walk_3_a_folder_that_was_moved_away_with_everything_in_it_leaves_no_tool_on_what_is_put_there() {
    let (above, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let disk = above.path().join("var");
    fs::create_dir(&disk).expect("a folder");
    // As systemd has it: a socket beside the database would be away with it.
    let socket = other.path().join("control.sock");
    let town = Town::build_with(|site| site.keeping_in(&disk).set("server.control", socket.display().to_string()));
    drop(town.alice());
    let here = disk.join("vestibule.db");
    let backup = other.path().join("backup.db");
    back_up(&here, &backup);
    fs::rename(&disk, above.path().join("var.bad")).expect("moved");
    fs::create_dir(&disk).expect("a folder");
    fs::copy(&backup, &here).expect("put there");
    let before = fs::read(&here).expect("a file");
    for (command, arguments) in TOOLS.iter().chain(&[("check", &[][..])]) {
        let done = run(&town, (command, arguments));
        let said = words(&done);
        assert_eq!(done.status.code(), Some(1), "{command} {arguments:?}: {said}");
        let why = match *command {
            "restore-check" => "a gateway has this database open",
            _ => "the gateway that runs serves from another file that was at",
        };
        assert!(said.contains(why), "{command} {arguments:?}: {said}");
        assert!(fs::read(&here).expect("a file") == before, "{command} {arguments:?} has written");
    }
    fs::remove_dir_all(&disk).expect("removed");
    fs::rename(above.path().join("var.bad"), &disk).expect("put back");
    assert!(town.gateway.run("person show", &[ALICE.email]).status.success());
}

#[test]
fn walk_3_without_the_file_that_says_who_serves_nobody_takes_the_database_for_free_and_the_gateway_makes_it_anew() {
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    drop(town.alice());
    let serving = disk.path().join("vestibule.db-serving");
    fs::remove_file(&serving).expect("removed");
    let to = format!("sqlite:{}", disk.path().join("copy.db").display());
    let from = town.gateway.ground().url().to_owned();
    let copy = || words(&program().args(["store", "copy", "--from", &from, "--to", &to]).output().expect("run"));
    let said = copy();
    assert!(said.contains("cannot be known") || said.contains("stop it first"), "{said}");
    let (code, said) = restore_check(&town, &[]);
    assert!(code == Some(1) && said.contains("a gateway has this database open"), "{said}");
    eventually("the gateway to hold it again", Duration::from_secs(20), || serving.exists().then_some(()));
    assert!(copy().contains("stop it first"), "{}", copy());
    assert!(!files_in(disk.path()).contains(&"copy.db".to_owned()));
    town.gateway.stop();
    assert!(copy().contains("everything is there"));
}

#[test]
fn walk_3_a_file_of_roots_that_keeps_the_gateway_from_holding_its_database_is_an_error_that_says_what_to_type() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root makes files that others cannot open");
        return;
    }
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    drop(town.alice());
    town.gateway.stop();
    let serving = disk.path().join("vestibule.db-serving");
    // Root opens what is closed to others, but no folder as a file: what matters is how it is told.
    fs::remove_file(&serving).expect("removed");
    fs::create_dir(&serving).expect("a folder");
    town.gateway.start_again(0);
    let told = |line: &str| {
        line.contains("ERROR") && line.contains("the database cannot be held") && line.contains("-serving")
    };
    eventually("the line in the log", Duration::from_secs(10), || town.gateway.log().lines().any(told).then_some(()));
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

#[test]
fn walk_3_a_backup_that_is_damaged_or_has_a_log_beside_it_is_refused() {
    let (disk, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let mut town = town_in(disk.path());
    drop(town.alice());
    let here = disk.path().join("vestibule.db");
    let backup = other.path().join("backup.db");
    back_up(&here, &backup);
    town.gateway.kill(0);
    // Put over what was killed, with the log of the database from before.
    let log = disk.path().join("vestibule.db-wal");
    assert!(fs::metadata(&log).expect("a log").len() > 0);
    fs::remove_file(&here).expect("removed");
    fs::copy(&backup, &here).expect("put there");
    let (code, said) = restore_check(&town, &[]);
    assert!(code == Some(1) && said.contains("-wal lies beside") && !said.contains("can be served from"), "{said}");
    assert!(fs::read(&here).expect("a file") == fs::read(&backup).expect("a file"), "it was played in");
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(disk.path().join(format!("vestibule.db{end}")));
    }
    // Pages in the middle, which a start does not read.
    let mut pages = fs::read(&backup).expect("a file");
    let middle = pages.len() / 4096 / 2 * 4096;
    pages[middle..middle + 8 * 4096].fill(0x5a);
    fs::write(&here, &pages).expect("written");
    let (code, said) = restore_check(&town, &[]);
    assert!(code == Some(1) && said.contains("damaged") && !said.contains("can be served from"), "{said}");
    assert!(fs::read(&here).expect("a file") == pages, "it was changed");
    fs::set_permissions(&here, fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::copy(&backup, &here).expect("another backup");
    let (code, said) = restore_check(&town, &[]);
    assert!(code == Some(0) && said.contains("can be served from"), "{said}");
}

fn walk_3_secrets_that_nobody_can_open_are_told_with_a_restore(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    town.gateway.stop();
    town.gateway.rewrite("UPDATE legacy_secrets SET key_id = 'deadbeef'");
    let (code, said) = restore_check(&town, &[]);
    assert!(said.contains("Everybody is signed out"), "the rest is done: {said}");
    assert!(code == Some(1) && said.contains("a key that is not configured (deadbeef)"), "{said}");
    assert!(!said.contains("can be served from"), "{said}");
}

fn walk_3_an_exported_trace_says_until_when_it_tells(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    let file = town.gateway.folder().join("trace.jsonl");
    let path = file.to_str().expect("UTF-8");
    assert!(town.gateway.run("audit", &["export", path]).status.success());
    town.gateway.stop();
    let backup = town.gateway.back_up(stage);
    town.gateway.start_again(0);
    let disabled = ["disable", ALICE.email, "--yes", "--reason", "after the export"];
    assert!(town.gateway.run("person", &disabled).status.success());
    town.gateway.stop();
    town.gateway.bring_back(backup);
    let (code, said) = restore_check(&town, &["--old", path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("what came after that is told by nobody") && said.contains("no younger than the backup"),
        "{said}"
    );
    assert!(!said.contains("To be done again by you: nothing"), "{said}");
}
