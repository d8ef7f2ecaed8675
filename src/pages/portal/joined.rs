use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Scene, Setting};

/// "Compte associé ✓" (000 I.B).
#[derive(Debug, Clone, Serialize)]
pub struct JoinedPage {
    /// The agency whose account was attached.
    pub agency: String,
    /// Whether its residents sign in with their old identifiers (004).
    pub keeps_identifier: bool,
}

impl Page for JoinedPage {
    const TEMPLATE: &'static str = "portal/joined";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let agency = || "Agence des Tilleuls".to_owned();
        show("calm", &Self { agency: agency(), keeps_identifier: false });
        show("keeps-identifier", &Self { agency: agency(), keeps_identifier: true });
        show("awkward", &Self { agency: awkward(), keeps_identifier: false });
    }

    fn scene(&self) -> Scene {
        Scene::default().under(Setting::identifier(self.keeps_identifier))
    }
}
