use serde::Serialize;

use super::{Alert, FieldError};
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};
use crate::pages::scene::{Place, Scene};

/// Changes the e-mail address: the new one twice and the current password (000 II.A, c06).
#[derive(Debug, Clone, Serialize)]
pub struct ChangeEmailPage {
    /// What its owner types to sign in, for who keeps passwords for them.
    pub login: String,
    /// What was typed as new address.
    pub email: String,
    /// What was typed to confirm it.
    pub confirmation: String,
    /// The address that was probably meant instead (`gmial.com`).
    pub suggestion: Option<String>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for ChangeEmailPage {
    const TEMPLATE: &'static str = "portal/change_email";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let (email, confirmation) = (String::new(), String::new());
        let login = "durand@tilleuls.example".to_owned();
        let calm = Self { login, email, confirmation, suggestion: None, alert: None };
        show("calm", &calm);
        let typed = || "durand@gmial.com".to_owned();
        let suggestion = Some("durand@gmail.com".to_owned());
        show("suggestion", &Self { email: typed(), confirmation: typed(), suggestion, ..calm.clone() });
        for error in FieldError::about(&["email-m", "email-too", "email-a", "email-u", "emails-", "current"]) {
            let (email, confirmation) = match error.name {
                "email-missing" => ("", ""),
                "email-again-missing" => ("amelie.durand@courriel.example", ""),
                "email-malformed" => ("amelie.durand@courriel", "amelie.durand@courriel"),
                "emails-differ" => ("amelie.durand@courriel.example", "amelie.durant@courriel.example"),
                "email-unchanged" => ("durand@tilleuls.example", "durand@tilleuls.example"),
                "email-too-long" => (LONG_EMAIL, LONG_EMAIL),
                _ => ("amelie.durand@courriel.example", "amelie.durand@courriel.example"),
            };
            let (email, confirmation) = (email.to_owned(), confirmation.to_owned());
            show(error.name, &Self { email, confirmation, alert: Alert::about(vec![error]), ..calm.clone() });
        }
        let typed = || "amelie.durand@courriel.example".to_owned();
        for (state, alert) in [("changes-held", Alert::ChangesHeld), ("resend-over", Alert::ResendOver)] {
            show(state, &Self { email: typed(), confirmation: typed(), alert: Some(alert), ..calm.clone() });
        }
        let wrong = ["email-missing", "email-again-missing", "current-missing"].map(FieldError::named).to_vec();
        show("several-wrong", &Self { alert: Alert::about(wrong), ..calm.clone() });
        show(
            "awkward",
            &Self { login: awkward(), email: awkward(), confirmation: awkward(), suggestion: Some(awkward()), ..calm },
        );
    }

    fn scene(&self) -> Scene {
        Scene::signed_in_at(Place::Portal)
    }
}
