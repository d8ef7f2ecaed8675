//! What sessions promise wherever they live: in SQL, in one Redis, behind Sentinels, in a cluster, over TLS.

mod faults;
mod nodes;
mod promises;

use std::{fs, time::Duration};

use jiff::Timestamp;
use tempfile::TempDir;
use vestibule::{
    config::{RedisMode, RedisSettings},
    domain::{
        agency::AgencyCode,
        credential::{Credential, CredentialId},
        email::EmailAddress,
        identity::{IdentityId, Kind, LegacyAccount, LegacyLogin, Link, LinkId},
        language::Language,
        password::PasswordHash,
        secret::{Secret, long_secret},
        session::{Session, SessionId, SessionLifetime},
    },
    sessions::{Change, Sessions},
    store::{Store, Vault},
    telemetry::SystemDice,
};

use crate::support::{redis::Redis, wait};

/// A person with an account, in a database of its own, and sessions somewhere.
struct Ground {
    store: Store,
    sessions: Sessions<()>,
    person: IdentityId,
    link: Link,
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
            let person = IdentityId::stored("anne");
            let email = EmailAddress::parse("anne@residents.example").expect("an address");
            let (id, password) = (CredentialId::stored("c"), PasswordHash::phc("$argon2id$none"));
            let credential = Credential { id, identity: person.clone(), email, password };
            let account = LegacyAccount {
                agency: AgencyCode::parse("CA", "SA").expect("codes"),
                login: LegacyLogin::parse("alice-77").expect("an identifier"),
                name: None,
                kind: Kind::Tenant,
            };
            let link = Link { id: LinkId::stored("link"), identity: person.clone(), account };
            let mut tx = store.write().await.expect("a turn");
            assert!(tx.create_person(&person, &credential, Language::Fr, Timestamp::now()).await.expect("asked"));
            assert!(tx.attach(&link, Timestamp::now()).await.expect("asked"));
            tx.commit().await.expect("a commit");
            let vault = Vault::new("k".to_owned(), [3; 32]);
            Self { sessions: sessions(store.clone()), store, person, link, vault, _folder: folder }
        })
    }

    /// Signs the person in; gives the sign-in and the portal's cookie.
    async fn sign_in(&self) -> (Session, Secret) {
        let epoch = self.store.read().await.expect("a reader").session_epoch(&self.person).await.expect("asked");
        self.sign_in_at(epoch).await
    }

    async fn sign_in_at(&self, epoch: i64) -> (Session, Secret) {
        let now = Timestamp::now();
        let session = Session {
            id: SessionId::random(&SystemDice),
            identity: self.person.clone(),
            started_at: now,
            seen_at: now,
            lifetime: SessionLifetime { idle_minutes: 60, hours: 12 },
            epoch,
        };
        let cookie = long_secret(&SystemDice);
        let begun = self.sessions.begin(&session, &cookie).await.expect("begun");
        let mut tx = self.store.write().await.expect("a turn");
        begun.keep(&mut tx).await.expect("kept");
        tx.commit().await.expect("a commit");
        (session, cookie)
    }

    /// Enters the agency's host; gives that host's cookie.
    async fn enter(&self, session: &Session) -> Secret {
        let cookie = long_secret(&SystemDice);
        assert!(self.try_to_enter(session, &cookie).await, "the sign-in stands");
        cookie
    }

    async fn try_to_enter(&self, session: &Session, cookie: &Secret) -> bool {
        let tx = self.store.write().await.expect("a turn");
        let opened = self.sessions.open_agency(tx, &session.id, &self.link.id, cookie, Timestamp::now()).await;
        opened.expect("asked")
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

fn reached<'r>(mode: RedisMode, servers: impl IntoIterator<Item = &'r Redis>) -> RedisSettings {
    RedisSettings {
        urls: servers.into_iter().map(Redis::url).collect(),
        mode,
        username: None,
        password: None,
        sentinel_username: None,
        sentinel_password: None,
        ca: None,
        timeout: Duration::from_millis(500),
    }
}
