//! Erasing a person, or an agency: everything that is kept goes, and the trace's lines stay without whom they name, so
//! that their numbers prove what they proved (decision 73).

use super::rows::{Columns as _, json};
use super::{StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::AuditEvent;
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, LegacyLogin};

/// What stands in a line where somebody was named.
pub const ERASED: &str = "erased";

/// An account, as the trace and everything else may spell it, and up to which line it was this person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spellings {
    /// Whose extranet.
    pub agency: AgencyCode,
    /// What its spellings share.
    pub fold: String,
    /// Every spelling that is kept.
    pub logins: Vec<LegacyLogin>,
    /// Whether it is still this person's: then everything that is kept of it goes.
    pub is_theirs: bool,
    /// The last line that can be about this person.
    pub until: i64,
}

impl Tx {
    /// Accounts that a person has, or had by the trace.
    pub async fn accounts_ever_of(
        &mut self,
        identity: &IdentityId,
    ) -> Result<Vec<(AgencyCode, LegacyLogin)>, StoreError> {
        sqlx::query(
            "SELECT agency, login FROM links WHERE identity_id = $1
             UNION SELECT agency, login FROM audit
                 WHERE identity_id = $1 AND agency IS NOT NULL AND login IS NOT NULL",
        )
        .bind(identity.as_str())
        .fetch_all(self.unhurried())
        .await?
        .iter()
        .map(|row| Ok((row.agency("agency")?, row.login("login")?)))
        .collect()
    }

    /// Addresses that a person has, had, or wanted to have.
    pub async fn addresses_ever_of(&mut self, identity: &IdentityId) -> Result<Vec<EmailAddress>, StoreError> {
        sqlx::query(
            "SELECT email FROM credentials WHERE identity_id = $1
             UNION SELECT email FROM email_changes WHERE identity_id = $1
             UNION SELECT former AS email FROM warnings WHERE identity_id = $1
             UNION SELECT email FROM warnings WHERE identity_id = $1",
        )
        .bind(identity.as_str())
        .fetch_all(self.unhurried())
        .await?
        .iter()
        .map(|row| row.email("email"))
        .collect()
    }

    /// Every spelling of an account that something is kept of. One that is not theirs any more was so until the last line
    /// that tells of both: what came after that may be about who has it now.
    pub async fn spellings_to_erase(
        &mut self,
        identity: &IdentityId,
        (agency, login): (&AgencyCode, &LegacyLogin),
        (is_theirs, are_apart): (bool, bool),
    ) -> Result<Spellings, StoreError> {
        let fold = login.fold();
        let rows = sqlx::query(
            "SELECT login FROM audit WHERE agency = $1 AND login IS NOT NULL
             UNION SELECT login FROM roster WHERE agency = $1 AND login_fold = $2
             UNION SELECT login FROM links WHERE agency = $1 AND login_fold = $2",
        )
        .bind(agency.to_string())
        .bind(fold.clone())
        .fetch_all(self.unhurried())
        .await?;
        let mut logins = vec![login.clone()];
        for row in rows.iter().filter(|_| !are_apart) {
            let other = row.login("login")?;
            if other.fold() == fold
                && !logins.contains(&other)
                && !self.is_somebody_elses(identity, agency, &other).await?
            {
                logins.push(other);
            }
        }
        let mut until = i64::MAX;
        if !is_theirs {
            let row = sqlx::query(
                "SELECT COALESCE(MAX(seq), 0) AS last FROM audit
                 WHERE identity_id = $1 AND agency = $2 AND lower(login) = lower($3)",
            )
            .bind(identity.as_str())
            .bind(agency.to_string())
            .bind(login.key())
            .fetch_one(self.unhurried())
            .await?;
            until = row.int("last")?;
        }
        Ok(Spellings { agency: agency.clone(), fold, logins, is_theirs, until })
    }

