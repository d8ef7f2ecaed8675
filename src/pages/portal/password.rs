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
    /// The old identifier, where that stays what is typed (004).
    pub identifier: Option<String>,
    /// Whether the run ends with this step.
    pub is_last: bool,
    /// Where the run goes on with the password that was chosen before, where this page is shown again.
    pub keep: Option<&'static str>,
    /// Whether "J'ai noté ce mot de passe en lieu sûr" must be ticked (004).
    pub noted: bool,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// Where the address is shown, while it can be corrected.
    pub back: Option<&'static str>,
    /// In which state the run is shown.
    pub seen: i64,
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
            identifier: None,
            is_last: false,
            keep: None,
            noted: false,
            criteria: Criterion::samples(),
            back: Some("/migration/email"),
            seen: 2,
            alert: None,
            progress: Some(Progress::sample(3)),
        };
        show("calm", &calm);
        show("chosen-again", &Self { keep: Some("/migration/proof"), ..calm.clone() });
        let email = "amelie@tilleuls.example".to_owned();
        show("stale-email", &Self { alert: Some(Alert::StaleEmail { email: email.clone() }), ..calm.clone() });
        let identifier = Some("C10042".to_owned());
        show("stale-password", &Self { identifier, alert: Some(Alert::StalePassword), ..calm.clone() });
        let last = Self { is_last: true, back: None, progress: Some(Progress::sample_numbered(3)), ..calm.clone() };
        show("proof-first", &last);
        show("stale-email-over", &Self { alert: Some(Alert::StaleEmailOver { email }), ..last.clone() });
        let identifier = Some("C10042".to_owned());
        show("keeps-identifier", &Self { identifier: identifier.clone(), noted: true, ..last });
        show("two-at-one-address", &Self { identifier, is_last: true, back: None, progress: None, ..calm.clone() });
        for error in FieldError::about(PASSWORDS) {
            show(error.name, &Self { noted: true, alert: Alert::about(vec![error]), ..calm.clone() });
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
