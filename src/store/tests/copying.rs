//! An installation that moves to another database.

use super::*;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::mail::{LetterId, LetterKind, Mail};
use crate::domain::migration::{Flow, FlowId, MigrationPlan};
use crate::domain::secret::tests::CountingDice;

/// Residents, secrets, a run of the wizard, a letter and lines of the trace.
async fn inhabited(store: &Store) {
    served_once(store).await;
    let vault = Vault::new("k".into(), [1; 32]);
    let dice = CountingDice::default();
    let mut tx = store.write().await.expect("a turn");
    for number in 0..450 {
        let anne = person(&mut tx, &format!("anne-{number}")).await;
        let link = attached(&mut tx, &anne, "SPI31", &format!("durand-{number}")).await;
        let sealed = vault.seal(&dice, link.id.as_str(), &Secret::new("Été-1998"));
        tx.keep_legacy_secret(&link.id, &sealed, (1, Record::WORKED), at(0)).await.expect("kept");
        signed_in(&mut tx, &anne, &format!("session-{number}")).await;
    }
    let plan = MigrationPlan::from(&AgencyPolicy::default());
    let run = Flow::start(FlowId::stored("f"), account("SPI31", "martin"), None, plan, at(0));
    tx.insert_flow(&run, digest("b"), None, None).await.expect("kept");
    let letter = Mail {
        id: LetterId::stored("letter"),
        agency: None,
        to: email("Anne@free.fr"),
        language: Language::En,
        kind: LetterKind::PasswordChanged { at: at(0), warning: None },
        attempts: 0,
    };
    tx.enqueue(&letter, at(0), at(0)).await.expect("queued");
    traced(&mut tx, 3).await;
    tx.commit().await.expect("a commit");
}

async fn traced(tx: &mut Tx, lines: usize) {
    for _ in 0..lines {
        let entry = AuditEntry::by(Actor::Operator, AuditEvent::Migrated);
        tx.append_audit(&entry, "192.0.2.1", "r", at(0)).await.expect("traced");
    }
}

async fn seq_after_one_more_line(store: &Store) -> i64 {
    let mut tx = store.write().await.expect("a turn");
    traced(&mut tx, 1).await;
    tx.audit_tail(1).await.expect("asked")[0].seq
}

/// A gateway has served from it, which is how it is known that none does now.
async fn served_once(store: &Store) {
    drop(store.hold(Use::Serving).await.expect("held"));
}

/// A URL where nothing is yet, on the other kind of database.
pub(super) fn elsewhere(fresh: &Fresh) -> (String, Kept) {
    if fresh.url.starts_with("sqlite:") {
        let database = postgres::shared().database();
        (database.url(), Kept::Database(database))
    } else {
        let folder = tempfile::tempdir().expect("a folder");
        (format!("sqlite:{}", folder.path().join("copy.db").display()), Kept::Folder(folder))
    }
}

on_both! {
    everything_is_there_after_a_copy_and_after_a_copy_of_the_copy,
    a_copy_goes_into_nothing_but_an_empty_database,
    a_copy_of_what_an_older_version_left_is_refused,
    rel_028_what_a_newer_version_left_is_refused_in_so_many_words,
    rel_028_of_two_who_bring_the_tables_up_to_date_at_once_both_succeed,
}

