use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{awkward, url};

/// Tells the address that is there that its agency was asked for another one (003).
#[derive(Debug, Clone, Serialize)]
pub struct AddressRequested {
    /// The one that is wanted, masked.
    pub new_email: Option<String>,
    /// Where a new password is asked for.
    pub reset_url: String,
}

impl Letter for AddressRequested {
    const TEMPLATE: &'static str = "mail/address_requested";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let reset_url = url("/forgotten?client=SPI31&societe=01");
        let calm = Self { new_email: Some("am****@courriel.example".to_owned()), reset_url };
        show("calm", &calm);
        show("no-address", &Self { new_email: None, ..calm.clone() });
        show("awkward", &Self { new_email: Some(awkward()), ..calm });
    }
}
