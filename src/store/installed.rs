//! What is found where a database is, or should be, without changing anything there.

use std::path::Path;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Connection as _};

use super::rows::Columns as _;
use super::trouble::{DatabaseName, Trouble};
use super::{Dialect, For, MIGRATIONS, PATIENCE, Store, StoreError, agencies, belonging, connection, serving};
use crate::domain::agency_code::AgencyCode;

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
        let place = DatabaseName::of(dialect, &url, None);
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
            Ok(Ok((_, lacks, _))) => Err(StoreError::Unavailable(Trouble::new(format!("{place}: {lacks}")))),
            Ok(Err(error)) => Err(StoreError::Unavailable(place.says(&error))),
            Err(_) => Err(StoreError::Unavailable(Trouble::new(format!("{place}: it does not answer")))),
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
    serving::is_the_one_served(Path::new(path))?;
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
        Err(error) => Err(StoreError::Unavailable(Trouble::from(&error).at(&DatabaseName(path.to_owned())))),
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
