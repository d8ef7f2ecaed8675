//! What is committed survives `kill -9`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::copying::elsewhere;
use super::rows::Columns as _;
use super::*;

const URL: &str = "VESTIBULE_TEST_WRITER_URL";

on_both! {
    what_a_killed_process_was_told_is_kept_is_kept,
    rel_028_who_is_killed_while_the_tables_are_brought_up_to_date_leaves_no_half_of_them,
}

/// This test binary again, running one ignored test on a database.
fn another(name: &str, url: &str) -> std::process::Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", &format!("store::tests::killed::{name}"), "--ignored", "--nocapture"])
        .env(URL, url)
        .stdout(Stdio::piped())
        .spawn()
        .expect("another process")
}

async fn rel_028_who_is_killed_while_the_tables_are_brought_up_to_date_leaves_no_half_of_them(fresh: Fresh) {
    let (there, _kept) = elsewhere(&fresh);
    crate::store::connection::make(&there).expect("a file");
    let store = Store::connect(&there, For::Gateway).await.expect("a database without tables");
    // A lock in the way of the last of the first migration's tables: what comes before it is done by then.
    let mut lock = store.write().await.expect("a turn");
    if store.dialect == Dialect::Postgres {
        sqlx::query("CREATE TABLE counters (name TEXT)").execute(lock.conn()).await.expect("locked");
    }
    let mut opener = another("the_opener_that_is_killed", &there);
    let said = BufReader::new(opener.stdout.take().expect("its output")).lines();
    assert!(said.map_while(Result::ok).any(|line| line.ends_with("opening")));
    if store.dialect == Dialect::Postgres {
        let waiting = "SELECT COUNT(*) AS value FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let stands_in_line = async {
            let mut found = 0;
            while found == 0 {
                let mut watcher = store.read().await.expect("a reader");
                found = sqlx::query(waiting).fetch_one(watcher.conn()).await.expect("asked").int("value").expect("it");
            }
        };
        tokio::time::timeout(Duration::from_secs(20), stands_in_line).await.expect("the lock stands in the way");
    }
    opener.kill().expect("killed");
    opener.wait().expect("gone");
    drop(lock);
    store.close().await;
    let whole = Store::open(&there).await.expect("a store");
    let mut tx = whole.write().await.expect("a turn");
    person(&mut tx, "anne").await;
    tx.commit().await.expect("a commit");
}

#[tokio::test]
#[ignore = "is killed on its way, for the test above"]
#[expect(clippy::disallowed_methods, reason = "the test above says where")]
async fn the_opener_that_is_killed() {
    let Ok(url) = std::env::var(URL) else { return };
    writeln!(std::io::stdout(), "opening").expect("said");
    let _ = Store::open(&url).await;
}

async fn what_a_killed_process_was_told_is_kept_is_kept(fresh: Fresh) {
    // On SQLite nothing else of this process may have the file open when it is opened again below.
    let url = fresh.url.clone();
    fresh.close().await;
    let mut writer = another("the_writer_that_is_killed", &url);
    let lines = BufReader::new(writer.stdout.take().expect("its output")).lines();
    let told: Vec<String> = lines
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("kept ").map(ToOwned::to_owned))
        .take(20)
        .collect();
    writer.kill().expect("killed");
    writer.wait().expect("gone");
    assert_eq!(told.len(), 20);
    let store = Store::open(&url).await.expect("a store");
    let mut tx = store.read().await.expect("a reader");
    for name in told {
        assert!(tx.credential_of(&IdentityId::stored(&name)).await.expect("asked").is_some(), "{name}");
    }
}

#[tokio::test]
#[ignore = "runs until it is killed, for the test above"]
#[expect(clippy::disallowed_methods, reason = "the test above says where to write")]
async fn the_writer_that_is_killed() {
    let Ok(url) = std::env::var(URL) else { return };
    let store = Store::open(&url).await.expect("a store");
    for number in 0.. {
        let mut tx = store.write().await.expect("a turn");
        let name = format!("person-{number}");
        person(&mut tx, &name).await;
        tx.commit().await.expect("a commit");
        if writeln!(std::io::stdout(), "kept {name}").is_err() {
            return;
        }
    }
}
