//! Devices that a person signed in on before: a row for each, of whom ten may share one (decision 48).

use jiff::Timestamp;

use super::rows::millis;
use super::{StoreError, Tx};
use crate::domain::device;
use crate::domain::identity::IdentityId;
use crate::domain::secret::SecretDigest;

/// For how long a person is known on a device.
pub(super) const KNOWN_MS: i64 = device::KNOWN_DAYS as i64 * 86_400_000;

impl Tx {
    /// Remembers that the person signed in on this device; beyond what one may know, it forgets the oldest.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn remember_device(
        &mut self,
        identity: &IdentityId,
        device: SecretDigest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO devices (digest, identity_id, remembered_at) VALUES ($1, $2, $3)
             ON CONFLICT (digest, identity_id) DO UPDATE SET remembered_at = excluded.remembered_at",
        )
        .bind(device.to_hex())
        .bind(identity.as_str())
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
    ///
    /// # Errors
    /// The database failed.
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
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_known_device(&mut self, device: SecretDigest, now: Timestamp) -> Result<bool, StoreError> {
        let known = sqlx::query("SELECT 1 AS known FROM devices WHERE digest = $1 AND remembered_at > $2 LIMIT 1")
            .bind(device.to_hex())
            .bind(millis(now) - KNOWN_MS)
            .fetch_optional(self.conn())
            .await?;
        Ok(known.is_some())
    }

    /// Forgets every device of the person.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget_devices(&mut self, identity: &IdentityId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM devices WHERE identity_id = $1").bind(identity.as_str()).execute(self.conn()).await?;
        Ok(())
    }
}
