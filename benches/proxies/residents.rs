//! The residents of a run: people, accounts, sign-ins and cookies, written through the gateway's own store, so that the
//! gateway finds what it would find after real sign-ins.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;
use vestibule::config::{RedisMode, RedisSettings};
use vestibule::domain::agency_code::AgencyCode;
use vestibule::domain::credential::{Credential, CredentialId};
use vestibule::domain::email::EmailAddress;
use vestibule::domain::identity::{IdentityId, Kind, LegacyAccount, LegacyLogin, Link, LinkId};
use vestibule::domain::language::Language;
use vestibule::domain::password::PasswordHash;
use vestibule::domain::policy::AgencyPolicy;
use vestibule::domain::secret::{Secret, long_secret};
use vestibule::domain::session::{Session, SessionId, SessionLifetime};
use vestibule::sessions::Sessions;
use vestibule::store::{OpenAccount, Store, Tx};
use vestibule::telemetry::{Clock, SystemDice};

use crate::Failed;

/// How many take turns.
pub const RESIDENTS: usize = 200;

/// A resident who is signed in.
#[derive(Debug, Clone)]
pub struct Resident {
    /// The identifier at the agency; also the beginning of the paths that are asked for.
    pub login: String,
    /// The value of the session cookie on the agency's host.
    pub cookie: String,
    /// The agency's public host.
    pub host: String,
}

/// The codes of an agency of a run, by its number.
pub fn agency(number: usize) -> Result<AgencyCode, Failed> {
    Ok(AgencyCode::parse("BENCH", &format!("{number:05}")).ok_or("codes")?)
}

/// The public host of an agency of a run.
pub fn host(number: usize) -> String {
    format!("agence-{number}.localhost")
}

/// Writes the residents into the gateway's database, before the gateway opens it, at `visited` ones of the agencies that
/// lie as far apart as they can; `password` is the hash of what all of them type.
pub async fn sign_in(
    database: &Path,
    agencies: usize,
    visited: usize,
    password: &PasswordHash,
) -> Result<Vec<Resident>, Failed> {
    let store = Store::open(&format!("sqlite:{}", database.display())).await?;
    let (now, dice) = (Clock.now(), SystemDice);
    let mut tx = store.write().await?;
    let mut residents = Vec::with_capacity(RESIDENTS);
    for number in 0..RESIDENTS {
        let at = (number * visited / RESIDENTS) * (agencies / visited);
        let (link, session) = person(&mut tx, number, at, password).await?;
        tx.insert_session(&session, long_secret(&dice).digest()).await?;
        let cookie = long_secret(&dice);
        let open = open(&mut tx, &session, &link, &host(at)).await?;
        tx.insert_agency_cookie(cookie.digest(), &session.id, &open, now).await?;
        let login = link.account.login.as_str().to_owned();
        residents.push(Resident { login, cookie: cookie.expose().to_owned(), host: host(at) });
    }
    tx.commit().await?;
    store.close().await;
    Ok(residents)
}

/// Writes a person with an account at an agency, and what their sign-in is going to be.
async fn person(tx: &mut Tx, number: usize, at: usize, password: &PasswordHash) -> Result<(Link, Session), Failed> {
    let (now, dice) = (Clock.now(), SystemDice);
    let login = format!("resident-{number}");
    let identity = IdentityId::random(&dice);
    let email = EmailAddress::parse(&format!("{login}@example.org"))?;
    let credential = Credential::of_address(CredentialId::random(&dice), identity.clone(), email, password.clone());
    tx.create_person(&identity, &credential, Language::default(), now).await?;
    let account = LegacyAccount {
        agency: agency(at)?,
        login: LegacyLogin::parse(&login).ok_or("an identifier")?,
        name: Some(format!("Dominique Résident {number}")),
        kind: Kind::CoOwner,
    };
    let link = Link { id: LinkId::random(&dice), identity: identity.clone(), account };
    tx.attach(&link, now).await?;
    let lifetime = SessionLifetime::new(&AgencyPolicy::default(), false);
    let id = SessionId::random(&dice);
    Ok((link, Session { id, identity, started_at: now, seen_at: now, lifetime, epoch: 0 }))
}

