//! A database that lies where another one is meant: it is told, until somebody says what holds, and nobody writes into it
//! beside a gateway that serves from the other one (decision 85).

use std::{fs, os::unix::fs::MetadataExt as _, path::Path, time::Duration};

use tempfile::TempDir;

use super::missing::{TOOLS, files_in, run, town_in};
use crate::support::{
    eventually,
    gateway::{program, words},
    person::Person,
    town::{ALICE, CHOSEN, Town},
};

/// A user and a group that nobody on the machine is.
const STRANGER: u32 = 64_321;

/// Waits until the gateway's log has these words so often.
fn logged(town: &Town, times: usize, what: &str) {
    eventually(what, Duration::from_secs(20), || (town.gateway.log().matches(what).count() >= times).then_some(()));
}

/// What the gateway says of its database: `status`, `/readyz` and the metric.
fn is_doubted(town: &Town) -> Option<String> {
    let status = words(&town.gateway.run("status", &[]));
    let told = status.lines().find_map(|line| line.strip_prefix("the database may not be the right one: "));
    let (code, ready) = town.gateway.health("/readyz").expect("the health listener");
    let (_, metrics) = town.gateway.health("/metrics").expect("the health listener");
    assert_eq!(code, 200, "residents are served: {ready}");
    assert_eq!(ready.contains("database_doubt"), told.is_some(), "{ready}");
    assert_eq!(metrics.contains("vestibule_database_in_doubt 1"), told.is_some(), "{metrics}");
    told.map(str::to_owned)
}

fn move_all(from: &Path, to: &Path) {
    for name in files_in(from).iter().filter(|name| !name.ends_with("-serving")) {
        fs::rename(from.join(name), to.join(name)).expect("moved");
    }
}

