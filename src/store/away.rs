//! A database that is away: why that is, and that it is told once.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _};
use tokio::time::Instant;

use super::connection::{self, File};
use super::trouble::{DatabaseName, Trouble};
use super::{Dialect, For, Store, StoreError};
use crate::domain::secret::Secret;

/// Longest wait for the answer to why nothing answers.
const LOOK: Duration = Duration::from_secs(1);
/// How often an outage is looked at for its end.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is asked how the database is where nobody else asks: one small write.
const UNASKED: Duration = Duration::from_secs(10);

impl Store {
    /// What an error at the beginning of a transaction is. Where the pool only says that it took too long, the database
    /// itself is asked, which says why; what is found out is believed for a while, so that nobody waits for it twice.
    pub(super) async fn why(&self, error: sqlx::Error) -> StoreError {
        self.outage.begins();
        let is_silent = matches!(&error, sqlx::Error::PoolTimedOut)
            || matches!(&error, sqlx::Error::Io(error) if error.kind() == ErrorKind::TimedOut);
        if !is_silent {
            return match StoreError::from(error) {
                StoreError::Unavailable(trouble) => StoreError::Unavailable(trouble.at(&self.place)),
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
    /// one where it is over; and of what is in doubt about it. Whether there is one is asked by what [`Store::ping`] does: when something has failed, and
    /// every ten seconds, so that what only a write finds out is told also where nobody writes and nobody probes.
    pub async fn tell_outages(&self) {
        let mut pause = Duration::ZERO;
        loop {
            // At the start at once: the first sign of life is what later ones are compared with.
            let _ = tokio::time::timeout(pause, self.outage.suspected.notified()).await;
            pause = UNASKED;
            let Err(error) = self.ping().await else {
                self.outage.is_away.store(false, Ordering::Relaxed);
                self.doubts.tell();
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

/// Why the first connection could not be made, after it was tried for a while: a database may be only starting.
pub(super) async fn at_first(
    dialect: Dialect,
    url: &str,
    file: Option<&File>,
    place: &DatabaseName,
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
async fn look(
    dialect: Dialect,
    url: &str,
    file: Option<&File>,
    place: &DatabaseName,
    whom: For,
    to_write: bool,
) -> Trouble {
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
            Trouble::new(format!("{place}: it answers, but none of this node's connections was free in time"))
        }
        Ok(Err(error)) => place.says(&error),
        Err(_) => Trouble::new(format!("{place}: it does not answer")),
    }
}
