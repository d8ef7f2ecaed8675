//! The words by which an address, or a field of a form, says that it is there for leaving.

use super::form_data::Field;
use super::text::folded;

/// Whether an address says itself that it is there for leaving: what is asked for so is no page that happens to be asked
/// for after the session's end.
#[must_use]
pub fn speaks_of_leaving(target: &str) -> bool {
    const WORDS: [&str; 10] = [
        "logout",
        "logoff",
        "signout",
        "signoff",
        "loggedout",
        "disconnect",
        "deconnect",
        "deconnexion",
        "deconnection",
        "abmeld",
    ];
    let decoded = percent_encoding::percent_decode_str(target).decode_utf8_lossy();
    let bare: String = folded(&decoded).chars().filter(|sign| !matches!(sign, '-' | '_' | ' ' | '+')).collect();
    WORDS.iter().any(|word| bare.contains(word))
}

/// Whether a field of a form says so: by its name, or by a few words.
#[must_use]
pub fn is_field_of_leaving(field: &Field) -> bool {
    const FEW: usize = 60;
    let says = |text: &str| text.len() <= FEW && speaks_of_leaving(text);
    says(&field.name) || says(&field.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f6_an_address_says_that_it_is_for_leaving() {
        for target in
            ["/?_task=logout&_token=x", "/app/Log-Out", "/d%C3%A9connexion", "/x?a=sign_out", "/Account/LogOff"]
        {
            assert!(speaks_of_leaving(target), "{target}");
        }
        for target in ["/", "/catalogue", "/blog/outils", "/connexion"] {
            assert!(!speaks_of_leaving(target), "{target}");
        }
    }
}
