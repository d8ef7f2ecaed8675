//! Whether the log beside a file of `SQLite` is that file's (decision 79).
//!
//! `SQLite` itself does not ask: a log whose own checksums hold is played into whatever database lies beside it, and a log
//! that an empty database has left makes a full one read as empty, for good with the next checkpoint. So each database
//! bears a number in its head, which goes into its log with the first page.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use sqlx::AssertSqlSafe;

use super::rows::Columns as _;
use super::{Dialect, Store, StoreError, Tx, connection};

/// Where the number stands in the first page: `PRAGMA user_version`.
const AT: u64 = 60;
/// Bytes of the log's head.
const HEAD: u64 = 32;
/// Bytes before each page in it.
const FRAME: u64 = 24;

/// Has the log written down into the file, as far as nobody reads from it.
const WRITE_DOWN: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

impl Store {
    /// Gives a file of `SQLite` its number, unless it has one. It stands in the file itself before anything else is written:
    /// what is in the log only, a crash leaves to be told from nothing.
    pub(super) async fn mark(&self) -> Result<(), StoreError> {
        if self.dialect != Dialect::Sqlite || self.file_number().await? != 0 {
            return Ok(());
        }
        let pool = self.pool();
        sqlx::query(WRITE_DOWN).execute(&pool).await?;
        let mut tx = self.write().await?;
        let mark = "SELECT abs(random() % 2147483646) + 1 AS mark";
        let mark = sqlx::query(mark).fetch_one(tx.conn()).await?.int("mark")?;
        tx.set_number(mark).await?;
        tx.commit().await?;
        sqlx::query(WRITE_DOWN).execute(&pool).await?;
        Ok(())
    }

    /// The number of a file of `SQLite`; 0 where there is none yet.
    pub(super) async fn file_number(&self) -> Result<i64, StoreError> {
        self.read().await?.file_number().await
    }
}

impl Tx {
    /// Has the number stand in the log, too: where the database does not grow, its first page is not written by itself.
    pub(super) async fn sign_log(&mut self) -> Result<(), StoreError> {
        let number = self.file_number().await?;
        self.set_number(number).await
    }

    async fn file_number(&mut self) -> Result<i64, StoreError> {
        let known = sqlx::query("SELECT user_version AS mark FROM pragma_user_version");
        known.fetch_one(self.conn()).await?.int("mark")
    }

    async fn set_number(&mut self, number: i64) -> Result<(), StoreError> {
        // A pragma takes no parameters.
        sqlx::query(AssertSqlSafe(format!("PRAGMA user_version = {number}"))).execute(self.conn()).await?;
        Ok(())
    }
}

/// Fails where the log beside a file is another one's. A log in which no number stands is not judged.
pub(super) fn check(path: &Path) -> Result<(), StoreError> {
    // What cannot be read is told by who opens it.
    match (number_of(path), number_in_log(&connection::beside(path, connection::WAL))) {
        (Ok(own), Ok(Some(other))) if own != other => Err(StoreError::OthersLog(path.display().to_string())),
        _ => Ok(()),
    }
}

fn number_of(path: &Path) -> io::Result<u32> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(AT))?;
    number(&mut file)
}

/// The number in the last first page that was written whole.
fn number_in_log(path: &Path) -> io::Result<Option<u32>> {
    let mut log = File::open(path)?;
    let mut head = [0; 32];
    if log.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    let page = u64::from(word(&head, 8));
    let salts = &head[16..24];
    let (mut found, mut written, mut at) = (None, None, HEAD);
    loop {
        let mut frame = [0; 24];
        log.seek(SeekFrom::Start(at))?;
        if log.read_exact(&mut frame).is_err() || &frame[8..16] != salts {
            return Ok(found);
        }
        if word(&frame, 0) == 1 {
            log.seek(SeekFrom::Start(at + FRAME + AT))?;
            written = number(&mut log).ok();
        }
        // The last page of a transaction says how large the database is.
        if word(&frame, 4) != 0 {
            found = written.or(found);
        }
        at += FRAME + page;
    }
}

fn number(file: &mut File) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |word, byte| (word << 8) | u32::from(*byte))
}
