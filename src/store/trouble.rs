//! What keeps the database from being used, in words for whoever has to mend it (A10), and told once.
//!
//! The driver's own words are kept where they tell of a connection, a right or a place; where they could quote what
//! somebody typed, only the code of the error is.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, Connection as _};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::{self, File};
use super::rows::Columns as _;
use super::{Dialect, For, MIGRATIONS, PATIENCE, Store, StoreError, agencies, belonging};
use crate::domain::agency_code::AgencyCode;
use crate::domain::secret::Secret;

/// Why the database cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(String);

/// Which database is meant; no password is in it.
#[derive(Debug, Clone)]
pub(super) struct Place(pub(super) String);

/// What is known of an outage.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Something has failed, and it is worth asking.
    suspected: Notify,
    /// What was found out last.
    found: Mutex<Option<(Trouble, Instant)>>,
    /// It is told, or about to be: nobody else has to tell of what follows from it.
    is_away: AtomicBool,
    /// One finds out at a time.
    turn: tokio::sync::Mutex<()>,
}

/// Longest wait for the answer to why nothing answers.
const LOOK: Duration = Duration::from_secs(1);
/// What was found out is believed for so long.
const BELIEVED: Duration = Duration::from_secs(5);
/// How often an outage is looked at for its end.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is asked how the database is where nobody else asks: one small write.
const UNASKED: Duration = Duration::from_secs(10);

impl Trouble {
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// Others hold what is asked for.
    pub(super) fn busy() -> Self {
        Self::new("others have been writing for too long")
    }

    /// A file, and what the system says of it.
    pub(super) fn of_file(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }
}

impl Place {
    pub(super) fn of(dialect: Dialect, url: &str, file: Option<&File>) -> Self {
        let asked = url.parse::<PgConnectOptions>().ok().filter(|_| dialect == Dialect::Postgres);
        Self(match (asked, file) {
            (Some(asked), _) => {
                let database = asked.get_database().unwrap_or_else(|| asked.get_username());
                let at = asked.get_socket().map_or_else(
                    || format!("{}:{}", asked.get_host(), asked.get_port()),
                    |socket| socket.display().to_string(),
                );
                format!("PostgreSQL at {at}, database {database}, user {}", asked.get_username())
            }
            (None, Some(file)) => file.path().display().to_string(),
            (None, None) => "the database".to_owned(),
        })
    }

    /// An error in words, with what it is about.
    pub(super) fn says(&self, error: &sqlx::Error) -> Trouble {
        Trouble(format!("{self}: {}", words(error)))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&sqlx::Error> for Trouble {
    fn from(error: &sqlx::Error) -> Self {
        Self(words(error))
    }
}

impl From<&MigrateError> for Trouble {
    fn from(error: &MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            error => Self(error.to_string()),
        }
    }
}

impl Outage {
    /// Something of the database has failed.
    pub(super) fn suspect(&self) {
        self.suspected.notify_one();
    }

    /// No transaction could be begun: that is told, and nothing of what follows from it.
    pub(super) fn begins(&self) {
        self.is_away.store(true, Ordering::Relaxed);
        self.suspect();
    }

    /// The same, if it is no answer to what was asked.
    pub(super) fn suspect_by(&self, error: &sqlx::Error) {
        let is_answer = |refused: &dyn DatabaseError| {
            refused.is_unique_violation() || refused.is_foreign_key_violation() || refused.is_check_violation()
        };
        if !error.as_database_error().is_some_and(is_answer) {
            self.suspect();
        }
    }

    fn known(&self) -> Option<Trouble> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().filter(|(_, at)| at.elapsed() < BELIEVED).map(|(trouble, _)| trouble.clone())
    }

    fn find(&self, trouble: &Trouble) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((trouble.clone(), Instant::now()));
    }
}

impl Store {
    /// What an error at the beginning of a transaction is. Where the pool only says that it took too long, the database
    /// itself is asked, which says why; what is found out is believed for a while, so that nobody waits for it twice.
    pub(super) async fn why(&self, error: sqlx::Error) -> StoreError {
        self.outage.begins();
        let is_silent = matches!(&error, sqlx::Error::PoolTimedOut)
            || matches!(&error, sqlx::Error::Io(error) if error.kind() == ErrorKind::TimedOut);
        if !is_silent {
            return match StoreError::from(error) {
                StoreError::Unavailable(Trouble(words)) => {
                    StoreError::Unavailable(Trouble(format!("{}: {words}", self.place)))
                }
                other => other,
            };
        }
        let _turn = self.outage.turn.lock().await;
        if let Some(found) = self.outage.known() {
            return StoreError::Unavailable(found);
        }
        let file = self.file.as_deref();
        let url = self.postgres.as_deref().map(Secret::expose).or(file.map(|file| file.url.as_str()));
        // Who has the turn here is not another program.
        let ours = self.writer.try_lock();
        let found = look(self.dialect, url.unwrap_or_default(), file, &self.place, self.whom, ours.is_ok()).await;
        drop(ours);
        self.outage.find(&found);
        StoreError::Unavailable(found)
    }

