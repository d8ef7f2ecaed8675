use serde::Serialize;

use super::{Alert, Codes};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene, Setting};

/// Asks for the extranet's own password, after the extranet has refused the one that was kept (a11). While that may have
/// been a mistake of the extranet, the page offers to wait, too.
#[derive(Debug, Clone, Serialize)]
pub struct ExtranetPasswordPage {
    /// Whether the old one may still be right.
    pub kept: KeptPassword,
    /// Whether many others are refused too: then nobody is asked for a new password first.
    pub in_an_outage: bool,
    /// Where the old one is tried.
    pub retry_url: String,
    /// Where the form is shown that is not shown first.
    pub form_url: String,
    /// Whether the form is shown.
    pub asks: bool,
    /// The agency's name.
    pub agency: String,
    /// The identifier in its extranet: the person has to know which account is meant.
    pub account: String,
    /// What the account is called in addresses and forms.
    pub label: String,
    /// The codes that the form carries along.
    pub codes: Codes,
    /// The page of the extranet to go on to.
    pub return_to: String,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// What is still kept of an extranet's password that had worked and was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptPassword {
    /// Nothing: it has to be typed.
    Nothing,
    /// It may be tried now.
    Try,
    /// It may be tried later.
    Wait,
}

impl Page for ExtranetPasswordPage {
    const TEMPLATE: &'static str = "portal/extranet_password";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            kept: KeptPassword::Nothing,
            in_an_outage: false,
            retry_url: "/retry".to_owned(),
            form_url: "/form".to_owned(),
            asks: true,
            agency: "Agence des Tilleuls".to_owned(),
            account: "C10023".to_owned(),
            label: "k3m9q2x7w1zt".to_owned(),
            codes: Codes::sample(),
            return_to: "/".to_owned(),
            alert: None,
        };
        show("calm", &calm);
        for (state, alert) in [("wrong-password", Alert::WrongPassword), ("must-change", Alert::MustChange)] {
            show(state, &Self { alert: Some(alert), ..calm.clone() });
        }
        for (kept, name) in [(KeptPassword::Try, "try"), (KeptPassword::Wait, "wait")] {
            for (in_an_outage, asks, how) in
                [(false, true, "asks"), (true, false, "outage"), (true, true, "outage-asks")]
            {
                show(&format!("{name}-{how}"), &Self { kept, in_an_outage, asks, ..calm.clone() });
            }
        }
        show(
            "awkward",
            &Self {
                kept: KeptPassword::Try,
                in_an_outage: true,
                retry_url: awkward(),
                form_url: awkward(),
                asks: true,
                agency: awkward(),
                account: awkward(),
                label: awkward(),
                codes: Codes::awkward(),
                return_to: awkward(),
                alert: None,
            },
        );
    }

    fn scene(&self) -> Scene {
        Scene::signed_in_at(Place::Agency).under(Setting::KEEPS_PASSWORD)
    }
}
