//! What a browser keeps for us under its own secret. What it says there about itself gives it nothing but another page,
//! and nobody else can say it.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::domain::secret::Secret;

/// A keyed digest of a text, worth nothing in another browser or for another purpose: what one purpose begins with, no
/// other does.
///
/// # Panics
/// Never: HMAC takes keys of any length.
#[must_use]
pub fn under(browser: &Secret, purpose: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(browser.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(purpose.as_bytes());
    mac.update(text.as_bytes());
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// The text with its seal, as a cookie carries it.
#[must_use]
pub fn seal(browser: &Secret, purpose: &str, text: &str) -> String {
    format!("{text}.{}", under(browser, purpose, text))
}

/// The text, if this browser was given it for this purpose.
#[must_use]
pub fn open<'a>(browser: &Secret, purpose: &str, sealed: &'a str) -> Option<&'a str> {
    let (text, seal) = sealed.rsplit_once('.')?;
    Secret::new(under(browser, purpose, text)).matches(&Secret::new(seal)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_opens_in_its_browser_and_for_its_purpose_only() {
        let (browser, other) = (Secret::new("a"), Secret::new("b"));
        let sealed = seal(&browser, "answer", "1.2");
        assert_eq!(open(&browser, "answer", &sealed), Some("1.2"));
        assert_eq!(open(&other, "answer", &sealed), None);
        assert_eq!(open(&browser, "refusals", &sealed), None);
        assert_eq!(open(&browser, "answer", &sealed.replace("1.2", "1.3")), None);
        assert_eq!(open(&browser, "answer", "1"), None);
    }
}
