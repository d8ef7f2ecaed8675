//! Terms of use: an immutable version of a text, and who accepted it (000, c02 to c04).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::agency_code::AgencyCode;
use super::identity::IdentityId;

/// One version of an agency's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsText {
    /// The version as the agency names it, such as `2026-10`.
    pub version: String,
    /// The text as it stands in the agency's file.
    pub text: String,
}

impl TermsText {
    /// SHA-256 of the text, hexadecimal: the proof says which text was accepted, not only which name it had (LAW-016).
    #[must_use]
    pub fn digest(&self) -> String {
        data_encoding::HEXLOWER.encode(&Sha256::digest(self.text.as_bytes()))
    }
}

/// The proof that somebody accepted a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Who.
    pub identity: IdentityId,
    /// Whose terms.
    pub agency: AgencyCode,
    /// Which version.
    pub version: String,
    /// Which text.
    pub digest: String,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub client: String,
}

/// Whether a text is still owed: it is, until its version and its very words were accepted.
#[must_use]
pub fn is_owed(terms: &TermsText, accepted: &[(String, String)]) -> bool {
    let digest = terms.digest();
    !accepted.iter().any(|(version, accepted)| *version == terms.version && *accepted == digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c04_a_changed_text_is_owed_again_even_under_the_same_version() {
        let first = TermsText { version: "1".into(), text: "a".into() };
        let changed = TermsText { text: "b".into(), ..first.clone() };
        let accepted = [("1".to_owned(), first.digest())];
        assert!(!is_owed(&first, &accepted));
        assert!(is_owed(&changed, &accepted));
    }
}
