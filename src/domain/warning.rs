//! What the owner of an account is warned of by letter, and can hold or undo (LAW-006, decision 38).

use jiff::Timestamp;

use super::challenge::after_hours;
use super::email::EmailAddress;
use super::identifier::identifier;
use super::identity::IdentityId;
use super::password::PasswordHash;

identifier! {
    /// One change that an owner is warned of.
    WarningId
}

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The address, and with it the login.
    Email,
    /// The password.
    Password,
}

impl Changed {
    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Password => "password",
        }
    }

    /// Reads back what [`Changed::name`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Password].into_iter().find(|changed| changed.name() == text)
    }
}

/// A change that the address from before was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Itself.
    pub id: WarningId,
    /// Whose account.
    pub identity: IdentityId,
    /// What was changed.
    pub changed: Changed,
    /// The address from before: it was written to.
    pub former: EmailAddress,
    /// The address since.
    pub email: EmailAddress,
    /// The password from before.
    pub password: PasswordHash,
    /// When it was changed.
    pub changed_at: Timestamp,
    /// Hours for which it can be undone, and for which a hold lasts.
    pub hours: u32,
    /// When « Ce n'est pas moi » was pressed.
    pub held_at: Option<Timestamp>,
    /// When it was undone, or a reset made it pointless.
    pub ended_at: Option<Timestamp>,
}

impl Warning {
    /// Until when it can be held or undone, and, where it is an address, until when a reset that is asked for at the new
    /// one waits.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        after_hours(self.held_at.unwrap_or(self.changed_at), self.hours)
    }

    /// Whether it can be held or undone.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.until()
    }

    /// Whether it is held: no address is changed meanwhile.
    #[must_use]
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.held_at.is_some() && self.is_open(now)
    }
}

/// From when a reset takes effect that is asked for at the address that the person has now; none where at once.
#[must_use]
pub fn resets_open_at(warnings: &[Warning]) -> Option<Timestamp> {
    let of_addresses =
        warnings.iter().filter(|warning| warning.changed == Changed::Email && warning.ended_at.is_none());
    of_addresses.map(Warning::until).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).expect("a time")
    }

    fn warning(changed: Changed) -> Warning {
        let email = |text| EmailAddress::parse(text).expect("an address");
        Warning {
            id: WarningId::stored("w"),
            identity: IdentityId::stored("i"),
            changed,
            former: email("anne@free.fr"),
            email: email("anne@sfr.fr"),
            password: PasswordHash::phc("$argon2id$"),
            changed_at: at(0),
            hours: 24,
            held_at: None,
            ended_at: None,
        }
    }

    #[test]
    fn law_006_a_fresh_address_waits_and_longer_where_it_is_held() {
        let fresh = warning(Changed::Email);
        assert!(fresh.is_open(at(23)) && !fresh.is_open(at(24)) && !fresh.is_held(at(1)));
        let held = Warning { held_at: Some(at(20)), ..fresh.clone() };
        assert!(held.is_held(at(43)) && !held.is_held(at(44)));
        assert_eq!(resets_open_at(&[fresh.clone(), held.clone()]), Some(at(44)));
        let undone = Warning { ended_at: Some(at(21)), ..held };
        assert!(!undone.is_open(at(22)));
        assert_eq!(resets_open_at(&[undone, warning(Changed::Password)]), None);
        assert!(!Warning { hours: 0, ..fresh }.is_open(at(0)), "an agency that wants none");
    }
}
