use serde::Serialize;

use super::{Alert, FieldError, Progress};
use crate::pages::Page;
use crate::pages::sample::awkward;

/// Asks for the e-mail address (000, b06).
#[derive(Debug, Clone, Serialize)]
pub struct EmailPage {
    /// The address proposed from the roster or typed before.
    pub email: String,
    /// An address that was probably meant instead (`gmial.com`), offered as a second submit button.
    pub suggestion: Option<String>,
    /// Whether the old identifier stays what is typed, and the address is for letters only (004).
    pub keeps_identifier: bool,
    /// What is wrong with the address.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

impl Page for EmailPage {
    const TEMPLATE: &'static str = "portal/email";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            email: "durand@tilleuls.example".to_owned(),
            suggestion: None,
            keeps_identifier: false,
            error: None,
            alert: None,
            progress: Some(Progress::sample(2)),
        };
        show("calm", &calm);
        let progress = Some(Progress::sample_numbered(1));
        show("keeps-identifier", &Self { keeps_identifier: true, progress, ..calm.clone() });
        show("suggestion", &Self { suggestion: Some("durand@gmail.com".to_owned()), ..calm.clone() });
        for error in FieldError::about(&["email-"]) {
            show(error.name, &Self { email: awkward(), error: Some(error.clone()), ..calm.clone() });
        }
        let (suggestion, alert) = (Some(awkward()), Some(Alert::Stale));
        show("awkward", &Self { email: awkward(), suggestion, alert, progress: None, ..calm });
    }
}
