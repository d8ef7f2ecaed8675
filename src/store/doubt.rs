//! Whether the database that is served from is the one that is meant (decision 85).

use std::fmt;
use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant};

use super::{Store, StoreError, Tx};

/// How often a doubt is told again.
const TELL_AGAIN: Duration = Duration::from_mins(10);

/// The row of the database that says that it has gone back in time: it was brought back, and written to since.
const MARK: &str = "gone-back";

/// Why a database that answers may not be the right one. Neither ends before somebody has said, while nobody serves, that it
/// is the one that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It is another one than was served here before.
    Another,
    /// It knows less than it did.
    GoneBack,
}

/// What is in doubt, and when that was told last.
#[derive(Debug, Default)]
pub(super) struct Doubts(Mutex<Option<(Doubt, Option<Instant>)>>);

impl Store {
    /// Whether the database may not be the one that is meant.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubts.0.lock().unwrap_or_else(PoisonError::into_inner).map(|(doubt, _)| doubt)
    }

    /// The same for who serves nobody: by what is written down.
    pub async fn doubt_written_down(&self) -> Option<Doubt> {
        match self.is_marked().await {
            Ok(true) => Some(Doubt::GoneBack),
            // Who cannot ask is told by what is asked next.
            Ok(false) | Err(_) => self.is_another().await.then_some(Doubt::Another),
        }
    }

    /// Goes on doubting what was doubted before this start.
    pub(super) async fn doubt_again(&self) -> Result<(), StoreError> {
        if self.is_marked().await? {
            self.doubts.begin(Doubt::GoneBack);
        }
        Ok(())
    }

    /// Writes down, for starts to come, that the database has gone back in time.
    pub(super) async fn write_doubt_down(&self) -> Result<(), StoreError> {
        if self.doubt() != Some(Doubt::GoneBack) {
            return Ok(());
        }
        let mut tx = self.write().await?;
        let statement = "INSERT INTO counters (name, value) VALUES ($1, 1) ON CONFLICT DO NOTHING";
        sqlx::query(statement).bind(MARK).execute(tx.conn()).await?;
        tx.commit().await
    }

    async fn is_marked(&self) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        let asked = sqlx::query("SELECT name FROM counters WHERE name = $1").bind(MARK);
        Ok(asked.fetch_optional(tx.conn()).await?.is_some())
    }
}

impl Tx {
    /// Somebody has said that this database is the one that is meant.
    pub async fn end_doubt(&mut self) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM counters WHERE name = $1").bind(MARK).execute(self.conn()).await?;
        Ok(())
    }
}

impl Doubts {
    pub(super) fn begin(&self, doubt: Doubt) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none_or(|(known, _)| known != doubt) {
            *known = Some((doubt, None));
        }
    }

    /// Tells of it, and again while it lasts.
    pub(super) fn tell(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((doubt, told)) = &mut *known
            && told.is_none_or(|told| told.elapsed() >= TELL_AGAIN)
        {
            *told = Some(Instant::now());
            tracing::error!(doubt = doubt.as_str(), "the database may not be the right one: {doubt}");
        }
    }
}

impl Doubt {
    /// A word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Another => "another database",
            Self::GoneBack => "gone back in time",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Another => {
                "it is another one than was served here before (if that is not meant: stop this gateway, and put the one from \
                 before, or its backup, back; if it is: stop it, and run vestibule restore-check --config FILE)"
            }
            Self::GoneBack => {
                "it has gone back in time under this gateway (if it was brought back from a backup: stop every \
                 node, and run vestibule restore-check --config FILE)"
            }
        })
    }
}
