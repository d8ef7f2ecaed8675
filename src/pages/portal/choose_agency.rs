use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::AWKWARD;
use crate::pages::scene::{Place, Scene, Setting};

/// Which agency is meant, on a host that several share (a24).
#[derive(Debug, Clone, Serialize)]
pub struct ChooseAgencyPage {
    /// The agencies to choose from, by name.
    pub agencies: Vec<ListedAgency>,
}

/// An agency to choose.
#[derive(Debug, Clone, Serialize)]
pub struct ListedAgency {
    /// Its name.
    pub name: String,
    /// What stands in its mark.
    pub initials: String,
    /// The mark's colour, `rrggbb`.
    pub colour: String,
    /// Where one signs in to it.
    pub url: String,
}

impl Page for ChooseAgencyPage {
    const TEMPLATE: &'static str = "portal/choose_agency";
    const BETWEEN_AGENCIES: bool = true;

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let listed = |name: &str, initials: &str, url: &str| ListedAgency {
            name: name.to_owned(),
            initials: initials.to_owned(),
            colour: "1f4f8b".to_owned(),
            url: url.to_owned(),
        };
        let tilleuls = listed("Agence des Tilleuls", "AT", "/login?client=SPI31&societe=02&return=%2F");
        let riquet = listed("Cabinet Riquet", "CR", "/login?client=SPI31&societe=01&return=%2F");
        show("calm", &Self { agencies: vec![tilleuls.clone(), riquet] });
        show("awkward", &Self { agencies: vec![tilleuls, listed(AWKWARD, AWKWARD, "javascript:alert(1)")] });
    }

    fn scene(&self) -> Scene {
        Scene::at(Place::Portal).under(Setting::SHARED_HOST)
    }
}
