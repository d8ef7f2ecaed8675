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
use super::{Dialect, Store, StoreError, connection};

/// Where the number stands in the first page: `PRAGMA user_version`.
const AT: u64 = 60;
/// Bytes of the log's head.
const HEAD: u64 = 32;
/// Bytes before each page in it.
const FRAME: u64 = 24;

impl Store {
    /// Gives a file of `SQLite` its number, unless it has one.
    pub(super) async fn mark(&self) -> Result<(), StoreError> {
        if self.dialect != Dialect::Sqlite {
            return Ok(());
        }
        let known = sqlx::query("SELECT user_version AS mark FROM pragma_user_version");
        if known.fetch_one(self.read().await?.conn()).await?.int("mark")? != 0 {
            return Ok(());
        }
        let mut tx = self.write().await?;
        let mark = "SELECT abs(random() % 2147483646) + 1 AS mark";
        let mark = sqlx::query(mark).fetch_one(tx.conn()).await?.int("mark")?;
        // A pragma takes no parameters.
        sqlx::query(AssertSqlSafe(format!("PRAGMA user_version = {mark}"))).execute(tx.conn()).await?;
        tx.commit().await
    }
}

/// Fails where the log beside a file is another one's. What has no number yet is not judged.
pub(super) fn check(path: &Path) -> Result<(), StoreError> {
    // What cannot be read is told by who opens it.
    match (number_of(path), number_in_log(&connection::beside(path, connection::WAL))) {
        (Ok(own), Ok(Some(other))) if own != 0 && own != other => {
            Err(StoreError::OthersLog(path.display().to_string()))
        }
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