    /// Whether it is told that the database is away, or about to be.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.outage.is_away.load(Ordering::Relaxed)
    }

    /// Tells of outages for as long as it is let: a line where one begins, one for each reason that it has besides, and
    /// one where it is over. Whether there is one is asked by what [`Store::ping`] does: when something has failed, and
    /// every ten seconds, so that what only a write finds out is told also where nobody writes and nobody probes.
    pub async fn tell_outages(&self) {
        let mut pause = Duration::ZERO;
        loop {
            // At the start at once: the first sign of life is what later ones are compared with.
            let _ = tokio::time::timeout(pause, self.outage.suspected.notified()).await;
            pause = UNASKED;
            let Err(error) = self.ping().await else {
                self.outage.is_away.store(false, Ordering::Relaxed);
                continue;
            };
            self.outage.is_away.store(true, Ordering::Relaxed);
            let began = Instant::now();
            let mut told = BTreeSet::new();
            let mut reason = error.to_string();
            loop {
                if told.insert(reason.clone()) {
                    tracing::error!(reason, "the database is not available; who is signed in may go on for a while");
                }
                tokio::time::sleep(LOOK_EVERY).await;
                match self.ping().await {
                    Ok(()) => break,
                    Err(error) => reason = error.to_string(),
                }
            }
            self.outage.is_away.store(false, Ordering::Relaxed);
            let after_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(after_ms, "the database is available again");
        }
    }
}

/// What a look at a database has found, which changes nothing there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Which one it is.
    pub place: String,
    /// Its tables.
    pub tables: Tables,
    /// The agencies that were in force on it last, where its tables are this version's.
    pub agencies: Vec<AgencyCode>,
}

/// How the tables stand to this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// There are none: the first start makes them.
    None,
    /// The next start brings them up to date, by so many steps.
    Older(usize),
    /// They are this version's.
    Current,
}

/// Looks whether the database could be opened, and leaves it as it is: no tables, and no file of `SQLite`'s.
///
/// # Errors
/// Why it could not be, newer tables among that.
pub async fn reach(url: &str) -> Result<Installed, StoreError> {
    sqlx::any::install_default_drivers();
    let Some(path) = connection::sqlite_path(url) else {
        let (dialect, url) = connection::read_url(url)?;
        let place = Place::of(dialect, &url, None);
        let asking = async {
            let mut connection = AnyConnection::connect(&url).await?;
            connection::prepare(&mut connection, dialect, None, For::Gateway).await?;
            let version = version(&mut connection, VERSION_IN_POSTGRES).await?;
            let lacks: String = sqlx::query_scalar(LACKS).fetch_one(&mut connection).await?;
            let agencies = agencies_of(&mut connection, version).await?;
            connection.close().await?;
            Ok::<_, sqlx::Error>((version, lacks, agencies))
        };
        return match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok((version, lacks, agencies))) if lacks.is_empty() => installed(place.0, version, &agencies),
            Ok(Ok((_, lacks, _))) => Err(StoreError::Unavailable(Trouble(format!("{place}: {lacks}")))),
            Ok(Err(error)) => Err(StoreError::Unavailable(place.says(&error))),
            Err(_) => Err(StoreError::Unavailable(Trouble(format!("{place}: it does not answer")))),
        };
    };
    connection::may_be_made(Path::new(path))?;
    if connection::is_empty(Path::new(path)) {
        let is_orphan = !connection::is_empty(&connection::beside(Path::new(path), connection::WAL));
        return if is_orphan {
            Err(StoreError::Orphan(path.to_owned()))
        } else {
            installed(path.to_owned(), None, &[])
        };
    }
    belonging::check(Path::new(path))?;
    // What was written last stands in a file beside it; where there is none, reading is not to make one.
    let immutable = !Path::new(&format!("{path}-wal")).exists();
    let url = format!("sqlite://{}?mode=ro&immutable={immutable}", path.replace('%', "%25"));
    let asking = async {
        let mut connection = AnyConnection::connect(&url).await?;
        let version = version(&mut connection, VERSION_IN_SQLITE).await?;
        let agencies = agencies_of(&mut connection, version).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>((version, agencies))
    };
    match asking.await {
        Ok((version, agencies)) => installed(path.to_owned(), version, &agencies),
        Err(error) => Err(StoreError::Unavailable(Trouble(format!("{path}: {}", words(&error))))),
    }
}

