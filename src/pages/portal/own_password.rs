use serde::Serialize;

use super::{Alert, Criterion, FieldError};
use crate::pages::Page;
use crate::pages::sample::{AWKWARD, awkward};
use crate::pages::scene::{Place, Scene, Setting};

/// A password of its own for one account, or back to the one for all (004, b19).
#[derive(Debug, Clone, Serialize)]
pub struct OwnPasswordPage {
    /// The agency.
    pub agency: String,
    /// The old identifier, whole: it is what is typed with that password.
    pub account: String,
    /// What the account is called in forms.
    pub label: String,
    /// Whether it has one, and goes back to the one for all.
    pub back: bool,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// Whether "J'ai noté ce mot de passe en lieu sûr" must be ticked (004).
    pub noted: bool,
    /// What is wrong with the new password.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for OwnPasswordPage {
    const TEMPLATE: &'static str = "portal/own_password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            agency: "Agence des Tilleuls".to_owned(),
            account: "C10023".to_owned(),
            label: "aaaaaaaaaaaa".to_owned(),
            back: false,
            criteria: Criterion::samples(),
            noted: false,
            error: None,
            alert: None,
        };
        show("calm", &calm);
        show("noted", &Self { noted: true, ..calm.clone() });
        show("wrong-password", &Self { alert: Some(Alert::WrongPassword), ..calm.clone() });
        for error in FieldError::about(&["password"]) {
            let noted = error.name == "password-not-noted";
            show(error.name, &Self { noted, error: Some(error), ..calm.clone() });
        }
        let back = Self { back: true, criteria: Vec::new(), ..calm.clone() };
        show("back", &back);
        show("back-wrong-password", &Self { alert: Some(Alert::WrongPassword), ..back });
        let label = AWKWARD.to_owned();
        show("awkward", &Self { agency: awkward(), account: awkward(), label, criteria: Vec::new(), ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::signed_in_at(Place::Portal);
        let scene = if self.back { scene } else { scene.under(Setting::PER_ACCOUNT) };
        if self.noted { scene.under(Setting::NOTED) } else { scene }
    }
}
