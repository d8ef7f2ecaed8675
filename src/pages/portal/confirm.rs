use serde::Serialize;

use super::Alert;
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene, Setting};

/// What a link in a letter shows: a button, because mail scanners open links (b10, SEC-040, LAW-048).
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmPage {
    /// The link's secret, carried in the form.
    pub secret: String,
    /// The agency for which the address is confirmed.
    pub agency: String,
    /// The old identifier, masked.
    pub account: String,
    /// The address to confirm.
    pub email: String,
    /// What has to be typed besides pressing the button.
    pub asks: Asks,
    /// Whether this confirms a changed address of an account that exists.
    pub changes_email: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// What has to be typed on the page of a link, besides pressing its button (SEC-040).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// Nothing: this is the browser that began.
    Nothing,
    /// The password chosen in the wizard.
    Chosen,
    /// The password of the account that the address has already.
    Existing,
    /// The old password: none was chosen yet.
    Old,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "portal/confirm";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            secret: "Zm9vYmFy".to_owned(),
            agency: "Agence des Tilleuls".to_owned(),
            account: "du****23".to_owned(),
            email: "durand@tilleuls.example".to_owned(),
            asks: Asks::Nothing,
            changes_email: false,
            alert: None,
        };
        show("calm", &calm);
        for (state, asks) in [("asks-chosen", Asks::Chosen), ("asks-old", Asks::Old), ("asks-existing", Asks::Existing)]
        {
            show(state, &Self { asks, ..calm.clone() });
        }
        let alert = Some(Alert::WrongPassword);
        show("wrong-password", &Self { asks: Asks::Existing, alert, ..calm.clone() });
        let (agency, account) = ("Mon compte immobilier".to_owned(), String::new());
        let other = Self { agency, account, asks: Asks::Existing, changes_email: true, ..calm };
        show("changes-email", &other);
        let (secret, agency, account, email) = (awkward(), awkward(), awkward(), awkward());
        show("awkward", &Self { secret, agency, account, email, ..other });
    }

    fn scene(&self) -> Scene {
        let place = if self.changes_email { Place::Portal } else { Place::Agency };
        let scene = Scene::at(place).under(Setting::LINK);
        match self.asks {
            Asks::Chosen => scene.under(Setting::PASSWORD_FIRST),
            Asks::Old => scene.under(Setting::PROOF_FIRST),
            Asks::Nothing | Asks::Existing => scene,
        }
    }
}
