use serde::Serialize;

use super::AlsoAt;
use crate::pages::Letter;
use crate::pages::sample::{WRITTEN, awkward, url};

/// Tells the old address that it was replaced, and how that is held or undone (c07, LAW-006).
#[derive(Debug, Clone, Serialize)]
pub struct EmailChanged {
    /// The new address, masked.
    pub new_email: String,
    /// When, written out in Paris time.
    pub at: String,
    /// The page of « Ce n'est pas moi ».
    pub not_me_url: Option<String>,
    /// The person's other agencies.
    pub agencies: Vec<AlsoAt>,
}

impl Letter for EmailChanged {
    const TEMPLATE: &'static str = "mail/email_changed";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, not_me_url) in [("calm", None), ("not-me", Some(url("/not-me?s=Zm9vYmFy")))] {
            let (new_email, at) = ("am****@courriel.example".to_owned(), WRITTEN.to_owned());
            let calm = Self { new_email, at, not_me_url, agencies: Vec::new() };
            show(state, &calm);
            if state == "calm" {
                show("several-agencies", &Self { agencies: AlsoAt::samples(), ..calm.clone() });
            }
            show(&format!("{state}-awkward"), &Self { new_email: awkward(), ..calm });
        }
    }
}
