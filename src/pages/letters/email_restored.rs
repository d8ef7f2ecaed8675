use serde::Serialize;

use super::AlsoAt;
use crate::pages::Letter;
use crate::pages::sample::{AWKWARD, WRITTEN, url};

/// Tells both addresses that a change of address was undone.
#[derive(Debug, Clone, Serialize)]
pub struct EmailRestored {
    /// The address that is valid again, masked.
    pub email: String,
    /// When, written out in Paris time.
    pub at: String,
    /// Where a new password is asked for.
    pub reset_url: String,
    /// The person's other agencies.
    pub agencies: Vec<AlsoAt>,
}

impl Letter for EmailRestored {
    const TEMPLATE: &'static str = "mail/email_restored";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, email) in [("calm", "du****@tilleuls.example"), ("awkward", AWKWARD)] {
            let (email, at, reset_url) = (email.to_owned(), WRITTEN.to_owned(), url("/forgotten"));
            let calm = Self { email, at, reset_url, agencies: Vec::new() };
            show(state, &calm);
            if state == "calm" {
                show("several-agencies", &Self { agencies: AlsoAt::samples(), ..calm });
            }
        }
    }
}
