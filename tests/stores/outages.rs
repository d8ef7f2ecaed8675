//! Databases that are there and do not do what they should (REL-027): the same promise in each row.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use sqlx::{AnyConnection, Connection, Executor};
use tempfile::TempDir;

use crate::support::{
    eventually,
    outage::{Outage, RECOVERS, Readers, right_password},
    person::Person,
    postgres::Cluster,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, Town, migrate_up_to_proof, try_sign_in},
    wait,
};

const DATABASE_FAILS: &str = r#""database":"failing""#;
/// Where it is waited for, first.
const NOT_READY: &str = r#""ready":false"#;

fn town_on(stage: Stage) -> Town {
    Town::build_with(|site| site.on(stage).set("server.cache_seconds", 1))
}

/// A connection beside the gateway.
fn beside(town: &Town) -> AnyConnection {
    sqlx::any::install_default_drivers();
    wait(AnyConnection::connect(town.gateway.ground().url())).expect("the database")
}

/// Has PostgreSQL take writes of this database again, or no more.
pub fn take_writes(town: &Town, takes: bool) {
    let statement =
        format!("ALTER DATABASE %I SET default_transaction_read_only = {}", if takes { "off" } else { "on" });
    town.gateway.rewrite(&format!("DO $$ BEGIN EXECUTE format('{statement}', current_database()); END $$"));
    // Who is connected was told before.
    town.gateway.number(
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

#[test]
fn rel_027_a_database_that_somebody_made_read_only_is_read() {
    let town = town_on(Stage::Postgres);
    let mut outage = Outage::before(&town);
    take_writes(&town, false);
    outage.is_told(DATABASE_FAILS, Readers::GoOn);
    take_writes(&town, true);
    outage.ends();
}

#[test]
fn rel_027_a_table_that_somebody_has_locked_holds_only_who_writes_to_it() {
    let town = town_on(Stage::Postgres);
    town.gateway
        .rewrite("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 300', current_database()); END $$");
    town.gateway.number(
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let mut outage = Outage::before(&town);
    let mut other = beside(&town);
    wait(other.execute("BEGIN")).expect("a transaction");
    wait(other.execute("LOCK TABLE counters, throttles, audit, challenges IN SHARE MODE")).expect("a lock");
    outage.is_told(DATABASE_FAILS, Readers::GoOn);
    wait(other.close()).expect("closed");
    outage.ends();
}

#[test]
fn rel_027_a_server_that_takes_no_more_connections_is_told_and_waited_for() {
    const CONNECTIONS: u32 = 14;
    let folder = ServersFolder::new();
    let cluster = Cluster::start_in(&folder.0, CONNECTIONS);
    let town = Town::build_with(|site| site.in_database(cluster.database()).set("server.cache_seconds", 1));
    let mut outage = Outage::before(&town);
    let mut others = vec![beside(&town)];
    // Others take each connection that the gateway loses.
    let ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE query NOT LIKE '%of others%' AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    eventually("others to have every connection", RECOVERS, || {
        wait(others[0].execute(ours)).expect("the gateway's connections are closed");
        while let Ok(mut other) = wait(AnyConnection::connect(town.gateway.ground().url())) {
            wait(other.execute("SELECT 1 /* of others */")).expect("marked");
            others.push(other);
        }
        (others.len() >= CONNECTIONS as usize).then_some(())
    });
    outage.is_told(NOT_READY, Readers::Wait);
    drop(others);
    outage.ends();
}

#[test]
fn rel_027_a_server_that_crashes_in_the_middle_of_sign_ins_costs_nobody_a_count() {
    const CONNECTIONS: u32 = 50;
    let folder = ServersFolder::new();
    let mut cluster = Cluster::start_in(&folder.0, CONNECTIONS);
    let town = Town::build_with(|site| site.in_database(cluster.database()).set("server.cache_seconds", 1));
    let outage = Outage::before(&town);
    thread::scope(|scope| {
        let signing_in: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..6).map(|_| right_password(&town).1.status).collect::<Vec<_>>()))
            .collect();
        thread::sleep(Duration::from_millis(300));
        cluster.start_again_in(&folder.0, CONNECTIONS);
        for statuses in signing_in {
            let statuses = statuses.join().expect("answers");
            assert!(statuses.iter().all(|status| *status < 400 || *status == 503), "{statuses:?}");
        }
    });
    outage.ends();
}

