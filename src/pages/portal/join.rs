use serde::Serialize;

use super::Alert;
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};

/// Asks for the password of the account that exists, to attach this agency's account to it (000 I.B, b16).
#[derive(Debug, Clone, Serialize)]
pub struct JoinPage {
    /// The address of the account that exists, as it was typed or proven.
    pub email: String,
    /// Whether the address can still be typed ("J'ai déjà un compte").
    pub email_open: bool,
    /// Whether the agency's residents sign in with their old identifiers (004).
    pub keeps_identifier: bool,
    /// Whether the address was proven, and two people may share it (b18).
    pub may_be_two: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl JoinPage {
    /// « J'ai déjà un compte »: what was typed is typed again.
    #[must_use]
    pub const fn open(email: String, keeps_identifier: bool, alert: Option<Alert>) -> Self {
        Self { email, email_open: true, keeps_identifier, may_be_two: false, alert }
    }
}

impl Page for JoinPage {
    const TEMPLATE: &'static str = "portal/join";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let open = Self::open(String::new(), true, None);
        show("keeps-identifier", &open);
        let calm = Self { email: LONG_EMAIL.to_owned(), email_open: false, keeps_identifier: false, ..open };
        show("calm", &calm);
        show("proven", &Self { may_be_two: true, ..calm.clone() });
        let alert = Some(Alert::WrongPassword);
        show("wrong-password", &Self { email: awkward(), email_open: true, alert, ..calm.clone() });
        show("awkward", &Self { email: awkward(), ..calm });
    }
}