/// What keeps a gateway from serving from a database that lets it in, for whoever has to mend it.
const LACKS: &str = "SELECT CASE
    WHEN current_setting('transaction_read_only') = 'on' THEN
        'it is read-only (hint: default_transaction_read_only of the server, the database or the user; the tools that only '
        || 'look work on it, a gateway does not)'
    WHEN NOT COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE) THEN
        'its user may make no tables (hint: the user has to own the database)'
    ELSE '' END";

pub(super) const VERSION_IN_POSTGRES: [&str; 2] = [
    "SELECT CAST(count(*) AS BIGINT) FROM pg_tables WHERE tablename = '_sqlx_migrations' AND schemaname = current_schema()",
    "SELECT max(version) FROM _sqlx_migrations",
];
pub(super) const VERSION_IN_SQLITE: [&str; 2] =
    ["SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'", "SELECT max(version) FROM _sqlx_migrations"];

/// The last migration that was done there.
pub(super) async fn version(
    connection: &mut AnyConnection,
    asked: [&'static str; 2],
) -> Result<Option<i64>, sqlx::Error> {
    let [are_there, last] = asked;
    let tables: i64 = sqlx::query_scalar(are_there).fetch_one(&mut *connection).await?;
    if tables == 0 { Ok(None) } else { sqlx::query_scalar(last).fetch_one(connection).await }
}

impl Store {
    /// The last migration that was done; none where there are no tables.
    pub(super) async fn version(&self) -> Result<Option<i64>, StoreError> {
        let asked = match self.dialect {
            Dialect::Sqlite => VERSION_IN_SQLITE,
            Dialect::Postgres => VERSION_IN_POSTGRES,
        };
        let mut tx = self.read().await?;
        Ok(version(tx.unhurried(), asked).await?)
    }
}

/// The agencies that were in force last, where the tables are new enough to say.
async fn agencies_of(connection: &mut AnyConnection, version: Option<i64>) -> Result<Vec<AnyRow>, sqlx::Error> {
    if version.is_none() || version != newest() {
        return Ok(Vec::new());
    }
    sqlx::query(agencies::IN_FORCE).fetch_all(connection).await
}

fn newest() -> Option<i64> {
    MIGRATIONS.iter().map(|migration| migration.version).max()
}

fn installed(place: String, version: Option<i64>, agencies: &[AnyRow]) -> Result<Installed, StoreError> {
    let agencies = agencies.iter().map(|row| row.agency("agency")).collect::<Result<_, _>>()?;
    Ok(Installed { place, tables: tables_of(version)?, agencies })
}

/// How tables whose last migration this is stand to this version.
pub(super) fn tables_of(version: Option<i64>) -> Result<Tables, StoreError> {
    let Some(version) = version else { return Ok(Tables::None) };
    if newest().is_some_and(|newest| version > newest) {
        return Err(StoreError::Newer(version));
    }
    Ok(match MIGRATIONS.iter().filter(|migration| migration.version > version).count() {
        0 => Tables::Current,
        steps => Tables::Older(steps),
    })
}

/// Why the first connection could not be made, after it was tried for a while: a database may be only starting.
pub(super) async fn at_first(
    dialect: Dialect,
    url: &str,
    file: Option<&File>,
    place: &Place,
    whom: For,
    error: sqlx::Error,
) -> StoreError {
    StoreError::Unavailable(match error {
        sqlx::Error::PoolTimedOut => look(dialect, url, file, place, whom, true).await,
        error => place.says(&error),
    })
}

/// Asks on a connection of its own, made as the pool makes them; on `SQLite` also for the turn to write, where none of ours
/// has it.
async fn look(dialect: Dialect, url: &str, file: Option<&File>, place: &Place, whom: For, to_write: bool) -> Trouble {
    let connecting = async {
        let mut connection = AnyConnection::connect(url).await?;
        connection::prepare(&mut connection, dialect, file, whom).await?;
        if dialect == Dialect::Sqlite && to_write {
            for statement in ["PRAGMA busy_timeout = 500", "BEGIN IMMEDIATE", "ROLLBACK"] {
                sqlx::query(statement).execute(&mut connection).await?;
            }
        }
        Ok::<_, sqlx::Error>(connection)
    };
    match tokio::time::timeout(LOOK, connecting).await {
        Ok(Ok(connection)) => {
            // What could not be said goodbye to is gone all the same.
            let _ = tokio::time::timeout(LOOK, connection.close()).await;
            Trouble(format!("{place}: it answers, but none of this node's connections was free in time"))
        }
        Ok(Err(error)) => place.says(&error),
        Err(_) => Trouble(format!("{place}: it does not answer")),
    }
}

fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => of_io(error),
        sqlx::Error::Tls(error) => {
            format!("no protected connection: {error} (hint: sslmode and sslrootcert in database.url)")
        }
        sqlx::Error::Database(refused) => of_database(&**refused),
        sqlx::Error::Configuration(error) => error.to_string(),
        sqlx::Error::PoolTimedOut => "no connection was free in time".to_owned(),
        sqlx::Error::PoolClosed => "it is being closed".to_owned(),
        sqlx::Error::Protocol(_) => "what answers there does not speak as the database does".to_owned(),
        // The driver's words could quote a value.
        sqlx::Error::Decode(_) | sqlx::Error::Encode(_) | sqlx::Error::AnyDriverError(_) => {
            "a value cannot be read or written".to_owned()
        }
        error => error.to_string(),
    }
}

