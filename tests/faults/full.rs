//! Disks that are really full: a small one is mounted, which only root may do.

use std::{
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    small_disk::SmallDisk,
    support::{
        outage::{Outage, Readers, right_password},
        postgres::{self, Cluster},
        site::Site,
        town::Town,
    },
    table::{Notes, Row},
};

/// The rows of this file.
pub const ROWS: &[Row] = &[
    Row { id: "REL-027", done: "the disk of SQLite's file is really full", run: sqlite },
    Row { id: "REL-027", done: "the disk of PostgreSQL's tables is really full", run: tables },
    Row { id: "REL-027", done: "the disk of the whole of PostgreSQL is really full", run: whole_server },
];

fn sqlite(notes: &mut Notes) {
    let Some(disk) = mounted(16, notes) else { return };
    let town = town(|site| site.keeping_in(disk.path()));
    let mut outage = Outage::before(&town);
    disk.fill();
    outage.is_told(r#""database":"failing""#, Readers::GoOn);
    disk.make_room();
    outage.ends();
}

fn tables(notes: &mut Notes) {
    let Some(disk) = mounted(64, notes) else { return };
    let (folder, cluster) = (given_to_postgres(disk.path()), postgres::shared());
    psql(cluster, &format!("CREATE TABLESPACE small LOCATION '{}'", folder.display()));
    let database = cluster.database();
    let name = database.url().rsplit('/').next().map(str::to_owned).expect("a name");
    assert!(psql(cluster, &format!("ALTER DATABASE {name} SET TABLESPACE small")));
    let town = town(|site| site.in_database(database));
    let mut outage = Outage::before(&town);
    disk.fill();
    // Until their last pages are full, sign-ins go on.
    let went_on = (0..400).take_while(|_| right_password(&town).1.status < 400).count();
    notes.add(format!("{went_on} sign-ins went on"));
    outage.is_told(r#""database":"failing""#, Readers::GoOn);
    disk.make_room();
    outage.ends();
}

/// PostgreSQL ends where there is no room for its log, and is started again by its operator.
fn whole_server(notes: &mut Notes) {
    const CONNECTIONS: u32 = 50;
    let Some(disk) = mounted(128, notes) else { return };
    let folder = given_to_postgres(disk.path());
    let mut cluster = Cluster::start_in(&folder, CONNECTIONS);
    let town = town(|site| site.in_database(cluster.database()));
    let mut outage = Outage::before(&town);
    disk.fill();
    // What is left of the log's files is used up.
    let write = "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)) FROM generate_series(1, 40)";
    while psql(&cluster, write) {}
    outage.is_told(r#""ready":false"#, Readers::Wait);
    disk.make_room();
    cluster.start_again_in(&folder, CONNECTIONS);
    outage.ends();
}

fn town(change: impl FnOnce(Site) -> Site) -> Town {
    Town::build_with(|site| change(site).set("server.cache_seconds", 1))
}

fn mounted(mib: u32, notes: &mut Notes) -> Option<SmallDisk> {
    SmallDisk::mount(mib).map_err(|why| notes.not_run(&why)).ok()
}

/// Has the server do something; whether it did.
fn psql(cluster: &Cluster, statement: &str) -> bool {
    let port = cluster.port.to_string();
    let arguments = ["-h", "127.0.0.1", "-U", "vestibule", "-d", "postgres", "-p", &port, "-qc", statement];
    Command::new("psql").args(arguments).output().expect("psql can be started").status.success()
}

/// A folder there in which the server may write.
fn given_to_postgres(disk: &Path) -> PathBuf {
    let folder = disk.join("postgres");
    std::fs::create_dir(&folder).expect("a folder");
    let said = Command::new("id").args(["-u", "postgres"]).output().expect("`id`").stdout;
    let user = String::from_utf8_lossy(&said).trim().parse().expect("the number of a user");
    chown(&folder, Some(user), None).expect("only root mounts");
    folder
}
