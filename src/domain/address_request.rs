//! What a resident asks the agency for, where it alone changes the address (003).

use unicode_normalization::UnicodeNormalization as _;

use super::email::{EmailAddress, EmailError};
use super::text::{tidy, visible};

/// The longest message, in characters.
pub const LONGEST_MESSAGE: u32 = 1000;

/// Requests of one person in a day.
pub const REQUESTS_A_DAY: u32 = 3;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRequest {
    /// The address that is wanted, where the resident says so.
    pub new_email: Option<EmailAddress>,
    /// What the resident writes; empty where nothing was written.
    pub message: String,
}

/// Why nothing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRequestError {
    /// What was typed is not an address.
    Email(EmailError),
    /// It is the one that is there.
    Same,
    /// Neither an address nor a message was typed.
    Nothing,
    /// The message is too long.
    TooLong,
}

impl AddressRequest {
    /// Reads the form.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(email: &str, message: &str, current: &EmailAddress) -> Result<Self, AddressRequestError> {
        let new_email = match tidy(email).as_str() {
            "" => None,
            typed => Some(EmailAddress::parse(typed).map_err(AddressRequestError::Email)?),
        };
        if new_email.as_ref().is_some_and(|email| email.key() == current.key()) {
            return Err(AddressRequestError::Same);
        }
        let message = written(message);
        if message.chars().count() > LONGEST_MESSAGE as usize {
            return Err(AddressRequestError::TooLong);
        }
        if new_email.is_none() && message.is_empty() {
            return Err(AddressRequestError::Nothing);
        }
        Ok(Self { new_email, message })
    }
}

/// A message as it was meant: lines stay, and no other control character nor sign that nobody sees does.
fn written(message: &str) -> String {
    let lines = message.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = visible(&lines).filter(|c| !c.is_control() || *c == '\n').nfc().collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c06_an_agency_is_asked_for_another_address_by_an_address_or_in_words() {
        let current = EmailAddress::parse("anne@free.fr").expect("an address");
        let read = |email, message| AddressRequest::parse(email, message, &current);
        let asked = read(" anne@sfr.fr\u{200b}", "").expect("an address is enough");
        assert_eq!(asked.new_email.as_ref().map(EmailAddress::as_str), Some("anne@sfr.fr"));
        let asked = read("", " Bonjour,\r\nmerci.\u{7}\u{202e} ").expect("words are enough");
        assert_eq!((asked.new_email, asked.message.as_str()), (None, "Bonjour,\nmerci."));
        assert_eq!(read(" ", "\r\n\u{200b}"), Err(AddressRequestError::Nothing));
        assert_eq!(read("ANNE@free.fr", "x"), Err(AddressRequestError::Same));
        assert_eq!(read("anne@sfr", "x"), Err(AddressRequestError::Email(EmailError::Malformed)));
        let longest = "é".repeat(LONGEST_MESSAGE as usize);
        let longer = format!("{longest}é");
        assert!(AddressRequest::parse("", &longest, &current).is_ok());
        assert_eq!(AddressRequest::parse("", &longer, &current), Err(AddressRequestError::TooLong));
    }
}
