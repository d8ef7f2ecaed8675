//! What is known of an outage, between those who meet it and the one that tells it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::error::DatabaseError;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::trouble::Trouble;

/// What was found out is believed for so long.
const BELIEVED: Duration = Duration::from_secs(5);

/// What is known of an outage.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Something has failed, and it is worth asking.
    pub(super) suspected: Notify,
    /// What was found out last.
    found: Mutex<Option<(Trouble, Instant)>>,
    /// It is told, or about to be: nobody else has to tell of what follows from it.
    pub(super) is_away: AtomicBool,
    /// One finds out at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
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

    pub(super) fn known(&self) -> Option<Trouble> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().filter(|(_, at)| at.elapsed() < BELIEVED).map(|(trouble, _)| trouble.clone())
    }

    pub(super) fn find(&self, trouble: &Trouble) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((trouble.clone(), Instant::now()));
    }
}
