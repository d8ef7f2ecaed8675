//! Legacy secrets, sealed, for the adapters that must replay them; and digests of the old passwords that are over.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{Sealed, StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{LegacyLogin, LinkId};
use crate::domain::kept_secret::Record;
use crate::domain::password::PasswordHash;

/// A legacy secret, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// The secret; the vault opens it.
    pub sealed: Sealed,
    /// Which one it is.
    pub version: i64,
    /// What the extranet has said of it.
    pub record: Record,
}

impl Tx {
    /// Keeps the secret of an account in place of the one before. `version` must never repeat for one account; the
    /// time in milliseconds does.
    ///
    /// # Errors
    /// There is no such link, or the database failed.
    pub async fn keep_legacy_secret(
        &mut self,
        link: &LinkId,
        sealed: &Sealed,
        (version, record): (i64, Record),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO legacy_secrets
                 (link_id, version, key_id, nonce, ciphertext, kept_at, worked, refused_at, tried_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (link_id) DO UPDATE SET
                 version = excluded.version, key_id = excluded.key_id, nonce = excluded.nonce,
                 ciphertext = excluded.ciphertext, kept_at = excluded.kept_at, worked = excluded.worked,
                 refused_at = excluded.refused_at, tried_at = excluded.tried_at",
        )
        .bind(link.as_str())
        .bind(version)
        .bind(sealed.key_id.as_str())
        .bind(sealed.nonce.as_slice())
        .bind(sealed.ciphertext.as_slice())
        .bind(millis(now))
        .bind(i64::from(record.worked))
        .bind(record.refused_at.map(millis))
        .bind(record.tried_at.map(millis))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The secret of an account, if one is kept.
    pub async fn legacy_secret(&mut self, link: &LinkId) -> Result<Option<StoredSecret>, StoreError> {
        sqlx::query(
            "SELECT version, key_id, nonce, ciphertext, worked, refused_at, tried_at FROM legacy_secrets
             WHERE link_id = $1",
        )
        .bind(link.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| {
            let record = Record {
                worked: row.int("worked")? != 0,
                refused_at: row.opt_time("refused_at")?,
                tried_at: row.opt_time("tried_at")?,
            };
            Ok(StoredSecret { sealed: row.sealed()?, version: row.int("version")?, record })
        })
        .transpose()
    }

    /// Keeps what the extranet has said of a secret; false if another one has been kept since, or something else was
    /// said of this one.
    pub async fn keep_record(
        &mut self,
        link: &LinkId,
        stored: &StoredSecret,
        next: &Record,
    ) -> Result<bool, StoreError> {
        let kept = sqlx::query(
            "UPDATE legacy_secrets SET worked = $1, refused_at = $2, tried_at = $3
             WHERE link_id = $4 AND version = $5 AND worked = $6
                 AND COALESCE(refused_at, 0) = $7 AND COALESCE(tried_at, 0) = $8",
        )
        .bind(i64::from(next.worked))
        .bind(next.refused_at.map(millis))
        .bind(next.tried_at.map(millis))
        .bind(link.as_str())
        .bind(stored.version)
        .bind(i64::from(stored.record.worked))
        .bind(stored.record.refused_at.map_or(0, millis))
        .bind(stored.record.tried_at.map_or(0, millis))
        .execute(self.conn())
        .await?;
        Ok(kept.rows_affected() == 1)
    }

    /// Drops the secret that the extranet refused (a11); false if another one has been kept since, or something else was
    /// said of this one.
    pub async fn drop_legacy_secret(&mut self, link: &LinkId, stored: &StoredSecret) -> Result<bool, StoreError> {
        let deleted = sqlx::query(
            "DELETE FROM legacy_secrets
             WHERE link_id = $1 AND version = $2 AND worked = $3
                 AND COALESCE(refused_at, 0) = $4 AND COALESCE(tried_at, 0) = $5",
        )
        .bind(link.as_str())
        .bind(stored.version)
        .bind(i64::from(stored.record.worked))
        .bind(stored.record.refused_at.map_or(0, millis))
        .bind(stored.record.tried_at.map_or(0, millis))
        .execute(self.conn())
        .await?;
        Ok(deleted.rows_affected() == 1)
    }

    /// How many accounts of each agency have a secret that had worked and was refused, or tried again in vain, since a
    /// time.
    pub async fn refused_secrets(&mut self, since: Timestamp) -> Result<Vec<(AgencyCode, u64)>, StoreError> {
        sqlx::query(
            "SELECT l.agency AS agency, COUNT(*) AS refused
             FROM legacy_secrets s JOIN links l ON l.id = s.link_id
             WHERE s.refused_at > $1 OR s.tried_at > $1 GROUP BY l.agency ORDER BY l.agency",
        )
        .bind(millis(since))
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| Ok((row.agency("agency")?, u64::from(row.count("refused")?))))
        .collect()
    }

    /// Keeps the digest of the last old password, which explains « utilisez votre e-mail » later (b14).
    pub async fn set_old_digest(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
        digest: &PasswordHash,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO old_digests (agency, login_key, digest) VALUES ($1, $2, $3)
             ON CONFLICT (agency, login_key) DO UPDATE SET digest = excluded.digest",
        )
        .bind(agency.to_string())
        .bind(login.key())
        .bind(digest.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The digest of the last old password.
    pub async fn old_digest(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<Option<PasswordHash>, StoreError> {
        sqlx::query("SELECT digest FROM old_digests WHERE agency = $1 AND login_key = $2")
            .bind(agency.to_string())
            .bind(login.key())
            .fetch_optional(self.conn())
            .await?
            .map(|row| row.hash("digest"))
            .transpose()
    }
}
