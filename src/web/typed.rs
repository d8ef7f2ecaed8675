//! What was typed into a form that could not be taken, for the page that says so (REL-015).

use std::sync::{Arc, Mutex, PoisonError};

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

/// The fields of a form on their way to the answer; empty until its token was found right.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed(Arc<Mutex<Option<Fields>>>);

impl Typed {
    /// Keeps what was sent.
    pub(super) fn keep(&self, fields: &Fields) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fields.clone());
    }

    /// The form's agency, and the page with everything but its passwords; none where nobody has typed anything but those.
    pub(super) fn again(&self, name: MessageName, action: &str) -> Option<(Option<AgencyCode>, AgainPage)> {
        let fields = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
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
}
