//! By which clock times are judged that several nodes share, and times that are kept, after it was set back (REL-055,
//! REL-056, decision 49).

use jiff::{SignedDuration, Timestamp};

use super::rows::{Columns as _, millis};
use super::{Dialect, Store, StoreError, Tx};

/// Each takes now ($1) and by how much the clock was set back ($2): a time that is still to come was written down before
/// that, and goes back with the clock. What has gone back is no longer to come, so that a second node does it in vain.
const STATEMENTS: [&str; 18] = [
    "UPDATE throttles SET last_at = last_at - $2, version = version + 1 WHERE last_at > $1",
    "UPDATE throttles SET day_start = day_start - $2, version = version + 1 WHERE day_start > $1",
    "UPDATE challenges SET requested_at = requested_at - $2 WHERE requested_at > $1",
    "UPDATE challenges SET sent_at = sent_at - $2 WHERE sent_at > $1",
    "UPDATE challenges SET held_at = held_at - $2 WHERE held_at > $1",
    "UPDATE warnings SET changed_at = changed_at - $2 WHERE changed_at > $1",
    "UPDATE warnings SET held_at = held_at - $2 WHERE held_at > $1",
    "UPDATE warning_links SET sent_at = sent_at - $2 WHERE sent_at > $1",
    "UPDATE challenge_codes SET sent_at = sent_at - $2 WHERE sent_at > $1",
    "UPDATE challenge_links SET sent_at = sent_at - $2 WHERE sent_at > $1",
    "UPDATE recoveries SET requested_at = requested_at - $2 WHERE requested_at > $1",
    "UPDATE recoveries SET sent_at = sent_at - $2 WHERE sent_at > $1",
    "UPDATE recovery_codes SET sent_at = sent_at - $2 WHERE sent_at > $1",
    "UPDATE recovery_links SET sent_at = sent_at - $2 WHERE sent_at > $1",
    "UPDATE legacy_secrets SET refused_at = refused_at - $2 WHERE refused_at > $1",
    "UPDATE legacy_secrets SET tried_at = tried_at - $2 WHERE tried_at > $1",
    "UPDATE letter_counts SET counted_at = counted_at - $2 WHERE counted_at > $1",
    // A letter may wait for a time to come; one that goes out a little early harms nobody.
    "UPDATE letters SET not_before = not_before - $2 WHERE state = 'queued' AND not_before > $1",
];

impl Store {
    /// The same as [`Tx::time`], beside any transaction.
    pub async fn time(&self, told: Timestamp) -> Result<Timestamp, StoreError> {
        match self.dialect {
            Dialect::Sqlite => Ok(told),
            Dialect::Postgres => self.read().await?.time(told).await,
        }
    }
}

impl Tx {
    /// What time it is for every node alike: by the database's clock where there can be others, else by one's own, which
    /// is handed in.
    pub async fn time(&mut self, told: Timestamp) -> Result<Timestamp, StoreError> {
        match self.dialect {
            Dialect::Sqlite => Ok(told),
            Dialect::Postgres => {
                sqlx::query("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS told")
                    .fetch_one(self.conn())
                    .await?
                    .time("told")
            }
        }
    }

    /// Lets guesses, proofs, resets, refusals and letters be as old by the clock as they are, after it was set back by so much:
    /// no lock lasts longer, no code or link lives longer, and no letter waits until the clock has caught up. A letter
    /// that somebody is sending stays taken for `lease_ms`.
    pub async fn set_back(&mut self, by: SignedDuration, lease_ms: i64, now: Timestamp) -> Result<(), StoreError> {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        for statement in STATEMENTS {
            sqlx::query(statement).bind(millis(now)).bind(by).execute(self.unhurried()).await?;
        }
        sqlx::query("UPDATE letters SET lease_until = $1 WHERE state = 'queued' AND lease_until > $1")
            .bind(millis(now).saturating_add(lease_ms))
            .execute(self.unhurried())
            .await?;
        Ok(())
    }
}
