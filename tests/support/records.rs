//! What is kept of residents, written beside the gateway: many of them in a moment, without the wizard.

use std::time::Duration;

use jiff::Timestamp;
use vestibule::{
    config::{RedisMode, RedisSettings},
    domain::{
        agency_code::AgencyCode,
        credential::{Credential, CredentialId},
        email::EmailAddress,
        identity::{IdentityId, Kind, LegacyAccount, LegacyLogin, Link, LinkId},
        language::Language,
        password::PasswordHash,
        secret::{Secret, long_secret},
        session::{Session, SessionId, SessionLifetime},
    },
    sessions::Sessions,
    store::{OpenAccount, Store, Tx},
    telemetry::SystemDice,
};

use super::redis::Redis;

/// The address of a resident who was written so.
pub fn address_of(name: &str) -> String {
    format!("{name}@residents.example")
}

/// A hash that no password has.
pub fn no_password() -> PasswordHash {
    PasswordHash::phc("$argon2id$none")
}

/// Writes a person with an account at agency A.
pub async fn add_resident(tx: &mut Tx, name: &str, password: PasswordHash) -> Link {
    let person = IdentityId::random(&SystemDice);
    let email = EmailAddress::parse(&address_of(name)).expect("an address");
    let id = CredentialId::random(&SystemDice);
    let credential = Credential::of_address(id, person.clone(), email, password);
    assert!(tx.create_person(&person, &credential, Language::Fr, Timestamp::now()).await.expect("asked"));
    attach(tx, person, name).await
}

/// Gives a person an account at agency A.
pub async fn attach(tx: &mut Tx, person: IdentityId, name: &str) -> Link {
    let account = LegacyAccount {
        agency: AgencyCode::parse("CA", "SA").expect("codes"),
        login: LegacyLogin::parse(name).expect("an identifier"),
        name: Some(format!("Dominique Résident, {name}")),
        kind: Kind::Tenant,
    };
    let link = Link { id: LinkId::random(&SystemDice), identity: person, account };
    assert!(tx.attach(&link, Timestamp::now()).await.expect("asked"));
    link
}

/// Opens an account at agency A in a sign-in, in place of whatever is open there.
pub async fn open(tx: &mut Tx, session: &Session, link: &Link) -> OpenAccount {
    let until = session.ends_at_latest();
    tx.switch_account(&session.id, "agence-a.localhost", &link.id, until).await.expect("opened");
    let open = tx.open_accounts(&session.id).await.expect("asked");
    open.into_iter().find(|open| open.link == *link).expect("it is open")
}

/// Signs a person in; gives the sign-in and the portal's cookie.
pub async fn begin_session<P: Clone + Send + Sync + 'static>(
    store: &Store,
    sessions: &Sessions<P>,
    person: &IdentityId,
    epoch: i64,
) -> (Session, Secret) {
    let now = Timestamp::now();
    let session = Session {
        id: SessionId::random(&SystemDice),
        identity: person.clone(),
        started_at: now,
        seen_at: now,
        lifetime: SessionLifetime { idle_minutes: 60, hours: 12, keep: false },
        epoch,
    };
    let cookie = long_secret(&SystemDice);
    let begun = sessions.begin(&session, &cookie).await.expect("begun");
    let mut tx = store.write().await.expect("a turn");
    begun.keep(&mut tx).await.expect("kept");
    tx.commit().await.expect("a commit");
    (session, cookie)
}

/// How these servers are reached.
pub fn reached<'r>(mode: RedisMode, servers: impl IntoIterator<Item = &'r Redis>) -> RedisSettings {
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
