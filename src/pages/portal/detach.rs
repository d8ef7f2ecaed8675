use serde::Serialize;

use super::{Alert, AttachedAccount};
use crate::pages::Page;

/// Asks for the password before an account is detached, and tells what that means (c17).
#[derive(Debug, Clone, Serialize)]
pub struct DetachPage {
    /// The account.
    pub account: AttachedAccount,
    /// Whether it is the person's last one.
    pub is_last: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for DetachPage {
    const TEMPLATE: &'static str = "portal/detach";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self { account: AttachedAccount::samples().remove(0), is_last: false, alert: None };
        show("calm", &calm);
        show("wrong-password", &Self { is_last: true, alert: Some(Alert::WrongPassword), ..calm });
        show("awkward", &Self { account: AttachedAccount::awkward(), is_last: true, alert: None });
    }
}
