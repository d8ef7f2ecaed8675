//! People, credentials, links, flows, letters and the trace in SQL; never decides.
//!
//! One set of migrations and statements for `SQLite` (the default) and `PostgreSQL`. A use case opens one [`Tx`], calls
//! what it needs, and commits; a dropped [`Tx`] has changed nothing. What is in a file after `commit` survives the
//! death of the process and, because `SQLite` runs with `synchronous = FULL`, a power cut: a one-time secret that was
//! used must not come back.

mod addresses;
mod agencies;
mod audit;
mod away;
mod belonging;
mod challenges;
mod clock;
mod connection;
mod copy;
mod credentials;
mod detaching;
mod devices;
mod doubt;
mod erasing;
mod flows;
mod handovers;
mod imports;
mod installed;
mod jars;
mod letters;
mod notes;
mod notices;
mod open_accounts;
mod opening;
mod outage;
mod outbox;
mod parts;
mod patience;
mod people;
mod purge;
mod questions;
mod receipts;
mod recoveries;
mod resealing;
mod restored;
mod roster;
mod rows;
mod secrets;
mod serving;
mod sessions;
mod spellings;
mod standings;
mod support;
mod terms;
mod throttles;
mod trouble;
mod vault;
mod warnings;

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::{AnyConnection, AnyPool};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use crate::telemetry::traces::{self, Step};

pub use addresses::RefusedAddress;
pub use challenges::Purpose;
pub use connection::files_of;
pub use copy::{CopiedTable, CopyError, CopyProgress, copy};
pub use devices::KnownDevice;
pub use doubt::Doubt;
pub use flows::StoredFlow;
pub use handovers::Handover;
pub use imports::TakenLink;
pub use installed::{Installed, Tables, reach};
pub use jars::StoredJar;
pub use letters::{Claim, Claimed, OutboxCounts};
pub use notices::Notices;
pub use open_accounts::OpenAccount;
pub use outbox::OutboxLine;
pub use purge::{IMPORTS_DAYS, LETTERS_DAYS, Purged};
pub use questions::{Alike, LinesOf, Numbers};
pub use receipts::{Receipt, Unanswered};
pub use resealing::{SealedCount, SealedKind, SealedPlace};
pub use restored::{LettersBefore, OldDatabase};
pub use roster::RosterEntry;
pub use secrets::StoredSecret;
pub use serving::{Held, Use, in_its_place, is_the_file_told, was_served};
pub use trouble::Trouble;
pub use vault::{Sealed, Vault, VaultError};

use crate::domain::secret::Secret;
use connection::File;
use doubt::Doubts;
use notes::Note;
use outage::Outage;
use patience::Patient;
use trouble::DatabaseName;

/// The database, as a few connections that are shared; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    /// Replaced where `SQLite`'s files have to be opened anew.
    pool: Arc<RwLock<AnyPool>>,
    dialect: Dialect,
    whom: For,
    /// Its address where nodes can tell each other something.
    postgres: Option<Arc<Secret>>,
    /// The file of `SQLite`.
    file: Option<Arc<File>>,
    /// `SQLite` has one writer at a time. Waiting here is fair; waiting in its busy handler is a lottery.
    writer: Arc<Mutex<()>>,
    /// When [`Store::ping`] last wrote something, and the number that it wrote; one asks at a time.
    alive: Arc<Mutex<Option<(Instant, i64)>>>,
    place: Arc<DatabaseName>,
    outage: Arc<Outage>,
    doubts: Arc<Doubts>,
}

