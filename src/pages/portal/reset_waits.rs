use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::{WRITTEN, awkward};

/// The reset link of a fresh address, before its time (LAW-006).
#[derive(Debug, Clone, Serialize)]
pub struct ResetWaitsPage {
    /// From when it works, written out.
    pub opens_at: String,
}

impl Page for ResetWaitsPage {
    const TEMPLATE: &'static str = "portal/reset_waits";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("calm", &Self { opens_at: WRITTEN.to_owned() });
        show("awkward", &Self { opens_at: awkward() });
    }
}
