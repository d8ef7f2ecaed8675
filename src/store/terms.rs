//! Terms of use, word for word, and who accepted them.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::IdentityId;
use crate::domain::terms::{Acceptance, TermsText};

impl Tx {
    /// Versions and digests that the person accepted at an agency, the oldest first.
    pub async fn accepted_terms(
        &mut self,
        identity: &IdentityId,
        agency: &AgencyCode,
    ) -> Result<Vec<(String, String)>, StoreError> {
        sqlx::query(
            "SELECT version, digest FROM acceptances WHERE identity_id = $1 AND agency = $2
             ORDER BY accepted_at, version, digest",
        )
        .bind(identity.as_str())
        .bind(agency.to_string())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| Ok((row.text("version")?, row.text("digest")?)))
        .collect()
    }

    /// Keeps a text for good; one that is there already stays as it is.
    pub async fn keep_terms_text(
        &mut self,
        agency: &AgencyCode,
        terms: &TermsText,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO terms_texts (agency, version, digest, body, kept_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (agency, version, digest) DO NOTHING",
        )
        .bind(agency.to_string())
        .bind(terms.version.as_str())
        .bind(terms.digest())
        .bind(terms.text.as_str())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps the proof of an acceptance; false if it was given before, which stays as it is.
    ///
    /// # Errors
    /// The text was not kept before ([`StoreError::Missing`]), or the database failed.
    pub async fn accept_terms(&mut self, acceptance: &Acceptance) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO acceptances (identity_id, agency, version, digest, accepted_at, client)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (identity_id, agency, version, digest) DO NOTHING",
        )
        .bind(acceptance.identity.as_str())
        .bind(acceptance.agency.to_string())
        .bind(acceptance.version.as_str())
        .bind(acceptance.digest.as_str())
        .bind(millis(acceptance.at))
        .bind(acceptance.client.as_str())
        .execute(self.conn())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }
}
