//! The page of a form that could not be taken, with what was typed into it (REL-015).

use super::fields::Fields;
use crate::domain::agency_code::AgencyCode;
use crate::pages::portal::{AgainPage, CarriedText, MessageName, TypedText};

/// Fields that somebody types into, each with the key of its label, as far as they may stand on a page.
const TEXTS: [(&str, &str); 5] = [
    ("login", "login"),
    ("email", "email"),
    ("confirmation", "change-email-again"),
    ("message", "address-request-message"),
    ("code", "proof-code"),
];

/// What a form carries along; whatever is not named here is left out.
const CARRIED: [&str; 12] =
    ["client", "societe", "return", "back", "by", "keep", "given", "account", "secret", "who", "digest", "email_seen"];

/// The form's agency, and the page with everything but its passwords; none where nobody has typed anything but those.
pub(super) fn again(fields: &Fields, name: MessageName, action: &str) -> Option<(Option<AgencyCode>, AgainPage)> {
    // Beside a new password, it is that password once more.
    let is_secret = |name: &str| name == "confirmation" && !fields.has("email");
    let typed: Vec<TypedText> = TEXTS
        .into_iter()
        .filter(|(name, _)| !fields.is_empty(name) && !is_secret(name))
        .map(|(name, label)| TypedText { name, label, text: fields.text(name).to_owned() })
        .collect();
    let carried = CARRIED.into_iter().filter(|name| fields.has(name));
    let carried = carried.map(|name| CarriedText { name, text: fields.text(name).to_owned() }).collect();
    let left_out = fields.has("password") || fields.has("current");
    let agency = AgencyCode::parse(fields.text("client"), fields.text("societe"));
    (!typed.is_empty()).then(|| (agency, AgainPage { name, action: action.to_owned(), typed, carried, left_out }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_015_everything_typed_is_on_the_page_again_and_no_password_nor_anything_that_is_not_known() {
        let sent = |pairs: &[(&str, &str)]| again(&Fields::of(pairs), MessageName::Unavailable, "/x");
        let (_, page) = sent(&[
            ("csrf", "c"),
            ("email", "a@x.fr"),
            ("confirmation", "a@x.fr"),
            ("message", "Bonjour,\r\nmerci."),
            ("current", "s3cret"),
            ("secret", "of-a-link"),
            ("else", "no"),
        ])
        .expect("a page");
        let typed: Vec<(&str, &str)> = page.typed.iter().map(|typed| (typed.name, &*typed.text)).collect();
        assert_eq!(typed, [("email", "a@x.fr"), ("confirmation", "a@x.fr"), ("message", "Bonjour,\r\nmerci.")]);
        assert_eq!(page.carried, [CarriedText { name: "secret", text: "of-a-link".to_owned() }]);
        assert!(page.left_out);
        let passwords = [("current", "s3cret"), ("password", "s3cret"), ("confirmation", "s3cret"), ("noted", "on")];
        assert!(sent(&passwords).is_none(), "there is nothing but passwords: the page itself is shown instead");
    }
}
