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
    /// What is typed with the password that this form sets or asks for, for who keeps passwords for its owner.
    pub login: String,
    /// What the account is called in forms.
    pub label: String,
    /// Whether it has one, and goes back to the one for all.
    pub back: bool,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// Whether "J'ai noté ce mot de passe en lieu sûr" must be ticked (004).
    pub noted: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for OwnPasswordPage {
    const TEMPLATE: &'static str = "portal/own_password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            agency: "Agence des Tilleuls".to_owned(),
            account: "C10023".to_owned(),
            login: "C10023".to_owned(),
            label: "aaaaaaaaaaaa".to_owned(),
            back: false,
            criteria: Criterion::samples(),
            noted: false,
            alert: None,
        };
        show("calm", &calm);
        show("noted", &Self { noted: true, ..calm.clone() });
        for error in FieldError::about(&["current", "password"]) {
            let noted = error.name == "password-not-noted";
            show(error.name, &Self { noted, alert: Alert::about(vec![error]), ..calm.clone() });
        }
        let login = "durand@tilleuls.example".to_owned();
        let back = Self { login, back: true, criteria: Vec::new(), ..calm.clone() };
        show("back", &back);
        show("back-wrong-password", &Self { alert: Some(Alert::field("current-wrong")), ..back });
        let label = AWKWARD.to_owned();
        let login = awkward();
        show("awkward", &Self { login, agency: awkward(), account: awkward(), label, criteria: Vec::new(), ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::signed_in_at(Place::Portal);
        let scene = if self.back { scene } else { scene.under(Setting::PER_ACCOUNT) };
        if self.noted { scene.under(Setting::NOTED) } else { scene }
    }
}
