use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::awkward;

/// Tells the address that the agency knows that another one was chosen for an account (b23).
#[derive(Debug, Clone, Serialize)]
pub struct AddressChosen {
    /// The old identifier, masked.
    pub account: String,
}

impl Letter for AddressChosen {
    const TEMPLATE: &'static str = "mail/address_chosen";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("awkward", &Self { account: awkward() });
    }
}
