//! Devices that a person signed in on before: a row for each, of whom ten may share one (decision 48).

use jiff::Timestamp;

use sqlx::any::AnyRow;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::device::{self, Look};
use crate::domain::identity::IdentityId;
use crate::domain::secret::SecretDigest;

/// For how long a person is known on a device.
pub(super) const KNOWN_MS: i64 = device::KNOWN_DAYS as i64 * 86_400_000;

/// A device on which a person is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice {
    /// Of the device's secret.
    pub digest: SecretDigest,
    /// What its browser said it is.
    pub look: Look,
    /// When the person signed in there last.
    pub remembered_at: Timestamp,
}

impl Tx {
    /// Remembers that the person signed in on this device; beyond what one may know, it forgets the oldest.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn remember_device(
        &mut self,
        identity: &IdentityId,
        device: SecretDigest,
        look: Look,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO devices (digest, identity_id, look, remembered_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (digest, identity_id) DO UPDATE SET look = excluded.look, remembered_at = excluded.remembered_at",
        )
        .bind(device.to_hex())
        .bind(identity.as_str())
        .bind(look.name())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        sqlx::query(
            "DELETE FROM devices WHERE digest = $1 AND identity_id <> $2 AND identity_id NOT IN
                 (SELECT identity_id FROM devices WHERE digest = $1 AND identity_id <> $2
                  ORDER BY remembered_at DESC, identity_id LIMIT $3)",
        )
        .bind(device.to_hex())
        .bind(identity.as_str())
        .bind(i64::from(device::PERSONS) - 1)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Whether the person has signed in on this device, not too long ago.
    pub async fn knows_on_device(
        &mut self,
        device: SecretDigest,
        identity: &IdentityId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let known =
            sqlx::query("SELECT 1 AS known FROM devices WHERE digest = $1 AND identity_id = $2 AND remembered_at > $3")
                .bind(device.to_hex())
                .bind(identity.as_str())
                .bind(millis(now) - KNOWN_MS)
                .fetch_optional(self.conn())
                .await?;
        Ok(known.is_some())
    }

    /// Whether anybody has signed in on this device, not too long ago.
    pub async fn is_known_device(&mut self, device: SecretDigest, now: Timestamp) -> Result<bool, StoreError> {
        let known = sqlx::query("SELECT 1 AS known FROM devices WHERE digest = $1 AND remembered_at > $2 LIMIT 1")
            .bind(device.to_hex())
            .bind(millis(now) - KNOWN_MS)
            .fetch_optional(self.conn())
            .await?;
        Ok(known.is_some())
    }

    /// The devices on which the person is known, the last used first.
    pub async fn devices_of(&mut self, identity: &IdentityId, now: Timestamp) -> Result<Vec<KnownDevice>, StoreError> {
        sqlx::query(
            "SELECT digest, look, remembered_at FROM devices WHERE identity_id = $1 AND remembered_at > $2
             ORDER BY remembered_at DESC, digest",
        )
        .bind(identity.as_str())
        .bind(millis(now) - KNOWN_MS)
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(known_device)
        .collect()
    }

    /// Forgets one device of the person; whoever else is known on it stays so. False if it was not known.
    pub async fn forget_device(&mut self, identity: &IdentityId, device: SecretDigest) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM devices WHERE identity_id = $1 AND digest = $2")
            .bind(identity.as_str())
            .bind(device.to_hex())
            .execute(self.conn())
            .await?;
        Ok(deleted.rows_affected() == 1)
    }

    /// Forgets every device of the person.
    pub async fn forget_devices(&mut self, identity: &IdentityId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM devices WHERE identity_id = $1").bind(identity.as_str()).execute(self.conn()).await?;
        Ok(())
    }
}

fn known_device(row: &AnyRow) -> Result<KnownDevice, StoreError> {
    Ok(KnownDevice {
        digest: row.digest("digest")?,
        look: Look::parse(&row.text("look")?),
        remembered_at: row.time("remembered_at")?,
    })
}
