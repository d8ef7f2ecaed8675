use serde::Serialize;

use super::{Alert, FieldError};
use crate::pages::Page;
use crate::pages::sample::awkward;

/// Changes the e-mail address: the new one twice and the current password (000 II.A, c06).
#[derive(Debug, Clone, Serialize)]
pub struct ChangeEmailPage {
    /// What was typed as new address.
    pub email: String,
    /// What was typed to confirm it.
    pub confirmation: String,
    /// What is wrong with the addresses.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for ChangeEmailPage {
    const TEMPLATE: &'static str = "portal/change_email";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self { email: String::new(), confirmation: String::new(), error: None, alert: None };
        show("calm", &calm);
        show("wrong-password", &Self { alert: Some(Alert::WrongPassword), ..calm });
        for error in FieldError::about(&["email-", "emails-"]) {
            let state = error.name;
            show(state, &Self { email: awkward(), confirmation: awkward(), error: Some(error), alert: None });
        }
    }
}
