//! What a person types to sign in: one for all accounts, or one for an account (004).

use super::email::EmailAddress;
use super::identifier::identifier;
use super::identity::{IdentityId, LegacyLogin};
use super::password::PasswordHash;

identifier! {
    /// One pair of identifier and password.
    CredentialId
}

/// The text in the field « E-mail ou identifiant », read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedLogin {
    /// As an e-mail address, if it has that form.
    pub email: Option<EmailAddress>,
    /// As an old identifier; some agencies gave out e-mail addresses as identifiers.
    pub legacy: LegacyLogin,
}

impl TypedLogin {
    /// Reads what was typed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { email: EmailAddress::parse(text).ok(), legacy: LegacyLogin::parse(text)? })
    }
}

/// What a person types; a login belongs to one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Itself.
    pub id: CredentialId,
    /// Whose.
    pub identity: IdentityId,
    /// The address that letters go to, and that is typed.
    pub email: EmailAddress,
    /// The password's hash.
    pub password: PasswordHash,
}
