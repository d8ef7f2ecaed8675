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
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for JoinPage {
    const TEMPLATE: &'static str = "portal/join";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("calm", &Self { email: LONG_EMAIL.to_owned(), email_open: false, alert: None });
        show("wrong-password", &Self { email: awkward(), email_open: true, alert: Some(Alert::WrongPassword) });
        show("awkward", &Self { email: awkward(), email_open: false, alert: None });
    }
}
