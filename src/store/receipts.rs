//! Whether something happened whose commit got no answer: the line or the server went away in between.

use super::rows::Columns as _;
use super::{Dialect, Store, StoreError, Tx};

/// What to ask by whether a transaction happened; `PostgreSQL`'s number of it.
#[derive(Debug, Clone, Copy)]
pub struct Receipt(i64);

/// What `PostgreSQL` says of a number that it has not given yet.
const STILL_TO_COME: &str = "22023";

/// A transaction that was not told to have happened.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unanswered {
    /// What went wrong.
    pub error: StoreError,
    /// Where it may have happened all the same.
    pub receipt: Option<Receipt>,
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Self {
        Self { error, receipt: None }
    }
}

impl Tx {
    /// The same as [`Tx::commit`], for what must be known afterwards even where the answer is lost. `SQLite` is in this
    /// process, and tells.
    pub async fn commit_with_receipt(mut self) -> Result<(), Unanswered> {
        let receipt = match self.dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => {
                let number = "SELECT COALESCE(txid_current_if_assigned(), 0) AS number";
                let row = sqlx::query(number).fetch_one(self.conn()).await.map_err(StoreError::from)?;
                Some(row.int("number")?).filter(|number| *number > 0).map(Receipt)
            }
        };
        self.commit().await.map_err(|error| Unanswered { error, receipt })
    }
}

impl Store {
    /// Whether a transaction happened; nothing as long as it is under way.
    pub async fn happened(&self, receipt: Receipt) -> Result<Option<bool>, StoreError> {
        let mut tx = self.read().await?;
        let status = "SELECT COALESCE(txid_status($1), 'aborted') AS status";
        let status = match sqlx::query(status).bind(receipt.0).fetch_one(tx.conn()).await {
            // A server that crashed has forgotten the number.
            Err(sqlx::Error::Database(refused)) if refused.code().is_some_and(|code| code == STILL_TO_COME) => {
                return Ok(Some(false));
            }
            row => row?.text("status")?,
        };
        Ok((status != "in progress").then_some(status == "committed"))
    }
}
