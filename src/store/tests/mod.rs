//! What each group of tables promises, as sentences. Every test has a store of its own, and holds on `SQLite` and on
//! `PostgreSQL`.

/// Makes of each sentence a test on either database; one that is not listed is dead code, and told as such.
macro_rules! on_both {
    ($($sentence:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $sentence() {
                super::$sentence(super::Fresh::on_sqlite().await).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $sentence() {
                super::$sentence(super::Fresh::on_postgres().await).await;
            })+
        }
    };
}

mod copying;
mod full;
mod killed;
mod people;
#[expect(dead_code, reason = "tests from outside use the rest")]
#[path = "../../../tests/support/postgres.rs"]
pub(crate) mod postgres;
mod proofs;
mod resealing;
mod sending;
mod sessions;
mod spellings;
mod support;
mod traces;
mod wizard;

use std::os::unix::fs::PermissionsExt as _;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::agency_code::AgencyCode;
use crate::domain::challenge::{Challenge, ChallengeId, ChallengeTerms};
use crate::domain::credential::{Credential, CredentialId};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, Kind, LegacyAccount, LegacyLogin, Link, LinkId};
use crate::domain::kept_secret::Record;
use crate::domain::language::Language;
use crate::domain::lockout::Attempts;
use crate::domain::password::PasswordHash;
use crate::domain::policy::{AgencyPolicy, ProofMethod};
use crate::domain::recovery::RecoveryTerms;
use crate::domain::retention::AuditRetention;
use crate::domain::secret::{Secret, SecretDigest};
use crate::domain::session::{Session, SessionId, SessionLifetime, Standing};

/// A reset by link that lives an hour.
fn by_link() -> RecoveryTerms {
    RecoveryTerms { method: ProofMethod::Link, code_minutes: 10, link_minutes: 60 }
}

/// Every agency keeps its lines for a year.
fn year() -> AuditRetention {
    AuditRetention::of([], 12)
}

/// A fresh, empty store; its file or database goes with it.
struct Fresh {
    // Fields drop in this order: the store's connections end before what they lead to.
    store: Store,
    url: String,
    _kept: Kept,
}

/// What a store stands on.
#[expect(dead_code, reason = "held for as long as the store is used")]
enum Kept {
    Folder(tempfile::TempDir),
    Database(postgres::Database),
}

impl Fresh {
    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("data").join("vestibule.db").display());
        Self::at(url, Kept::Folder(folder)).await
    }

    async fn on_postgres() -> Self {
        let database = postgres::shared().database();
        Self::at(database.url(), Kept::Database(database)).await
    }

    async fn at(url: String, kept: Kept) -> Self {
        let store = Store::open(&url).await.expect("a store");
        Self { store, url, _kept: kept }
    }
}

impl std::ops::Deref for Fresh {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Does the same 50 times at once, each in a transaction of its own, and gives what each came to.
async fn fifty<T: Send + 'static>(
    store: &Store,
    once: impl for<'tx> Fn(&'tx mut Tx) -> BoxFuture<'tx, T> + Clone + Send + Sync + 'static,
) -> Vec<T> {
    let tasks = (0..50).map(|_| {
        let (store, once) = (store.clone(), once.clone());
        tokio::spawn(async move {
            let mut tx = store.write().await.expect("a turn");
            let result = once(&mut tx).await;
            tx.commit().await.expect("a commit");
            result
        })
    });
    join_all(tasks).await.into_iter().map(|task| task.expect("no panic")).collect()
}

/// Counts one more guess on what was read; whether nobody else did in between.
fn counted(tx: &mut Tx) -> BoxFuture<'_, bool> {
    async move {
        let (attempts, version) = tx.attempts("ip").await.expect("asked");
        let next = Attempts { streak: attempts.streak + 1, ..attempts };
        tx.save_attempts("ip", &next, version).await.expect("asked")
    }
    .boxed()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).expect("a time")
}

