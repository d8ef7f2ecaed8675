use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::proofs;
use crate::pages::scene::{Scene, Setting};

/// Confirms a changed address, sent to the new one (000 II.A, c06).
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmNewEmail {
    /// The page that shows the button, where links are sent.
    pub link: Option<String>,
    /// Eight digits, where codes are sent.
    pub code: Option<String>,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
}

impl Letter for ConfirmNewEmail {
    const TEMPLATE: &'static str = "mail/confirm_new_email";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, link, code) in proofs() {
            show(state, &Self { link, code, code_minutes: 10, link_minutes: 60 });
        }
    }

    fn scene(&self) -> Scene {
        Scene::default().under(Setting::proof(self.link.is_some(), self.code.is_some()))
    }
}
