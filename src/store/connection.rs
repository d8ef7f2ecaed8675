//! Connections: where they lead, and which of them may be used again.
//!
//! One on which something is left over from what failed is closed instead. Then nothing of an outage outlives it, and
//! who comes as soon as there is room, or a primary, or the file again, finds a database as it should be (REL-027).

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use sqlx::any::{Any, AnyPoolOptions};
use sqlx::pool::PoolOptions;
use sqlx::{AnyConnection, Connection as _};
use tokio::sync::{Mutex, MutexGuard};

use super::patience::{self, Patient};
use super::trouble::Trouble;
use super::{Dialect, For, PATIENCE, StoreError};

/// The file of a database, as it was when it was opened.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    /// As the driver reads it.
    pub(super) url: String,
    identity: Identity,
    /// Those beside it, once they are there: without them, what is written would be found by nobody else.
    beside: RwLock<[Option<Identity>; 2]>,
    /// A connection that nobody uses. With the last one `SQLite` would remove the files beside it, and on a full disk
    /// could not make them again: then not even reading would go on.
    held: Mutex<Option<AnyConnection>>,
}

/// The device of a file, and its number there.
pub(super) type Identity = (u64, u64);

/// What `SQLite` writes beside a database: what was written last, and where that stands.
const BESIDE: [&str; 2] = [WAL, "-shm"];

/// Ends the name of what was written last.
pub(super) const WAL: &str = "-wal";

/// Ends the name of the file whose lock says that a gateway serves from the database. It stays: there was a database.
pub(super) const SERVING: &str = "-serving";

/// How connections are opened, lent and taken back.
pub(super) fn pool(dialect: Dialect, file: Option<Arc<File>>, whom: For) -> PoolOptions<Any> {
    AnyPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(PATIENCE)
        .after_connect(move |connection, _| {
            let file = file.clone();
            Box::pin(async move { prepare(connection, dialect, file.as_deref(), whom).await })
        })
        // Asked by the hook below, which sees more.
        .test_before_acquire(false)
        .before_acquire(move |connection, _| {
            Box::pin(async move { Ok(whom == For::Tool || dialect.can_write(connection).await?) })
        })
        .after_release(move |connection, _| Box::pin(async move { is_as_new(connection).await }))
}

/// Tells which database it is; the path of `SQLite`'s file is taken as it stands.
pub(super) fn read_url(url: &str) -> Result<(Dialect, String), StoreError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok((Dialect::Postgres, url.to_owned()));
    }
    let path = sqlite_path(url).ok_or(StoreError::Url("it begins with neither sqlite: nor postgres://"))?;
    if path.is_empty() || path == ":memory:" {
        return Err(StoreError::Url("sqlite: wants the path of a file"));
    }
    // The driver would read an escape where the file's name has a per cent sign.
    let escaped = path.replace('%', "%25");
    let slashes = if path.starts_with('/') { "//" } else { "" };
    Ok((Dialect::Sqlite, format!("sqlite:{slashes}{escaped}")))
}

pub(super) fn sqlite_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    path.strip_prefix("//").unwrap_or(path).split('?').next()
}

/// The files of a database of `SQLite`, whether they are there or not, itself first; none of another one.
#[must_use]
pub fn files_of(url: &str) -> Vec<PathBuf> {
    let Some(path) = sqlite_path(url).map(Path::new) else { return Vec::new() };
    ["", WAL, "-shm", SERVING].into_iter().map(|end| beside(path, end)).collect()
}

/// Makes `SQLite`'s file where there is none; whether it did. Beside what was written last to one that is away, none is made: `SQLite`
/// would throw that away.
pub(super) fn make(url: &str) -> Result<bool, StoreError> {
    let Some(path) = sqlite_path(url).filter(|path| !path.is_empty() && *path != ":memory:").map(Path::new) else {
        return Ok(false);
    };
    if is_empty(path) && !is_empty(&beside(path, WAL)) {
        return Err(StoreError::Orphan(path.display().to_string()));
    }
    make_file(path).map_err(|error| StoreError::Unavailable(Trouble::of_file(path, &error)))
}

/// Whether there is no such file, or nothing in it.
pub(super) fn is_empty(path: &Path) -> bool {
    fs::metadata(path).map_or_else(|error| error.kind() == std::io::ErrorKind::NotFound, |found| found.len() == 0)
}

