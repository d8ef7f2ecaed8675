//! One person (`Identity`, « nouveau compte ») and the accounts that the person has at agencies.

use serde::{Deserialize, Serialize};

use super::agency::AgencyCode;
use super::codec::{has_control, identifier, masked};

identifier! {
    /// One person's identifier; never shown, never sent to an extranet.
    IdentityId
}

identifier! {
    /// The attachment of one account at one agency to one person.
    LinkId
}

/// What a resident is to the agency (000, 001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Propriétaire bailleur.
    Owner,
    /// Copropriétaire.
    CoOwner,
    /// Locataire.
    Tenant,
    /// The agency did not say.
    #[default]
    Unknown,
}

impl Kind {
    /// As stored, and as the end of a translation key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::CoOwner => "co-owner",
            Self::Tenant => "tenant",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the name, or the French word that rosters use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "owner" | "propriétaire" | "proprietaire" | "bailleur" => Some(Self::Owner),
            "co-owner" | "copropriétaire" | "coproprietaire" => Some(Self::CoOwner),
            "tenant" | "locataire" => Some(Self::Tenant),
            "unknown" | "" => Some(Self::Unknown),
            _ => None,
        }
    }
}

/// The identifier that an agency gave out for its extranet.
///
/// Compared without regard to case and outer blanks (SEC-050), sent to the extranet as it was typed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LegacyLogin(String);

impl LegacyLogin {
    /// The longest identifier that is taken, in characters.
    pub const MAX: usize = 200;

    /// Takes what was typed, without the blanks around it; empty, too long or with control characters is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= Self::MAX && !has_control(text);
        fits.then(|| Self(text.to_owned()))
    }

    /// As typed: what the extranet gets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As compared and stored for look-ups.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// For pages and letters that others could see.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(&self.0)
    }
}

impl PartialEq for LegacyLogin {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for LegacyLogin {}

/// One account in one agency's extranet (« compte d'agence »).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyAccount {
    /// Whose extranet.
    pub agency: AgencyCode,
    /// The identifier there.
    pub login: LegacyLogin,
    /// The name shown, if the agency told it.
    pub name: Option<String>,
    /// What the resident is to the agency.
    pub kind: Kind,
}

/// An account attached to a person (« rattachement »).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The attachment itself.
    pub id: LinkId,
    /// The person.
    pub identity: IdentityId,
    /// The account at the agency.
    pub account: LegacyAccount,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spelling_of_an_identifier_does_not_make_another_account() {
        assert_eq!(LegacyLogin::parse(" DURAND "), LegacyLogin::parse("durand"));
        assert_eq!(LegacyLogin::parse(" C10023 ").map(|login| login.as_str().to_owned()), Some("C10023".to_owned()));
        assert!(LegacyLogin::parse("  ").is_none());
        assert!(LegacyLogin::parse("a\r\nb").is_none());
    }

    #[test]
    fn rosters_may_use_french_words() {
        assert_eq!(Kind::parse("Copropriétaire"), Some(Kind::CoOwner));
        assert_eq!(Kind::parse("roi"), None);
    }
}
