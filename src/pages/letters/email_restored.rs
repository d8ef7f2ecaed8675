use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{AWKWARD, WRITTEN};

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
        for (state, email) in [("calm", "du****@tilleuls.example"), ("awkward", AWKWARD)] {
            show(state, &Self { email: email.to_owned(), at: WRITTEN.to_owned() });
        }
    }
}
