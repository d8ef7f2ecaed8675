use serde::Serialize;

use super::{Codes, FieldError};
use crate::pages::Page;
use crate::pages::sample::awkward;

/// "Mot de passe oublié ?" (000, 001, c10).
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenPage {
    /// The agency that was being entered.
    pub codes: Codes,
    /// What was typed.
    pub login: String,
    /// What is wrong with it.
    pub error: Option<FieldError>,
}

impl Page for ForgottenPage {
    const TEMPLATE: &'static str = "portal/forgotten";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("calm", &Self { codes: Codes::sample(), login: String::new(), error: None });
        for error in FieldError::about(&["login-"]) {
            show(error.name, &Self { codes: Codes::sample(), login: String::new(), error: Some(error) });
        }
        show("awkward", &Self { codes: Codes::awkward(), login: awkward(), error: None });
    }
}
