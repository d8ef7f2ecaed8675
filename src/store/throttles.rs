//! What has been counted of guesses, with a version each, so that parallel guesses share one budget.

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::lockout::Attempts;

impl Tx {
    /// What has been counted for a person, device or place, and the version to save it with; 0 if nothing was.
    pub async fn attempts(&mut self, key: &str) -> Result<(Attempts, i64), StoreError> {
        let row = sqlx::query("SELECT version, streak, today, day_start, last_at FROM throttles WHERE subject = $1")
            .bind(key)
            .fetch_optional(self.conn())
            .await?;
        let Some(row) = row else { return Ok((Attempts::default(), 0)) };
        Ok((row.attempts()?, row.int("version")?))
    }

    /// Keeps what has been counted; false if somebody counted since `version` was read.
    pub async fn save_attempts(&mut self, key: &str, attempts: &Attempts, version: i64) -> Result<bool, StoreError> {
        let statement = if version == 0 {
            "INSERT INTO throttles (subject, version, streak, today, day_start, last_at)
             VALUES ($1, $2 + 1, $3, $4, $5, $6)
             ON CONFLICT (subject) DO NOTHING"
        } else {
            "UPDATE throttles SET version = version + 1, streak = $3, today = $4, day_start = $5, last_at = $6
             WHERE subject = $1 AND version = $2"
        };
        let saved = sqlx::query(statement)
            .bind(key)
            .bind(version)
            .bind(i64::from(attempts.streak))
            .bind(i64::from(attempts.today))
            .bind(attempts.day_start.map(millis))
            .bind(attempts.last.map(millis))
            .execute(self.conn())
            .await?;
        Ok(saved.rows_affected() == 1)
    }
}