#[test]
fn walk_3_a_new_database_where_another_was_served_is_told_until_somebody_says_that_it_is_meant() {
    let (disk, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let mut town = town_in(disk.path());
    drop(town.alice());
    assert_eq!(is_doubted(&town), None);
    town.gateway.restart();
    assert_eq!(is_doubted(&town), None, "the same one");
    town.gateway.stop();
    move_all(disk.path(), other.path());
    for start in 1..3 {
        town.gateway.start_again(0);
        let told = is_doubted(&town).expect("a doubt");
        assert!(told.contains("another one than was served here before") && told.contains("restore-check"), "{told}");
        logged(&town, start, "the database may not be the right one: it is another one");
        town.gateway.stop();
    }
    // The one from before, or its backup, is the right one.
    fs::remove_file(disk.path().join("vestibule.db")).expect("removed");
    move_all(other.path(), disk.path());
    town.gateway.start_again(0);
    assert_eq!(is_doubted(&town), None);
    town.gateway.stop();
    // Or somebody says that the new one is meant.
    move_all(disk.path(), other.path());
    town.gateway.start_again(0);
    assert!(is_doubted(&town).is_some());
    town.gateway.stop();
    // Who was asked, and has not agreed, has said nothing.
    assert_eq!(town.gateway.run("restore-check", &[]).status.code(), Some(1));
    town.gateway.start_again(0);
    assert!(is_doubted(&town).is_some());
    town.gateway.stop();
    let done = town.gateway.run("restore-check", &["--yes"]);
    assert!(done.status.success(), "{}", words(&done));
    town.gateway.start_again(0);
    assert_eq!(is_doubted(&town), None);
}

#[test]
fn walk_3_during_a_doubt_the_tools_say_so_before_anything_else() {
    let (disk, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let mut town = town_in(disk.path());
    drop(town.alice());
    town.gateway.stop();
    move_all(disk.path(), other.path());
    town.gateway.start_again(0);
    for runs in [true, false] {
        if !runs {
            town.gateway.stop();
        }
        for (command, code) in [("check", 1), ("person locked", 0), ("audit verify", 0), ("mail list", 0)] {
            let done = town.gateway.run(command, &[]);
            let said = words(&done);
            assert_eq!(done.status.code(), Some(code), "{command}, runs: {runs}: {said}");
            assert!(said.contains("the database may not be the right one: it is another one"), "{command}: {said}");
        }
    }
    let done = town.gateway.run("restore-check", &["--yes"]);
    assert!(done.status.success(), "{}", words(&done));
    for command in ["check", "person locked"] {
        let done = town.gateway.run(command, &[]);
        assert!(done.status.success() && !words(&done).contains("may not be"), "{command}: {}", words(&done));
    }
}

#[test]
fn walk_3_nobody_looks_at_or_writes_into_a_file_in_the_place_of_the_one_that_is_served() {
    let (disk, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let town = town_in(disk.path());
    drop(town.alice());
    let here = disk.path().join("vestibule.db");
    let backup = other.path().join("backup.db");
    let backed_up = std::process::Command::new("sqlite3")
        .arg(&here)
        .arg(format!(".backup '{}'", backup.display()))
        .status()
        .expect("sqlite3");
    assert!(backed_up.success());
    fs::create_dir(other.path().join("away")).expect("a folder");
    move_all(disk.path(), &other.path().join("away"));
    fs::copy(&backup, &here).expect("put there");
    let before = fs::read(&here).expect("a file");
    for (command, arguments) in TOOLS.iter().chain(&[("check", &[][..]), ("upgrade", &[])]) {
        let done = run(&town, (command, arguments));
        let said = words(&done);
        assert_eq!(done.status.code(), Some(1), "{command} {arguments:?}: {said}");
        let why = match *command {
            "restore-check" => "a gateway has this database open",
            "upgrade" => "is not the file any more that was opened",
            _ => "the gateway that runs serves from another file that was at",
        };
        assert!(said.contains(why) || *command == "upgrade", "{command} {arguments:?}: {said}");
        assert!(fs::read(&here).expect("a file") == before, "{command} {arguments:?} has written");
    }
    assert!(!town.gateway.log().contains("or restart"), "a restart would serve from this one");
    fs::remove_file(&here).expect("removed");
    move_all(&other.path().join("away"), disk.path());
    eventually("the gateway to find its database again", Duration::from_secs(20), || {
        town.gateway.health("/readyz").filter(|(status, _)| *status == 200).map(drop)
    });
    assert!(town.gateway.run("person show", &[ALICE.email]).status.success());
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

#[test]
fn walk_3_a_crash_leaves_a_log_that_is_played_into_no_other_database_however_little_stands_in_it() {
    let (disk, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let mut town = town_in(disk.path());
    town.gateway.stop();
    let here = disk.path().join("vestibule.db");
    fs::copy(&here, other.path().join("empty.db")).expect("another database");
    fs::remove_file(&here).expect("removed");
    // The one that is served. Its log begins anew with this start, and hardly anything is written into it.
    town.gateway.start_again(0);
    drop(town.alice());
    town.gateway.restart();
    let signs = || town.gateway.number("SELECT value FROM counters WHERE name = 'alive'");
    let before = signs();
    eventually("a sign of life", Duration::from_secs(20), || (signs() > before).then_some(()));
    town.gateway.kill(0);
    let own = other.path().join("own.db");
    let unnumbered = other.path().join("unnumbered.db");
    fs::rename(&here, &own).expect("moved");
    fs::copy(other.path().join("empty.db"), &unnumbered).expect("a file");
    // As it was before there were numbers.
    let renumbered = std::process::Command::new("sqlite3").arg(&unnumbered).arg("PRAGMA user_version = 0").status();
    assert!(renumbered.expect("sqlite3").success());
    for name in ["empty.db", "unnumbered.db"] {
        let there = other.path().join(name);
        fs::copy(&there, &here).expect("put there");
        for (command, arguments) in [("check", &[][..]), ("person show", &[ALICE.email]), ("serve", &[])] {
            let done = town.gateway.run(command, arguments);
            let said = words(&done);
            assert_eq!(done.status.code(), Some(1), "{name}, {command}: {said}");
            assert!(said.contains("vestibule.db-wal is not this database's"), "{name}, {command}: {said}");
        }
        assert!(fs::read(&here).expect("a file") == fs::read(&there).expect("a file"), "{name} is as it was");
    }
    fs::copy(&own, &here).expect("put back");
    town.gateway.start_again(0);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

#[test]
fn walk_3_a_second_gateway_on_the_same_file_is_told_and_a_new_version_is_none() {
    const WORDS: &str = "another gateway serves from the same file of SQLite";
    let mut town = Town::build();
    town.gateway.upgrade();
    assert!(!town.gateway.log().contains(WORDS));
    assert!(town.gateway.earlier_end());
    let mut second = Town::build();
    second.gateway.stop();
    second.gateway.configure("database.url", town.gateway.ground().url());
    second.gateway.start_again(0);
    logged(&second, 1, WORDS);
}

#[test]
fn walk_3_a_copy_that_is_refused_leaves_no_file() {
    let town = Town::build();
    let folder = TempDir::new().expect("a folder");
    let to = format!("sqlite:{}", folder.path().join("copy.db").display());
    let copy = || program().args(["store", "copy", "--from", town.gateway.ground().url(), "--to", &to]).output();
    let done = copy().expect("the program");
    assert!(done.status.code() == Some(1) && words(&done).contains("stop it first"), "{}", words(&done));
    assert_eq!(files_in(folder.path()), Vec::<String>::new());
}

#[test]
fn walk_3_what_root_makes_is_the_services_whose_folder_it_is() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root makes files for others");
        return;
    }
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    drop(town.alice());
    town.gateway.stop();
    let services = disk.path().join("service");
    fs::create_dir(&services).expect("a folder");
    std::os::unix::fs::chown(&services, Some(STRANGER), Some(STRANGER)).expect("an owner");
    let owners = |folder: &Path| {
        let owner = |name: &String| fs::metadata(folder.join(name)).map(|found| (found.uid(), found.gid()));
        files_in(folder).iter().map(|name| owner(name).expect("a file")).collect::<Vec<_>>()
    };
    let to = format!("sqlite:{}", services.join("copied.db").display());
    let copied = program().args(["store", "copy", "--from", town.gateway.ground().url(), "--to", &to]).output();
    assert!(copied.expect("the program").status.success());
    town.gateway.configure("database.url", format!("sqlite:{}", services.join("new/first.db").display()));
    let done = run(&town, ("import", &["--agency", "CA/SA", "roster.csv"]));
    assert!(done.status.success(), "{}", words(&done));
    let done = town.gateway.run("restore-check", &["--yes"]);
    assert!(done.status.success(), "{}", words(&done));
    assert_eq!(files_in(&services), ["copied.db", "copied.db-serving", "new"]);
    assert_eq!(files_in(&services.join("new")), ["first.db", "first.db-serving"]);
    for folder in [&services, &services.join("new")] {
        assert!(owners(folder).iter().all(|owner| *owner == (STRANGER, STRANGER)), "{:?}", owners(folder));
    }
}

#[test]
fn walk_3_check_tells_what_keeps_the_services_user_from_the_database() {
    let disk = TempDir::new().expect("a folder");
    let mut town = town_in(disk.path());
    town.gateway.stop();
    let open = |path: &Path, mode| {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("a mode");
    };
    let checked = || {
        let done = town.gateway.run("check", &["--offline", "--user", "nobody"]);
        let said = words(&done);
        let lines: Vec<String> =
            said.lines().filter(|line| line.contains("cannot serve from it")).map(str::to_owned).collect();
        assert_eq!(done.status.code(), Some(1), "{said}");
        lines
    };
    let [database, serving] = ["vestibule.db", "vestibule.db-serving"].map(|name| disk.path().join(name));
    for (folder, file, lock, closed) in [
        (0o700, 0o666, 0o666, Some(disk.path())),
        (0o755, 0o666, 0o666, Some(disk.path())),
        (0o777, 0o600, 0o666, Some(database.as_path())),
        (0o777, 0o644, 0o666, Some(database.as_path())),
        (0o777, 0o666, 0o600, Some(serving.as_path())),
        (0o777, 0o666, 0o666, None),
    ] {
        open(disk.path(), folder);
        open(&database, file);
        open(&serving, lock);
        let told = checked();
        match closed {
            None => assert_eq!(told, Vec::<String>::new()),
            Some(at) => {
                let said = format!("as {} is closed to that user (hint: chown nobody: {0})", at.display());
                assert!(told.len() == 1 && told[0].contains(&said), "{said}: {told:?}");
            }
        }
    }
    open(disk.path(), 0o700);
    town.gateway.configure("database.url", format!("sqlite:{}", disk.path().join("none/yet.db").display()));
    assert!(checked()[0].contains("none/yet.db: the user nobody cannot serve from it"), "a folder that is to be made");
}
