//! Browsers that a person signed in on before.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::identity::IdentityId;
use crate::domain::secret::SecretDigest;

impl Tx {
    /// Remembers that the person signed in on this browser.
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
        Ok(())
    }

    /// Who signed in on this browser before, the last one first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn device_owner(&mut self, device: SecretDigest) -> Result<Vec<IdentityId>, StoreError> {
        sqlx::query("SELECT identity_id FROM devices WHERE digest = $1 ORDER BY remembered_at DESC, identity_id")
            .bind(device.to_hex())
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| row.text("identity_id").map(IdentityId::stored))
            .collect()
    }

    /// Forgets every browser of the person.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget_devices(&mut self, identity: &IdentityId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM devices WHERE identity_id = $1").bind(identity.as_str()).execute(self.conn()).await?;
        Ok(())
    }
}
