use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::awkward;

/// "Si un compte existe…": one answer for every address (f03, LAW-010).
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenSentPage {
    /// The way back.
    pub sign_in_url: String,
    /// How long the link lives, minutes; unsaid where that depends on whose address it is.
    pub link_minutes: Option<u64>,
}

impl Page for ForgottenSentPage {
    const TEMPLATE: &'static str = "portal/forgotten_sent";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("calm", &Self { sign_in_url: "/login?client=SPI31&societe=01".to_owned(), link_minutes: Some(60) });
        show("by-email", &Self { sign_in_url: "/".to_owned(), link_minutes: None });
        show("awkward", &Self { sign_in_url: awkward(), link_minutes: Some(1440) });
    }
}
