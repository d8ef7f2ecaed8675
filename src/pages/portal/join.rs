use serde::Serialize;

use super::Alert;
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};
use crate::pages::scene::Scene;

/// Asks for the password of the account that exists, to attach this agency's account to it (000 I.B, b16).
#[derive(Debug, Clone, Serialize)]
pub struct JoinPage {
    /// The address of the account that exists, as it was typed or proven.
    pub email: String,
    /// Whether the address can still be typed ("J'ai déjà un compte").
    pub email_open: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for JoinPage {
    const TEMPLATE: &'static str = "portal/join";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let proven = Self { email: "du****@tilleuls.example".to_owned(), email_open: false, alert: None };
        show("calm", &proven);
        let open = Self { email: String::new(), email_open: true, alert: None };
        show("already", &open);
        let typed = Self { email: "durand@tilleuls.example".to_owned(), ..open };
        for (state, alert) in [("busy", Alert::Busy), ("unavailable", Alert::Unavailable)] {
            show(state, &Self { alert: Some(alert), ..typed.clone() });
        }
        show("wrong-password", &Self { alert: Some(Alert::WrongPassword), ..proven.clone() });
        show("long-address", &Self { email: LONG_EMAIL.to_owned(), ..proven });
        show("awkward", &Self { email: awkward(), email_open: false, alert: None });
    }
    fn scene(&self) -> Scene {
        let scene = Scene::default();
        if self.alert == Some(Alert::Unavailable) { scene.with_reference() } else { scene }
    }
}
