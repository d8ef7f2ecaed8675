//! Identities, and the accounts that are attached to them.

use jiff::Timestamp;

use super::rows::{Columns, corrupt, millis};
use super::{StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{IdentityId, LegacyLogin, Link, LinkId};
use crate::domain::language::Language;

impl Tx {
    /// The language that the person reads.
    pub async fn language_of(&mut self, identity: &IdentityId) -> Result<Option<Language>, StoreError> {
        sqlx::query("SELECT language FROM identities WHERE id = $1")
            .bind(identity.as_str())
            .fetch_optional(self.conn())
            .await?
            .map(|row| Language::parse(&row.text("language")?).ok_or_else(|| corrupt("language")))
            .transpose()
    }

    /// Attaches an account to a person; false if that account is attached already, to whomever. Whether another spelling of
    /// it is, is asked before ([`Tx::known_spellings`]).
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn attach(&mut self, link: &Link, now: Timestamp) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO links (id, identity_id, agency, login_key, login_fold, login, name, kind, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (agency, login_key) DO NOTHING",
        )
        .bind(link.id.as_str())
        .bind(link.identity.as_str())
        .bind(link.account.agency.to_string())
        .bind(link.account.login.key())
        .bind(link.account.login.fold())
        .bind(link.account.login.as_str())
        .bind(link.account.name.as_deref())
        .bind(link.account.kind.name())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    /// One attachment.
    pub async fn link(&mut self, link: &LinkId) -> Result<Option<Link>, StoreError> {
        sqlx::query(
            "SELECT id AS link_id, identity_id AS link_identity_id, agency, login, name, kind
             FROM links WHERE id = $1",
        )
        .bind(link.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.link())
        .transpose()
    }

    /// Whose an account is, by its spelling.
    pub async fn link_of_account(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<Option<Link>, StoreError> {
        sqlx::query(
            "SELECT id AS link_id, identity_id AS link_identity_id, agency, login, name, kind
             FROM links WHERE agency = $1 AND login_key = $2",
        )
        .bind(agency.to_string())
        .bind(login.key())
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.link())
        .transpose()
    }

    /// The person's accounts, the oldest attachment first.
    pub async fn links_of(&mut self, identity: &IdentityId) -> Result<Vec<Link>, StoreError> {
        sqlx::query(
            "SELECT id AS link_id, identity_id AS link_identity_id, agency, login, name, kind
             FROM links WHERE identity_id = $1 ORDER BY created_at, id",
        )
        .bind(identity.as_str())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(Columns::link)
        .collect()
    }

    /// The same, with the time when each was last entered.
    pub async fn visits_of(&mut self, identity: &IdentityId) -> Result<Vec<(Link, Option<Timestamp>)>, StoreError> {
        sqlx::query(
            "SELECT id AS link_id, identity_id AS link_identity_id, agency, login, name, kind, visited_at
             FROM links WHERE identity_id = $1 ORDER BY created_at, id",
        )
        .bind(identity.as_str())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| Ok((row.link()?, row.opt_time("visited_at")?)))
        .collect()
    }

    /// Keeps that an account is entered.
    pub async fn visited(&mut self, link: &LinkId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE links SET visited_at = $1 WHERE id = $2")
            .bind(millis(now))
            .bind(link.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
