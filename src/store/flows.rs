//! Runs of the wizard, with a version each: two tabs or two nodes never overwrite each other.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, json, millis};
use super::{Note, Sealed, StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::challenge::ChallengeId;
use crate::domain::identity::LegacyLogin;
use crate::domain::migration::{Flow, FlowId, Step};
use crate::domain::password::PasswordHash;
use crate::domain::secret::SecretDigest;

/// A run, as it is kept.
#[derive(Debug, Clone)]
pub struct StoredFlow {
    /// The run.
    pub flow: Flow,
    /// Grows with every [`Tx::save_flow`].
    pub version: i64,
    /// The old password, sealed, where it will have to be replayed; gone once the run is over.
    pub secret: Option<Sealed>,
    /// Digest of the old password; gone once the run is over.
    pub old_digest: Option<PasswordHash>,
    /// The browser that it runs in.
    pub browser: SecretDigest,
}

impl Tx {
    /// Keeps a run that begins. Whatever other run of the same account is open is closed: one account, one run.
    ///
    /// # Errors
    /// Another node began the same run at the same moment, or the database failed.
    pub async fn insert_flow(
        &mut self,
        flow: &Flow,
        browser: SecretDigest,
        secret: Option<&Sealed>,
        old_digest: Option<&PasswordHash>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE flows SET state = 'closed', version = version + 1, secret_key_id = NULL, secret_nonce = NULL,
                 secret_ciphertext = NULL, old_digest = NULL
             WHERE agency = $1 AND login_key = $2 AND state = 'open'",
        )
        .bind(flow.account.agency.to_string())
        .bind(flow.account.login.key())
        .execute(self.conn())
        .await?;
        sqlx::query(
            "INSERT INTO flows
                 (id, agency, login_key, login_fold, browser, state, version, data, secret_key_id, secret_nonce,
                  secret_ciphertext, old_digest, started_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(flow.id.as_str())
        .bind(flow.account.agency.to_string())
        .bind(flow.account.login.key())
        .bind(flow.account.login.fold())
        .bind(browser.to_hex())
        .bind(state(flow))
        .bind(json(flow)?)
        .bind(secret.map(|sealed| sealed.key_id.as_str()))
        .bind(secret.map(|sealed| sealed.nonce.as_slice()))
        .bind(secret.map(|sealed| sealed.ciphertext.as_slice()))
        .bind(old_digest.map(PasswordHash::as_str))
        .bind(millis(flow.started_at))
        .bind(millis(flow.expires_at()))
        .execute(self.conn())
        .await?;
        self.note(Note::Step(flow.step.name()));
        Ok(())
    }

    /// The run in this browser: the newest one under way, else the newest that is done (so that a second press of the
    /// last button sees the end). Whether it is past its time is for the caller to see.
    pub async fn flow_of_browser(&mut self, browser: SecretDigest) -> Result<Option<StoredFlow>, StoreError> {
        sqlx::query(
            "SELECT data, version, browser, secret_key_id AS key_id, secret_nonce AS nonce,
                 secret_ciphertext AS ciphertext, old_digest
             FROM flows WHERE browser = $1 AND state IN ('open', 'done')
             ORDER BY CASE WHEN state = 'open' THEN 0 ELSE 1 END, started_at DESC, id LIMIT 1",
        )
        .bind(browser.to_hex())
        .fetch_optional(self.conn())
        .await?
        .map(|row| stored_flow(&row))
        .transpose()
    }

    /// One run, unless it was closed.
    pub async fn flow(&mut self, flow: &FlowId) -> Result<Option<StoredFlow>, StoreError> {
        sqlx::query(
            "SELECT data, version, browser, secret_key_id AS key_id, secret_nonce AS nonce,
                 secret_ciphertext AS ciphertext, old_digest
             FROM flows WHERE id = $1 AND state IN ('open', 'done')",
        )
        .bind(flow.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| stored_flow(&row))
        .transpose()
    }

    /// The run of an account that is under way and not past its time, in whatever browser.
    pub async fn open_flow_of_account(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
        now: Timestamp,
    ) -> Result<Option<StoredFlow>, StoreError> {
        sqlx::query(
            "SELECT data, version, browser, secret_key_id AS key_id, secret_nonce AS nonce,
                 secret_ciphertext AS ciphertext, old_digest
             FROM flows WHERE agency = $1 AND login_key = $2 AND state = 'open' AND expires_at > $3",
        )
        .bind(agency.to_string())
        .bind(login.key())
        .bind(millis(now))
        .fetch_optional(self.conn())
        .await?
        .map(|row| stored_flow(&row))
        .transpose()
    }

    /// The run that a proof is asked for in, unless it was closed.
    pub async fn flow_of_challenge(&mut self, challenge: &ChallengeId) -> Result<Option<StoredFlow>, StoreError> {
        sqlx::query(
            "SELECT f.data AS data, f.version AS version, f.browser AS browser, f.secret_key_id AS key_id,
                 f.secret_nonce AS nonce, f.secret_ciphertext AS ciphertext, f.old_digest AS old_digest
             FROM challenges c JOIN flows f ON f.id = c.owner
             WHERE c.id = $1 AND c.purpose = 'migration' AND f.state IN ('open', 'done')",
        )
        .bind(challenge.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| stored_flow(&row))
        .transpose()
    }

    /// Keeps what a run has become; false if somebody was faster (`version` is the one that was read). With its last
    /// step the old password goes.
    pub async fn save_flow(&mut self, flow: &Flow, version: i64) -> Result<bool, StoreError> {
        let statement = if matches!(flow.step, Step::Done { .. }) {
            "UPDATE flows SET data = $1, state = 'done', version = version + 1, secret_key_id = NULL,
                 secret_nonce = NULL, secret_ciphertext = NULL, old_digest = NULL
             WHERE id = $2 AND version = $3 AND state = 'open'"
        } else {
            "UPDATE flows SET data = $1, version = version + 1 WHERE id = $2 AND version = $3 AND state = 'open'"
        };
        let updated =
            sqlx::query(statement).bind(json(flow)?).bind(flow.id.as_str()).bind(version).execute(self.conn()).await?;
        let saved = updated.rows_affected() == 1;
        if saved {
            self.note(Note::Step(flow.step.name()));
        }
        Ok(saved)
    }

    /// Goes on in another browser; the one before has it no more, not even for a step that is under way. What was typed
    /// there replaces the old password that was kept.
    ///
    /// # Errors
    /// There is no such run, or the database failed.
    pub async fn rebind_flow(
        &mut self,
        flow: &FlowId,
        browser: SecretDigest,
        secret: Option<&Sealed>,
        old_digest: &PasswordHash,
    ) -> Result<(), StoreError> {
        let updated = sqlx::query(
            "UPDATE flows SET browser = $1, secret_key_id = $2, secret_nonce = $3, secret_ciphertext = $4,
                 old_digest = $5, version = version + 1
             WHERE id = $6 AND state = 'open'",
        )
        .bind(browser.to_hex())
        .bind(secret.map(|sealed| sealed.key_id.clone()))
        .bind(secret.map(|sealed| sealed.nonce.to_vec()))
        .bind(secret.map(|sealed| sealed.ciphertext.clone()))
        .bind(old_digest.as_str())
        .bind(flow.as_str())
        .execute(self.conn())
        .await?;
        if updated.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Missing("the flow")) }
    }

    /// Ends the runs of an account that are under way, with the proofs that they wait for: the account is not theirs to give
    /// any more, and their browsers are told so. The number of runs.
    pub async fn withdraw_flows(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let ended = sqlx::query(
            "UPDATE flows SET state = 'withdrawn', version = version + 1, secret_key_id = NULL, secret_nonce = NULL,
                 secret_ciphertext = NULL, old_digest = NULL
             WHERE agency = $1 AND login_key = $2 AND state = 'open'",
        )
        .bind(agency.to_string())
        .bind(login.key())
        .execute(self.conn())
        .await?;
        sqlx::query(
            "UPDATE challenges SET answered_at = $1 WHERE purpose = 'migration' AND answered_at IS NULL
                 AND owner IN (SELECT id FROM flows WHERE agency = $2 AND login_key = $3 AND state = 'withdrawn')",
        )
        .bind(millis(now))
        .bind(agency.to_string())
        .bind(login.key())
        .execute(self.conn())
        .await?;
        Ok(ended.rows_affected())
    }

    /// The agency that took the account back whose run was under way in this browser, if nothing was begun there since.
    pub async fn withdrawn_in_browser(&mut self, browser: SecretDigest) -> Result<Option<AgencyCode>, StoreError> {
        sqlx::query(
            "SELECT agency FROM flows WHERE browser = $1 AND state = 'withdrawn' ORDER BY started_at DESC, id LIMIT 1",
        )
        .bind(browser.to_hex())
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.agency("agency"))
        .transpose()
    }

    /// The agency that took the account back whose run waited for this proof.
    pub async fn withdrawn_with_proof(&mut self, challenge: &ChallengeId) -> Result<Option<AgencyCode>, StoreError> {
        sqlx::query(
            "SELECT f.agency AS agency FROM challenges c JOIN flows f ON f.id = c.owner
             WHERE c.id = $1 AND c.purpose = 'migration' AND f.state = 'withdrawn'",
        )
        .bind(challenge.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.agency("agency"))
        .transpose()
    }

    /// The agency whose run a proof was asked for in, whatever has become of the run.
    pub async fn agency_of_proof(&mut self, challenge: &ChallengeId) -> Result<Option<AgencyCode>, StoreError> {
        sqlx::query(
            "SELECT f.agency AS agency FROM challenges c JOIN flows f ON f.id = c.owner
             WHERE c.id = $1 AND c.purpose = 'migration'",
        )
        .bind(challenge.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.agency("agency"))
        .transpose()
    }

    /// Whether a run ended because its account was taken back.
    pub async fn is_withdrawn(&mut self, flow: &FlowId) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT id FROM flows WHERE id = $1 AND state = 'withdrawn'")
            .bind(flow.as_str())
            .fetch_optional(self.conn())
            .await?;
        Ok(found.is_some())
    }

    /// Ends a run for good (disowned, or begun again): nothing finds it any more, and its old password goes.
    pub async fn close_flow(&mut self, flow: &FlowId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE flows SET state = 'closed', version = version + 1, secret_key_id = NULL, secret_nonce = NULL,
                 secret_ciphertext = NULL, old_digest = NULL
             WHERE id = $1",
        )
        .bind(flow.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

fn state(flow: &Flow) -> &'static str {
    if matches!(flow.step, Step::Done { .. }) { "done" } else { "open" }
}

pub(super) fn stored_flow(row: &AnyRow) -> Result<StoredFlow, StoreError> {
    Ok(StoredFlow {
        flow: row.json("data")?,
        version: row.int("version")?,
        secret: row.opt_sealed()?,
        old_digest: row.opt_hash("old_digest")?,
        browser: row.digest("browser")?,
    })
}
