use serde::Serialize;

use super::{Alert, FieldError, Progress};
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};
use crate::pages::scene::{Scene, Setting};

/// Asks for the e-mail address (000, b06).
#[derive(Debug, Clone, Serialize)]
pub struct EmailPage {
    /// The address proposed from the roster or typed before.
    pub email: String,
    /// An address that was probably meant instead (`gmial.com`), offered as a second submit button.
    pub suggestion: Option<String>,
    /// Whether the old identifier stays what is typed, and the address is for letters only (004).
    pub keeps_identifier: bool,
    /// Where the step before is shown.
    pub back: Option<&'static str>,
    /// In which state the run is shown.
    pub seen: i64,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

impl EmailPage {
    /// What was typed, where nothing else is known.
    #[must_use]
    pub fn typed(email: &str, seen: Option<i64>) -> Self {
        Self {
            email: email.to_owned(),
            suggestion: None,
            keeps_identifier: false,
            back: None,
            seen: seen.unwrap_or_default(),
            alert: None,
            progress: None,
        }
    }
}

impl Page for EmailPage {
    const TEMPLATE: &'static str = "portal/email";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            email: "durand@tilleuls.example".to_owned(),
            suggestion: None,
            keeps_identifier: false,
            back: Some("/migration/notice"),
            seen: 1,
            alert: None,
            progress: Some(Progress::sample(2)),
        };
        show("calm", &calm);
        let progress = Some(Progress::sample_numbered(1));
        show("proof-first", &Self { progress, ..calm.clone() });
        show("keeps-identifier", &Self { keeps_identifier: true, progress, ..calm.clone() });
        let (email, suggestion) = ("durand@gmial.com".to_owned(), Some("durand@gmail.com".to_owned()));
        show("suggestion", &Self { email, suggestion, ..calm.clone() });
        for error in FieldError::about(&["email-m", "email-too"]) {
            let email = match error.name {
                "email-missing" => "",
                "email-malformed" => "durand chez tilleuls.example",
                _ => LONG_EMAIL,
            };
            let (name, email) = (error.name, email.to_owned());
            show(name, &Self { email, alert: Alert::about(vec![error]), ..calm.clone() });
        }
        show("unavailable", &Self { alert: Some(Alert::Unavailable), ..calm.clone() });
        show("awkward", &Self { email: awkward(), suggestion: Some(awkward()), back: None, progress: None, ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::default().under(Setting::identifier(self.keeps_identifier));
        let scene = match self.progress {
            Some(progress) if progress.numbered => scene.under(Setting::PROOF_FIRST),
            _ => scene,
        };
        if self.alert == Some(Alert::Unavailable) { scene.with_reference() } else { scene }
    }
}
