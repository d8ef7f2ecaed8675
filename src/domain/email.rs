//! E-mail addresses: parsed once, masked for others' eyes, with a hint where a slip of the finger is likely.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::{masked, tidy};

/// An address that a letter can be sent to, kept as it was typed.
///
/// Deliberately narrower than RFC 5321: no quoted local part, no address literal, ASCII only, so that no two spellings
/// of our own collide (SEC-039) and nothing can be smuggled into SMTP (SEC-074).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why a text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing was typed.
    #[error("the address is empty")]
    Empty,
    /// It does not have the form of an address.
    #[error("the address is malformed")]
    Malformed,
    /// Longer than RFC 5321 §4.5.3.1 allows.
    #[error("the address is too long")]
    TooLong,
}

impl EmailAddress {
    /// Reads an address, [tidied](tidy).
    ///
    /// # Errors
    /// Tells what is wrong with it, for the page that asked.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = tidy(text);
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > 254 {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::Malformed)?;
        let local_fits = (1..=64).contains(&local.len())
            && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
            && !local.starts_with('-');
        let labels: Vec<&str> = domain.split('.').collect();
        let domain_fits = labels.len() >= 2 && labels.iter().all(|label| is_label(label));
        if local_fits && domain_fits { Ok(Self(text)) } else { Err(EmailError::Malformed) }
    }

    /// As typed: where letters go (SEC-039: to the stored bytes, never to a folded spelling).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit('@').next().unwrap_or_default()
    }

    /// As compared: lower case throughout.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// For eyes that need not know it: `pi•••••t@free.fr`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        format!("{}@{domain}", masked(local))
    }

    /// The address that was probably meant (`gmial.com`), for a hint that can be taken or left (b06).
    #[must_use]
    pub fn suggestion(&self) -> Option<Self> {
        const COMMON: [&str; 16] = [
            "gmail.com",
            "orange.fr",
            "wanadoo.fr",
            "free.fr",
            "sfr.fr",
            "laposte.net",
            "hotmail.com",
            "hotmail.fr",
            "yahoo.fr",
            "yahoo.com",
            "outlook.fr",
            "outlook.com",
            "icloud.com",
            "live.fr",
            "neuf.fr",
            "bbox.fr",
        ];
        let (local, domain) = self.0.split_once('@')?;
        let domain = domain.to_ascii_lowercase();
        if COMMON.contains(&domain.as_str()) {
            return None;
        }
        let close = COMMON.iter().find(|common| is_one_slip(&domain, common))?;
        Some(Self(format!("{local}@{close}")))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// One letter too many, missing, wrong, or two neighbours swapped.
fn is_one_slip(typed: &str, meant: &str) -> bool {
    let (typed, meant) = (typed.as_bytes(), meant.as_bytes());
    let same_start = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (a, b) = (&typed[same_start..], &meant[same_start..]);
    match (a, b) {
        ([x1, x2, rest_a @ ..], [y1, y2, rest_b @ ..]) if x1 == y2 && x2 == y1 && rest_a == rest_b => true,
        ([_, rest_a @ ..], [_, rest_b @ ..]) if rest_a == rest_b => true,
        ([_, rest_a @ ..], b) if rest_a == b => true,
        (a, [_, rest_b @ ..]) if a == rest_b => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_could_be_mistaken_for_another_are_refused() {
        for wrong in [
            "",
            "a",
            "a@b",
            "a@@b.fr",
            "a@b@c.fr",
            "mike＠ex.org",
            "mıke@ex.org",
            "a b@c.fr",
            "a@b..fr",
            ".a@b.fr",
            "a@b.fr.",
            "\"a\"@b.fr",
            "a@[127.0.0.1]",
            "a@b.fr\r\nRCPT TO:<m@x.fr>",
            "-oQ@b.fr",
            "a,b@c.fr",
            "<a@b.fr>",
            "a@xn--example-.org",
        ] {
            assert!(EmailAddress::parse(wrong).is_err(), "{wrong:?}");
        }
        for right in ["pierre.puget@free.fr", " a+b@c-d.example.org ", "o'neil@ex.org"] {
            assert!(EmailAddress::parse(right).is_ok(), "{right:?}");
        }
    }

    #[test]
    fn b06_a_slip_of_the_finger_gets_a_hint() {
        let hint = |text: &str| {
            EmailAddress::parse(text).ok().and_then(|email| email.suggestion()).map(|email| email.to_string())
        };
        assert_eq!(hint("anne@gmial.com").as_deref(), Some("anne@gmail.com"));
        assert_eq!(hint("anne@gmail.co").as_deref(), Some("anne@gmail.com"));
        assert_eq!(hint("anne@ornge.fr").as_deref(), Some("anne@orange.fr"));
        assert_eq!(hint("anne@gmail.com"), None);
        assert_eq!(hint("anne@cabinet-martin.fr"), None);
    }

    #[test]
    fn a_masked_address_shows_the_ends_and_the_domain() {
        assert_eq!(EmailAddress::parse("pierre.puget@free.fr").map(|e| e.masked()), Ok("pi•••••••••t@free.fr".into()));
    }
}
