use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::AWKWARD;
use crate::pages::scene::{Place, Scene};

/// What is kept about a resident and why (RGPD 12 to 14): the agency's text, or ours.
#[derive(Debug, Clone, Serialize)]
pub struct PrivacyPage {
    /// For how many months the trace is kept at most.
    pub audit_months: u32,
    /// For how many days a letter is known.
    pub letter_days: i64,
    /// For how many days a device is known.
    pub device_days: u16,
    /// The agency's name.
    pub agency: String,
}

impl Page for PrivacyPage {
    const TEMPLATE: &'static str = "portal/privacy";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, agency) in [("calm", "Mon compte immobilier"), ("awkward", AWKWARD)] {
            show(state, &Self { agency: agency.to_owned(), audit_months: 12, letter_days: 90, device_days: 180 });
        }
    }

    fn scene(&self) -> Scene {
        Scene::at(Place::Portal)
    }
}
