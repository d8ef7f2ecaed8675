use serde::Serialize;

use super::{Alert, Criterion, FieldError};
use crate::pages::Page;
use crate::pages::scene::{Place, Scene, Setting};

/// Changes the password: the current one and the new one twice (000 II.B, c08).
#[derive(Debug, Clone, Serialize)]
pub struct ChangePasswordPage {
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// Whether "J'ai noté ce mot de passe en lieu sûr" must be ticked (004).
    pub noted: bool,
    /// What is wrong with the new password.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for ChangePasswordPage {
    const TEMPLATE: &'static str = "portal/change_password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self { criteria: Criterion::samples(), noted: false, error: None, alert: None };
        show("calm", &calm);
        show("noted", &Self { noted: true, ..calm.clone() });
        show("wrong-password", &Self { alert: Some(Alert::WrongPassword), ..calm.clone() });
        for error in FieldError::about(&["password"]) {
            let noted = error.name == "password-not-noted";
            show(error.name, &Self { noted, error: Some(error), ..calm.clone() });
        }
        show("no-rules", &Self { criteria: Vec::new(), ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::signed_in_at(Place::Portal);
        if self.noted { scene.under(Setting::NOTED) } else { scene }
    }
}
