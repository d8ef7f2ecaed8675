//! Identities, what they type, and the accounts that are attached to them.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns, corrupt, millis};
use super::{StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::credential::{Credential, CredentialId};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, LegacyLogin, Link, LinkId};
use crate::domain::language::Language;
use crate::domain::password::PasswordHash;

impl Tx {
    /// Creates a person with the credential for all accounts; false, and nobody created, if the login is taken.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create_person(
        &mut self,
        identity: &IdentityId,
        credential: &Credential,
        language: Language,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        sqlx::query("INSERT INTO identities (id, language, created_at) VALUES ($1, $2, $3)")
            .bind(identity.as_str())
            .bind(language.code())
            .bind(millis(now))
            .execute(self.conn())
            .await?;
        let inserted = sqlx::query(
            "INSERT INTO credentials
                 (id, identity_id, scope, login, email, password, created_at, password_at, email_at)
             VALUES ($1, $2, 'all', $3, $4, $5, $6, $6, $6)
             ON CONFLICT (login) DO NOTHING",
        )
        .bind(credential.id.as_str())
        .bind(identity.as_str())
        .bind(credential.email.key())
        .bind(credential.email.as_str())
        .bind(credential.password.as_str())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        if inserted.rows_affected() == 1 {
            return Ok(true);
        }
        sqlx::query("DELETE FROM identities WHERE id = $1").bind(identity.as_str()).execute(self.conn()).await?;
        Ok(false)
    }

    /// The credential that this address is the login of, in whatever spelling.
    ///
    /// # Errors
    /// The database failed.
    pub async fn credential_by_email(&mut self, email: &EmailAddress) -> Result<Option<Credential>, StoreError> {
        sqlx::query("SELECT id, identity_id, email, password FROM credentials WHERE login = $1")
            .bind(email.key())
            .fetch_optional(self.conn())
            .await?
            .map(|row| credential(&row))
            .transpose()
    }

    /// The person's credential for all accounts.
    ///
    /// # Errors
    /// The database failed.
    pub async fn credential_of(&mut self, identity: &IdentityId) -> Result<Option<Credential>, StoreError> {
        sqlx::query("SELECT id, identity_id, email, password FROM credentials WHERE identity_id = $1 AND scope = 'all'")
            .bind(identity.as_str())
            .fetch_optional(self.conn())
            .await?
            .map(|row| credential(&row))
            .transpose()
    }

    /// The language that the person reads.
    ///
    /// # Errors
    /// The database failed.
    pub async fn language_of(&mut self, identity: &IdentityId) -> Result<Option<Language>, StoreError> {
        sqlx::query("SELECT language FROM identities WHERE id = $1")
            .bind(identity.as_str())
            .fetch_optional(self.conn())
            .await?
            .map(|row| Language::parse(&row.text("language")?).ok_or_else(|| corrupt("language")))
            .transpose()
    }

    /// Replaces the password of the credential for all accounts by one that the person chose, over the one that was
    /// shown; false, and nothing changed, if another one is there by now. A reset that was asked for stays open
    /// (decision 37).
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_password(
        &mut self,
        identity: &IdentityId,
        over: &PasswordHash,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let updated = sqlx::query(
            "UPDATE credentials SET password = $1, password_at = $2
             WHERE identity_id = $3 AND scope = 'all' AND password = $4",
        )
        .bind(password.as_str())
        .bind(millis(now))
        .bind(identity.as_str())
        .bind(over.as_str())
        .execute(self.conn())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Replaces the password by one that was chosen behind a reset link, whatever is there: every other reset of the
    /// person is over.
    ///
    /// # Errors
    /// The person has no credential, or the database failed.
    pub async fn reset_password(
        &mut self,
        identity: &IdentityId,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let updated = sqlx::query(
            "UPDATE credentials SET password = $1, password_at = $2 WHERE identity_id = $3 AND scope = 'all'",
        )
        .bind(password.as_str())
        .bind(millis(now))
        .bind(identity.as_str())
        .execute(self.conn())
        .await?;
        if updated.rows_affected() != 1 {
            return Err(StoreError::Missing("the credential"));
        }
        self.supersede_recoveries(identity).await
    }

    /// Whether the person's password is still the one that was shown, for what follows from that in this transaction:
    /// nobody replaces it until that is over.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn still_has(&mut self, shown: &Credential) -> Result<bool, StoreError> {
        self.hold_person(&shown.identity).await?;
        let same = sqlx::query(
            "UPDATE credentials SET password = password WHERE identity_id = $1 AND scope = 'all' AND password = $2",
        )
        .bind(shown.identity.as_str())
        .bind(shown.password.as_str())
        .execute(self.conn())
        .await?;
        Ok(same.rows_affected() == 1)
    }

    /// Keeps the same password at today's cost; nothing where another one is there by now, and nothing else changes.
    ///
    /// # Errors
    /// The database failed.
    pub async fn raise_hash(
        &mut self,
        identity: &IdentityId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE credentials SET password = $1 WHERE identity_id = $2 AND scope = 'all' AND password = $3")
            .bind(to.as_str())
            .bind(identity.as_str())
            .bind(from.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Replaces the address, which is the login too; false if it is somebody else's login.
    ///
    /// # Errors
    /// The person has no credential, the login was taken at this very moment, or the database failed.
    pub async fn set_email(
        &mut self,
        identity: &IdentityId,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let taken = sqlx::query("SELECT id FROM credentials WHERE login = $1 AND identity_id <> $2")
            .bind(email.key())
            .bind(identity.as_str())
            .fetch_optional(self.conn())
            .await?;
        if taken.is_some() {
            return Ok(false);
        }
        let updated = sqlx::query(
            "UPDATE credentials SET login = $1, email = $2, email_at = $3 WHERE identity_id = $4 AND scope = 'all'",
        )
        .bind(email.key())
        .bind(email.as_str())
        .bind(millis(now))
        .bind(identity.as_str())
        .execute(self.conn())
        .await?;
        if updated.rows_affected() != 1 {
            return Err(StoreError::Missing("the credential"));
        }
        self.supersede_recoveries(identity).await?;
        Ok(true)
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
    ///
    /// # Errors
    /// The database failed.
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
    ///
    /// # Errors
    /// The database failed.
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
    ///
    /// # Errors
    /// The database failed.
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
}

fn credential(row: &AnyRow) -> Result<Credential, StoreError> {
    Ok(Credential {
        id: CredentialId::stored(row.text("id")?),
        identity: IdentityId::stored(row.text("identity_id")?),
        email: row.email("email")?,
        password: row.hash("password")?,
    })
}
