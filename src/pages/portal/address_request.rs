use serde::Serialize;

use super::{Alert, FieldError};
use crate::pages::Page;
use crate::pages::sample::{AWKWARD, awkward};
use crate::pages::scene::{Place, Scene, Setting};

/// Asks the agency to change the address, where it alone does (003).
#[derive(Debug, Clone, Serialize)]
pub struct AddressRequestPage {
    /// The address that is there.
    pub current: String,
    /// The agencies that are asked, or called.
    pub agencies: Vec<AskedAgency>,
    /// Whether one of them can be written to from here.
    pub can_be_sent: bool,
    /// What was typed as new address.
    pub email: String,
    /// What was written.
    pub message: String,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// An agency that alone changes the address, and how it is reached otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct AskedAgency {
    /// Its name.
    pub name: String,
    /// Where it is called.
    pub phone: Option<String>,
    /// Where it is written to.
    pub email: Option<String>,
    /// Where one reads on.
    pub url: Option<String>,
}

impl Page for AddressRequestPage {
    const TEMPLATE: &'static str = "portal/address_request";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let agency = AskedAgency {
            name: "Agence des Tilleuls".to_owned(),
            phone: Some("05 61 00 00 00".to_owned()),
            email: Some("contact@tilleuls.example".to_owned()),
            url: Some("https://tilleuls.example/aide".to_owned()),
        };
        let bare = AskedAgency { name: "Cabinet Riquet".to_owned(), phone: None, email: None, url: None };
        let calm = Self {
            current: "durand@tilleuls.example".to_owned(),
            agencies: vec![agency.clone()],
            can_be_sent: true,
            email: String::new(),
            message: String::new(),
            alert: None,
        };
        show("calm", &calm);
        show("several", &Self { agencies: vec![agency, bare.clone()], ..calm.clone() });
        show("no-contact", &Self { agencies: vec![bare], can_be_sent: false, ..calm.clone() });
        for error in FieldError::about(&["email-mal", "email-too", "email-u", "message-"]) {
            let email = if error.name == "email-malformed" { "amelie.durand@courriel" } else { "" };
            show(error.name, &Self { email: email.to_owned(), alert: Alert::about(vec![error]), ..calm.clone() });
        }
        show("requests-over", &Self { alert: Some(Alert::RequestsOver), ..calm.clone() });
        let url = Some("javascript:alert(1)".to_owned());
        let agencies =
            vec![AskedAgency { name: AWKWARD.to_owned(), phone: Some(awkward()), email: Some(awkward()), url }];
        show("awkward", &Self { current: awkward(), agencies, email: awkward(), message: awkward(), ..calm });
    }

    fn scene(&self) -> Scene {
        Scene::signed_in_at(Place::Portal).under(Setting::BY_AGENCY)
    }
}
