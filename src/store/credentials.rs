//! What people type to sign in, and where letters to them go: three questions, of which none answers another
//! (decision 81).

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::credential::{Credential, CredentialId, Login, Scope};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, Link, LinkId};
use crate::domain::language::Language;
use crate::domain::password::PasswordHash;

/// The text of [`Scope::All`].
const ALL: &str = "all";

impl Tx {
    /// Creates a person with a first credential; false, and nobody created, if the login is taken.
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
                 (id, identity_id, scope, login, contact_key, email, password, created_at, password_at, email_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8)
             ON CONFLICT (login) DO NOTHING",
        )
        .bind(credential.id.as_str())
        .bind(identity.as_str())
        .bind(match &credential.scope {
            Scope::All => ALL,
            Scope::Account(link) => link.as_str(),
        })
        .bind(match credential.login {
            Login::Address => credential.email.key(),
            Login::Identifier => format!("#{}", credential.id.as_str()),
        })
        .bind((credential.login == Login::Identifier).then(|| credential.email.key()))
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

    /// Which credential a typed login opens here: that of the address, or else of whoever signs in with the old identifier
    /// of this account.
    pub async fn credential_typed(
        &mut self,
        address: Option<&EmailAddress>,
        account: Option<&Link>,
    ) -> Result<Option<Credential>, StoreError> {
        if let Some(address) = address {
            let found = sqlx::query(
                "SELECT id, identity_id, scope, contact_key, email, password FROM credentials WHERE login = $1",
            )
            .bind(address.key())
            .fetch_optional(self.conn())
            .await?;
            if let Some(row) = found {
                return credential(&row).map(Some);
            }
        }
        let Some(link) = account else { return Ok(None) };
        sqlx::query(
            "SELECT id, identity_id, scope, contact_key, email, password FROM credentials
             WHERE identity_id = $1 AND contact_key IS NOT NULL AND scope IN ('all', $2)
             ORDER BY CASE scope WHEN 'all' THEN 1 ELSE 0 END LIMIT 1",
        )
        .bind(link.identity.as_str())
        .bind(link.id.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| credential(&row))
        .transpose()
    }

    /// Who has this address, whatever they type: nobody, one, or a couple; whoever signs in with it comes first. An account
    /// with a password of its own has none of its own.
    pub async fn owners_of(&mut self, email: &EmailAddress) -> Result<Vec<IdentityId>, StoreError> {
        let rows = sqlx::query(
            "SELECT identity_id, MAX(CASE login WHEN $1 THEN 1 ELSE 0 END) AS signs_in
             FROM credentials WHERE (login = $1 OR contact_key = $1)
                 AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.id = identity_id AND i.part_of IS NOT NULL)
             GROUP BY identity_id
             ORDER BY signs_in DESC, identity_id",
        )
        .bind(email.key())
        .fetch_all(self.conn())
        .await?;
        rows.iter().map(|row| row.text("identity_id").map(IdentityId::stored)).collect()
    }

    /// The credential of whoever has this address alone, whatever they type.
    pub async fn credential_at(&mut self, email: &EmailAddress) -> Result<Option<Credential>, StoreError> {
        match self.owners_of(email).await?.as_slice() {
            [owner] => self.credential_of(owner).await,
            _ => Ok(None),
        }
    }

    /// Where letters to somebody go.
    pub async fn address_of(&mut self, identity: &IdentityId) -> Result<Option<EmailAddress>, StoreError> {
        sqlx::query("SELECT email FROM credentials WHERE identity_id = $1 AND scope = 'all'")
            .bind(identity.as_str())
            .fetch_optional(self.conn())
            .await?
            .map(|row| row.email("email"))
            .transpose()
    }

    /// The person's credential for all accounts.
    pub async fn credential_of(&mut self, identity: &IdentityId) -> Result<Option<Credential>, StoreError> {
        sqlx::query(
            "SELECT id, identity_id, scope, contact_key, email, password FROM credentials
             WHERE identity_id = $1 AND scope = 'all'",
        )
        .bind(identity.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| credential(&row))
        .transpose()
    }

    /// Replaces the password of the credential for all accounts by one that the person chose, over the one that was
    /// shown; false, and nothing changed, if another one is there by now. A reset that was asked for stays open
    /// (decision 37).
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

    /// Replaces the address, and with it the login where the address is typed; false if it is somebody else's login.
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
            "UPDATE credentials SET email = $2, email_at = $3,
                 login = CASE WHEN contact_key IS NULL THEN $1 ELSE login END,
                 contact_key = CASE WHEN contact_key IS NULL THEN NULL ELSE $1 END
             WHERE identity_id = $4 OR identity_id IN (SELECT id FROM identities WHERE part_of = $4)",
        )
        .bind(email.key())
        .bind(email.as_str())
        .bind(millis(now))
        .bind(identity.as_str())
        .execute(self.conn())
        .await?;
        if updated.rows_affected() == 0 {
            return Err(StoreError::Missing("the credential"));
        }
        self.supersede_recoveries(identity).await?;
        self.supersede_recoveries_of_parts(identity).await?;
        Ok(true)
    }
}

fn credential(row: &AnyRow) -> Result<Credential, StoreError> {
    let scope = row.text("scope")?;
    Ok(Credential {
        id: CredentialId::stored(row.text("id")?),
        identity: IdentityId::stored(row.text("identity_id")?),
        login: if row.opt_text("contact_key")?.is_some() { Login::Identifier } else { Login::Address },
        scope: if scope == ALL { Scope::All } else { Scope::Account(LinkId::stored(scope)) },
        email: row.email("email")?,
        password: row.hash("password")?,
    })
}
