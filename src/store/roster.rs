//! Agencies' lists of accounts, with provisional credentials where they give them out.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::email::EmailAddress;
use crate::domain::identity::{Kind, LegacyLogin};
use crate::domain::password::PasswordHash;
use crate::domain::roster::{HandedOut, Holding, OnRoster, RosterLine};

/// One account of a roster, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterEntry {
    /// The identifier, as the agency wrote it.
    pub login: LegacyLogin,
    /// The name shown.
    pub name: Option<String>,
    /// What the resident is to the agency.
    pub kind: Kind,
    /// The address on file.
    pub email: Option<EmailAddress>,
    /// The hash of the provisional password.
    pub provisional: Option<PasswordHash>,
    /// When the provisional password runs out.
    pub expires_at: Option<Timestamp>,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// The hash of the provisional password that this one has replaced.
    pub replaced: Option<PasswordHash>,
    /// Whether the account is attached to a person.
    pub enrolled: bool,
}

impl Tx {
    /// Takes one line of a roster in, in place of the one before. Where nothing is handed out, the provisional credentials
    /// stay as they are. The same password as before begins its time anew, but stays used where somebody has the account;
    /// another one is open, whoever has it, and the one before is replaced. Only an account that was not there begins a
    /// holding; one that was closed is open again.
    pub async fn upsert_roster_line(
        &mut self,
        agency: &AgencyCode,
        line: &RosterLine,
        handed_out: Option<&HandedOut>,
        holding: &Holding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.reopen_account(agency, &line.login).await?;
        sqlx::query(
            "INSERT INTO roster
                 (agency, login_key, login_fold, login, name, kind, email, password, expires_at, used_at, imported_at,
                  holding, person)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10, $11, $12)
             ON CONFLICT (agency, login_key) DO UPDATE SET
                 login = excluded.login, name = excluded.name, kind = excluded.kind, email = excluded.email,
                 person = excluded.person,
                 password = CASE WHEN excluded.password IS NULL THEN roster.password ELSE excluded.password END,
                 expires_at = CASE WHEN excluded.password IS NULL THEN roster.expires_at ELSE excluded.expires_at END,
                 replaced = CASE WHEN $13 = 1 THEN roster.password ELSE roster.replaced END,
                 used_at = CASE WHEN $13 = 1 THEN NULL WHEN excluded.password IS NULL OR EXISTS (
                     SELECT 1 FROM links WHERE links.agency = roster.agency AND (
                         links.login_key = roster.login_key OR links.login_fold = roster.login_fold AND NOT EXISTS (
                             SELECT 1 FROM roster other WHERE other.agency = roster.agency
                                 AND other.login_fold = roster.login_fold AND other.login_key <> roster.login_key))
                 ) THEN roster.used_at ELSE NULL END,
                 imported_at = excluded.imported_at",
        )
        .bind(agency.to_string())
        .bind(line.login.key())
        .bind(line.login.fold())
        .bind(line.login.as_str())
        .bind(line.name.as_deref())
        .bind(line.kind.name())
        .bind(line.email.as_ref().map(EmailAddress::as_str))
        .bind(handed_out.map(|handed_out| handed_out.password.as_str()))
        .bind(handed_out.and_then(|handed_out| handed_out.expires_at).map(millis))
        .bind(millis(now))
        .bind(holding.as_str())
        .bind(line.person.as_deref())
        .bind(i64::from(handed_out.is_some_and(|handed_out| handed_out.is_another)))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// One account of an agency's roster.
    pub async fn roster_entry(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<Option<RosterEntry>, StoreError> {
        sqlx::query(
            "SELECT r.login AS login, r.name AS name, r.kind AS kind, r.email AS email, r.password AS password,
                 r.expires_at AS expires_at, r.used_at AS used_at, r.replaced AS replaced, l.id AS link_id
             FROM roster r LEFT JOIN links l ON l.agency = r.agency AND l.login_key = r.login_key
             WHERE r.agency = $1 AND r.login_key = $2",
        )
        .bind(agency.to_string())
        .bind(login.key())
        .fetch_optional(self.conn())
        .await?
        .map(|row| {
            Ok(RosterEntry {
                login: row.login("login")?,
                name: row.opt_text("name")?,
                kind: row.kind("kind")?,
                email: row.opt_email("email")?,
                provisional: row.opt_hash("password")?,
                expires_at: row.opt_time("expires_at")?,
                used_at: row.opt_time("used_at")?,
                replaced: row.opt_hash("replaced")?,
                enrolled: row.opt_text("link_id")?.is_some(),
            })
        })
        .transpose()
    }

    /// Whether an account stands with this address on the agency's roster that nobody has attached.
    pub async fn is_on_roster_at(&mut self, agency: &AgencyCode, email: &EmailAddress) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT r.login_key AS login_key FROM roster r
             LEFT JOIN links l ON l.agency = r.agency AND l.login_key = r.login_key
             WHERE r.agency = $1 AND lower(r.email) = $2 AND l.id IS NULL LIMIT 1",
        )
        .bind(agency.to_string())
        .bind(email.key())
        .fetch_optional(self.conn())
        .await?;
        Ok(found.is_some())
    }

    /// The other accounts of the person whom the agency's roster names for this one.
    pub async fn accounts_of_the_same_person(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<Vec<LegacyLogin>, StoreError> {
        sqlx::query(
            "SELECT r.login AS login FROM roster own JOIN roster r ON r.agency = own.agency AND r.person = own.person
             WHERE own.agency = $1 AND own.login_key = $2 AND r.login_key <> own.login_key ORDER BY r.login_key",
        )
        .bind(agency.to_string())
        .bind(login.key())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| row.login("login"))
        .collect()
    }

    /// What the agency's roster says of an account, when it is asked whose that is.
    pub async fn on_roster(&mut self, agency: &AgencyCode, login: &LegacyLogin) -> Result<OnRoster, StoreError> {
        let closed = sqlx::query("SELECT closed_at FROM closed_accounts WHERE agency = $1 AND login_key = $2")
            .bind(agency.to_string())
            .bind(login.key())
            .fetch_optional(self.conn())
            .await?;
        if closed.is_some() {
            return Ok(OnRoster::Closed);
        }
        let held = sqlx::query("SELECT holding FROM roster WHERE agency = $1 AND login_key = $2")
            .bind(agency.to_string())
            .bind(login.key())
            .fetch_optional(self.conn())
            .await?;
        held.map_or(Ok(OnRoster::Absent), |row| Ok(OnRoster::Held(Holding::stored(row.text("holding")?))))
    }

    /// Keeps that the agency has closed an account, until it stands on its roster again.
    pub async fn close_account(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO closed_accounts (agency, login_key, login_fold, spelled, closed_at) VALUES ($1, $2, $3, 1, $4)
             ON CONFLICT (agency, login_key) DO UPDATE SET spelled = 1",
        )
        .bind(agency.to_string())
        .bind(login.key())
        .bind(login.fold())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Takes the one use that provisional credentials have: exactly one caller is told true.
    pub async fn mark_provisional_used(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE roster SET used_at = $1 WHERE agency = $2 AND login_key = $3 AND used_at IS NULL")
                .bind(millis(now))
                .bind(agency.to_string())
                .bind(login.key())
                .execute(self.conn())
                .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// How many accounts the agency's roster has.
    pub async fn roster_size(&mut self, agency: &AgencyCode) -> Result<i64, StoreError> {
        sqlx::query("SELECT count(*) AS accounts FROM roster WHERE agency = $1")
            .bind(agency.to_string())
            .fetch_one(self.conn())
            .await?
            .int("accounts")
    }
}
