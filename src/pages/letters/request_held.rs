use serde::Serialize;

use super::AlsoAt;
use crate::pages::Letter;
use crate::pages::sample::{HELD, WRITTEN, awkward, url};

/// Tells that « Ce n'est pas moi » was pressed in another letter, and what waits because of it (decision 38).
#[derive(Debug, Clone, Serialize)]
pub struct RequestHeld {
    /// What: the end of the sentence's key.
    pub request: &'static str,
    /// The old identifier or the new address, masked; empty where there is none.
    pub about: String,
    /// Until when, written out in Paris time.
    pub until: String,
    /// Where a new password is asked for.
    pub reset_url: String,
    /// The person's other agencies.
    pub agencies: Vec<AlsoAt>,
}

impl Letter for RequestHeld {
    const TEMPLATE: &'static str = "mail/request_held";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for request in HELD {
            let about = match request {
                "run" => "du****23",
                "changed-password" => "",
                _ => "am****@courriel.example",
            };
            let (about, until) = (about.to_owned(), WRITTEN.to_owned());
            let calm = Self { request, about, until, reset_url: url("/forgotten"), agencies: Vec::new() };
            show(request, &calm);
            if request == "changed-password" {
                show("several-agencies", &Self { agencies: AlsoAt::samples(), ..calm.clone() });
            }
            show(&format!("{request}-awkward"), &Self { about: awkward(), ..calm });
        }
    }
}
