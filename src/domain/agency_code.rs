//! The codes by which an agency is named.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::tidy;

/// The codes in the URL, `?client=CODECLIENT&societe=CODESOCIETE` (001), compared without case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgencyCode {
    client: String,
    societe: String,
}

impl AgencyCode {
    /// Reads the codes: 1 to 32 letters, digits, `-` or `_` each; outer blanks are dropped.
    #[must_use]
    pub fn parse(client: &str, societe: &str) -> Option<Self> {
        Some(Self { client: code(client)?, societe: code(societe)? })
    }

    /// The client code, upper case.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.client
    }

    /// The société code, upper case.
    #[must_use]
    pub fn societe(&self) -> &str {
        &self.societe
    }

    /// Reads back what `Display` wrote, as it is stored.
    #[must_use]
    pub fn stored(text: &str) -> Option<Self> {
        let (client, societe) = text.split_once('/')?;
        Self::parse(client, societe)
    }
}

fn code(text: &str) -> Option<String> {
    let text = tidy(text);
    let fits = (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    fits.then(|| text.to_ascii_uppercase())
}

impl fmt::Display for AgencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.client, self.societe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_same_in_capitals_and_small_letters() {
        assert_eq!(AgencyCode::parse(" spi31", "01 "), AgencyCode::parse("SPI31", "01"));
        for (client, societe) in [("", "1"), ("a/b", "1"), ("a b", "1"), ("é", "1"), (&*"x".repeat(33), "1")] {
            assert_eq!(AgencyCode::parse(client, societe), None, "{client}");
        }
        let code = AgencyCode::parse("A", "B").expect("codes");
        assert_eq!(AgencyCode::stored(&code.to_string()), Some(code));
    }
}
