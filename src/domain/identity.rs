//! One person (`Identity`, « nouveau compte ») and the accounts that the person has at agencies.

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::agency_code::AgencyCode;
use super::identifier::identifier;
use super::text::{folded, has_control, masked, tidy};

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
        match tidy(text).to_lowercase().as_str() {
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
/// Compared as spelled, but for what nobody sees: whether other spellings are the same account is the extranet's to say
/// ([`super::spelling`]). Sent to the extranet as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LegacyLogin(String);

impl LegacyLogin {
    /// The longest identifier that is taken, in characters.
    pub const MAX: usize = 200;

    /// Takes what was typed, [tidied](tidy); empty, too long or with control characters is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = tidy(text);
        let fits = !text.is_empty() && text.chars().count() <= Self::MAX && !has_control(&text);
        fits.then_some(Self(text))
    }

    /// As typed: what the extranet gets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As compared and stored for look-ups.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.clone()
    }

    /// What all spellings share that an old database may take for the same; never empty.
    #[must_use]
    pub fn fold(&self) -> String {
        let fold = folded(&self.0);
        if fold.is_empty() { self.key() } else { fold }
    }

    /// For pages and letters that others could see.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(&self.0)
    }
}

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

/// What an attached account is called in addresses and forms, and the name of its own host where an agency has one for
/// each account. It follows from the attachment alone: it stays as long as that does, is another one after attaching
/// again, says nothing about a person, and cannot be guessed from the identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountLabel(String);

impl AccountLabel {
    /// How many characters it has: 60 bits, so that nobody finds one by trying.
    const LENGTH: usize = 12;

    /// The label of an attachment.
    #[must_use]
    pub fn of(link: &LinkId) -> Self {
        let digest = Sha256::digest(format!("account label:{}", link.as_str()));
        let mut text = BASE32_NOPAD.encode(&digest).to_ascii_lowercase();
        text.truncate(Self::LENGTH);
        Self(text)
    }

    /// Reads one in lower case, as hosts are compared; what has not the form of one is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == Self::LENGTH
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Link {
    /// What the account is called in addresses.
    #[must_use]
    pub fn label(&self) -> AccountLabel {
        AccountLabel::of(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spelling_of_an_identifier_is_kept_but_for_what_nobody_sees() {
        let parse = |text| LegacyLogin::parse(text).expect("an identifier");
        assert_eq!(parse(" Durand\u{200b} "), parse("Durand"));
        assert_ne!(parse("DURAND"), parse("durand"));
        assert_eq!(parse("DÜRAND").fold(), parse("durand").fold());
        assert_eq!(parse("\u{301}").fold(), "\u{301}", "a fold is never empty");
        assert_eq!(LegacyLogin::parse(" C10023 ").map(|login| login.as_str().to_owned()), Some("C10023".to_owned()));
        assert!(LegacyLogin::parse("  ").is_none());
        assert!(LegacyLogin::parse("a\r\nb").is_none());
    }

    #[test]
    fn a24_a_label_stays_says_nothing_and_is_a_name_of_a_host() {
        let label = AccountLabel::of(&LinkId::stored("l1"));
        assert_eq!(label, AccountLabel::of(&LinkId::stored("l1")));
        assert_ne!(label, AccountLabel::of(&LinkId::stored("l2")));
        assert_eq!(AccountLabel::parse(label.as_str()), Some(label));
        for other in ["", "abc", "ABCDEFGHIJKL", "abcdefghijk1", "abcdefghijk-", "abcdefghijklm"] {
            assert_eq!(AccountLabel::parse(other), None, "{other}");
        }
    }

    #[test]
    fn rosters_may_use_french_words() {
        assert_eq!(Kind::parse("Copropriétaire"), Some(Kind::CoOwner));
        assert_eq!(Kind::parse("roi"), None);
    }
}
