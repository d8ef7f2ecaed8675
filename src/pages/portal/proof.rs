use serde::Serialize;

use super::{Alert, Progress};
use crate::pages::Page;
use crate::pages::sample::awkward;

/// Waits for the letter to be answered: a code to type, or a link to open (000, 001, 004).
#[derive(Debug, Clone, Serialize)]
pub struct ProofPage {
    /// Which form this is: `/migration/proof` or `/account/email/proof`.
    pub action: &'static str,
    /// The address that the letter went to.
    pub email: String,
    /// Whether a code can be typed here.
    pub code: bool,
    /// Whether a link was sent.
    pub link: bool,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
    /// Seconds until "Renvoyer l'e-mail" is open again.
    pub resend_in: u64,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is, if it is.
    pub progress: Option<Progress>,
}

impl Page for ProofPage {
    const TEMPLATE: &'static str = "portal/proof";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            action: "/migration/proof",
            email: "durand@tilleuls.example".to_owned(),
            code: true,
            link: true,
            code_minutes: 10,
            link_minutes: 60,
            resend_in: 60,
            alert: None,
            progress: Some(Progress::sample(4)),
        };
        show("calm", &calm);
        show("link", &Self { code: false, resend_in: 0, ..calm.clone() });
        let progress = Some(Progress::sample_numbered(2));
        show("code", &Self { link: false, code_minutes: 30, progress, ..calm.clone() });
        show("code-again", &Self { link: false, code_minutes: 30, resend_in: 0, ..calm.clone() });
        for (state, alert) in Alert::each() {
            show(&state, &Self { alert: Some(alert), resend_in: 0, ..calm.clone() });
        }
        let action = "/account/email/proof";
        show("awkward", &Self { action, email: awkward(), link_minutes: 1440, progress: None, ..calm });
    }
}
