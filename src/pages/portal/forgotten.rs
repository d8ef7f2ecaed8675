use serde::Serialize;

use super::{Codes, FieldError};
use crate::pages::Page;
use crate::pages::sample::awkward;

/// "Mot de passe oublié ?" (000, 001, c10).
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenPage {
    /// The agency that was being entered; without one an e-mail address is asked for.
    pub codes: Option<Codes>,
    /// The way back.
    pub sign_in_url: String,
    /// What was typed.
    pub login: String,
    /// What is wrong with it.
    pub error: Option<FieldError>,
}

impl Page for ForgottenPage {
    const TEMPLATE: &'static str = "portal/forgotten";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let sign_in_url = "/login?client=SPI31&societe=01".to_owned();
        let calm = Self { codes: Some(Codes::sample()), sign_in_url, login: String::new(), error: None };
        show("calm", &calm);
        show("by-email", &Self { codes: None, sign_in_url: "/".to_owned(), ..calm.clone() });
        for error in FieldError::about(&["login-"]) {
            show(error.name, &Self { error: Some(error), ..calm.clone() });
        }
        let codes = Some(Codes::awkward());
        show("awkward", &Self { codes, sign_in_url: "javascript:alert(1)".to_owned(), login: awkward(), error: None });
    }
}
