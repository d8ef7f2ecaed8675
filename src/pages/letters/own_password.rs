use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{AWKWARD, url};

/// Tells that an account has a password of its own from now on, or none any more (004, b19).
#[derive(Debug, Clone, Serialize)]
pub struct OwnPassword {
    /// The old identifier, masked.
    pub account: String,
    /// Whether it has one.
    pub own: bool,
    /// The account page.
    pub account_url: String,
    /// Where a forgotten password is asked for.
    pub reset_url: String,
}

impl Letter for OwnPassword {
    const TEMPLATE: &'static str = "mail/own_password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, account, own) in
            [("calm", "du****23", true), ("back", "du****23", false), ("awkward", AWKWARD, true)]
        {
            let (account_url, reset_url) = (url("/account"), url("/forgotten"));
            show(state, &Self { account: account.to_owned(), own, account_url, reset_url });
        }
    }
}
