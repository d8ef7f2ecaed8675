use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{AWKWARD, url};

/// Tells that the person's other accounts at the agency were attached with the first one (004).
#[derive(Debug, Clone, Serialize)]
pub struct AccountsAttached {
    /// The old identifiers, masked.
    pub accounts: Vec<String>,
    /// The account page.
    pub account_url: String,
}

impl Letter for AccountsAttached {
    const TEMPLATE: &'static str = "mail/accounts_attached";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let of = |accounts: &[&str]| Self {
            accounts: accounts.iter().map(|account| (*account).to_owned()).collect(),
            account_url: url("/account"),
        };
        show("calm", &of(&["L2****02", "pa****-7"]));
        show("one", &of(&["L2****02"]));
        show("awkward", &of(&[AWKWARD]));
    }
}
