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

/// What an agency's headers say of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told<'h> {
    /// Those that are sent, with their values.
    pub sent: Vec<(&'h IdentityHeader, Vec<u8>)>,
    /// Those that have a value which cannot be written, and do not name the account.
    pub left_out: Vec<&'h IdentityHeader>,
}

/// A header that names the account cannot be written: who is not named is not forwarded (decision 43).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the header {0} names the account and cannot be written for it")]
pub struct Unnamed<'h>(pub &'h str);

/// What these headers say of an account.
///
/// # Errors
/// One that names it has no value that can be written.
pub fn tell<'h>(headers: &'h [IdentityHeader], account: &LegacyAccount) -> Result<Told<'h>, Unnamed<'h>> {
    let mut told = Told::default();
    for header in headers {
        match header.value(account) {
            Value::Written(value) => told.sent.push((header, value)),
            Value::Missing | Value::Unwritable if header.names_account() => return Err(Unnamed(&header.name)),
            Value::Missing => {}
            Value::Unwritable => told.left_out.push(header),
        }
    }
    Ok(told)
}

/// A header's value for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// Its bytes.
    Written(Vec<u8>),
    /// Something that it is made of is not known (SEC-002).
    Missing,
    /// It holds what the encoding, or no header at all, can carry.
    Unwritable,
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

/// What stands beside an identifier so that the value may be another account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguity {
    /// A name, in which anything may stand.
    Name,
    /// A kind, without a sign between that no kind has.
    Kind,
}

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

    /// Whether the identifier cannot be read back from the value. Client and société are the same for every account of an
    /// agency. A name may hold whatever stands between, and so may an identifier; a kind holds small letters and `-` only.
    fn ambiguity(&self) -> Option<Ambiguity> {
        let count = |wanted: &Part| self.0.iter().filter(|part| *part == wanted).count();
        let (logins, kinds) = (count(&Part::Login), count(&Part::Kind));
        if logins == 0 {
            return None;
        }
        if count(&Part::Name) > 0 {
            return Some(Ambiguity::Name);
        }
        if kinds == 0 {
            return None;
        }
        let (mut before, mut is_separated) = (None, true);
        for part in &self.0 {
            match part {
                Part::Login | Part::Kind => {
                    if !is_separated && before.is_some_and(|before| before != part) {
                        return Some(Ambiguity::Kind);
                    }
                    (before, is_separated) = (Some(part), false);
                }
                Part::Literal(text) => is_separated |= text.chars().any(|c| !c.is_ascii_lowercase() && c != '-'),
                Part::Client | Part::Societe | Part::Name => {}
            }
        }
        (logins > 1).then_some(Ambiguity::Kind)
    }

    /// The value for an account; None where a placeholder has no value (SEC-002).
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
    /// Whether it says which account it is: client, société and kind are those of many, and a name is nobody's own.
    #[must_use]
    pub fn names_account(&self) -> bool {
        self.template.0.contains(&Part::Login)
    }

    /// Whether what is the same for every account can be written.
    #[must_use]
    pub fn can_be_written(&self) -> bool {
        self.template.0.iter().all(|part| !matches!(part, Part::Literal(text) if self.encoding.write(text).is_none()))
    }

    /// Whether something of an account may stand in it that its encoding cannot write.
    #[must_use]
    pub fn may_be_unwritable(&self) -> bool {
        self.encoding == Encoding::Latin1 && self.template.0.iter().any(|part| matches!(part, Part::Login | Part::Name))
    }

    /// Why two accounts of one agency can have one value here, of a header that says which account it is.
    #[must_use]
    pub fn can_be_anothers(&self) -> Option<Ambiguity> {
        self.template.ambiguity()
    }

    fn value(&self, account: &LegacyAccount) -> Value {
        let Some(value) = self.template.value(account) else { return Value::Missing };
        self.encoding.write(&value).map_or(Value::Unwritable, Value::Written)
    }
}

