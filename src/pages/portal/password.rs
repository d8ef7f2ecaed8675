use serde::Serialize;

use super::{Alert, Criterion, FieldError, PASSWORDS, Progress};
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};

/// Asks for the new password, twice (000, 004, b13).
#[derive(Debug, Clone, Serialize)]
pub struct PasswordPage {
    /// The address that the password will belong to.
    pub email: String,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// What is wrong with the password.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "portal/password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            email: "durand@tilleuls.example".to_owned(),
            criteria: Criterion::samples(),
            error: None,
            alert: None,
            progress: Some(Progress::sample(3)),
        };
        show("calm", &calm);
        for error in FieldError::about(PASSWORDS) {
            show(error.name, &Self { email: LONG_EMAIL.to_owned(), error: Some(error.clone()), ..calm.clone() });
        }
        show("awkward", &Self { email: awkward(), criteria: Vec::new(), progress: None, ..calm });
    }
}
