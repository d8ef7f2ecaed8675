//! What sessions promise wherever they live: in SQL, in one Redis, behind Sentinels, in a cluster, over TLS.

mod carrying;
mod commits;
mod faults;
mod lasting;
mod nodes;
mod promises;

use std::{fs, time::Duration};

use jiff::Timestamp;
use tempfile::TempDir;
use vestibule::{
    config::{RedisMode, RedisSettings},
    domain::{
        identity::{IdentityId, Link},
        secret::{Secret, long_secret},
        session::{Session, SessionId},
    },
    sessions::{Change, Sessions},
    store::{Store, Vault},
    telemetry::SystemDice,
};

use crate::support::{
    records::{self, reached},
    redis::Redis,
    wait,
};

/// A person with an account, in a database of its own, and sessions somewhere.
struct Ground {
    store: Store,
    sessions: Sessions<()>,
    person: IdentityId,
    link: Link,
    other: Link,
    vault: Vault,
    _folder: TempDir,
}

impl Ground {
    /// Sessions in the database itself.
    fn sql() -> Self {
        Self::with(|store| Sessions::sql(store, Duration::from_secs(30)))
    }

    /// Sessions in Redis.
    fn redis(settings: RedisSettings) -> Self {
        Self::with(|store| Sessions::redis(store, settings, Duration::from_secs(30)))
    }

    fn with(sessions: impl FnOnce(Store) -> Sessions<()>) -> Self {
        wait(async {
            let folder = TempDir::new().expect("a folder");
            let url = format!("sqlite:{}", folder.path().join("vestibule.db").display());
            let store = Store::open(&url).await.expect("a database");
            let mut tx = store.write().await.expect("a turn");
            let link = records::add_resident(&mut tx, "anne", records::no_password()).await;
            let person = link.identity.clone();
            let other = records::attach(&mut tx, person.clone(), "anne-2").await;
            tx.commit().await.expect("a commit");
            let vault = Vault::new("k".to_owned(), [3; 32]);
            Self { sessions: sessions(store.clone()), store, person, link, other, vault, _folder: folder }
        })
    }

    /// Signs the person in; gives the sign-in and the portal's cookie.
    async fn sign_in(&self) -> (Session, Secret) {
        let epoch = self.store.read().await.expect("a reader").session_epoch(&self.person).await.expect("asked");
        self.sign_in_at(epoch).await
    }

    async fn sign_in_at(&self, epoch: i64) -> (Session, Secret) {
        records::begin_session(&self.store, &self.sessions, &self.person, epoch).await
    }

    /// Enters the agency's host; gives that host's cookie.
    async fn enter(&self, session: &Session) -> Secret {
        let cookie = long_secret(&SystemDice);
        assert!(self.try_to_enter(session, &cookie).await, "the sign-in stands");
        cookie
    }

    async fn try_to_enter(&self, session: &Session, cookie: &Secret) -> bool {
        let mut tx = self.store.write().await.expect("a turn");
        let open = records::open(&mut tx, session, &self.link).await;
        self.sessions.open_agency(tx, &session.id, &open, cookie, Timestamp::now()).await.expect("asked")
    }

    /// Opens the person's other account in place of the first.
    async fn switch(&self, session: &Session) {
        let mut tx = self.store.write().await.expect("a turn");
        records::open(&mut tx, session, &self.other).await;
        self.sessions.commit(tx, &Change::Session(session.id.clone())).await.expect("a commit");
    }

    async fn on_portal(&self, cookie: &Secret) -> bool {
        self.sessions.of_portal(cookie, Timestamp::now()).await.expect("asked").is_some()
    }

    async fn at_agency(&self, cookie: &Secret) -> bool {
        self.sessions.of_agency(cookie, Timestamp::now()).await.expect("asked").is_some()
    }

    /// Ends every sign-in but one, as a changed password does.
    async fn end_all_but(&self, spared: Option<&SessionId>) {
        let mut tx = self.store.write().await.expect("a turn");
        self.sessions.end_all_of(&mut tx, &self.person, spared).await.expect("ended");
        self.sessions.commit(tx, &Change::Identity(self.person.clone())).await.expect("a commit");
    }

    fn sealed(&self, jar: &str) -> vestibule::store::Sealed {
        self.vault.seal(&SystemDice, "jar", &Secret::new(jar))
    }

    fn opened(&self, sealed: &vestibule::store::Sealed) -> String {
        self.vault.open("jar", sealed).expect("opens").expose().to_owned()
    }
}

/// How one server is reached.
fn one(redis: &Redis) -> RedisSettings {
    reached(RedisMode::Single, [redis])
}
