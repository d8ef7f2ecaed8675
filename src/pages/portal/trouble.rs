use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene, Setting};

/// « Vous ne parvenez pas à vous connecter ? »: what may be the matter, and where each leads on (002, 003, c14).
#[derive(Debug, Clone, Serialize)]
pub struct TroublePage {
    /// « Mot de passe oublié ? ».
    pub forgotten_url: String,
    /// The way back.
    pub sign_in_url: String,
    /// Whether residents sign in with their old identifiers (004).
    pub keeps_identifier: bool,
    /// How the agency is reached.
    pub contact: Contact,
    /// Where another agency of the same host is chosen, if there are others.
    pub other_agency: Option<String>,
}

/// How the agency is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contact {
    /// As the page says.
    Here,
    /// As its letters say: its file does not.
    InLetters,
    /// It is not known which agency it is.
    Unknown,
}

impl Page for TroublePage {
    const TEMPLATE: &'static str = "portal/trouble";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            forgotten_url: "/forgotten?client=SPI31&societe=01".to_owned(),
            sign_in_url: "/login?client=SPI31&societe=01".to_owned(),
            keeps_identifier: false,
            contact: Contact::Here,
            other_agency: None,
        };
        show("calm", &calm);
        show("keeps-identifier", &Self { keeps_identifier: true, ..calm.clone() });
        show("no-contact", &Self { contact: Contact::InLetters, ..calm.clone() });
        let other_agency = Some("/login?host=extranets.canal.example".to_owned());
        show("shared-host", &Self { other_agency, ..calm.clone() });
        let (forgotten_url, sign_in_url) = ("/forgotten?by=email".to_owned(), "/".to_owned());
        show("no-agency", &Self { contact: Contact::Unknown, forgotten_url, sign_in_url, ..calm.clone() });
        let (forgotten_url, sign_in_url) = (awkward(), "javascript:alert(1)".to_owned());
        show("awkward", &Self { forgotten_url, sign_in_url, other_agency: Some(awkward()), ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = match self.contact {
            Contact::Here | Contact::InLetters => Scene::default().under(Setting::identifier(self.keeps_identifier)),
            Contact::Unknown => Scene::at(Place::Portal),
        };
        if self.other_agency.is_some() { scene.under(Setting::SHARED_HOST) } else { scene }
    }
}
