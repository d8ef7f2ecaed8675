//! Who serves from a database holds it: nobody copies it, or looks it through after it was brought back, meanwhile.
//!
//! Several may serve (nodes, or two processes during an upgrade). The hold ends with the process, however that ends: it is
//! the system's lock on a file beside `SQLite`'s, and a lock of a connection's session on `PostgreSQL`. That file says which
//! database is served, so that one that is put in its place is noticed (decision 85).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _};

use super::connection::{Identity, SERVING};
use super::doubt::Doubt;
use super::trouble::Trouble;
use super::{PATIENCE, Store, StoreError, connection, patience};

/// How a database is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// By who serves from it, among others who do.
    Serving,
    /// By who wants nobody to serve from it meanwhile.
    Alone,
}

/// A database that is held, for as long as this lives.
#[derive(Debug)]
#[must_use = "what is not kept is not held"]
pub struct Held {
    by: By,
    /// Whether somebody else serves from the same file of `SQLite`.
    pub among_others: bool,
}

#[derive(Debug)]
enum By {
    /// The lock is the open file's.
    File { locked: File },
    /// The lock is this connection's.
    Connection(AnyConnection),
}

/// The number of the lock in a database of `PostgreSQL`: "vestibul".
const NUMBER: i64 = 0x7665_7374_6962_756c;

/// How often a gateway asks for its hold, and with what pause.
const TRIES: u32 = 3;
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// How often it is looked whether the hold lasts.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What the file says whose lock it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Served {
    /// The file that is served from.
    file: Identity,
    /// The number of the database that was served first, or was agreed to since (`PRAGMA user_version`).
    number: i64,
}

/// Whether a gateway has served from this database before, as far as that is seen without it: `SQLite` only.
#[must_use]
pub fn was_served(url: &str) -> bool {
    connection::sqlite_path(url).is_some_and(|path| connection::beside(Path::new(path), SERVING).exists())
}

/// Whether the file of this URL is the one that a gateway says it serves from ([`Store::served_file`]); None where it serves
/// from another place, or there is no file.
#[must_use]
pub fn is_the_file_told(url: &str, told: &str) -> Option<bool> {
    let mut words = told.splitn(3, ' ');
    let identity = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (path, place) = (Path::new(connection::sqlite_path(url)?), words.next()?);
    let found = connection::identity(path).ok()?;
    (whole(path) == Path::new(place)).then_some(found == identity)
}

/// That another file lies there than the one that is served from.
#[must_use]
pub fn in_its_place(url: &str) -> StoreError {
    StoreError::InItsPlace(connection::sqlite_path(url).unwrap_or(url).to_owned())
}

/// A path by which two programs know the same place.
fn whole(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole.parent().and_then(|folder| folder.canonicalize().ok());
    folder.zip(whole.file_name()).map_or(whole.clone(), |(folder, name)| folder.join(name))
}

/// Fails where a gateway serves from another file that was here: what is written into this one, nobody reads.
pub(super) fn is_the_one_served(path: &Path) -> Result<(), StoreError> {
    // Who may not look is told by who opens the database.
    let Ok(mut file) = File::open(connection::beside(path, SERVING)) else { return Ok(()) };
    let is_another = match (Served::read(&mut file), connection::identity(path)) {
        (Some(served), Ok(found)) => served.file != found,
        _ => false,
    };
    // Asked only then: for as long as this holds it, no gateway can begin to serve.
    if is_another && matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        return Err(StoreError::InItsPlace(path.display().to_string()));
    }
    Ok(())
}

/// Whether somebody serves from this file: asked of the lock, which is given back at once.
fn is_served(path: &Path) -> bool {
    let locked = File::open(connection::beside(path, SERVING)).map(|file| file.try_lock());
    matches!(locked, Ok(Err(TryLockError::WouldBlock)))
}

/// Fails where a database of `SQLite` is not to be touched by who wants it alone: somebody serves from it, or nobody can
/// know whether somebody does.
pub(super) fn is_free(path: &Path) -> Result<(), StoreError> {
    if is_served(path) {
        return Err(StoreError::Served);
    }
    let is_there = |end| connection::beside(path, end).exists();
    if is_there("-shm") && !is_there(SERVING) {
        return Err(StoreError::Untold(path.display().to_string()));
    }
    Ok(())
}

impl Store {
    /// How many serve from the database, as far as that is seen: of `SQLite`, whether somebody does.
    pub async fn who_serve(&self) -> u64 {
        if let Some(file) = &self.file {
            return u64::from(is_served(file.path()));
        }
        let asked = async {
            let mut tx = self.read().await?;
            // Both halves of the number stand there as words of 32 bits.
            tx.number(
                "SELECT COUNT(*) AS value FROM pg_locks
                 WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                     AND classid = 1986360180 AND objid = 1768060268",
            )
            .await
        };
        asked.await.map_or(0, |count: i64| u64::try_from(count).unwrap_or_default())
    }

    /// The file of `SQLite` that is served from, in words for [`is_the_file_told`]: device, number and where it was.
    #[must_use]
    pub fn served_file(&self) -> Option<String> {
        let file = self.file.as_deref()?;
        let (device, inode) = file.identity();
        Some(format!("{device} {inode} {}", whole(file.path()).display()))
    }

    /// Says of a database that is held that it is the one that is meant.
    ///
    /// # Errors
    /// That cannot be written down.
    pub async fn is_meant(&self, held: &mut Held) -> Result<(), StoreError> {
        let (By::File { locked }, Some(database)) = (&mut held.by, &self.file) else { return Ok(()) };
        let served = Served { file: database.identity(), number: self.file_number().await? };
        let path = connection::beside(database.path(), SERVING);
        served.write(locked).map_err(|error| StoreError::Unavailable(trouble(database.path(), &path, &error)))
    }

