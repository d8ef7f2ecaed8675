//! What a person types to sign in: one for all accounts, or one for an account (004).

use super::email::EmailAddress;
use super::identifier::identifier;
use super::identity::{IdentityId, LegacyLogin, LinkId};
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

/// Whose password it is that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// The one chosen here, or else the one that the agency gave out.
    Either,
    /// « Mon agence m'a donné un nouveau mot de passe »: the agency's, and surely not the one chosen here.
    AgencysNew,
    /// That of an agency's account which who is signed in attaches: as [`Meant::Either`], but it signs nobody in.
    ToAttach,
}

impl TypedLogin {
    /// Whether an extranet may be asked about what was typed: where its identifiers are no addresses, nothing that looks
    /// like one goes there; and the password of who is known here, by address or old account, goes there only if it is
    /// said to be the agency's (decision 40).
    #[must_use]
    pub fn may_be_asked(&self, may_be_email: bool, is_known: bool, meant: Meant) -> bool {
        (may_be_email || !self.looks_like_an_address()) && (meant == Meant::AgencysNew || !is_known)
    }

    /// Whether it was meant as an address, however it is misspelled.
    #[must_use]
    pub fn looks_like_an_address(&self) -> bool {
        super::text::folded(self.legacy.as_str()).contains('@')
    }
}

/// What a person types; a login belongs to one credential, an address may belong to several (couples).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Itself.
    pub id: CredentialId,
    /// Whose.
    pub identity: IdentityId,
    /// What is typed.
    pub login: Login,
    /// Which accounts it opens.
    pub scope: Scope,
    /// The address that letters go to.
    pub email: EmailAddress,
    /// The password's hash.
    pub password: PasswordHash,
}

/// What is typed to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// The address, at every agency.
    Address,
    /// The old identifier of one of the person's accounts, at its agency (004; two people at one address, b18).
    Identifier,
}

/// Which of a person's accounts a password opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Each.
    All,
    /// One (004, b19).
    Account(LinkId),
}

impl Credential {
    /// One that is typed with its address, and opens every account.
    #[must_use]
    pub const fn of_address(
        id: CredentialId,
        identity: IdentityId,
        email: EmailAddress,
        password: PasswordHash,
    ) -> Self {
        Self { id, identity, login: Login::Address, scope: Scope::All, email, password }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn review_b6_what_looks_like_an_address_or_is_known_here_is_not_asked_of_an_extranet() {
        let addresses = [
            "anna@free.fr",
            "anna@free",
            "anna@",
            "@anna",
            "ANNA＠free.fr",
            "anna﹫free.fr",
            "an na @ free.fr",
            "a\u{200b}@b",
        ];
        for (may_be_email, is_known, meant, identifier, address) in [
            (false, false, Meant::Either, true, false),
            (false, true, Meant::Either, false, false),
            (false, false, Meant::AgencysNew, true, false),
            (false, true, Meant::AgencysNew, true, false),
            (true, false, Meant::Either, true, true),
            (true, true, Meant::Either, false, false),
            (true, false, Meant::AgencysNew, true, true),
            (true, true, Meant::AgencysNew, true, true),
        ] {
            let asked = |text: &str| {
                TypedLogin::parse(text).expect("something typed").may_be_asked(may_be_email, is_known, meant)
            };
            assert_eq!(asked("C10023"), identifier, "{may_be_email} {is_known} {meant:?}");
            for typed in addresses {
                assert_eq!(asked(typed), address, "{typed}: {may_be_email} {is_known} {meant:?}");
            }
        }
    }
}
