use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{AWKWARD, url};

/// Tells who asked for a new password, and has not migrated yet, how the first sign-in goes (004, c13).
#[derive(Debug, Clone, Serialize)]
pub struct FirstSignIn {
    /// The agency's sign-in page.
    pub sign_in_url: String,
}

impl Letter for FirstSignIn {
    const TEMPLATE: &'static str = "mail/first_sign_in";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("calm", &Self { sign_in_url: url("/login?client=SPI31&societe=01") });
        show("awkward", &Self { sign_in_url: AWKWARD.to_owned() });
    }
}