    async fn is_somebody_elses(
        &mut self,
        identity: &IdentityId,
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<bool, StoreError> {
        Ok(self.link_of_account(agency, login).await?.is_some_and(|link| link.identity != *identity))
    }

    /// Rewrites the lines of the trace about a person: numbers, times, events and agencies stay, and what one person did
    /// still reads as one person's, under a name that leads to nobody. How many lines.
    pub async fn erase_in_trace(&mut self, identity: &IdentityId, alias: &IdentityId) -> Result<u64, StoreError> {
        self.erase_reasons(identity).await?;
        let rewritten = sqlx::query(
            "UPDATE audit SET salt = NULL, login = NULL, client = 'erased', request_id = 'erased',
                 identity_id = CASE WHEN identity_id = $1 THEN $2 ELSE identity_id END,
                 actor_id = CASE WHEN actor_id = $1 THEN $2 ELSE actor_id END
             WHERE identity_id = $1 OR actor_id = $1",
        )
        .bind(identity.as_str())
        .bind(alias.as_str())
        .execute(self.unhurried())
        .await?;
        Ok(rewritten.rows_affected())
    }

    /// The reason of an operator, or of staff, may name the person.
    async fn erase_reasons(&mut self, identity: &IdentityId) -> Result<(), StoreError> {
        let rows =
            sqlx::query("SELECT seq, detail FROM audit WHERE identity_id = $1 AND actor_kind IN ('operator', 'staff')")
                .bind(identity.as_str())
                .fetch_all(self.unhurried())
                .await?;
        for row in &rows {
            let event: AuditEvent = row.json("detail")?;
            if event.reason().is_some() {
                sqlx::query("UPDATE audit SET salt = NULL, detail = $1 WHERE seq = $2")
                    .bind(json(&event.with_reason(ERASED))?)
                    .bind(row.int("seq")?)
                    .execute(self.conn())
                    .await?;
            }
        }
        Ok(())
    }

    /// The same for lines that name an account and no person: from before the wizard's end, and by whoever tried.
    pub async fn erase_account_in_trace(&mut self, account: &Spellings) -> Result<u64, StoreError> {
        let mut lines = 0;
        for login in &account.logins {
            lines += sqlx::query(
                "UPDATE audit SET salt = NULL, login = NULL, client = 'erased', request_id = 'erased'
                 WHERE agency = $1 AND login = $2 AND identity_id IS NULL AND seq <= $3",
            )
            .bind(account.agency.to_string())
            .bind(login.as_str())
            .bind(account.until)
            .execute(self.unhurried())
            .await?
            .rows_affected();
        }
        Ok(lines)
    }

    /// The same for lines in which the address was typed.
    pub async fn erase_address_in_trace(&mut self, address: &EmailAddress) -> Result<u64, StoreError> {
        let rewritten = sqlx::query(
            "UPDATE audit SET salt = NULL, login = NULL, client = 'erased', request_id = 'erased'
             WHERE lower(login) = $1 AND identity_id IS NULL",
        )
        .bind(address.key())
        .execute(self.unhurried())
        .await?;
        Ok(rewritten.rows_affected())
    }

    /// Erases what is kept of an account beside its attachment: the roster's line, runs of the wizard with their proofs,
    /// the digest of the old password, and what was counted.
    pub async fn erase_account(&mut self, account: &Spellings) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM throttles WHERE subject = 'account:' || $1 || ':' || $2",
            "DELETE FROM throttles WHERE subject = 'code:' || $1 || ':' || $2",
            "DELETE FROM letter_counts WHERE substr(subject, 1, length('roster:' || $1 || ':' || $2 || ':'))
                 = 'roster:' || $1 || ':' || $2 || ':'",
        ] {
            sqlx::query(statement)
                .bind(account.agency.to_string())
                .bind(account.fold.clone())
                .execute(self.unhurried())
                .await?;
        }
        for login in &account.logins {
            for statement in [
                "DELETE FROM challenges WHERE purpose = 'migration' AND owner IN
                     (SELECT id FROM flows WHERE agency = $1 AND login_key = $2)",
                "DELETE FROM flows WHERE agency = $1 AND login_key = $2",
                "DELETE FROM roster WHERE agency = $1 AND login_key = $2",
                "DELETE FROM old_digests WHERE agency = $1 AND login_key = $2",
                "DELETE FROM import_lines WHERE import_id IN (SELECT id FROM imports WHERE agency = $1)
                     AND login_key = $2",
            ] {
                sqlx::query(statement)
                    .bind(account.agency.to_string())
                    .bind(login.key())
                    .execute(self.unhurried())
                    .await?;
            }
        }
        Ok(())
    }

    /// Erases what is kept of an address: letters, marks, proofs, counts. How many letters.
    pub async fn erase_address(&mut self, address: &EmailAddress) -> Result<u64, StoreError> {
        // A request to an agency goes there, and is about who asks.
        let letters = sqlx::query(
            "DELETE FROM letters
             WHERE lower(recipient) = $1 OR replace(lower(kind), '\"email\":\"' || $1 || '\"', '') <> lower(kind)",
        )
        .bind(address.key())
        .execute(self.unhurried())
        .await?;
        for statement in [
            "DELETE FROM refused_addresses WHERE lower(address) = $1",
            "DELETE FROM challenges WHERE lower(address) = $1",
            "DELETE FROM letter_counts WHERE subject = 'address:' || $1",
            "DELETE FROM throttles WHERE subject = 'unknown:' || $1",
        ] {
            sqlx::query(statement).bind(address.key()).execute(self.unhurried()).await?;
        }
        Ok(letters.rows_affected())
    }

    /// Erases a person with everything that hangs on one; false if there is none.
    pub async fn erase_person(&mut self, identity: &IdentityId) -> Result<bool, StoreError> {
        for statement in [
            "DELETE FROM throttles WHERE subject = 'person:' || $1 OR subject = 'code:' || $1",
            "DELETE FROM throttles WHERE subject LIKE 'device:%:' || $1",
            "DELETE FROM letter_counts WHERE subject = 'person:' || $1 OR subject = 'request:' || $1",
            "DELETE FROM challenges WHERE owner = $1",
            "DELETE FROM sessions WHERE identity_id = $1",
        ] {
            sqlx::query(statement).bind(identity.as_str()).execute(self.unhurried()).await?;
        }
        let gone = sqlx::query("DELETE FROM identities WHERE id = $1")
            .bind(identity.as_str())
            .execute(self.unhurried())
            .await?;
        Ok(gone.rows_affected() == 1)
    }

    /// Erases an agency: its roster, attachments with their old passwords, runs, letters, what was learnt and counted.
    /// Acceptances of its terms stay with the persons, and the trace with its time. How many accounts its roster had, and
    /// how many were attached.
    pub async fn erase_agency(&mut self, agency: &AgencyCode) -> Result<(u64, u64), StoreError> {
        let mut removed = Vec::new();
        for statement in [
            "DELETE FROM roster WHERE agency = $1",
            "DELETE FROM links WHERE agency = $1",
            "DELETE FROM challenges WHERE purpose = 'migration' AND owner IN (SELECT id FROM flows WHERE agency = $1)",
            "DELETE FROM flows WHERE agency = $1",
            "DELETE FROM closed_accounts WHERE agency = $1",
            "DELETE FROM old_digests WHERE agency = $1",
            "DELETE FROM identifier_cases WHERE agency = $1",
            "DELETE FROM imports WHERE agency = $1",
            "DELETE FROM letters WHERE agency = $1",
            "DELETE FROM agencies_in_force WHERE agency = $1",
            "DELETE FROM throttles WHERE substr(subject, 1, length('account:' || $1 || ':')) = 'account:' || $1 || ':'",
            "DELETE FROM throttles WHERE substr(subject, 1, length('code:' || $1 || ':')) = 'code:' || $1 || ':'",
            "DELETE FROM letter_counts WHERE subject = 'agency:' || $1
                 OR substr(subject, 1, length('roster:' || $1 || ':')) = 'roster:' || $1 || ':'",
        ] {
            let done = sqlx::query(statement).bind(agency.to_string()).execute(self.unhurried()).await?;
            removed.push(done.rows_affected());
        }
        Ok((removed[0], removed[1]))
    }

    /// Persons who have no account but at this agency.
    pub async fn people_only_at(&mut self, agency: &AgencyCode) -> Result<Vec<IdentityId>, StoreError> {
        sqlx::query(
            "SELECT DISTINCT l.identity_id AS id FROM links l WHERE l.agency = $1
                 AND NOT EXISTS (SELECT 1 FROM links o WHERE o.identity_id = l.identity_id AND o.agency <> $1)
             ORDER BY l.identity_id",
        )
        .bind(agency.to_string())
        .fetch_all(self.unhurried())
        .await?
        .iter()
        .map(|row| Ok(IdentityId::stored(row.text("id")?)))
        .collect()
    }
}
