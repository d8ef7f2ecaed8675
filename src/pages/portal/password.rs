use serde::Serialize;

use super::{Alert, Criterion, FieldError, PASSWORDS, Progress};
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};
use crate::pages::scene::{Scene, Setting};

/// Asks for the new password, twice (000, 004, b13).
#[derive(Debug, Clone, Serialize)]
pub struct PasswordPage {
    /// The address that the password will belong to.
    pub email: String,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// What is wrong with the password.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "portal/password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            email: "durand@tilleuls.example".to_owned(),
            criteria: Criterion::samples(),
            error: None,
            alert: None,
            progress: Some(Progress::sample(3)),
        };
        show("calm", &calm);
        show("proof-first", &Self { progress: Some(Progress::sample(4)), ..calm.clone() });
        for error in FieldError::about(PASSWORDS) {
            show(error.name, &Self { error: Some(error), alert: Some(Alert::CheckFields), ..calm.clone() });
        }
        show("long-address", &Self { email: LONG_EMAIL.to_owned(), ..calm.clone() });
        show("all-rules", &Self { criteria: Criterion::all(), ..calm.clone() });
        show("no-rules", &Self { criteria: Vec::new(), ..calm.clone() });
        show("awkward", &Self { email: awkward(), criteria: Vec::new(), progress: None, ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::default().under(Setting::BY_EMAIL);
        match self.progress.map(|progress| progress.step) {
            Some(3) => scene.under(Setting::PASSWORD_FIRST),
            Some(_) => scene.under(Setting::PROOF_FIRST),
            None => scene,
        }
    }
}
