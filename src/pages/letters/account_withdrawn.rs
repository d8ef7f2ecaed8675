use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{AWKWARD, url};

/// Tells that the agency took an account back, or that somebody else has its identifier now (SEC-017).
#[derive(Debug, Clone, Serialize)]
pub struct AccountWithdrawn {
    /// The old identifier, masked.
    pub account: String,
    /// The account page.
    pub account_url: String,
}

impl Letter for AccountWithdrawn {
    const TEMPLATE: &'static str = "mail/account_withdrawn";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, account) in [("calm", "du****23"), ("awkward", AWKWARD)] {
            show(state, &Self { account: account.to_owned(), account_url: url("/account") });
        }
    }
}
