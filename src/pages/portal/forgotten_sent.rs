use serde::Serialize;

use super::Codes;
use crate::pages::Page;

/// "Si un compte existe…": one answer for every address (f03, LAW-010).
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenSentPage {
    /// The agency that was being entered.
    pub codes: Codes,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
}

impl Page for ForgottenSentPage {
    const TEMPLATE: &'static str = "portal/forgotten_sent";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("calm", &Self { codes: Codes::sample(), link_minutes: 60 });
        show("awkward", &Self { codes: Codes::awkward(), link_minutes: 1440 });
    }
}