/// One transaction: what is done in it happens at [`Tx::commit`], whole, or not at all.
pub struct Tx {
    // Fields drop in this order: the transaction ends before the next writer is let in.
    inner: sqlx::Transaction<'static, sqlx::Any>,
    dialect: Dialect,
    _turn: Option<OwnedMutexGuard<()>>,
    notes: Vec<Note>,
    outage: Arc<Outage>,
    _step: Step,
}

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database is not one.
    #[error("the database URL is wrong: {0}")]
    Url(&'static str),
    /// The database's tables could not be brought up to date.
    #[error("the database's tables could not be brought up to date: {0}")]
    Migration(Trouble),
    /// A newer version of this program has changed the tables.
    #[error(
        "a newer version of this program has brought the database up to date (to {0}): run that one, or go back to \
         the backup from before"
    )]
    Newer(i64),
    /// An older version of this program has made the tables, and a gateway of that version may serve from them.
    #[error(
        "the tables of {place} are those of an older version ({steps} steps behind this program); nothing was changed \
         (hint: the gateway of this version brings them up to date: vestibule upgrade, or systemctl restart vestibule; \
         until then ask with the program of the version that runs)"
    )]
    Older {
        /// Which database.
        place: String,
        /// Migrations to be done.
        steps: usize,
    },
    /// No gateway has begun it yet, or it is away.
    #[error("there is no database of Vestibule's yet: {0}")]
    NotBegun(String),
    /// What was written last to a file of `SQLite` is there, and the file is not.
    #[error(
        "{0} is away, or empty, and {0}-wal beside it holds what was written last to it: nothing was made (hint: put {0} \
         back; or, if both are to be given up, take {0}-wal and {0}-shm away)"
    )]
    Orphan(String),
    /// What was written last, as it stands beside a file of `SQLite`, is another file's.
    #[error(
        "{0}-wal is not this database's, but that of another one that was at {0}: it would be played into it, and replace \
         what stands there; nothing was changed (hint: take {0}-wal and {0}-shm away, into another folder)"
    )]
    OthersLog(String),
    /// There is no such file to read.
    #[error("there is no database {0}")]
    NoFile(String),
    /// The file was moved, removed or replaced: what were written now would be lost.
    #[error(
        "{0} is not the file any more that was opened (hint: put that one back, and start nothing meanwhile: operations.md, At night)"
    )]
    Moved(String),
    /// Another file than the one that a gateway serves from.
    #[error(
        "the gateway that runs serves from another file that was at {0}: this one is read and changed by nobody else (hint: \
         put that one back; if this one is meant, stop the gateway first)"
    )]
    InItsPlace(String),
    /// A gateway serves from it.
    #[error(
        "a gateway has this database open: stop it first, on every node (systemctl stop vestibule), then run this again"
    )]
    Served,
    /// Whether a gateway serves from it, nobody can know.
    #[error(
        "whether a gateway serves from {0} cannot be known: {0}-shm says that somebody has it open, or ended without closing it, and \
         {0}-serving, which would say who, is away; nothing was changed (hint: stop the gateway, on whatever folder it runs; if {0}-shm \
         is there still, and surely no gateway runs: rm {0}-shm, which is made anew)"
    )]
    Untold(String),
    /// What was written last lies beside what should be a backup.
    #[error(
        "{0}-wal lies beside {0}, and would be played into it: a backup has none beside it; nothing was changed (hint: if {0} is the \
         backup, move {0}-wal and {0}-shm to the database from before, whose they are; if {0} is what was served last, and no \
         backup, start the gateway on it once and stop it: it writes them down)"
    )]
    LogLeft(String),
    /// Its pages do not fit together.
    #[error(
        "{place}: the file is damaged ({said}): who reads what is in there gets errors; nothing was changed (hint: keep it, and \
         take another backup: operations.md, Going back)"
    )]
    Damaged {
        /// Which file.
        place: String,
        /// What was found first.
        said: String,
    },
    /// Nobody may serve from it just now.
    #[error("this database is being copied, or looked through after it was brought back: wait until that has ended")]
    HeldAlone,
    /// It does not answer, or not as it should.
    #[error("the database is not available: {0}")]
    Unavailable(Trouble),
    /// Somebody else wrote the same thing at the same time; the whole transaction can be tried again.
    #[error("somebody else was faster")]
    Conflict,
    /// What a statement refers to is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A row holds what this version cannot read.
    #[error("a row cannot be read: {0}")]
    Corrupt(String),
}

/// Who opens a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Who serves from it: only one that can be written, and is not behind another, will do.
    Gateway,
    /// A tool beside it: what cannot be written can be read.
    Tool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// Longest wait for a connection, and for the turn to write: who asks meanwhile is told to come again.
const PATIENCE: Duration = Duration::from_secs(3);

/// A sign of life is believed for so long, so that many who ask cost one write.
const ALIVE: Duration = Duration::from_secs(1);

/// What `PostgreSQL` says where its disk is full.
const NO_ROOM: &str = "53100";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