fn digest(text: &str) -> SecretDigest {
    Secret::new(text).digest()
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

fn login(text: &str) -> LegacyLogin {
    LegacyLogin::parse(text).expect("an identifier")
}

fn agency(client: &str) -> AgencyCode {
    AgencyCode::parse(client, "01").expect("codes")
}

fn account(client: &str, identifier: &str) -> LegacyAccount {
    LegacyAccount {
        agency: agency(client),
        login: login(identifier),
        name: Some("Anne Martin".into()),
        kind: Kind::Tenant,
    }
}

fn credential(name: &str) -> Credential {
    let (id, identity) = (CredentialId::stored(format!("credential-{name}")), IdentityId::stored(name));
    Credential::of_address(id, identity, email(&format!("{name}@free.fr")), PasswordHash::phc("$argon2id$1"))
}

/// Creates `<name>@free.fr`.
async fn person(tx: &mut Tx, name: &str) -> IdentityId {
    let credential = credential(name);
    assert!(tx.create_person(&credential.identity, &credential, Language::Fr, at(0)).await.expect("asked"));
    credential.identity
}

/// Attaches the account `identifier` at an agency.
async fn attached(tx: &mut Tx, identity: &IdentityId, client: &str, identifier: &str) -> Link {
    let id = LinkId::stored(format!("link-{client}-{identifier}"));
    let link = Link { id, identity: identity.clone(), account: account(client, identifier) };
    assert!(tx.attach(&link, at(0)).await.expect("asked"));
    link
}

/// Signs a person in, with the portal cookie `cookie-<id>`.
async fn signed_in(tx: &mut Tx, identity: &IdentityId, id: &str) -> Session {
    let session = Session {
        id: SessionId::stored(id),
        identity: identity.clone(),
        started_at: at(0),
        seen_at: at(0),
        lifetime: SessionLifetime::new(&AgencyPolicy::default(), false),
        epoch: 0,
    };
    tx.insert_session(&session, digest(&format!("cookie-{id}"))).await.expect("kept");
    session
}

on_both! {
    a_store_that_is_there_answers,
    what_was_committed_is_there_after_the_store_is_opened_again_and_what_was_not_is_not,
    a_reader_sees_one_moment_while_others_write,
    two_processes_on_one_database_take_turns,
}

async fn what_was_committed_is_there_after_the_store_is_opened_again_and_what_was_not_is_not(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    person(&mut tx, "anne").await;
    tx.commit().await.expect("a commit");
    let mut dropped = fresh.write().await.expect("a turn");
    person(&mut dropped, "pierre").await;
    drop(dropped);
    // The first store is still open, as it would be after kill -9: nobody tidied up.
    let again = Store::open(&fresh.url).await.expect("a store");
    let mut tx = again.read().await.expect("a reader");
    assert!(tx.credential_typed(Some(&email("anne@free.fr")), None).await.expect("asked").is_some());
    assert!(tx.credential_typed(Some(&email("pierre@free.fr")), None).await.expect("asked").is_none());
}

async fn a_reader_sees_one_moment_while_others_write(fresh: Fresh) {
    let mut reader = fresh.read().await.expect("a reader");
    assert!(reader.credential_typed(Some(&email("anne@free.fr")), None).await.expect("asked").is_none());
    let mut writer = fresh.write().await.expect("a turn");
    person(&mut writer, "anne").await;
    writer.commit().await.expect("a commit");
    assert!(reader.credential_typed(Some(&email("anne@free.fr")), None).await.expect("asked").is_none());
    drop(reader);
    let mut reader = fresh.read().await.expect("a reader");
    assert!(reader.credential_typed(Some(&email("anne@free.fr")), None).await.expect("asked").is_some());
}

async fn two_processes_on_one_database_take_turns(fresh: Fresh) {
    let other = Store::open(&fresh.url).await.expect("a store");
    let (ours, theirs) = tokio::join!(fifty(&fresh, counted), fifty(&other, counted));
    let saved = [ours, theirs].concat().into_iter().filter(|saved| *saved).count();
    let (attempts, version) = fresh.read().await.expect("a reader").attempts("ip").await.expect("asked");
    assert_eq!((attempts.streak as usize, version), (saved, i64::from(attempts.streak)));
    if fresh.url.starts_with("sqlite:") {
        assert_eq!(saved, 100);
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_told() {
    for wrong in ["", "mysql://a/b", "sqlite:", "sqlite::memory:", "vestibule.db"] {
        assert!(matches!(Store::open(wrong).await, Err(StoreError::Url(_))), "{wrong}");
    }
}

async fn a_store_that_is_there_answers(fresh: Fresh) {
    fresh.ping().await.expect("a sign of life");
}

#[tokio::test]
async fn the_file_may_have_an_odd_name_and_is_for_its_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("données 100%41 #1").join("v.db");
    let store = Store::open(&format!("sqlite://{}", path.display())).await.expect("a store");
    let mut tx = store.write().await.expect("a turn");
    person(&mut tx, "anne").await;
    tx.commit().await.expect("a commit");
    let files = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder");
    for file in files.map(|file| file.expect("a file")) {
        assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o077, 0, "{}", file.path().display());
    }
    assert!(path.exists());
}
