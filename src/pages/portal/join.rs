use serde::Serialize;

use super::Alert;
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};
use crate::pages::scene::{Scene, Setting};

/// « Mot de passe oublié ? » of who is signed in.
pub const OWN_RESET: &str = "/account/forgotten";

/// Asks for the password of the account that exists, to attach this agency's account to it (000 I.B, b16).
#[derive(Debug, Clone, Serialize)]
pub struct JoinPage {
    /// The address of the account that exists, as it was typed or proven.
    pub email: String,
    /// Whether the address can still be typed ("J'ai déjà un compte").
    pub email_open: bool,
    /// Whether the agency's residents sign in with their old identifiers (004).
    pub keeps_identifier: bool,
    /// Whether the address was proven, and two people may share it (b18).
    pub may_be_two: bool,
    /// « Mot de passe oublié ? »: by an address that is typed, or of who is signed in here.
    pub forgotten_url: &'static str,
    /// Where the step before is shown.
    pub back: Option<&'static str>,
    /// In which state the run is shown.
    pub seen: i64,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl JoinPage {
    /// « J'ai déjà un compte »: what was typed is typed again.
    #[must_use]
    pub fn open(email: String, seen: Option<i64>) -> Self {
        Self {
            email,
            email_open: true,
            keeps_identifier: false,
            may_be_two: false,
            forgotten_url: "/forgotten?by=email",
            back: Some("/migration/email"),
            seen: seen.unwrap_or_default(),
            alert: None,
        }
    }
}

impl Page for JoinPage {
    const TEMPLATE: &'static str = "portal/join";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let open = Self::open(String::new(), None);
        let proven =
            Self { email: "du****@tilleuls.example".to_owned(), email_open: false, back: None, ..open.clone() };
        show("calm", &proven);
        show("proven", &Self { may_be_two: true, ..proven.clone() });
        show("own", &Self { forgotten_url: OWN_RESET, ..proven.clone() });
        show("already", &open);
        show("keeps-identifier", &Self { keeps_identifier: true, ..open.clone() });
        let typed = Self { email: "durand@tilleuls.example".to_owned(), ..open };
        for (state, alert) in [("busy", Alert::Busy), ("unavailable", Alert::Unavailable)] {
            show(state, &Self { alert: Some(alert), ..typed.clone() });
        }
        show("join-refused", &Self { alert: Some(Alert::JoinRefused), ..typed.clone() });
        let alert = Some(Alert::field("email-or-identifier-missing"));
        show("email-or-identifier-missing", &Self { keeps_identifier: true, alert, ..typed });
        show("wrong-password", &Self { alert: Some(Alert::WrongPassword), ..proven.clone() });
        show("long-address", &Self { email: LONG_EMAIL.to_owned(), ..proven.clone() });
        show("awkward", &Self { email: awkward(), ..proven });
    }
    fn scene(&self) -> Scene {
        let scene = Scene { is_signed_in: self.forgotten_url == OWN_RESET, ..Scene::default() };
        let scene = if self.email_open { scene.under(Setting::identifier(self.keeps_identifier)) } else { scene };
        if self.alert == Some(Alert::Unavailable) { scene.with_reference() } else { scene }
    }
}
