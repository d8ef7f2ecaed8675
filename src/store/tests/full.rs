//! A disk that is full, and that has room again (REL-027).

use super::*;

on_both! {
    rel_027_a_database_without_room_gives_no_sign_of_life_and_gives_one_as_soon_as_there_is_some,
    rel_027_many_who_ask_for_a_sign_of_life_cost_one_write,
    rel_027_who_was_told_that_the_disk_is_full_writes_as_soon_as_there_is_room,
}

/// What a full disk does to a writer of one statement: on `SQLite` the transaction is gone before anybody ends it.
async fn fill(store: &Store) {
    let mut tx = store.write().await.expect("a turn");
    let statements: &[&'static str] = match store.dialect {
        Dialect::Sqlite => &[
            "CREATE TRIGGER disk BEFORE INSERT ON identities
             BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END",
            "CREATE TRIGGER disk_too BEFORE UPDATE ON counters
             BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END",
        ],
        Dialect::Postgres => &[
            "CREATE FUNCTION disk() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
            "CREATE TRIGGER disk BEFORE INSERT ON identities FOR EACH ROW EXECUTE FUNCTION disk()",
            "CREATE TRIGGER disk_too BEFORE UPDATE ON counters FOR EACH ROW EXECUTE FUNCTION disk()",
        ],
    };
    for statement in statements {
        sqlx::query(*statement).execute(tx.conn()).await.expect("a trigger");
    }
    tx.commit().await.expect("a commit");
}

async fn make_room(store: &Store) {
    let mut tx = store.write().await.expect("a turn");
    let statements = match store.dialect {
        Dialect::Sqlite => ["DROP TRIGGER disk", "DROP TRIGGER disk_too"],
        Dialect::Postgres => ["DROP TRIGGER disk ON identities", "DROP TRIGGER disk_too ON counters"],
    };
    for statement in statements {
        sqlx::query(statement).execute(tx.conn()).await.expect("no trigger any more");
    }
    tx.commit().await.expect("a commit");
}

async fn try_to_write(store: &Store, name: &str) -> Result<(), StoreError> {
    let credential = credential(name);
    let mut tx = store.write().await?;
    tx.create_person(&credential.identity, &credential, Language::Fr, at(0)).await?;
    tx.commit().await
}

async fn rel_027_who_was_told_that_the_disk_is_full_writes_as_soon_as_there_is_room(fresh: Fresh) {
    fill(&fresh).await;
    let full = join_all((0..20).map(|number| {
        let store = fresh.store.clone();
        async move { try_to_write(&store, &format!("early-{number}")).await }
    }));
    for refused in full.await {
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    make_room(&fresh).await;
    for number in 0..40 {
        try_to_write(&fresh, &format!("late-{number}")).await.expect("there is room");
        fresh.read().await.expect("a reader").session_epoch(&IdentityId::stored("late-0")).await.expect("asked");
    }
    let early = fresh.read().await.expect("a reader").credential_typed(Some(&email("early-0@free.fr")), None).await;
    assert!(early.expect("asked").is_none(), "what failed has not happened");
}

/// A database that may not grow: what `SQLite` says is what it says of a full disk, at the statement that needs room.
#[tokio::test]
async fn rel_027_a_connection_whose_transaction_sqlite_has_ended_is_not_used_again() {
    let fresh = Fresh::on_sqlite().await;
    let mut tx = fresh.write().await.expect("a turn");
    sqlx::query("PRAGMA max_page_count = 1").execute(tx.conn()).await.expect("as large as it is");
    tx.commit().await.expect("a commit");
    let mut written = 0;
    let refused = loop {
        match try_to_write(&fresh, &format!("anne-{written}")).await {
            Ok(()) => written += 1,
            Err(refused) => break refused,
        }
    };
    let StoreError::Unavailable(source) = refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains("full"), "{source}");
    for number in 0..20 {
        try_to_write(&fresh, &format!("late-{number}")).await.expect("another connection, which may grow");
    }
}

async fn rel_027_a_database_without_room_gives_no_sign_of_life_and_gives_one_as_soon_as_there_is_some(fresh: Fresh) {
    fill(&fresh).await;
    for _ in 0..20 {
        assert!(matches!(fresh.ping().await, Err(StoreError::Unavailable(_))));
    }
    make_room(&fresh).await;
    fresh.ping().await.expect("a sign of life");
}

async fn rel_027_many_who_ask_for_a_sign_of_life_cost_one_write(fresh: Fresh) {
    for asked in join_all((0..50).map(|_| fresh.ping())).await {
        asked.expect("a sign of life");
    }
    let written = "SELECT value FROM counters WHERE name = 'alive'";
    let row = sqlx::query(written).fetch_one(fresh.read().await.expect("a reader").conn()).await.expect("asked");
    let written = rows::Columns::int(&row, "value").expect("a number");
    // Where the machine was slow for a second, another one was due.
    assert!((1..10).contains(&written), "{written}");
}

/// Writes to a file without a name are lost at the next start.
#[tokio::test]
async fn rel_027_a_file_that_is_gone_or_another_one_is_told_and_nothing_is_written_until_it_is_back() {
    let fresh = Fresh::on_sqlite().await;
    try_to_write(&fresh, "early").await.expect("kept");
    let path = std::path::PathBuf::from(fresh.url.trim_start_matches("sqlite:"));
    let aside = path.with_extension("aside");
    std::fs::rename(&path, &aside).expect("moved");
    let refused = async |name| {
        assert!(matches!(fresh.ping().await, Err(StoreError::Moved(_))));
        assert!(matches!(fresh.read().await.map(drop), Err(StoreError::Moved(_))));
        assert!(matches!(try_to_write(&fresh, name).await, Err(StoreError::Moved(_))));
    };
    refused("gone").await;
    std::fs::copy(&aside, &path).expect("another one");
    refused("other").await;
    std::fs::rename(&aside, &path).expect("put back");
    fresh.ping().await.expect("a sign of life");
    try_to_write(&fresh, "late").await.expect("kept");
    let again = Store::open(&fresh.url).await.expect("a store");
    let mut reader = again.read().await.expect("a reader");
    for (name, is_there) in [("early", true), ("gone", false), ("other", false), ("late", true)] {
        let found = reader.credential_typed(Some(&email(&format!("{name}@free.fr"))), None).await.expect("asked");
        assert_eq!(found.is_some(), is_there, "{name}");
    }
}
