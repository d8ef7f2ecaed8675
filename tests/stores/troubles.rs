//! A database that lets nobody in is explained (A10): at the start, by the commands, and once in the log while it lasts.

use std::{
    fs,
    net::TcpListener,
    time::{Duration, Instant},
};

use serde_json::Value;
use sqlx::{AnyConnection, Connection, Executor};
use tempfile::TempDir;

use super::outages::ServersFolder;
use super::outages::take_writes;
use crate::support::{
    eventually,
    gateway::words,
    outage::{RECOVERS, right_password},
    postgres::Cluster,
    stage::Stage,
    town::Town,
    wait,
};

const PASSWORD: &str = "ne-doit-pas-se-voir";

/// Starts, checks and asks for a person on a database, none of which may work: each says why.
fn everybody_is_told(town: &Town, what: &str, url: &str, why: &[&str]) {
    town.gateway.configure("database.url", url);
    for (command, arguments) in
        [("serve", &[][..]), ("check", &[]), ("person show", &["nobody@exemple.fr"]), ("mail list", &[])]
    {
        if what == "read-only" && !["serve", "check"].contains(&command) {
            // Who only looks is answered there: `tools.rs`.
            continue;
        }
        let begin = Instant::now();
        let ended = town.gateway.run(command, arguments);
        let said = words(&ended);
        assert_eq!(ended.status.code(), Some(1), "{what}, {command}: {said}");
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}, {command}: {:?}", begin.elapsed());
        assert!(!said.contains(PASSWORD), "{what}, {command}: {said}");
        for why in why {
            assert!(said.contains(why), "{what}, {command}, {why}: {said}");
        }
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(stderr.lines().any(|line| !line.starts_with('{') && line.contains(why[0])), "{command}: {stderr}");
        if command == "serve" {
            let is_told = |line: &str| {
                let line: Value = serde_json::from_str(line).unwrap_or_default();
                line["level"] == "ERROR" && line["reason"].as_str().is_some_and(|reason| reason.contains(why[0]))
            };
            assert!(stderr.lines().any(is_told), "{what}: a line of the log like any other: {stderr}");
        }
    }
}

#[test]
fn a10_a_postgresql_that_lets_nobody_in_says_why_at_the_start_and_to_every_command() {
    const CONNECTIONS: u32 = 5;
    let mut town = Town::build_with(|site| site.on(Stage::Postgres));
    town.gateway.stop();
    let folder = ServersFolder::new();
    let mut cluster = Cluster::start_in(&folder.0, CONNECTIONS);
    let port = cluster.port;
    let at = |rest: &str| format!("postgres://vestibule:{PASSWORD}@127.0.0.1:{port}/{rest}");
    everybody_is_told(&town, "name", &at("portail"), &["it has no such database", "database portail"]);
    everybody_is_told(&town, "TLS", &at("postgres?sslmode=require"), &["no protected connection"]);
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").port();
    let nobody = format!("postgres://vestibule:{PASSWORD}@127.0.0.1:{closed}/postgres");
    everybody_is_told(&town, "refused", &nobody, &["nobody listens there", "Connection refused"]);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_at = silent.local_addr().expect("a port").port();
    let frozen = format!("postgres://vestibule:{PASSWORD}@127.0.0.1:{silent_at}/postgres?sslmode=disable");
    everybody_is_told(&town, "silent", &frozen, &["does not answer"]);
    everybody_is_told(
        &town,
        "host",
        &format!("postgres://vestibule:{PASSWORD}@nowhere.invalid/postgres"),
        &["its name cannot be resolved", "nowhere.invalid"],
    );
    let read_only = at("postgres?options=-c%20default_transaction_read_only%3Don");
    everybody_is_told(&town, "read-only", &read_only, &["it is read-only"]);
    let rules = folder.0.join("data/pg_hba.conf");
    let before = fs::read_to_string(&rules).expect("the rules");
    fs::write(&rules, "host all all 127.0.0.1/32 scram-sha-256\n").expect("written");
    cluster.start_again_in(&folder.0, CONNECTIONS);
    everybody_is_told(&town, "password", &at("postgres"), &["it refuses the password", "user vestibule"]);
    fs::write(&rules, "host all all 127.0.0.1/32 reject\n").expect("written");
    cluster.start_again_in(&folder.0, CONNECTIONS);
    everybody_is_told(&town, "not let in", &at("postgres"), &["it does not let this user in from here"]);
    fs::write(&rules, before).expect("written");
    cluster.start_again_in(&folder.0, CONNECTIONS);
    sqlx::any::install_default_drivers();
    let others: Vec<_> =
        (0..CONNECTIONS).map(|_| wait(AnyConnection::connect(&at("postgres"))).expect("a connection")).collect();
    everybody_is_told(&town, "full", &at("postgres"), &["it has no connection left", "max_connections"]);
    drop(others);
}

#[test]
fn a10_a_file_of_sqlite_that_cannot_be_used_says_why_at_the_start_and_to_every_command() {
    let mut town = Town::build();
    town.gateway.stop();
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    fs::write(folder.path().join("letter.db"), "Chère Madame, ".repeat(500)).expect("written");
    everybody_is_told(&town, "no database", &at("letter.db"), &["the file is damaged, or no database", "letter.db"]);
    fs::create_dir(folder.path().join("folder.db")).expect("a folder");
    everybody_is_told(&town, "a folder", &at("folder.db"), &["folder.db"]);
    everybody_is_told(&town, "below a file", &at("letter.db/vestibule.db"), &["letter.db"]);
    let before: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
    town.gateway.configure("database.url", at("new/vestibule.db"));
    let checked = town.gateway.run("check", &[]);
    assert!(checked.status.success(), "{}", words(&checked));
    assert!(words(&checked).contains("no tables yet"), "{}", words(&checked));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), before.len(), "`check` makes nothing");
}

