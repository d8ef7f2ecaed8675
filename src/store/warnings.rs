//! Changes that owners are warned of, and the links of those letters.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, corrupt, millis};
use super::{StoreError, Tx};
use crate::domain::identity::IdentityId;
use crate::domain::secret::SecretDigest;
use crate::domain::warning::{Changed, Warning, WarningId};

impl Tx {
    /// Keeps a change that its owner is about to be warned of.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn insert_warning(&mut self, warning: &Warning) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO warnings
                 (id, identity_id, kind, former, email, password, changed_at, hours, held_at, ended_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(warning.id.as_str())
        .bind(warning.identity.as_str())
        .bind(warning.changed.name())
        .bind(warning.former.as_str())
        .bind(warning.email.as_str())
        .bind(warning.password.as_str())
        .bind(millis(warning.changed_at))
        .bind(i64::from(warning.hours))
        .bind(warning.held_at.map(millis))
        .bind(warning.ended_at.map(millis))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps the digest of the letter's link as it is sent; false if there is nothing to warn of any more.
    pub async fn mark_warning_sent(
        &mut self,
        id: &WarningId,
        link: SecretDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO warning_links (digest, warning_id, sent_at)
             SELECT $1, id, $2 FROM warnings WHERE id = $3 AND ended_at IS NULL",
        )
        .bind(link.to_hex())
        .bind(millis(now))
        .bind(id.as_str())
        .execute(self.conn())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    /// The change that a link belongs to.
    pub async fn warning_by_link(&mut self, link: SecretDigest) -> Result<Option<Warning>, StoreError> {
        sqlx::query(
            "SELECT w.id AS id, w.identity_id AS identity_id, w.kind AS kind, w.former AS former, w.email AS email,
                 w.password AS password, w.changed_at AS changed_at, w.hours AS hours, w.held_at AS held_at,
                 w.ended_at AS ended_at
             FROM warning_links l JOIN warnings w ON w.id = l.warning_id WHERE l.digest = $1",
        )
        .bind(link.to_hex())
        .fetch_optional(self.conn())
        .await?
        .as_ref()
        .map(warning)
        .transpose()
    }

    /// Who is warned, whatever has become of it since.
    pub async fn person_warned(&mut self, id: &WarningId) -> Result<Option<IdentityId>, StoreError> {
        let row = sqlx::query("SELECT identity_id FROM warnings WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.conn())
            .await?;
        row.map(|row| Ok(IdentityId::stored(row.text("identity_id")?))).transpose()
    }

    /// Everything that the person was warned of and that is not over by itself, the newest first; of an account with a
    /// password of its own also what its person's address was warned of.
    pub async fn warnings_of(&mut self, identity: &IdentityId) -> Result<Vec<Warning>, StoreError> {
        sqlx::query(
            "SELECT id, identity_id, kind, former, email, password, changed_at, hours, held_at, ended_at
             FROM warnings WHERE ended_at IS NULL AND (identity_id = $1 OR kind = 'email'
                 AND identity_id = (SELECT part_of FROM identities WHERE id = $1))
             ORDER BY changed_at DESC, id",
        )
        .bind(identity.as_str())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(warning)
        .collect()
    }

    /// Holds a change; exactly one caller is told true, once.
    pub async fn hold_warning(&mut self, id: &WarningId, now: Timestamp) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE warnings SET held_at = $1 WHERE id = $2 AND held_at IS NULL AND ended_at IS NULL")
                .bind(millis(now))
                .bind(id.as_str())
                .execute(self.conn())
                .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Ends the warnings of one kind that the person has had since then.
    pub async fn end_warnings(
        &mut self,
        identity: &IdentityId,
        changed: Changed,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE warnings SET ended_at = $1
             WHERE identity_id = $2 AND kind = $3 AND changed_at >= $4 AND ended_at IS NULL",
        )
        .bind(millis(now))
        .bind(identity.as_str())
        .bind(changed.name())
        .bind(millis(since))
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

fn warning(row: &AnyRow) -> Result<Warning, StoreError> {
    Ok(Warning {
        id: WarningId::stored(row.text("id")?),
        identity: IdentityId::stored(row.text("identity_id")?),
        changed: Changed::parse(&row.text("kind")?).ok_or_else(|| corrupt("kind"))?,
        former: row.email("former")?,
        email: row.email("email")?,
        password: row.hash("password")?,
        changed_at: row.time("changed_at")?,
        hours: row.count("hours")?,
        held_at: row.opt_time("held_at")?,
        ended_at: row.opt_time("ended_at")?,
    })
}