impl Encoding {
    /// The bytes of a value; None where it cannot be written.
    ///
    /// Control characters never get through: an account whose data holds one gets no header rather than two.
    fn write(self, value: &str) -> Option<Vec<u8>> {
        if super::text::has_control(value) {
            return None;
        }
        Some(match self {
            Encoding::Utf8 => value.as_bytes().to_vec(),
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
pub fn common_name(name: &str) -> Cow<'_, str> {
    let mut before = b'-';
    let is_common = name.bytes().all(|byte| {
        let plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || (byte == b'-' && before != b'-');
        before = byte;
        plain
    });
    if is_common && before != b'-' {
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
        let mut names: Vec<String> = names.into_iter().map(|name| common_name(name).into_owned()).collect();
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
        let common = common_name(name);
        self.0.iter().any(|reserved| *reserved == common)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency_code::AgencyCode;
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
        let written = |value: &[u8]| Value::Written(value.to_vec());
        let all = value("{client}/{societe}:{login} {kind}", Encoding::Utf8);
        assert_eq!(all, written(b"SPI31/01:durand tenant"));
        assert_eq!(value("{name}", Encoding::Percent), written(b"Am%C3%A9lie %E2%82%AC"));
        assert_eq!(value("{name}", Encoding::Latin1), Value::Unwritable, "no `?` for what cannot be said");
        assert_eq!(value("{name}", Encoding::Base64), written(b"QW3DqWxpZSDigqw="));
    }

    #[test]
    fn review_b13_who_cannot_be_named_is_not_told_of_and_a_name_alone_is_left_out() {
        let says = |login: &str, name: Option<&str>, template: &str, encoding| {
            let account = LegacyAccount { login: LegacyLogin::parse(login).expect("a login"), ..account(name) };
            let headers = [header("{client}", Encoding::Latin1), header(template, encoding)];
            tell(&headers, &account).map(|told| (told.sent.len(), told.left_out.len())).ok()
        };
        for template in ["{login}", "{client}-{login}", "{login} {name}", "{name}{kind}{login}"] {
            for encoding in [Encoding::Percent, Encoding::Utf8, Encoding::Base64] {
                assert_eq!(says("Ωmega", Some("Σ"), template, encoding), Some((2, 0)), "{template} {encoding:?}");
            }
            assert_eq!(says("Ωmega", Some("é"), template, Encoding::Latin1), None, "{template}");
            assert_eq!(says("Éric", Some("é"), template, Encoding::Latin1), Some((2, 0)), "{template}");
        }
        assert_eq!(says("durand", Some("Σ"), "{login} {name}", Encoding::Latin1), None, "it names the account");
        assert_eq!(says("durand", None, "{login} {name}", Encoding::Utf8), None, "it names the account");
        assert_eq!(says("Ωmega", Some("Σ"), "{name}", Encoding::Latin1), Some((1, 1)), "a name is nobody's own");
        assert_eq!(says("Ωmega", None, "{name}", Encoding::Latin1), Some((1, 0)));
    }

    #[test]
    fn review_b13_a_template_that_two_accounts_can_share_is_known() {
        for alone in [
            "{login}",
            "u-{login}",
            "{client}-{login}",
            "{client}{societe}{login}",
            "{login}{login}",
            "{login} {kind}",
            "{kind}:{login}",
            "{kind}{client}/{login}{societe}",
            "{kind}{kind} {login}",
            "{name}{kind}",
            "{kind}",
        ] {
            assert_eq!(header(alone, Encoding::Percent).can_be_anothers(), None, "{alone}");
        }
        for (shared, why) in [
            ("{login}{name}", Ambiguity::Name),
            ("{name}{login}", Ambiguity::Name),
            ("{login} {name}", Ambiguity::Name),
            ("{name} <{login}>", Ambiguity::Name),
            ("{login}{kind}", Ambiguity::Kind),
            ("{kind}{login}", Ambiguity::Kind),
            ("{login}-{kind}", Ambiguity::Kind),
            ("{login}{client}{kind}", Ambiguity::Kind),
            ("{login} {kind} {login}", Ambiguity::Kind),
            ("{kind} {login}{kind}", Ambiguity::Kind),
        ] {
            assert_eq!(header(shared, Encoding::Percent).can_be_anothers(), Some(why), "{shared}");
        }
        // As it would go wrong: two accounts, one value.
        let value = |login: &str, kind: Kind, template: &str| {
            let login = LegacyLogin::parse(login).expect("a login");
            header(template, Encoding::Utf8).value(&LegacyAccount { login, kind, ..account(Some("Ana")) })
        };
        assert_eq!(value("durand-co", Kind::Owner, "{login}-{kind}"), value("durand", Kind::CoOwner, "{login}-{kind}"));
        assert_ne!(value("durand co", Kind::Owner, "{login} {kind}"), value("durand", Kind::CoOwner, "{login} {kind}"));
    }

    #[test]
    fn a_value_that_is_not_known_or_not_clean_sends_no_header() {
        assert_eq!(header("{name}", Encoding::Utf8).value(&account(None)), Value::Missing);
        assert_eq!(header("{name}", Encoding::Utf8).value(&account(Some("a\r\nX-Admin: 1"))), Value::Unwritable);
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
                    let initial = spelling.to_ascii_lowercase().as_bytes()[0];
                    assert!(ours.may_begin_with(initial), "{configured} {spelling}");
                }
            }
            for other in ["X-Extranet-Users", "XX-Extranet-User", "X-Extranet", "X-Extranet-User-2"] {
                assert!(!ours.holds(other), "{configured} {other}");
            }
        }
    }
}
