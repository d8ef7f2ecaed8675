use serde::Serialize;

use super::{Alert, Codes};
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene};
use crate::pages::{Page, terms_html};

/// The terms of use, to be accepted before anything is shown (000, c02, c03).
#[derive(Debug, Clone, Serialize)]
pub struct TermsPage {
    /// The text, as HTML that was made from the agency's file when it was loaded; trusted.
    pub text: String,
    /// The version, as printed.
    pub version: String,
    /// The path in the extranet to return to.
    pub return_to: String,
    /// The agency that is entered.
    pub codes: Codes,
    /// The digest of the text that is shown, so that no other text is accepted by mistake (LAW-016).
    pub digest: String,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for TermsPage {
    const TEMPLATE: &'static str = "portal/terms";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            text: terms_html(include_str!("../../../config/terms/sample-fr.txt")),
            version: "2026-01".to_owned(),
            return_to: "/documents".to_owned(),
            codes: Codes::sample(),
            digest: "ab12".to_owned(),
            alert: None,
        };
        show("calm", &calm);
        let alert = Some(Alert::TermsNotAccepted);
        show("terms-not-accepted", &Self { alert, ..calm.clone() });
        let (version, return_to, codes) = (awkward(), awkward(), Codes::awkward());
        show("awkward", &Self { version, return_to, codes, ..calm });
    }

    fn scene(&self) -> Scene {
        Scene::signed_in_at(Place::Agency)
    }
}
