use serde::Serialize;

use super::{Alert, Sends};
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};
use crate::pages::scene::{Place, Scene};

/// « Mot de passe oublié ? » of who is signed in: the letter goes to the account's address, which nobody types (003).
#[derive(Debug, Clone, Serialize)]
pub struct OwnResetPage {
    /// The address.
    pub email: String,
    /// What the letter has; none before it is asked for.
    pub sends: Option<Sends>,
    /// How long the code lives, minutes.
    pub reset_code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
    /// The message above.
    pub alert: Option<Alert>,
}

impl Page for OwnResetPage {
    const TEMPLATE: &'static str = "portal/own_reset";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let email = "durand@tilleuls.example".to_owned();
        let calm = Self { email, sends: None, reset_code_minutes: 10, link_minutes: 60, alert: None };
        show("calm", &calm);
        for (state, sends) in [("link", Sends::Link), ("code", Sends::Code), ("both", Sends::Both)] {
            show(state, &Self { sends: Some(sends), ..calm.clone() });
        }
        let alert = Some(Alert::ResetCodeRefused);
        show("refused", &Self { sends: Some(Sends::Both), alert, ..calm.clone() });
        show("resend-over", &Self { alert: Some(Alert::ResendOver), ..calm.clone() });
        show("long-address", &Self { email: LONG_EMAIL.to_owned(), ..calm.clone() });
        show("awkward", &Self { email: awkward(), ..calm });
    }

    fn scene(&self) -> Scene {
        Scene::signed_in_at(Place::Portal)
    }
}