async fn everything_is_there_after_a_copy_and_after_a_copy_of_the_copy(fresh: Fresh) {
    inhabited(&fresh).await;
    let ((there, _kept), folder) = (elsewhere(&fresh), tempfile::tempdir().expect("a folder"));
    let mut told = Vec::new();
    let copied = copy(&fresh.url, &there, |progress| told.push(progress)).await.expect("copied");
    let rows = |name: &str| copied.iter().find(|table| table.name == name).map(|table| (table.from, table.to));
    assert_eq!(rows("identities"), Some((450, 450)));
    assert_eq!(rows("legacy_secrets"), Some((450, 450)));
    assert_eq!((rows("flows"), rows("letters"), rows("audit")), (Some((1, 1)), Some((1, 1)), Some((3, 3))));
    let all: u64 = copied.iter().map(|table| table.from).sum();
    assert_eq!(told.last(), Some(&CopyProgress { done: all, of: all }));
    assert!(told.is_sorted_by(|earlier, later| earlier.done <= later.done) && told.len() > 4);
    // As many tables as the migrations make, whoever added them.
    let made: usize = MIGRATIONS.iter().map(|migration| migration.sql.as_str().matches("CREATE TABLE ").count()).sum();
    let dropped: usize = MIGRATIONS.iter().map(|migration| migration.sql.as_str().matches("DROP TABLE ").count()).sum();
    assert_eq!(copied.len(), made - dropped);

    let back = format!("sqlite:{}", folder.path().join("back.db").display());
    assert_eq!(copy(&there, &back, |_| ()).await.expect("copied back"), copied);
    let (other, back) = (Store::open(&there).await.expect("a store"), Store::open(&back).await.expect("a store"));
    for store in [&other, &back] {
        let mut tx = store.read().await.expect("a reader");
        let mut original = fresh.read().await.expect("a reader");
        let link = LinkId::stored("link-SPI31-durand-7");
        let secret = tx.legacy_secret(&link).await.expect("asked").expect("a secret");
        assert_eq!(Some(&secret), original.legacy_secret(&link).await.expect("asked").as_ref());
        assert_eq!(tx.link(&link).await.expect("asked"), original.link(&link).await.expect("asked"));
        assert_eq!(tx.audit_tail(9).await.expect("asked"), original.audit_tail(9).await.expect("asked"));
        drop((tx, original));
        assert_eq!(seq_after_one_more_line(store).await, 4, "the trace goes on without a gap");
    }
}

async fn a_copy_goes_into_nothing_but_an_empty_database(fresh: Fresh) {
    inhabited(&fresh).await;
    let (there, _kept) = elsewhere(&fresh);
    copy(&fresh.url, &there, |_| ()).await.expect("copied");
    let refused = copy(&fresh.url, &there, |_| ()).await;
    assert!(matches!(refused, Err(CopyError::NotEmpty(_))), "{refused:?}");
    let itself = copy(&fresh.url, &fresh.url, |_| ()).await;
    assert!(matches!(itself, Err(CopyError::NotEmpty(_))), "{itself:?}");
    let nowhere = tempfile::tempdir().expect("a folder").path().join("nothing.db");
    let missing = copy(&format!("sqlite:{}", nowhere.display()), &there, |_| ()).await;
    assert!(matches!(missing, Err(CopyError::From(StoreError::NoFile(_)))), "{missing:?}");
    assert!(!nowhere.exists());
}

async fn a_copy_of_what_an_older_version_left_is_refused(fresh: Fresh) {
    served_once(&fresh).await;
    let mut tx = fresh.write().await.expect("a turn");
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 1").execute(tx.conn()).await.expect("asked");
    tx.commit().await.expect("a commit");
    let (there, _kept) = elsewhere(&fresh);
    let refused = copy(&fresh.url, &there, |_| ()).await;
    assert!(matches!(refused, Err(CopyError::OtherVersion)), "{refused:?}");
}

async fn rel_028_what_a_newer_version_left_is_refused_in_so_many_words(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let statement =
        "UPDATE _sqlx_migrations SET version = 9000 WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)";
    sqlx::query(statement).execute(tx.conn()).await.expect("asked");
    tx.commit().await.expect("a commit");
    let refused = Store::open(&fresh.url).await.expect_err("refused");
    assert!(refused.to_string().starts_with("a newer version of this program"), "{refused}");
    assert!(refused.to_string().contains("9000"), "{refused}");
}

async fn rel_028_of_two_who_bring_the_tables_up_to_date_at_once_both_succeed(fresh: Fresh) {
    let (there, _kept) = elsewhere(&fresh);
    let opened = join_all((0..6).map(|_| {
        let there = there.clone();
        tokio::spawn(async move { Store::open(&there).await })
    }))
    .await;
    for store in opened {
        store.expect("no panic").expect("a store").ping().await.expect("a sign of life");
    }
}