/// Opens an account on its host.
async fn open(tx: &mut Tx, session: &Session, link: &Link, host: &str) -> Result<OpenAccount, Failed> {
    tx.open_account(&session.id, host, &link.id, session.ends_at_latest()).await?;
    Ok(tx.open_accounts(&session.id).await?.pop().ok_or("an open account")?)
}

/// Writes sign-ins with an agency entered, where sessions live in Redis.
pub async fn sign_in_with_redis(database: &Path, redis: SocketAddr, count: usize) -> Result<(), Failed> {
    let store = Store::open(&format!("sqlite:{}", database.display())).await?;
    let settings = RedisSettings {
        urls: vec![format!("redis://{redis}")],
        mode: RedisMode::Single,
        username: None,
        password: None,
        sentinel_username: None,
        sentinel_password: None,
        ca: None,
        timeout: Duration::from_secs(2),
    };
    let sessions: Sessions<()> = Sessions::redis(store.clone(), settings, Duration::from_secs(30));
    let password = PasswordHash::phc("$argon2id$none");
    let mut tx = store.write().await?;
    let mut known = Vec::with_capacity(count);
    for number in 0..count {
        known.push(person(&mut tx, number, 0, &password).await?);
    }
    for (_, session) in &known {
        sessions.begin(session, &long_secret(&SystemDice)).await?.keep(&mut tx).await?;
    }
    tx.commit().await?;
    for (link, session) in &known {
        let mut tx = store.write().await?;
        let cookie = long_secret(&SystemDice);
        let open = open(&mut tx, session, link, &host(0)).await?;
        if !sessions.open_agency(tx, &session.id, &open, &cookie, Clock.now()).await? {
            return Err("a sign-in in Redis was not taken".into());
        }
    }
    store.close().await;
    Ok(())
}

/// Writes further sign-ins at the first agency, by SQL of the bench's own: a million in seconds. The first `known` of
/// them have cookies that are handed back.
pub async fn crowd(database: &Path, sessions: usize, known: usize) -> Result<Vec<Resident>, Failed> {
    const PEOPLE: [&str; 4] = [
        "INSERT INTO identities (id, language, created_at)
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < $1 - 1)
         SELECT 'crowd-' || n, 'fr', $2 FROM n",
        "INSERT INTO links (id, identity_id, agency, login_key, login, kind, created_at)
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < $1 - 1)
         SELECT 'crowd-' || n, 'crowd-' || n, 'BENCH/00000', 'crowd-' || n, 'crowd-' || n, 'tenant', $2 FROM n",
        "INSERT INTO sessions (id, identity_id, portal_cookie, started_at, seen_at, idle_minutes, hours, epoch)
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < $1 - 1)
         SELECT 'crowd-' || n, 'crowd-' || n, 'crowd-' || n, $2, $2, 600, 24, 0 FROM n",
        "INSERT INTO open_accounts (session_id, host, link_id, until)
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < $1 - 1)
         SELECT 'crowd-' || n, 'agence-0.localhost', 'crowd-' || n, $2 + 86400000 FROM n",
    ];
    const UNKNOWN: &str = "INSERT INTO agency_cookies (digest, session_id, link_id, created_at)
         WITH RECURSIVE n (n) AS (SELECT $3 UNION ALL SELECT n + 1 FROM n WHERE n < $1 - 1)
         SELECT 'crowd-' || n, 'crowd-' || n, 'crowd-' || n, $2 FROM n WHERE n < $1";
    let now = Clock.now().as_millisecond();
    let (all, few) = (i64::try_from(sessions)?, i64::try_from(known)?);
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite:{}", database.display())).await?;
    let mut tx = connection.begin().await?;
    for statement in PEOPLE {
        sqlx::query(statement).bind(all).bind(now).execute(&mut *tx).await?;
    }
    sqlx::query(UNKNOWN).bind(all).bind(now).bind(few).execute(&mut *tx).await?;
    let mut residents = Vec::with_capacity(known);
    for number in 0..known {
        let (login, cookie) = (format!("crowd-{number}"), format!("cookie-of-the-crowd-{number:08}"));
        sqlx::query("INSERT INTO agency_cookies (digest, session_id, link_id, created_at) VALUES ($1, $2, $2, $3)")
            .bind(Secret::new(cookie.as_str()).digest().to_hex())
            .bind(&login)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        residents.push(Resident { login, cookie, host: host(0) });
    }
    tx.commit().await?;
    connection.close().await?;
    Ok(residents)
}
