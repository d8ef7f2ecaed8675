//! Legacy secrets, sealed, for the adapters that must replay them; and digests of the old passwords that are over.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{Sealed, StoreError, Tx};
use crate::domain::agency::AgencyCode;
use crate::domain::identity::{LegacyLogin, LinkId};
use crate::domain::password::PasswordHash;

/// A legacy secret, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// The secret; the vault opens it.
    pub sealed: Sealed,
    /// Which one it is: the extranet gets one attempt with each.
    pub version: i64,
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
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO legacy_secrets (link_id, version, key_id, nonce, ciphertext, kept_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (link_id) DO UPDATE SET
                 version = excluded.version, key_id = excluded.key_id, nonce = excluded.nonce,
                 ciphertext = excluded.ciphertext, kept_at = excluded.kept_at",
        )
        .bind(link.as_str())
        .bind(version)
        .bind(sealed.key_id.as_str())
        .bind(sealed.nonce.as_slice())
        .bind(sealed.ciphertext.as_slice())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The secret of an account, if one is kept.
    ///
    /// # Errors
    /// The database failed.
    pub async fn legacy_secret(&mut self, link: &LinkId) -> Result<Option<StoredSecret>, StoreError> {
        sqlx::query("SELECT version, key_id, nonce, ciphertext FROM legacy_secrets WHERE link_id = $1")
            .bind(link.as_str())
            .fetch_optional(self.conn())
            .await?
            .map(|row| Ok(StoredSecret { sealed: row.sealed()?, version: row.int("version")? }))
            .transpose()
    }

    /// Drops the secret that the extranet refused (a11); false if another one has been kept since.
    ///
    /// # Errors
    /// The database failed.
    pub async fn drop_legacy_secret(&mut self, link: &LinkId, version: i64) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM legacy_secrets WHERE link_id = $1 AND version = $2")
            .bind(link.as_str())
            .bind(version)
            .execute(self.conn())
            .await?;
        Ok(deleted.rows_affected() == 1)
    }

    /// Keeps the digest of the last old password, which explains « utilisez votre e-mail » later (b14).
    ///
    /// # Errors
    /// The database failed.
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
    ///
    /// # Errors
    /// The database failed.
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
