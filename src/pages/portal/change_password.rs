use serde::Serialize;

use super::{Alert, Criterion, FieldError};
use crate::pages::Page;
use crate::pages::scene::{Place, Scene, Setting};

/// Changes the password: the current one and the new one twice (000 II.B, c08).
#[derive(Debug, Clone, Serialize)]
pub struct ChangePasswordPage {
    /// What its owner types to sign in, for who keeps passwords for them.
    pub login: String,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// Whether "J'ai noté ce mot de passe en lieu sûr" must be ticked (004).
    pub noted: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for ChangePasswordPage {
    const TEMPLATE: &'static str = "portal/change_password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let login = "durand@tilleuls.example".to_owned();
        let calm = Self { login, criteria: Criterion::samples(), noted: false, alert: None };
        show("calm", &calm);
        show("noted", &Self { noted: true, ..calm.clone() });
        for error in FieldError::about(&["current", "password"]) {
            let noted = error.name == "password-not-noted";
            show(error.name, &Self { noted, alert: Alert::about(vec![error]), ..calm.clone() });
        }
        let wrong = ["current-wrong", "password-not-noted", "passwords-differ"].map(FieldError::named).to_vec();
        show("several-wrong", &Self { noted: true, alert: Alert::about(wrong), ..calm.clone() });
        show("no-rules", &Self { criteria: Vec::new(), ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::signed_in_at(Place::Portal);
        if self.noted { scene.under(Setting::NOTED) } else { scene }
    }
}
