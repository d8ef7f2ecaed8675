use serde::Serialize;

use crate::pages::Letter;
use crate::pages::sample::{LONG_EMAIL, awkward};

/// Tells the agency that a resident asks for another address, where it alone changes one (003).
#[derive(Debug, Clone, Serialize)]
pub struct AddressRequest {
    /// The identifier that the agency gave out.
    pub account: String,
    /// The address that is there.
    pub email: String,
    /// The one that is wanted.
    pub new_email: Option<String>,
    /// What the resident writes; empty where nothing was written.
    pub message: String,
}

impl Letter for AddressRequest {
    const TEMPLATE: &'static str = "mail/address_request";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            account: "C10023".to_owned(),
            email: "durand@tilleuls.example".to_owned(),
            new_email: Some("amelie.durand@courriel.example".to_owned()),
            message: String::new(),
        };
        show("calm", &calm);
        let message = "Bonjour,\nj'ai changé de fournisseur. Merci de me prévenir quand c'est fait.".to_owned();
        show("message", &Self { new_email: None, message, ..calm });
        let new_email = Some(LONG_EMAIL.to_owned());
        show("awkward", &Self { account: awkward(), email: awkward(), new_email, message: awkward() });
    }
}
