use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::proofs;
use crate::pages::scene::{Scene, Setting};

/// Tells somebody who has an account already how to attach another agency's account to it (b16, f03).
#[derive(Debug, Clone, Serialize)]
pub struct AlreadyAccount {
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

impl Letter for AlreadyAccount {
    const TEMPLATE: &'static str = "mail/already_account";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, link, code) in proofs() {
            show(state, &Self { account: "du****23".to_owned(), link, code, code_minutes: 10, link_minutes: 60 });
        }
    }

    fn scene(&self) -> Scene {
        Scene::default().under(Setting::proof(self.link.is_some(), self.code.is_some()))
    }
}
