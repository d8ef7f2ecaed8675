use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{WRITTEN, proofs};

/// Leads to the page of the new password, by link or by code (000 II.C, 001 IV, 004).
#[derive(Debug, Clone, Serialize)]
pub struct ResetPassword {
    /// The page of the new password, where links are sent.
    pub link: Option<String>,
    /// Eight digits, where codes are sent.
    pub code: Option<String>,
    /// How long the code lives, minutes.
    pub reset_code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
    /// From when it works, written out, where the address is fresh (LAW-006).
    pub opens_at: Option<String>,
    /// Whose it may be, where several people read there: the page asks (b18).
    pub whose: Vec<Whose>,
    /// Who is greeted.
    pub names: Option<String>,
}

/// An account of somebody who reads at the letter's address.
#[derive(Debug, Clone, Serialize)]
pub struct Whose {
    /// The agency's name.
    pub agency: String,
    /// The identifier, masked.
    pub account: String,
}

impl Letter for ResetPassword {
    const TEMPLATE: &'static str = "mail/reset_password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, link, code) in proofs() {
            let calm = Self {
                link,
                code,
                reset_code_minutes: 10,
                link_minutes: 60,
                opens_at: None,
                whose: Vec::new(),
                names: None,
            };
            show(state, &calm);
            if state == "both" {
                let whose = ["C1***", "C2***"]
                    .map(|account| Whose { agency: "Agence des Tilleuls".to_owned(), account: account.to_owned() })
                    .to_vec();
                let names = Some("Amélie Dufour, Paul Dufour".to_owned());
                show("two-people", &Self { whose, names, ..calm.clone() });
            }
            if state == "link" {
                show("waits", &Self { opens_at: Some(WRITTEN.to_owned()), ..calm });
            }
        }
    }
}
