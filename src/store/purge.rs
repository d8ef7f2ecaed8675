//! What is past its time goes (LAW-024).

use jiff::Timestamp;

use super::rows::millis;
use super::{StoreError, Tx};

/// How many rows of each kind a purge removed, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Runs of the wizard past their time.
    pub flows: u64,
    /// Proofs.
    pub challenges: u64,
    /// Resets.
    pub recoveries: u64,
    /// Changes that owners were warned of.
    pub warnings: u64,
    /// Hand-overs.
    pub handovers: u64,
    /// Sessions.
    pub sessions: u64,
    /// What was noted about sessions that live elsewhere and could not last any longer.
    pub session_marks: u64,
    /// Letters sent or given up.
    pub letters: u64,
    /// Marks of addresses that were refused.
    pub addresses: u64,
    /// What was open in sessions that are over.
    pub open_accounts: u64,
    /// Counts of letters.
    pub letter_counts: u64,
    /// Counts of guesses.
    pub throttles: u64,
    /// Browsers that nobody signed in on for long.
    pub devices: u64,
}

const DAY_MS: i64 = 86_400_000;
/// Spent proofs and resets are kept so long, so that an old link is explained and not unknown.
const SPENT_MS: i64 = 30 * DAY_MS;
/// Letters that are over, and what they left as marks of addresses (LAW-024: at most 90 days).
const LETTERS_MS: i64 = 90 * DAY_MS;
/// No count of guesses matters longer: the longest delay is hours, the longest count a day.
const GUESSES_MS: i64 = 2 * DAY_MS;
/// A browser is known for about 13 months after the last sign-in on it, as long as a cookie should live (CNIL).
const DEVICES_MS: i64 = 395 * DAY_MS;

impl Tx {
    /// Removes what is past its time, and tells how much.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge(&mut self, now: Timestamp) -> Result<Purged, StoreError> {
        let now = millis(now);
        Ok(Purged {
            flows: self.remove("DELETE FROM flows WHERE expires_at <= $1", now).await?,
            challenges: self.remove("DELETE FROM challenges WHERE requested_at <= $1", now - SPENT_MS).await?,
            recoveries: self.remove("DELETE FROM recoveries WHERE requested_at <= $1", now - SPENT_MS).await?,
            warnings: self.remove("DELETE FROM warnings WHERE changed_at <= $1", now - SPENT_MS).await?,
            handovers: self.remove("DELETE FROM handovers WHERE expires_at <= $1", now).await?,
            sessions: self
                .remove(
                    "DELETE FROM sessions
                     WHERE seen_at + idle_minutes * 60000 <= $1 OR started_at + hours * 3600000 <= $1",
                    now,
                )
                .await?,
            open_accounts: self.remove("DELETE FROM open_accounts WHERE until <= $1", now).await?,
            session_marks: self.remove("DELETE FROM session_marks WHERE until <= $1", now).await?,
            letters: self
                .remove(
                    "DELETE FROM letters WHERE state IN ('sent', 'abandoned') AND created_at <= $1",
                    now - LETTERS_MS,
                )
                .await?,
            addresses: self.remove("DELETE FROM refused_addresses WHERE refused_at <= $1", now - LETTERS_MS).await?,
            letter_counts: self.remove("DELETE FROM letter_counts WHERE counted_at <= $1", now - DAY_MS).await?,
            throttles: self.remove("DELETE FROM throttles WHERE last_at <= $1", now - GUESSES_MS).await?,
            devices: self.remove("DELETE FROM devices WHERE remembered_at <= $1", now - DEVICES_MS).await?,
        })
    }

    async fn remove(&mut self, statement: &'static str, limit: i64) -> Result<u64, StoreError> {
        Ok(sqlx::query(statement).bind(limit).execute(self.unhurried()).await?.rows_affected())
    }
}
