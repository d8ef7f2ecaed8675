//! The change of the e-mail address by the resident (000 II.A, c06): the old one stays until the new one is proven.

use super::email::{EmailAddress, EmailError};
use super::text::tidy;

/// Why a new address is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailChangeError {
    /// It is not an address.
    Email(EmailError),
    /// The two entries differ.
    Differ,
    /// It is the one that is there.
    Same,
}

/// Reads the two entries of the form.
///
/// # Errors
/// Says what is wrong with them.
pub fn new_address(entry: &str, confirmation: &str, current: &EmailAddress) -> Result<EmailAddress, EmailChangeError> {
    let email = EmailAddress::parse(entry).map_err(EmailChangeError::Email)?;
    if tidy(entry) != tidy(confirmation) {
        return Err(EmailChangeError::Differ);
    }
    if email.key() == current.key() {
        return Err(EmailChangeError::Same);
    }
    Ok(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c06_a_new_address_is_typed_twice_and_is_really_new() {
        let current = EmailAddress::parse("anne@free.fr").expect("an address");
        let new = |entry, confirmation| new_address(entry, confirmation, &current);
        assert!(new("anne@sfr.fr", " anne@sfr.fr").is_ok());
        assert_eq!(new("anne@sfr.fr", "anne@sfr.com"), Err(EmailChangeError::Differ));
        assert_eq!(new("ANNE@free.fr", "ANNE@free.fr"), Err(EmailChangeError::Same));
        assert_eq!(new("", ""), Err(EmailChangeError::Email(EmailError::Empty)));
    }
}
