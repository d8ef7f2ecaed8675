use serde::Serialize;

use super::Codes;
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};
use crate::pages::scene::{Place, Scene};

/// Somebody is signed in, and has no account at the agency whose link was followed (SEC-017): as whom, and the ways on.
#[derive(Debug, Clone, Serialize)]
pub struct NoAccountHerePage {
    /// The address of who is signed in.
    pub email: String,
    /// Where an account at this agency is attached; nowhere by who has one account only, by a password of its own.
    pub attach_url: Option<String>,
    /// The agency, where somebody else signs in instead.
    pub codes: Codes,
    /// The path in the extranet to return to.
    pub return_to: String,
}

impl Page for NoAccountHerePage {
    const TEMPLATE: &'static str = "portal/no_account_here";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            email: "durand@tilleuls.example".to_owned(),
            attach_url: Some("/login?client=SPI31&societe=01&attach=1".to_owned()),
            codes: Codes::sample(),
            return_to: "/".to_owned(),
        };
        show("calm", &calm);
        show("part", &Self { attach_url: None, ..calm.clone() });
        show("long-address", &Self { email: LONG_EMAIL.to_owned(), ..calm });
        let attach_url = Some("javascript:alert(1)".to_owned());
        show("awkward", &Self { email: awkward(), attach_url, codes: Codes::awkward(), return_to: awkward() });
    }

    fn scene(&self) -> Scene {
        Scene::signed_in_at(Place::Agency)
    }
}
