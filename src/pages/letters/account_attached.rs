use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{AWKWARD, url};

/// Tells that another agency's account was attached (SEC-216).
#[derive(Debug, Clone, Serialize)]
pub struct AccountAttached {
    /// The old identifier, masked.
    pub account: String,
    /// The account page.
    pub account_url: String,
}

impl Letter for AccountAttached {
    const TEMPLATE: &'static str = "mail/account_attached";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, account) in [("calm", "du****23"), ("awkward", AWKWARD)] {
            show(state, &Self { account: account.to_owned(), account_url: url("/account") });
        }
    }
}
