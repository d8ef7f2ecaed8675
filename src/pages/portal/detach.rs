use serde::Serialize;

use super::{Alert, AttachedAccount};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene};

/// Asks for the password before an account is detached, and tells what that means (c17).
#[derive(Debug, Clone, Serialize)]
pub struct DetachPage {
    /// The account.
    pub account: AttachedAccount,
    /// What its owner types to sign in, for who keeps passwords for them.
    pub login: String,
    /// Whether it is the person's last one.
    pub is_last: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for DetachPage {
    const TEMPLATE: &'static str = "portal/detach";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let login = "durand@tilleuls.example".to_owned();
        let calm = Self { account: AttachedAccount::samples().remove(0), login, is_last: false, alert: None };
        show("calm", &calm);
        show("last-account", &Self { is_last: true, ..calm.clone() });
        show("present-missing", &Self { alert: Some(Alert::field("present-missing")), ..calm.clone() });
        show("wrong-password", &Self { alert: Some(Alert::WrongPassword), ..calm.clone() });
        show("no-holder", &Self { account: AttachedAccount::samples().remove(3), ..calm });
        show("awkward", &Self { account: AttachedAccount::awkward(), login: awkward(), is_last: true, alert: None });
    }

    fn scene(&self) -> Scene {
        Scene::signed_in_at(Place::Portal)
    }
}
