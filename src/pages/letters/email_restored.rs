use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{WRITTEN, awkward};

/// Tells both addresses that a change of address was undone.
#[derive(Debug, Clone, Serialize)]
pub struct EmailRestored {
    /// The address that is valid again, masked.
    pub email: String,
    /// When, written out in Paris time.
    pub at: String,
}

impl Letter for EmailRestored {
    const TEMPLATE: &'static str = "mail/email_restored";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("awkward", &Self { email: awkward(), at: WRITTEN.to_owned() });
    }
}
