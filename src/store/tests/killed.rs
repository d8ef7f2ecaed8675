//! What is committed survives `kill -9`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::*;

const URL: &str = "VESTIBULE_TEST_WRITER_URL";

on_both! {
    what_a_killed_process_was_told_is_kept_is_kept,
}

async fn what_a_killed_process_was_told_is_kept_is_kept(fresh: Fresh) {
    // On SQLite nothing else of this process may have the file open when it is opened again below.
    let url = fresh.url.clone();
    fresh.close().await;
    let mut writer = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "store::tests::killed::the_writer_that_is_killed", "--ignored", "--nocapture"])
        .env(URL, &url)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a writer");
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