/// The path of a file beside it, whose name ends so.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    PathBuf::from(path)
}

/// Makes the file where it is missing, with its folder, for the eyes of its owner only; `SQLite` gives the files beside
/// it the same rights. A file that is there is not touched: to close it would drop the locks that other connections of
/// this process hold on it (POSIX), and with them the write-ahead log.
fn make_file(path: &Path) -> std::io::Result<bool> {
    let whole = std::path::absolute(path)?;
    let folders: Vec<&Path> = whole.ancestors().skip(1).collect();
    let missing = folders.iter().take_while(|folder| !folder.exists()).count();
    for folder in folders[..missing].iter().rev() {
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => own_as(folder, folder.parent().unwrap_or(Path::new("/"))),
        }
    }
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => Ok(false),
        Ok(_) => {
            own_as(path, folders.first().copied().unwrap_or(Path::new("/")));
            Ok(true)
        }
    }
}

/// Gives what root has made to whom the other one belongs: a service that runs as another user has to open it.
pub(super) fn own_as(made: &Path, other: &Path) {
    let owner = |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.gid()));
    if !rustix::process::geteuid().is_root() {
        return;
    }
    if let (Ok(now), Ok((user, group))) = (owner(made), owner(other))
        && now != (user, group)
        && let Err(error) = std::os::unix::fs::chown(made, Some(user), Some(group))
    {
        tracing::warn!(%error, path = %made.display(), "its owner stays root");
    }
}

/// Fails unless a file could be opened for writing here, or made; nothing is made.
pub(super) fn may_be_made(path: &Path) -> Result<(), StoreError> {
    let trouble = |path: &Path, error: std::io::Error| StoreError::Unavailable(Trouble::of_file(path, &error));
    let writes = |path: &Path| accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).map_err(std::io::Error::from);
    match fs::metadata(path) {
        Ok(found) if found.is_file() => return writes(path).map_err(|error| trouble(path, error)),
        Ok(_) => return Err(trouble(path, std::io::ErrorKind::IsADirectory.into())),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(trouble(path, error)),
        Err(_) => {}
    }
    let whole = std::path::absolute(path).map_err(|error| trouble(path, error))?;
    let above = whole.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    if !above.is_dir() {
        return Err(trouble(above, std::io::ErrorKind::NotADirectory.into()));
    }
    writes(above).map_err(|error| trouble(above, error))
}

impl File {
    pub(super) fn at(path: &str, url: &str) -> Result<Self, StoreError> {
        let path = PathBuf::from(path);
        let identity = identity(&path).map_err(|error| StoreError::Unavailable(Trouble::of_file(&path, &error)))?;
        Ok(Self { path, url: url.to_owned(), identity, beside: RwLock::default(), held: Mutex::default() })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes one that was made for nothing, with what is beside it.
    pub(super) fn remove(&self) {
        for end in ["", WAL, "-shm", SERVING] {
            let _ = fs::remove_file(self.beside(end));
        }
    }

    pub(super) const fn identity(&self) -> Identity {
        self.identity
    }

    /// The connection that is kept.
    pub(super) async fn held(&self) -> MutexGuard<'_, Option<AnyConnection>> {
        self.held.lock().await
    }

    /// Keeps it open until it is let go.
    pub(super) async fn hold(&self, held: &mut Option<AnyConnection>) -> Result<(), StoreError> {
        let mut connection = AnyConnection::connect(&self.url).await?;
        prepare(&mut connection, Dialect::Sqlite, Some(self), For::Gateway).await?;
        // Only who reads opens what is beside it.
        sqlx::query("SELECT count(*) FROM sqlite_master").fetch_one(&mut connection).await?;
        *held = Some(connection);
        *self.beside.write().unwrap_or_else(PoisonError::into_inner) = self.found_beside();
        Ok(())
    }

    /// Fails unless its path still leads to it. `SQLite` would go on writing to a file that nobody finds again.
    pub(super) fn is_there(&self) -> Result<(), StoreError> {
        match identity(&self.path) {
            Ok(identity) if identity == self.identity => Ok(()),
            // Its folder may not be looked into just now: it is open all the same, and nobody has put another one there.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
            _ => Err(StoreError::Moved(self.path.display().to_string())),
        }
    }