#[test]
fn a16_check_refuses_redis_beside_sqlite_and_the_gateway_says_so_at_its_start() {
    let town = Town::build_with(|site| site.on(Stage::Redis));
    for arguments in [&[][..], &["--offline"]] {
        let checked = town.gateway.run("check", arguments);
        let said = words(&checked);
        assert_eq!(checked.status.code(), Some(2), "{said}");
        assert!(said.contains("share a PostgreSQL too") && said.contains("hint: database.url"), "{said}");
    }
    let log = town.gateway.log();
    assert!(log.contains("share a PostgreSQL too"), "{log}");
}

#[test]
fn a10_check_tells_that_the_tables_are_a_newer_versions() {
    for stage in [Stage::Sqlite, Stage::Postgres] {
        let mut town = Town::build_with(|site| site.on(stage));
        let checked = town.gateway.run("check", &[]);
        assert!(checked.status.success() && words(&checked).contains("the tables of this version"), "{checked:?}");
        town.gateway.stop();
        town.gateway.rewrite(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 9000, 'later', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        );
        let checked = town.gateway.run("check", &[]);
        assert_eq!(checked.status.code(), Some(1), "{checked:?}");
        assert!(words(&checked).contains("a newer version of this program"), "{stage:?}: {}", words(&checked));
    }
}

#[test]
fn a10_a_file_of_sqlite_that_is_moved_away_and_back_has_one_line_each() {
    let disk = TempDir::new().expect("a folder");
    let town = Town::build_with(|site| site.keeping_in(disk.path()).set("server.cache_seconds", 1));
    let (here, away) = (disk.path().join("vestibule.db"), disk.path().join("away.db"));
    fs::rename(&here, &away).expect("moved");
    eventually("the outage to be told", RECOVERS, || {
        town.gateway.log().contains("the database is not available; who").then_some(())
    });
    std::thread::sleep(Duration::from_secs(3));
    let (lines, others) = told(&town, "the database is not available; who");
    assert_eq!((lines, others.as_slice()), (1, &[][..]), "{}", others.join("\n"));
    fs::rename(&away, &here).expect("moved back");
    eventually("it to be back", RECOVERS, || {
        town.gateway.log().contains("the database is available again").then_some(())
    });
    assert_eq!(told(&town, "the database is available again").0, 1);
}

/// Lines with these words, and every other warning or error that is not about one request.
fn told(town: &Town, what: &str) -> (usize, Vec<String>) {
    let log = town.gateway.log();
    let lines: Vec<&str> = log.lines().collect();
    let others = lines.iter().filter(|line| line.contains(r#""WARN""#) || line.contains(r#""ERROR""#));
    let others = others.filter(|line| {
        !["a request failed", what, "notices of other nodes", "not every connection", "a new, empty database"]
            .iter()
            .any(|known| line.contains(known))
    });
    (lines.iter().filter(|line| line.contains(what)).count(), others.map(ToString::to_string).collect())
}

#[test]
fn a10_a_postgresql_that_goes_and_comes_back_has_one_line_each() {
    let folder = ServersFolder::new();
    let mut cluster = Cluster::start_in(&folder.0, 50);
    let town = Town::build_with(|site| site.in_database(cluster.database()).set("server.cache_seconds", 1));
    drop(town.alice());
    cluster.stop();
    eventually("the outage to be told", RECOVERS, || {
        town.gateway.log().contains("the database is not available; who").then_some(())
    });
    for _ in 0..4 {
        let (_, answer, _) = right_password(&town);
        assert_eq!(answer.status, 503);
    }
    let (lines, others) = told(&town, "the database is not available; who");
    assert_eq!((lines, others.as_slice()), (1, &[][..]), "{}", others.join("\n"));
    let log = town.gateway.log();
    assert!(log.contains("nobody listens there") && !log.contains("pool timed out"), "{log}");
    cluster.start_again_in(&folder.0, 50);
    eventually("it to be back", RECOVERS, || {
        town.gateway.log().contains("the database is available again").then_some(())
    });
    assert_eq!(told(&town, "the database is available again").0, 1);
}

#[test]
fn review_a10_an_outage_that_only_who_writes_meets_is_told_though_nobody_asks() {
    for stage in [Stage::Sqlite, Stage::Postgres] {
        let town = Town::build_with(|site| site.on(stage));
        // Reading goes on: another program has begun to write and does not end, or an operator has made it read-only.
        let mut other = wait(AnyConnection::connect(town.gateway.ground().url())).expect("the database");
        let why = if stage == Stage::Sqlite {
            wait(other.execute("BEGIN IMMEDIATE")).expect("a transaction");
            "another program holds it"
        } else {
            take_writes(&town, false);
            "it is read-only"
        };
        let told = eventually("the outage to be told", RECOVERS, || {
            town.gateway
                .log()
                .lines()
                .find(|line| line.contains("the database is not available; who"))
                .map(str::to_owned)
        });
        assert!(told.contains(why), "{stage:?}: {told}");
        match stage {
            Stage::Sqlite => drop(wait(other.execute("ROLLBACK")).expect("ended")),
            _ => take_writes(&town, true),
        }
        eventually("it to be back", RECOVERS, || {
            town.gateway.log().contains("the database is available again").then_some(())
        });
    }
}
