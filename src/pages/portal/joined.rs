use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::awkward;

/// "Compte associé ✓" (000 I.B).
#[derive(Debug, Clone, Serialize)]
pub struct JoinedPage {
    /// The agency whose account was attached.
    pub agency: String,
}

impl Page for JoinedPage {
    const TEMPLATE: &'static str = "portal/joined";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("calm", &Self { agency: "Agence des Tilleuls".to_owned() });
        show("awkward", &Self { agency: awkward() });
    }
}
