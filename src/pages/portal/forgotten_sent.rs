use serde::Serialize;

use super::{Alert, Codes};
use crate::domain::policy::ProofMethod;
use crate::pages::Page;
use crate::pages::sample::awkward;

/// "Si un compte existe…": one answer for every address (f03, LAW-010), and the form for the code where the letter may
/// have one (004, c11).
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenSentPage {
    /// The way back.
    pub sign_in_url: String,
    /// What the letter has, if there is one.
    pub sends: Sends,
    /// The agency that was being entered; none where an address was enough.
    pub codes: Option<Codes>,
    /// What was typed.
    pub login: String,
    /// What was typed as linked address, where identifiers are kept.
    pub email: String,
    /// How long the code lives, minutes; unsaid where that depends on whose address it is.
    pub reset_code_minutes: Option<u64>,
    /// How long the link lives, minutes; unsaid where that depends on whose address it is.
    pub link_minutes: Option<u64>,
    /// Seconds until « Recevoir un nouveau code » is open again.
    pub resend_in: u64,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// What the letter of a reset has, as far as that can be said without knowing whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sends {
    /// A link.
    Link,
    /// A code.
    Code,
    /// Both.
    Both,
    /// One of them or both.
    Either,
}

impl From<ProofMethod> for Sends {
    fn from(method: ProofMethod) -> Self {
        match method {
            ProofMethod::Link => Self::Link,
            ProofMethod::Code => Self::Code,
            ProofMethod::Both => Self::Both,
        }
    }
}

impl Page for ForgottenSentPage {
    const TEMPLATE: &'static str = "portal/forgotten_sent";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            sign_in_url: "/login?client=SPI31&societe=01".to_owned(),
            sends: Sends::Both,
            codes: Some(Codes::sample()),
            login: "durand@tilleuls.example".to_owned(),
            email: String::new(),
            reset_code_minutes: Some(10),
            link_minutes: Some(60),
            resend_in: 60,
            alert: None,
        };
        show("calm", &calm);
        show("link", &Self { sends: Sends::Link, ..calm.clone() });
        show("code", &Self { sends: Sends::Code, resend_in: 0, ..calm.clone() });
        let (login, email) = ("C10042".to_owned(), calm.login.clone());
        show("keeps-identifier", &Self { sends: Sends::Code, login, email, ..calm.clone() });
        let by_email =
            Self { sign_in_url: "/".to_owned(), codes: None, reset_code_minutes: None, link_minutes: None, ..calm };
        show("by-email", &Self { sends: Sends::Either, ..by_email.clone() });
        for (state, resend_in, alert) in
            [("refused", 0, Alert::ResetCodeRefused), ("again", 60, Alert::ResetAskedAgain)]
        {
            show(state, &Self { alert: Some(alert), resend_in, sends: Sends::Either, ..by_email.clone() });
        }
        let codes = Some(Codes::awkward());
        let awkward = Self {
            sign_in_url: awkward(),
            codes,
            login: awkward(),
            email: awkward(),
            link_minutes: Some(1440),
            ..by_email
        };
        show("awkward", &awkward);
    }
}
