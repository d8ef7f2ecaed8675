use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::AWKWARD;

/// Tells the address that the agency knows that another one was chosen for an account (b23).
#[derive(Debug, Clone, Serialize)]
pub struct AddressChosen {
    /// The old identifier, masked.
    pub account: String,
}

impl Letter for AddressChosen {
    const TEMPLATE: &'static str = "mail/address_chosen";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, account) in [("calm", "du****23"), ("awkward", AWKWARD)] {
            show(state, &Self { account: account.to_owned() });
        }
    }
}