impl Store {
    /// Opens the database to serve from it, and brings its tables up to date. Where there are none it begins them, and says
    /// so in the log.
    ///
    /// `sqlite:<path>` makes the file and its folder where they are missing; `postgres://…` must be there.
    ///
    /// # Errors
    /// The URL is wrong, the database does not answer, or its tables are those of a newer version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let was_served = was_served(url);
        connection::make(url)?;
        let store = Self::connect(url, For::Gateway).await?;
        let is_new = store.version().await?.is_none();
        store.bring_up_to_date().await?;
        store.doubt_again().await?;
        if is_new {
            store.tell_begun(was_served);
        }
        Ok(store)
    }

    /// Opens a database that a gateway has begun, and brings its tables up to date. What is not there is not made: who only
    /// looks would leave an empty one, and what is put back beside its files reads as empty, too.
    ///
    /// # Errors
    /// [`StoreError::NotBegun`], and those of [`Store::open`].
    pub async fn open_existing(url: &str) -> Result<Self, StoreError> {
        let found = reach(url).await?;
        if found.tables == Tables::None {
            return Err(StoreError::NotBegun(found.place));
        }
        let store = Self::connect(url, For::Gateway).await?;
        store.bring_up_to_date().await?;
        store.doubt_again().await?;
        Ok(store)
    }

    async fn bring_up_to_date(&self) -> Result<(), StoreError> {
        self.mark().await?;
        self.migrate().await?;
        self.fold_spellings().await
    }

    fn tell_begun(&self, was_served: bool) {
        let database = self.place.to_string();
        if was_served {
            tracing::warn!(
                database,
                "a new, empty database was made where a gateway has served from another one: nobody is known in it; if that \
                 is not meant, stop this gateway at once, and put the database or its backup back (operations.md, Going back)"
            );
        } else {
            tracing::warn!(
                database,
                "a new, empty database was made: right at a first start; else stop this gateway, and put the database or its \
                 backup back (operations.md, Going back)"
            );
        }
    }

    /// Connects, and leaves the tables as they are.
    async fn connect(url: &str, whom: For) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let path = connection::sqlite_path(url);
        let (dialect, url) = connection::read_url(url)?;
        if let Some(path) = path {
            belonging::check(Path::new(path))?;
        }
        let file = path.map(|path| File::at(path, &url)).transpose()?.map(Arc::new);
        let place = DatabaseName::of(dialect, &url, file.as_deref().map(File::path));
        let pool = match connection::pool(dialect, file.clone(), whom).connect(&url).await {
            Ok(pool) => pool,
            Err(error) => return Err(away::at_first(dialect, &url, file.as_deref(), &place, whom, error).await),
        };
        if let Some(file) = &file {
            file.hold(&mut *file.held().await).await?;
        }
        let postgres = (dialect == Dialect::Postgres).then(|| Arc::new(Secret::new(url)));
        Ok(Self {
            pool: Arc::new(RwLock::new(pool)),
            dialect,
            whom,
            postgres,
            file,
            writer: Arc::default(),
            alive: Arc::default(),
            place: Arc::new(place),
            outage: Arc::default(),
            doubts: Arc::default(),
        })
    }

    /// Connects to what has to be there already.
    async fn connect_to_existing(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = connection::sqlite_path(url).filter(|path| !Path::new(path).is_file()) {
            return Err(StoreError::NoFile(path.to_owned()));
        }
        Self::connect(url, For::Tool).await
    }

    /// Brings the tables up to date, whole or not at all. Of two nodes that start together one does it, the other waits.
    async fn migrate(&self) -> Result<(), StoreError> {
        // PostgreSQL's advisory lock makes others wait. SQLite has none: who was overtaken, at each migration once at
        // most, sees it at the next try.
        let mut tries = MIGRATIONS.iter().count() + 1;
        loop {
            match MIGRATIONS.run(&self.pool()).await {
                Ok(()) => return Ok(()),
                Err(MigrateError::VersionMissing(version)) => return Err(StoreError::Newer(version)),
                Err(error) if tries == 1 || self.dialect == Dialect::Postgres => {
                    return Err(StoreError::Migration(Trouble::from(&error)));
                }
                Err(_) => tries -= 1,
            }
        }
    }

    /// Begins to read: everything in this transaction is of one moment.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let begin = match self.dialect {
            Dialect::Sqlite => "BEGIN",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        let step = traces::step("store");
        self.begin(begin, None, Instant::now() + PATIENCE, step).await
    }

    /// Begins to write. On `SQLite` the write lock is taken at once, so that nothing that was read can change before
    /// it is written. A caller that holds one of these and asks for another waits for itself.
    ///
    /// # Errors
    /// The database does not answer, or others have written for too long.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        let step = traces::step("store");
        // For both: the turn among ours, and the lock that another program may hold.
        let deadline = Instant::now() + PATIENCE;
        match self.dialect {
            Dialect::Sqlite => {
                let turn = tokio::time::timeout_at(deadline, Arc::clone(&self.writer).lock_owned())
                    .await
                    .map_err(|_| StoreError::Unavailable(Trouble::busy()))?;
                self.begin("BEGIN IMMEDIATE", Some(turn), deadline, step).await
            }
            Dialect::Postgres => self.begin("BEGIN", None, deadline, step).await,
        }
    }

    /// Whether there can be other nodes on this database.
    #[must_use]
    pub const fn has_other_nodes(&self) -> bool {
        matches!(self.dialect, Dialect::Postgres)
    }

    /// Asks the database for a sign of life: only one that can be written, and whose disk has room, gives it.
    ///
    /// # Errors
    /// It gave none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut alive = self.alive.lock().await;
        if alive.is_some_and(|(at, _)| at.elapsed() < ALIVE) {
            return Ok(());
        }
        if self.dialect == Dialect::Postgres {
            self.has_room().await?;
        }
        let mut tx = self.write().await?;
        if self.dialect == Dialect::Sqlite {
            tx.sign_log().await?;
        }
        let sign = "UPDATE counters SET value = value + 1 WHERE name = 'alive' RETURNING value";
        let count = rows::Columns::int(&sqlx::query(sign).fetch_one(tx.conn()).await?, "value")?;
        tx.commit().await?;
        if alive.replace((Instant::now(), count)).is_some_and(|(_, before)| before >= count) {
            self.doubts.begin(Doubt::GoneBack);
        }
        self.write_doubt_down().await
    }

    /// Has `PostgreSQL` write some hundred kilobytes beside the tables for a moment. Without that a full disk would not be
    /// seen: a row that changes again and again needs no room, and those of residents do.
    async fn has_room(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        for statement in ["SELECT set_config('work_mem', '64', true)", "SELECT count(*) FROM generate_series(1, 20000)"]
        {
            match sqlx::query(statement).execute(tx.conn()).await {
                Err(sqlx::Error::Database(refused)) if refused.code().is_none_or(|code| code != NO_ROOM) => break,
                done => done.map(drop)?,
            }
        }
        Ok(())
    }

    fn pool(&self) -> AnyPool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes sure that the files of `SQLite` are those that were opened. Where the ones beside the database were removed,
    /// what stands in them goes into the database, and everything is opened anew.
    async fn look_at_files(&self) -> Result<(), StoreError> {
        let Some(file) = &self.file else { return Ok(()) };
        file.is_there()?;
        if file.is_whole() {
            return Ok(());
        }
        let mut held = file.held().await;
        if file.is_whole() {
            return Ok(());
        }
        let closing = async {
            self.pool().close().await;
            connection::let_go(&mut held).await;
        };
        let closed = tokio::time::timeout(PATIENCE, closing).await;
        closed.map_err(|_| StoreError::Unavailable(Trouble::busy()))?;
        let pool = connection::pool(self.dialect, Some(Arc::clone(file)), self.whom).connect(&file.url).await?;
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = pool;
        file.hold(&mut held).await?;
        tracing::error!("files beside the database were removed while it was open; it was opened anew");
        Ok(())
    }

    async fn begin(
        &self,
        statement: &'static str,
        turn: Option<OwnedMutexGuard<()>>,
        deadline: Instant,
        step: Step,
    ) -> Result<Tx, StoreError> {
        self.look_at_files().await.inspect_err(|_| self.outage.begins())?;
        let begun = patience::within(deadline - Instant::now(), self.pool().begin_with(statement)).await;
        let inner = match begun {
            Ok(inner) => inner,
            Err(error) => {
                drop(turn);
                return Err(self.why(error).await);
            }
        };
        let outage = Arc::clone(&self.outage);
        Ok(Tx { inner, dialect: self.dialect, _turn: turn, notes: Vec::new(), outage, _step: step })
    }

    /// Waits for the transactions under way and closes the connections.
    pub async fn close(&self) {
        self.pool().close().await;
        if let Some(file) = &self.file {
            connection::let_go(&mut *file.held().await).await;
        }
    }
}

impl Tx {
    /// Makes everything in this transaction happen.
    ///
    /// # Errors
    /// The database does not answer; then nothing has happened, as far as is known.
    pub async fn commit(self) -> Result<(), StoreError> {
        let committed = patience::within(patience::STATEMENT, self.inner.commit()).await;
        committed.inspect_err(|_| self.outage.suspect())?;
        self.notes.iter().for_each(Note::count);
        Ok(())
    }

    /// Has something counted, once it has happened for good.
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// For statements that are short: each is given up when it takes too long.
    fn conn(&mut self) -> Patient<'_> {
        Patient(&mut self.inner, Some(&self.outage))
    }

    /// For statements over whole tables.
    fn unhurried(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx(..)")
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => Self::Conflict,
            sqlx::Error::Database(refused) if refused.is_foreign_key_violation() => Self::Missing("a referenced row"),
            // Never the driver's own words: they can quote the value.
            sqlx::Error::ColumnDecode { index: column, .. } | sqlx::Error::ColumnNotFound(column) => {
                Self::Corrupt(format!("column {column}"))
            }
            error => Self::Unavailable(Trouble::from(&error)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
