use serde::Serialize;

use super::{Alert, Progress};
use crate::pages::Page;
use crate::pages::sample::{LONG_EMAIL, awkward};
use crate::pages::scene::{Place, Scene, Setting};

/// The wizard's form, and that of a changed address.
const WIZARD: &str = "/migration/proof";
const NEW_EMAIL: &str = "/account/email/proof";

/// Waits for the letter to be answered: a code to type, or a link to open (000, 001, 004).
#[derive(Debug, Clone, Serialize)]
pub struct ProofPage {
    /// Which form this is: `/migration/proof` or `/account/email/proof`.
    pub action: &'static str,
    /// The address that the letter went to.
    pub email: String,
    /// Whether a code can be typed here.
    pub code: bool,
    /// Whether a link was sent.
    pub link: bool,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
    /// Seconds until "Renvoyer l'e-mail" is open again.
    pub resend_in: u64,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is, if it is.
    pub progress: Option<Progress>,
}

impl Page for ProofPage {
    const TEMPLATE: &'static str = "portal/proof";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            action: WIZARD,
            email: "durand@tilleuls.example".to_owned(),
            code: true,
            link: true,
            code_minutes: 10,
            link_minutes: 60,
            resend_in: 60,
            alert: None,
            progress: Some(Progress::sample(4)),
        };
        show("both", &calm);
        show("link", &Self { code: false, ..calm.clone() });
        show("code", &Self { link: false, code_minutes: 30, ..calm.clone() });
        let progress = Some(Progress::sample_numbered(2));
        show("proof-first", &Self { progress, ..calm.clone() });
        show("code-again", &Self { link: false, code_minutes: 30, resend_in: 0, ..calm.clone() });
        show("resend-open", &Self { resend_in: 0, ..calm.clone() });
        for (state, alert) in [
            ("wrong-code", Alert::WrongCode { left: 4 }),
            ("wrong-code-last", Alert::WrongCode { left: 1 }),
            ("code-dead", Alert::CodeDead),
            ("expired", Alert::Expired),
            ("resent", Alert::Resent),
            ("resend-later", Alert::ResendLater { seconds: 45 }),
            ("resend-over", Alert::ResendOver),
            ("held", Alert::Held),
        ] {
            let resend_in = if matches!(alert, Alert::ResendLater { .. } | Alert::Resent) { 45 } else { 0 };
            show(state, &Self { alert: Some(alert), resend_in, ..calm.clone() });
        }
        show("code-missing", &Self { alert: Some(Alert::field("code-missing")), resend_in: 0, ..calm.clone() });
        let new_email = Self { action: NEW_EMAIL, progress: None, ..calm.clone() };
        show("new-email", &new_email);
        show("changes-held", &Self { alert: Some(Alert::ChangesHeld), resend_in: 0, ..new_email.clone() });
        show("long-address", &Self { email: LONG_EMAIL.to_owned(), ..calm });
        show("awkward", &Self { email: awkward(), link_minutes: 1440, ..new_email });
    }

    fn scene(&self) -> Scene {
        let scene =
            if self.action == NEW_EMAIL { Scene::signed_in_at(Place::Portal) } else { Scene::at(Place::Agency) };
        let scene = scene.under(Setting::proof(self.link, self.code));
        match self.progress {
            Some(Progress { numbered: true, .. }) => scene.under(Setting::PROOF_FIRST),
            Some(_) => scene.under(Setting::PASSWORD_FIRST),
            None => scene,
        }
    }
}