#[test]
fn rel_027_files_beside_the_database_that_somebody_removes_take_nothing_with_them() {
    let disk = TempDir::new().expect("a folder");
    let mut town = Town::build_with(|site| site.keeping_in(disk.path()));
    drop(town.alice());
    for ends in [&["-wal", "-shm"] as &[&str], &["-wal"], &["-shm"]] {
        let mut alice = Person::new(&town.gateway);
        for end in ends {
            fs::remove_file(disk.path().join(format!("vestibule.db{end}"))).expect("a file beside it");
        }
        for _ in 0..6 {
            let (person, answer, _) = right_password(&town);
            assert!(answer.status < 400, "{ends:?}: {} {}", answer.status, person.words());
        }
        try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        alice.open("/account").see(ALICE.email);
        let status = town.gateway.health("/readyz").map(|(status, _)| status);
        assert_eq!(status, Some(200), "{ends:?}");
        let sessions = town.gateway.number("SELECT count(*) FROM sessions");
        town.gateway.restart();
        assert_eq!(town.gateway.number("SELECT count(*) FROM sessions"), sessions, "{ends:?}: nothing is lost");
        alice.open("/account").see(ALICE.email);
        let whole = town.gateway.texts("PRAGMA integrity_check");
        assert_eq!(whole, ["ok"], "{ends:?}");
    }
}

#[test]
fn rel_027_a_damaged_page_is_told_and_ends_nothing() {
    let mut town = town_on(Stage::Sqlite);
    drop(town.alice());
    let root = town.gateway.number("SELECT rootpage FROM sqlite_master WHERE name = 'credentials'");
    let size = town.gateway.number("SELECT page_size FROM pragma_page_size");
    town.gateway.stop();
    let file = town.gateway.folder().join("vestibule.db");
    let mut bytes = fs::read(&file).expect("the database");
    let at = usize::try_from((root - 1) * size).expect("a place in it");
    let page = bytes[at..].len().min(usize::try_from(size).expect("small"));
    let good = bytes[at..at + page].to_vec();
    bytes[at..at + page].fill(0xa5);
    fs::write(&file, &bytes).expect("damaged");
    town.gateway.start_again(0);
    let (_, answer, begin) = right_password(&town);
    crate::support::outage::assert_come_again(&answer, begin);
    eventually("the log to tell it in words", RECOVERS, || town.gateway.log().contains("malformed").then_some(()));
    assert_eq!(town.gateway.health("/healthz").map(|(status, _)| status), Some(200));
    town.gateway.stop();
    bytes[at..at + page].copy_from_slice(&good);
    fs::write(&file, &bytes).expect("mended");
    town.gateway.start_again(0);
    let (_, answer, _) = right_password(&town);
    assert!(answer.status < 400);
}

#[test]
fn rel_027_letters_wait_for_a_folder_that_cannot_be_written_and_none_is_given_up() {
    let town = Town::build();
    let (folder, aside) = (town.gateway.folder().join("letters"), town.gateway.folder().join("aside"));
    fs::rename(&folder, &aside).expect("moved");
    fs::write(&folder, "in the way").expect("a file");
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    eventually("the letter to wait", RECOVERS, || town.gateway.log().contains("takes no letters").then_some(()));
    assert_eq!(town.gateway.number("SELECT max(attempts) FROM letters"), 0, "no letter's fault");
    fs::remove_file(&folder).expect("nothing in the way");
    fs::rename(&aside, &folder).expect("put back");
    let code = town.gateway.letter_to(CAROL.email).code();
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
    assert!(town.gateway.letters().look(CAROL.email).is_none(), "no second letter");
}

/// A folder in which PostgreSQL may write; it runs as somebody else where the tests run as root.
pub struct ServersFolder(pub PathBuf, #[expect(dead_code, reason = "it goes with this value")] TempDir);

impl ServersFolder {
    pub fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = TempDir::new().expect("a folder");
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("open to all");
        let path = folder.path().join("postgres");
        fs::create_dir(&path).expect("a folder");
        open(folder.path());
        open(&path);
        Self(path, folder)
    }
}
