//! An agency's list of accounts, with provisional credentials where it gives them out (001, 002, b02, b20).

use jiff::Timestamp;

use super::email::EmailAddress;
use super::identity::{Kind, LegacyLogin};
use super::secret::Secret;

/// One line of a roster.
#[derive(Debug, Clone)]
pub struct RosterLine {
    /// The identifier that the agency gave out.
    pub login: LegacyLogin,
    /// The name shown.
    pub name: Option<String>,
    /// What the resident is to the agency.
    pub kind: Kind,
    /// The address on file.
    pub email: Option<EmailAddress>,
    /// The provisional password; hashed before it is kept.
    pub password: Option<Secret>,
}

/// What is wrong with a line of a roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// No identifier.
    #[error("the identifier is missing or too long")]
    Login,
    /// A kind that does not exist.
    #[error("\"{0}\" is not a kind: locataire, propriétaire, copropriétaire, or nothing")]
    Kind(String),
    /// Not an address.
    #[error("\"{0}\" is not an e-mail address")]
    Email(String),
    /// A control character in a field.
    #[error("a field holds a control character")]
    Control,
    /// An identifier that HTTP Basic cannot carry.
    #[error("an identifier with a colon cannot be sent by HTTP Basic")]
    Colon,
    /// The same identifier twice in the file.
    #[error("the identifier stands in line {0} already")]
    Twice(u64),
}

impl RosterLine {
    /// Reads the fields of one line.
    ///
    /// # Errors
    /// Says which field is wrong.
    pub fn parse(login: &str, password: &str, name: &str, kind: &str, email: &str) -> Result<Self, RosterError> {
        if super::codec::has_control(name) || super::codec::has_control(password) {
            return Err(RosterError::Control);
        }
        let email = match email.trim() {
            "" => None,
            text => Some(EmailAddress::parse(text).map_err(|_| RosterError::Email(text.to_owned()))?),
        };
        let name = name.trim();
        Ok(Self {
            login: LegacyLogin::parse(login).ok_or(RosterError::Login)?,
            name: (!name.is_empty()).then(|| name.to_owned()),
            kind: Kind::parse(kind).ok_or_else(|| RosterError::Kind(kind.trim().to_owned()))?,
            email,
            password: (!password.is_empty()).then(|| Secret::new(password)),
        })
    }
}

/// Whether provisional credentials can still be used (b20).
#[must_use]
pub fn provisional_is_open(expires_at: Option<Timestamp>, used_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_none() && expires_at.is_none_or(|expires_at| now < expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b02_a_line_of_a_roster_is_taken_whole_or_told_what_is_wrong() {
        let line =
            RosterLine::parse(" D100 ", "Prov-1234", "Anne Martin", "Locataire", "anne@free.fr").expect("a line");
        assert_eq!((line.login.as_str(), line.kind), ("D100", Kind::Tenant));
        let error = |login, kind, email| RosterLine::parse(login, "", "", kind, email).err();
        assert_eq!(error("", "", ""), Some(RosterError::Login));
        assert_eq!(error("a", "roi", ""), Some(RosterError::Kind("roi".into())));
        assert_eq!(error("a", "", "x@"), Some(RosterError::Email("x@".into())));
    }
}
