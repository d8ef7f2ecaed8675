use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{awkward, proofs};
use crate::pages::scene::{Scene, Setting};

/// Confirms the address given in the wizard, with link and code (000, 001, 004).
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmAddress {
    /// The old identifier, masked.
    pub account: String,
    /// The page that shows the button, where links are sent.
    pub link: Option<String>,
    /// Eight digits, where codes are sent.
    pub code: Option<String>,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
}

impl Letter for ConfirmAddress {
    const TEMPLATE: &'static str = "mail/confirm_address";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, link, code) in proofs() {
            let calm = Self { account: "du****23".to_owned(), link, code, code_minutes: 10, link_minutes: 60 };
            show(state, &calm);
            show(&format!("{state}-awkward"), &Self { account: awkward(), ..calm });
        }
    }

    fn scene(&self) -> Scene {
        Scene::default().under(Setting::proof(self.link.is_some(), self.code.is_some()))
    }
}
