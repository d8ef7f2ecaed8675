//! The headers that tell an extranet who is there: their templates, their values, and what reads like one of them.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::identity::LegacyAccount;

/// A header to inject, as an agency's file declares it (a04).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdentityHeader {
    /// The name, as written to the extranet.
    pub name: String,
    /// The value.
    pub template: Template,
    /// How characters beyond ASCII are written.
    pub encoding: Encoding,
}

/// How a value that is not plain ASCII travels in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, percent-encoded outside printable ASCII (and for `%` itself).
    #[default]
    Percent,
    /// Raw UTF-8 bytes.
    Utf8,
    /// Raw ISO-8859-1 bytes; a value with other characters is not sent, since two accounts could become one by it.
    Latin1,
    /// Base64 of the UTF-8 bytes, whatever the value.
    Base64,
}

/// A part of a value template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Literal(String),
    Login,
    Client,
    Societe,
    Name,
    Kind,
}

/// A value template such as `{client}-{login}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template(Vec<Part>);

/// The placeholders that a template can hold.
pub const PLACEHOLDERS: [&str; 5] = ["login", "client", "societe", "name", "kind"];

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Names the placeholder that does not exist, or says which brace is open.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            let (name, tail) = after.split_once('}').ok_or_else(|| format!("'{{' is not closed in \"{text}\""))?;
            parts.push(match name {
                "login" => Part::Login,
                "client" => Part::Client,
                "societe" => Part::Societe,
                "name" => Part::Name,
                "kind" => Part::Kind,
                other => return Err(format!("there is no placeholder {{{other}}}")),
            });
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The value for an account; None where a placeholder has no value, and then no header is sent (SEC-002).
    fn value(&self, account: &LegacyAccount) -> Option<String> {
        let mut value = String::new();
        for part in &self.0 {
            value.push_str(match part {
                Part::Literal(text) => text,
                Part::Login => account.login.as_str(),
                Part::Client => account.agency.client(),
                Part::Societe => account.agency.societe(),
                Part::Name => account.name.as_deref()?,
                Part::Kind => account.kind.name(),
            });
        }
        Some(value)
    }
}

impl IdentityHeader {
    /// The bytes of the header's value for an account; None where there is none to send.
    ///
    /// Control characters never get through: an account whose data holds one gets no header rather than two.
    #[must_use]
    pub fn value(&self, account: &LegacyAccount) -> Option<Vec<u8>> {
        let value = self.template.value(account)?;
        if super::text::has_control(&value) {
            return None;
        }
        Some(match self.encoding {
            Encoding::Utf8 => value.into_bytes(),
            Encoding::Latin1 => value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>()?,
            Encoding::Base64 => data_encoding::BASE64.encode(value.as_bytes()).into_bytes(),
            Encoding::Percent => {
                let mut encoded = String::with_capacity(value.len());
                for byte in value.bytes() {
                    if (b' '..=b'~').contains(&byte) && byte != b'%' {
                        encoded.push(char::from(byte));
                    } else {
                        // Writing to a String cannot fail.
                        let _ = write!(encoded, "%{byte:02X}");
                    }
                }
                encoded.into_bytes()
            }
        })
    }
}

/// A header's name as the least particular of servers reads it: its letters and digits without case, and one `-` for
/// whatever stands between them. CGI, WSGI and PHP take `_` for `-`, Apache before 2.4 and IIS take other signs for it, and
/// what stands in front, behind or twice is lost in some of them (SEC-001, SEC-006).
#[must_use]
pub fn folded(name: &str) -> Cow<'_, str> {
    let mut before = b'-';
    let is_folded = name.bytes().all(|byte| {
        let plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || (byte == b'-' && before != b'-');
        before = byte;
        plain
    });
    if is_folded && before != b'-' {
        return Cow::Borrowed(name);
    }
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    Cow::Owned(words.join("-").to_ascii_lowercase())
}

/// The names that must never come from outside, in whatever spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ReservedNames(Vec<String>);

impl ReservedNames {
    /// The names of these headers.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> = names.into_iter().map(|name| folded(name).into_owned()).collect();
        names.sort();
        names.dedup();
        Self(names)
    }

    /// Whether a lower-case name that begins like this may read like one of ours: most are told apart by it.
    #[must_use]
    pub fn may_begin_with(&self, initial: u8) -> bool {
        !initial.is_ascii_alphanumeric() || self.0.iter().any(|reserved| reserved.as_bytes().first() == Some(&initial))
    }

    /// Whether a header's name reads like one of ours.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        let folded = folded(name);
        self.0.iter().any(|reserved| *reserved == folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency::AgencyCode;
    use crate::domain::identity::{Kind, LegacyLogin};

    fn account(name: Option<&str>) -> LegacyAccount {
        LegacyAccount {
            agency: AgencyCode::parse("SPI31", "01").expect("codes"),
            login: LegacyLogin::parse("durand").expect("a login"),
            name: name.map(str::to_owned),
            kind: Kind::Tenant,
        }
    }

    fn header(template: &str, encoding: Encoding) -> IdentityHeader {
        IdentityHeader { name: "X-U".into(), template: Template::parse(template).expect("a template"), encoding }
    }

    #[test]
    fn a04_a_value_is_built_from_the_attached_account() {
        let value = |template, encoding| header(template, encoding).value(&account(Some("Amélie €")));
        assert_eq!(value("{client}/{societe}:{login} {kind}", Encoding::Utf8), Some(b"SPI31/01:durand tenant".into()));
        assert_eq!(value("{name}", Encoding::Percent), Some(b"Am%C3%A9lie %E2%82%AC".into()));
        assert_eq!(value("{name}", Encoding::Latin1), None, "review B13: no `?` for what cannot be said");
        assert_eq!(value("{name}", Encoding::Base64), Some(b"QW3DqWxpZSDigqw=".into()));
    }

    #[test]
    fn a_value_that_is_not_known_or_not_clean_sends_no_header() {
        assert_eq!(header("{name}", Encoding::Utf8).value(&account(None)), None);
        assert_eq!(header("{name}", Encoding::Utf8).value(&account(Some("a\r\nX-Admin: 1"))), None);
    }

    #[test]
    fn a_template_with_an_unknown_placeholder_is_refused() {
        assert!(Template::parse("{password}").is_err_and(|error| error.contains("{password}")));
        assert!(Template::parse("{login").is_err());
    }

    #[test]
    fn f06_review_b1_every_spelling_that_a_server_would_fold_is_ours() {
        for configured in ["x-eXTRANET-user", "X.Extranet.User", "x_extranet_user", "-X--Extranet~User-"] {
            let ours = ReservedNames::of([configured]);
            for sign in "!#$%&'*+-.^_`|~".chars().map(String::from).chain(["--".into(), "_-".into(), "._~".into()]) {
                for (front, behind) in [("", ""), ("_", ""), ("", "-"), (".", "~")] {
                    let spelling = format!("{front}X{sign}exTranet{sign}USER{behind}");
                    assert!(ours.holds(&spelling), "{configured} {spelling}");
                }
            }
            for other in ["X-Extranet-Users", "XX-Extranet-User", "X-Extranet", "X-Extranet-User-2"] {
                assert!(!ours.holds(other), "{configured} {other}");
            }
        }
    }
}
