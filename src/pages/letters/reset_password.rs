use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{WRITTEN, url};

/// Leads to the page of the new password (000 II.C, 001 IV).
#[derive(Debug, Clone, Serialize)]
pub struct ResetPassword {
    /// The page of the new password.
    pub link: String,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
    /// From when it works, written out, where the address is fresh (LAW-006).
    pub opens_at: Option<String>,
}

impl Letter for ResetPassword {
    const TEMPLATE: &'static str = "mail/reset_password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, opens_at) in [("calm", None), ("waits", Some(WRITTEN.to_owned()))] {
            show(state, &Self { link: url("/confirm/Zm9vYmFy?x=1&y=2"), link_minutes: 60, opens_at });
        }
    }
}