    /// Holds the database.
    ///
    /// # Errors
    /// Somebody else holds it in a way that does not go with this one, or it cannot be held.
    pub async fn hold(&self, how: Use) -> Result<Held, StoreError> {
        let Some(url) = &self.postgres else { return self.hold_file(how).await };
        let connecting = AnyConnection::connect(url.expose());
        let mut connection = patience::within(PATIENCE, connecting).await?;
        let statement = match how {
            Use::Serving => "SELECT CASE WHEN pg_try_advisory_lock_shared($1) THEN 1 ELSE 0 END AS held",
            Use::Alone => "SELECT CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END AS held",
        };
        let asked = sqlx::query(statement).bind(NUMBER).fetch_one(&mut connection);
        let row = patience::within(PATIENCE, asked).await?;
        if sqlx::Row::try_get::<i32, _>(&row, "held")? == 1 {
            Ok(Held { by: By::Connection(connection), among_others: false })
        } else {
            Err(how.refused())
        }
    }

    async fn hold_file(&self, how: Use) -> Result<Held, StoreError> {
        let Some(database) = &self.file else { return Err(StoreError::Missing("the file")) };
        let path = connection::beside(database.path(), SERVING);
        let unavailable = |error: io::Error| StoreError::Unavailable(trouble(database.path(), &path, &error));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = open.map_err(unavailable)?;
        connection::own_as(&path, database.path());
        // Who is alone just now lets a gateway wait for a moment: another one may only be asking.
        let mut tries = if how == Use::Serving { TRIES } else { 1 };
        let among_others = loop {
            let mut locked = file.try_lock();
            let is_alone = locked.is_ok();
            if how == Use::Serving {
                locked = file.try_lock_shared();
            }
            tries -= 1;
            match locked {
                Ok(()) => break !is_alone,
                Err(TryLockError::WouldBlock) if tries == 0 => return Err(how.refused()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(ASK_AGAIN).await,
                Err(TryLockError::Error(error)) => return Err(unavailable(error)),
            }
        };
        self.mark().await?;
        let now = Served { file: database.identity(), number: self.file_number().await? };
        let number = Served::read(&mut file).map_or(now.number, |before| before.number);
        if number != now.number {
            self.doubts.begin(Doubt::Another);
        }
        let _ = Served { number, ..now }.write(&mut file).inspect_err(|error| {
            tracing::warn!(%error, path = %path.display(), "which database is served cannot be written down");
        });
        Ok(Held { by: By::File { locked: file }, among_others })
    }

    /// Whether this is another database than was served here, and nobody has said that it is meant.
    pub(super) async fn is_another(&self) -> bool {
        let Some(database) = &self.file else { return false };
        let marker = File::open(connection::beside(database.path(), SERVING));
        let served = marker.ok().and_then(|mut file| Served::read(&mut file));
        match (served, self.file_number().await) {
            (Some(served), Ok(number)) => served.number != number,
            _ => false,
        }
    }

    /// Goes on holding what is served from, for as long as this is polled: with a lost connection the hold is lost, and
    /// taken anew.
    pub async fn hold_on(&self, held: Option<Held>) {
        let mut held = held;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Some(Held { by: By::Connection(connection), .. }) = &mut held
                && patience::answers(connection).await.is_err()
            {
                held = None;
            }
            // Somebody has taken the file away by which others know that this is served.
            if let (Some(Held { by: By::File { locked }, .. }), Some(database)) = (&held, &self.file)
                && database.is_there().is_ok()
                && !is_at(locked, &connection::beside(database.path(), SERVING))
            {
                held = None;
            }
            if held.is_none() {
                match self.hold(Use::Serving).await {
                    Ok(anew) => held = Some(anew),
                    Err(error @ StoreError::HeldAlone) => tracing::error!(%error, "this gateway goes on serving"),
                    // That the database is away is told elsewhere.
                    Err(_) => {}
                }
            }
        }
    }
}

/// Whether an open file is the one at this path. Who may not look does not know, and leaves it.
fn is_at(open: &File, path: &Path) -> bool {
    let own = open.metadata().map(|file| (file.dev(), file.ino()));
    match (own, connection::identity(path)) {
        (Ok(own), Ok(there)) => own == there,
        (_, Err(error)) => error.kind() != io::ErrorKind::NotFound,
        (Err(_), _) => true,
    }
}

/// Why it cannot be held, and what to type.
fn trouble(database: &Path, serving: &Path, error: &io::Error) -> Trouble {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return Trouble::of_file(serving, error);
    }
    let (database, serving) = (database.display(), serving.display());
    Trouble::new(format!(
        "{serving}: {error} (hint: as root: chown --reference={database} {serving} && chmod 0600 {serving}, then start again)"
    ))
}

impl Use {
    const fn refused(self) -> StoreError {
        match self {
            Self::Serving => StoreError::HeldAlone,
            Self::Alone => StoreError::Served,
        }
    }
}

impl Served {
    /// Reads it, unless nobody has written it yet.
    fn read(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.rewind().ok()?;
        file.read_to_string(&mut text).ok()?;
        let mut words = text.split_whitespace();
        let file = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Self { file, number: words.next()?.parse().ok()? })
    }

    fn write(self, file: &mut File) -> io::Result<()> {
        let Self { file: (device, inode), number } = self;
        file.rewind()?;
        file.set_len(0)?;
        writeln!(file, "{device} {inode} {number}")
    }
}
