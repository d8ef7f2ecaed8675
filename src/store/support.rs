//! What support asks about one person, and what an operator changes by hand (e11).

use jiff::Timestamp;

use super::audit::audit_line;
use super::flows::stored_flow;
use super::rows::{Columns as _, corrupt, millis};
use super::{StoreError, StoredFlow, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::AuditLine;
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, LegacyLogin, LinkId};
use crate::domain::language::Language;
use crate::domain::lockout::Attempts;
use crate::domain::support::{Letter, Person};

impl Tx {
    /// A person, with times and without the password.
    pub async fn person(&mut self, identity: &IdentityId) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(
            "SELECT i.id AS id, i.language AS language, i.created_at AS created_at, i.disabled_at AS disabled_at,
                 c.email AS email, c.password_at AS password_at, c.email_at AS email_at,
                 (SELECT count(*) FROM devices d WHERE d.identity_id = i.id) AS devices
             FROM identities i JOIN credentials c ON c.identity_id = i.id AND c.scope = 'all' WHERE i.id = $1",
        )
        .bind(identity.as_str())
        .fetch_optional(self.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Person {
            id: row.text("id")?,
            email: row.text("email")?,
            language: Language::parse(&row.text("language")?).ok_or_else(|| corrupt("language"))?,
            created_at: row.time("created_at")?,
            password_at: row.time("password_at")?,
            email_at: row.time("email_at")?,
            disabled_at: row.opt_time("disabled_at")?,
            devices: row.count("devices")?,
        }))
    }

    /// Whether an operator has withdrawn the access of the person, or of the one whose part this is.
    pub async fn is_disabled(&mut self, identity: &IdentityId) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT COALESCE(i.disabled_at, w.disabled_at) AS disabled_at FROM identities i
             LEFT JOIN identities w ON w.id = i.part_of WHERE i.id = $1",
        )
        .bind(identity.as_str())
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| row.opt_int("disabled_at")).transpose()?.flatten().is_some())
    }

    /// Withdraws the person's access from now on, or gives it back; false if it is so already, or there is no such
    /// person.
    pub async fn set_disabled(&mut self, identity: &IdentityId, since: Option<Timestamp>) -> Result<bool, StoreError> {
        let statement = if since.is_some() {
            "UPDATE identities SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL"
        } else {
            "UPDATE identities SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NOT NULL"
        };
        let updated =
            sqlx::query(statement).bind(since.map(millis)).bind(identity.as_str()).execute(self.conn()).await?;
        Ok(updated.rows_affected() == 1)
    }

    /// When an account was attached.
    ///
    /// # Errors
    /// There is no such link, or the database failed.
    pub async fn attached_at(&mut self, link: &LinkId) -> Result<Timestamp, StoreError> {
        sqlx::query("SELECT created_at FROM links WHERE id = $1")
            .bind(link.as_str())
            .fetch_one(self.conn())
            .await?
            .time("created_at")
    }

    /// Takes an account from its person, with everything that hangs on it; false if somebody was faster.
    pub async fn unlink(&mut self, link: &LinkId) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM links WHERE id = $1").bind(link.as_str()).execute(self.conn()).await?;
        Ok(deleted.rows_affected() == 1)
    }

    /// The counters of failures on the person's known devices.
    pub async fn device_attempts(&mut self, identity: &IdentityId) -> Result<Vec<(String, Attempts)>, StoreError> {
        sqlx::query("SELECT subject, streak, today, day_start, last_at FROM throttles WHERE subject LIKE $1")
            .bind(format!("device:%:{}", identity.as_str()))
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| Ok((row.text("subject")?, row.attempts()?)))
            .collect()
    }

    /// Forgets what was counted; false if nothing was.
    pub async fn forget_attempts(&mut self, key: &str) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM throttles WHERE subject = $1").bind(key).execute(self.conn()).await?;
        Ok(deleted.rows_affected() == 1)
    }

    /// The open runs of the wizard in which a letter was asked for to this address, the newest first.
    pub async fn open_flows_to(&mut self, email: &EmailAddress, now: Timestamp) -> Result<Vec<StoredFlow>, StoreError> {
        sqlx::query(
            "SELECT data, version, browser, secret_key_id AS key_id, secret_nonce AS nonce,
                 secret_ciphertext AS ciphertext, old_digest
             FROM flows WHERE state = 'open' AND expires_at > $1 AND id IN
                 (SELECT owner FROM challenges WHERE purpose = 'migration' AND lower(address) = $2)
             ORDER BY started_at DESC, id",
        )
        .bind(millis(now))
        .bind(email.key())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(stored_flow)
        .collect()
    }

    /// The account of a roster that this address stands at, where nobody has attached it.
    pub async fn roster_by_email(
        &mut self,
        email: &EmailAddress,
    ) -> Result<Option<(AgencyCode, LegacyLogin)>, StoreError> {
        sqlx::query(
            "SELECT r.agency AS agency, r.login AS login FROM roster r
             LEFT JOIN links l ON l.agency = r.agency AND l.login_key = r.login_key
             WHERE lower(r.email) = $1 AND l.id IS NULL ORDER BY r.agency, r.login_key LIMIT 1",
        )
        .bind(email.key())
        .fetch_optional(self.conn())
        .await?
        .map(|row| Ok((row.agency("agency")?, row.login("login")?)))
        .transpose()
    }

    /// When the person last asked for a reset that was neither used nor replaced.
    pub async fn open_recovery(&mut self, identity: &IdentityId) -> Result<Option<Timestamp>, StoreError> {
        sqlx::query(
            "SELECT requested_at FROM recoveries WHERE identity_id = $1 AND superseded = 0 AND used_at IS NULL
             ORDER BY requested_at DESC, id LIMIT 1",
        )
        .bind(identity.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.time("requested_at"))
        .transpose()
    }

    /// The last letters to an address, the newest first.
    pub async fn letters_to(&mut self, email: &EmailAddress, limit: u32) -> Result<Vec<Letter>, StoreError> {
        sqlx::query(
            "SELECT id, recipient, kind, state, attempts, not_before, created_at, ended_at, answer FROM letters
             WHERE recipient IN ($1, $2) ORDER BY created_at DESC, id LIMIT $3",
        )
        .bind(email.as_str())
        .bind(email.key())
        .bind(i64::from(limit))
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| {
            let kind: serde_json::Value = row.json("kind")?;
            let state = row.text("state")?;
            let next_at = if state == "queued" { row.opt_time("not_before")? } else { None };
            Ok(Letter {
                id: row.text("id")?,
                kind: kind["letter"].as_str().ok_or_else(|| corrupt("kind"))?.to_owned(),
                to: row.text("recipient")?,
                state,
                attempts: row.count("attempts")?,
                created_at: row.time("created_at")?,
                next_at,
                ended_at: row.opt_time("ended_at")?,
                answer: row.opt_text("answer")?,
            })
        })
        .collect()
    }

    /// The language of the last letter to an address.
    pub async fn language_to(&mut self, email: &EmailAddress) -> Result<Option<Language>, StoreError> {
        sqlx::query("SELECT language FROM letters WHERE recipient IN ($1, $2) ORDER BY created_at DESC, id LIMIT 1")
            .bind(email.as_str())
            .bind(email.key())
            .fetch_optional(self.conn())
            .await?
            .map(|row| Language::parse(&row.text("language")?).ok_or_else(|| corrupt("language")))
            .transpose()
    }

    /// Gives up every letter to an address that has not gone out, and says why in its row; how many.
    pub async fn abandon_letters_to(
        &mut self,
        email: &EmailAddress,
        why: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let updated = sqlx::query(
            "UPDATE letters SET state = 'abandoned', answer = $1, ended_at = $2, lease_until = 0
             WHERE recipient IN ($3, $4) AND state IN ('queued', 'held')",
        )
        .bind(why)
        .bind(millis(now))
        .bind(email.as_str())
        .bind(email.key())
        .execute(self.conn())
        .await?;
        Ok(updated.rows_affected())
    }

    /// The last lines of the trace about a person, the newest first.
    pub async fn audit_of_person(&mut self, identity: &IdentityId, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        sqlx::query(
            "SELECT seq, happened_at, actor_kind, actor_id, agency, identity_id, login, client, request_id, detail
             FROM audit WHERE identity_id = $1 ORDER BY seq DESC LIMIT $2",
        )
        .bind(identity.as_str())
        .bind(i64::from(limit))
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(audit_line)
        .collect()
    }

    /// The last lines of the trace about an old account, the newest first.
    pub async fn audit_of_account(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
        limit: u32,
    ) -> Result<Vec<AuditLine>, StoreError> {
        sqlx::query(
            "SELECT seq, happened_at, actor_kind, actor_id, agency, identity_id, login, client, request_id, detail
             FROM audit WHERE agency = $1 AND lower(login) = lower($2) ORDER BY seq DESC LIMIT $3",
        )
        .bind(agency.to_string())
        .bind(login.key())
        .bind(i64::from(limit))
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(audit_line)
        .collect()
    }
}
