//! What has ended or changed, as every cache of decided visitors has to know it.

use std::fmt;

use crate::domain::identity::IdentityId;
use crate::domain::session::SessionId;

/// What was decided about these is not to be believed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// One sign-in: it has ended, or what it may do has changed.
    Session(SessionId),
    /// Everything of one person.
    Identity(IdentityId),
    /// Everything: nobody knows what has changed.
    Everything,
}

impl Change {
    /// Reads what another node told; what cannot be read is of a newer version, and may be anything.
    #[must_use]
    pub fn heard(text: &str) -> Self {
        match text.split_once(':') {
            Some(("session", id)) => Self::Session(SessionId::stored(id)),
            Some(("identity", id)) => Self::Identity(IdentityId::stored(id)),
            _ => Self::Everything,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "session:{}", id.as_str()),
            Self::Identity(id) => write!(f, "identity:{}", id.as_str()),
            Self::Everything => f.write_str("everything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_heard_as_it_was_told_and_what_is_not_understood_is_everything() {
        for change in
            [Change::Session(SessionId::stored("s")), Change::Identity(IdentityId::stored("i")), Change::Everything]
        {
            assert_eq!(Change::heard(&change.to_string()), change);
        }
        assert_eq!(Change::heard("agency:SPI31"), Change::Everything);
    }
}
