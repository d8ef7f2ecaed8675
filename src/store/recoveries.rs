//! Resets of forgotten passwords, and the count of letters that one can cause.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::identity::IdentityId;
use crate::domain::recovery::Recovery;
use crate::domain::secret::SecretDigest;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Tx {
    /// Keeps a reset that is asked for; the person's older ones are superseded.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn insert_recovery(
        &mut self,
        id: &str,
        identity: &IdentityId,
        link_minutes: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.supersede_recoveries(identity).await?;
        sqlx::query(
            "INSERT INTO recoveries (id, identity_id, link_minutes, requested_at, sent_at, superseded, used_at)
             VALUES ($1, $2, $3, $4, NULL, 0, NULL)",
        )
        .bind(id)
        .bind(identity.as_str())
        .bind(i64::from(link_minutes))
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Makes every open link of a person worth nothing: a newer one was asked for, or what it could change has changed.
    pub async fn supersede_recoveries(&mut self, identity: &IdentityId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE recoveries SET superseded = 1 WHERE identity_id = $1 AND superseded = 0 AND used_at IS NULL",
        )
        .bind(identity.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps the digest of the link as its letter is sent; that of an earlier copy stays good in its own time. False if the reset is superseded or used: then the letter
    /// must not go.
    pub async fn mark_recovery_sent(
        &mut self,
        id: &str,
        link: SecretDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE recoveries SET sent_at = $1 WHERE id = $2 AND superseded = 0 AND used_at IS NULL")
                .bind(millis(now))
                .bind(id)
                .execute(self.conn())
                .await?;
        if updated.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("INSERT INTO recovery_links (digest, recovery_id, sent_at) VALUES ($1, $2, $3)")
            .bind(link.to_hex())
            .bind(id)
            .bind(millis(now))
            .execute(self.conn())
            .await?;
        Ok(true)
    }

    /// The reset that a link belongs to, as of the copy of the letter that it stood in, with its id.
    pub async fn recovery_by_link(&mut self, link: SecretDigest) -> Result<Option<(String, Recovery)>, StoreError> {
        sqlx::query(
            "SELECT r.id AS id, r.identity_id AS identity_id, r.link_minutes AS link_minutes, l.sent_at AS sent_at,
                 r.superseded AS superseded, r.used_at AS used_at
             FROM recovery_links l JOIN recoveries r ON r.id = l.recovery_id WHERE l.digest = $1",
        )
        .bind(link.to_hex())
        .fetch_optional(self.conn())
        .await?
        .map(|row| {
            let recovery = Recovery {
                identity: IdentityId::stored(row.text("identity_id")?),
                sent_at: row.opt_time("sent_at")?,
                link_minutes: row.count("link_minutes")?,
                superseded: row.int("superseded")? != 0,
                used_at: row.opt_time("used_at")?,
            };
            Ok((row.text("id")?, recovery))
        })
        .transpose()
    }

    /// Takes the one use that a reset has: exactly one caller is told true, and none once it is superseded.
    pub async fn use_recovery(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE recoveries SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND superseded = 0")
                .bind(millis(now))
                .bind(id)
                .execute(self.conn())
                .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Letters counted for a person, an address or a place in the last hour (f04).
    pub async fn letters_in_last_hour(&mut self, key: &str, now: Timestamp) -> Result<u32, StoreError> {
        self.letters_since(key, millis(now) - HOUR_MS).await
    }

    /// The same in the last day, which is as long as they are kept.
    pub async fn letters_in_last_day(&mut self, key: &str, now: Timestamp) -> Result<u32, StoreError> {
        self.letters_since(key, millis(now) - DAY_MS).await
    }

    async fn letters_since(&mut self, key: &str, since: i64) -> Result<u32, StoreError> {
        sqlx::query("SELECT count(*) AS letters FROM letter_counts WHERE subject = $1 AND counted_at > $2")
            .bind(key)
            .bind(since)
            .fetch_one(self.conn())
            .await?
            .count("letters")
    }

    /// Counts one letter for a person, an address or a place.
    pub async fn count_letter(&mut self, key: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO letter_counts (subject, counted_at) VALUES ($1, $2)")
            .bind(key)
            .bind(millis(now))
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