fn of_io(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!("nobody listens there: {error} (hint: is it running, and are host and port in database.url right?)")
        }
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => {
            format!("it has ended the connection: {error}")
        }
        _ if error.to_string().contains("lookup") => format!("its name cannot be resolved: {error}"),
        _ => error.to_string(),
    }
}

/// What a server, or `SQLite`, says by the code of its error.
fn of_database(refused: &dyn DatabaseError) -> String {
    let code = refused.code().unwrap_or_default();
    let said = refused.message();
    if let Some(what) = code.parse::<u32>().ok().filter(|_| code.len() < 5).and_then(of_sqlite) {
        return format!("{what} ({said})");
    }
    let what = match &*code {
        "28P01" => "it refuses the password (hint: are the user and the password in database.url right?)",
        "28000" => "it does not let this user in from here (hint: pg_hba.conf, and sslmode in database.url)",
        "3D000" => "it has no such database (hint: is the name in database.url right, and was the database made?)",
        "53300" => "it has no connection left (hint: max_connections; each node takes up to ten, and one to listen)",
        "53100" => "its disk is full",
        "53200" => "its memory is full",
        "25006" => "it is read-only (hint: default_transaction_read_only, or a replica)",
        "42501" => {
            "its user lacks a right (hint: a gateway's user has to own the database; one that only looks needs SELECT on \
             its tables)"
        }
        "57P03" => "it is starting, stopping or recovering",
        "57P01" | "57P02" => "it is being stopped",
        "55P03" => "somebody else holds what is asked for",
        "57014" => "it has given a statement up",
        // Values that are refused could stand in the words.
        _ if code.starts_with("22") || code.starts_with("23") => return format!("it refuses a statement ({code})"),
        _ => return format!("{said} ({code})"),
    };
    format!("{what} ({said})")
}

/// The primary result code is in the lowest byte.
fn of_sqlite(code: u32) -> Option<&'static str> {
    Some(match code & 0xff {
        5 | 6 => "another program holds it (hint: one gateway on one file; a copy is made by .backup)",
        8 => "it is read-only (hint: its owner and rights, those of its folder, and how the disk is mounted)",
        10 => "the disk does not read or write it",
        11 | 26 => "the file is damaged, or no database (hint: a backup; keep the file)",
        13 => "its disk is full",
        14 => "it cannot be opened (hint: its owner and rights, and those of its folder)",
        23 => "it is not let in",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a10_a_database_is_named_without_its_password() {
        let at = |url: &str| Place::of(Dialect::Postgres, url, None).to_string();
        let said = at("postgres://vestibule:geheim@db.example:6432/portal?sslmode=disable");
        assert_eq!(said, "PostgreSQL at db.example:6432, database portal, user vestibule");
        assert!(at("postgres://v:geheim@%2Frun%2Fpostgresql/portal").contains("/run/postgresql"));
    }
}
