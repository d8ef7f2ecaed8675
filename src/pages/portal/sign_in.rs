use serde::Serialize;

use super::{Alert, Codes};
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};

/// The login page (000, c01).
#[derive(Debug, Clone, Serialize)]
pub struct SignInPage {
    /// The agency that is entered.
    pub codes: Codes,
    /// Whether its residents sign in with their old identifiers (004).
    pub keeps_identifier: bool,
    /// The path in the extranet to return to.
    pub return_to: String,
    /// The page of ours to come back to instead.
    pub back: Option<String>,
    /// What was typed as identifier.
    pub login: String,
    /// Whether "Garder ma session active" was ticked.
    pub keep: bool,
    /// Where another agency of the same host is chosen, if there are others.
    pub other_agency: Option<String>,
    /// « Mon agence m'a donné un nouveau mot de passe ».
    pub given: Given,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// The form for a password that the agency gave out anew: below every refusal, whoever was refused (f03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Given {
    /// Nothing was refused yet.
    Hidden,
    /// It stands below the refusal, folded.
    Closed,
    /// It is what was refused.
    Open,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "portal/sign_in";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            codes: Codes::sample(),
            keeps_identifier: false,
            return_to: "/documents".to_owned(),
            back: None,
            login: String::new(),
            keep: false,
            other_agency: None,
            given: Given::Hidden,
            alert: None,
        };
        show("calm", &calm);
        show("keeps-identifier", &Self { keeps_identifier: true, ..calm.clone() });
        show("given", &Self { given: Given::Closed, alert: Some(Alert::OldCredentials), ..calm.clone() });
        for (state, alert) in Alert::each() {
            show(&state, &Self { login: LONG_EMAIL.to_owned(), keep: true, alert: Some(alert), ..calm.clone() });
        }
        show(
            "awkward",
            &Self {
                codes: Codes::awkward(),
                keeps_identifier: false,
                return_to: awkward(),
                back: Some(awkward()),
                login: awkward(),
                keep: true,
                other_agency: Some("javascript:alert(1)".to_owned()),
                given: Given::Open,
                alert: Some(Alert::SignInRefused),
            },
        );
    }
}