    /// Whether the files beside it are those that are open.
    pub(super) fn is_whole(&self) -> bool {
        let beside = *self.beside.read().unwrap_or_else(PoisonError::into_inner);
        beside.iter().zip(BESIDE).all(|(known, end)| match (known, identity(&self.beside(end))) {
            (None, _) => true,
            (Some(known), Ok(found)) => *known == found,
            (Some(_), Err(error)) => error.kind() == std::io::ErrorKind::PermissionDenied,
        })
    }

    fn found_beside(&self) -> [Option<Identity>; 2] {
        BESIDE.map(|end| identity(&self.beside(end)).ok())
    }

    fn beside(&self, end: &str) -> PathBuf {
        beside(&self.path, end)
    }

    /// Whether it and the files beside it can be written. What `SQLite` once opened for reading only, because the file
    /// system or its rights allowed no more at that moment, it never writes.
    fn can_be_written(&self) -> bool {
        let allowed = |path: &Path| accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS);
        let is_missing = |path: &Path| allowed(path) == Err(rustix::io::Errno::NOENT);
        allowed(&self.path).is_ok()
            && BESIDE.map(|end| self.beside(end)).iter().all(|path| allowed(path).is_ok() || is_missing(path))
    }
}

/// Closes a connection that was kept.
pub(super) async fn let_go(held: &mut Option<AnyConnection>) {
    if let Some(connection) = held.take() {
        // What could not be tidied up is tidied up by who opens it next.
        let _ = connection.close().await;
    }
}

pub(super) fn identity(path: &Path) -> std::io::Result<Identity> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// What can be done with the database that a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allows {
    Everything,
    /// Somebody has made it read-only: what is there is still true.
    Reading,
    /// It is a replica, and may be behind the truth.
    Nothing,
}

impl Dialect {
    async fn allows(self, connection: &mut AnyConnection) -> Result<Allows, sqlx::Error> {
        if self == Self::Sqlite {
            return Ok(Allows::Everything);
        }
        let asked = "SELECT CASE WHEN pg_is_in_recovery() THEN 'replica'
                     ELSE current_setting('transaction_read_only') END AS read_only";
        let row = sqlx::query(asked).fetch_one(Patient(connection, None)).await?;
        Ok(match sqlx::Row::try_get::<String, _>(&row, "read_only")?.as_str() {
            "off" => Allows::Everything,
            "on" => Allows::Reading,
            _ => Allows::Nothing,
        })
    }

    /// Whether a connection that was used leads to a database that can be written. After a failover it may lead to a
    /// replica, and what a session was told once, it is told for good: it is closed, and another one opened.
    async fn can_write(self, connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
        Ok(self.allows(connection).await? == Allows::Everything)
    }
}

/// Whether a connection that was used is as one that was not. A transaction that `SQLite` has ended by itself, as on a
/// full disk, is still counted by the driver: there could never be another one on that connection.
async fn is_as_new(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    // What a dropped transaction left to be done is done before the answer.
    patience::answers(connection).await?;
    Ok(!connection.is_in_transaction())
}

/// What every new connection is told.
pub(super) async fn prepare(
    connection: &mut AnyConnection,
    dialect: Dialect,
    file: Option<&File>,
    whom: For,
) -> Result<(), sqlx::Error> {
    if whom == For::Gateway && dialect.allows(connection).await? == Allows::Nothing {
        return Err(sqlx::Error::Configuration(
            "it is read-only: a replica (hint: the URL has to lead to the primary)".into(),
        ));
    }
    if file.is_some_and(|file| !file.can_be_written()) {
        let words = "it is read-only: it, or a file beside it, cannot be written (hint: owner and rights, and how the disk is mounted)";
        return Err(sqlx::Error::Configuration(words.into()));
    }
    let statements: &[&'static str] = match dialect {
        Dialect::Sqlite => &[
            "PRAGMA busy_timeout = 5000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
        ],
        // Whatever the server says by itself: what was written has to survive its crash. Waiting for replicas, too, stays.
        Dialect::Postgres => &["SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') = 'off'"],
    };
    for statement in statements {
        sqlx::query(*statement).execute(&mut *connection).await?;
    }
    Ok(())
}
