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
#[expect(clippy::struct_excessive_bools, reason = "the template asks each of them apart")]
pub struct ProofPage {
    /// Which form this is: `/migration/proof` or `/account/email/proof`.
    pub action: &'static str,
    /// The address that the letter went to.
    pub email: String,
    /// Whether a code can be typed here.
    pub code: bool,
    /// Whether a link was sent.
    pub link: bool,
    /// What helps now, on top of the page.
    pub main: MainThing,
    /// Whether it is in the wizard.
    pub wizard: bool,
    /// Whether the letter waits to be sent.
    pub queued: bool,
    /// Minutes since the letter left.
    pub minutes: u64,
    /// Whether the link can still be opened where something else is on top.
    pub link_open: bool,
    /// A code as it was typed, where it could not be judged.
    pub typed: String,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
    /// Seconds until "Renvoyer l'e-mail" is open again.
    pub resend_in: u64,
    /// Where the step before is shown.
    pub back: Option<&'static str>,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is, if it is.
    pub progress: Option<Progress>,
}

/// The one thing that helps who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MainThing {
    /// To type the code, or to open the link.
    Answer,
    /// Another letter: nothing can be typed any more.
    Resend,
    /// To begin again: no other letter helps.
    Restart,
    /// Another address: this one takes no letters.
    Address,
}

impl ProofPage {
    /// The form for the code of a letter to this address, where nothing else is known.
    #[must_use]
    pub fn of_form(email: &str, (minutes, code_minutes): (u64, u64), typed: &str, alert: Alert) -> Self {
        Self {
            action: WIZARD,
            email: email.to_owned(),
            code: true,
            link: false,
            main: MainThing::Answer,
            wizard: true,
            queued: false,
            minutes,
            link_open: false,
            typed: typed.to_owned(),
            code_minutes,
            link_minutes: 0,
            resend_in: 0,
            back: None,
            alert: Some(alert),
            progress: None,
        }
    }
}

impl Page for ProofPage {
    const TEMPLATE: &'static str = "portal/proof";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            action: WIZARD,
            email: "durand@tilleuls.example".to_owned(),
            code: true,
            link: true,
            main: MainThing::Answer,
            wizard: true,
            queued: false,
            minutes: 0,
            link_open: false,
            typed: String::new(),
            code_minutes: 10,
            link_minutes: 60,
            resend_in: 60,
            back: Some("/migration/password"),
            alert: None,
            progress: Some(Progress::sample(4)),
        };
        show("both", &calm);
        show("link", &Self { code: false, ..calm.clone() });
        show("code", &Self { link: false, code_minutes: 30, ..calm.clone() });
        let progress = Some(Progress::sample_numbered(2));
        show("proof-first", &Self { back: Some("/migration/email"), progress, ..calm.clone() });
        show("code-again", &Self { link: false, code_minutes: 30, resend_in: 0, minutes: 2, ..calm.clone() });
        show("resend-open", &Self { resend_in: 0, minutes: 7, ..calm.clone() });
        show("queued", &Self { resend_in: 0, queued: true, minutes: 3, ..calm.clone() });
        for (state, alert) in [
            ("wrong-code", Alert::WrongCode { left: 4 }),
            ("wrong-code-last", Alert::WrongCode { left: 1 }),
            ("resent", Alert::Resent),
            ("resend-later", Alert::ResendLater { seconds: 45 }),
            ("resend-over", Alert::ResendOver),
            ("held", Alert::Held),
            ("stale-email", Alert::StaleEmail { email: "amelie@tilleuls.example".to_owned() }),
            ("stale-password", Alert::StalePassword),
        ] {
            let resend_in = if matches!(alert, Alert::ResendLater { .. } | Alert::Resent) { 45 } else { 0 };
            show(state, &Self { alert: Some(alert), resend_in, ..calm.clone() });
        }
        show("code-missing", &Self { alert: Some(Alert::field("code-missing")), resend_in: 0, ..calm.clone() });
        for (state, alert) in [("busy", Alert::Busy), ("unavailable", Alert::Unavailable)] {
            show(state, &Self::of_form("durand@tilleuls.example", (3, 10), "86991277", alert));
        }
        let over = |main, alert| Self { main, alert: Some(alert), resend_in: 0, minutes: 12, ..calm.clone() };
        show("code-dead", &Self { resend_in: 45, minutes: 0, ..over(MainThing::Resend, Alert::CodeDead) });
        show("code-expired", &Self { link_open: true, ..over(MainThing::Resend, Alert::CodeExpired) });
        show("expired", &Self { link: false, ..over(MainThing::Resend, Alert::Expired) });
        show("letters-over", &over(MainThing::Restart, Alert::LettersOver));
        show("letter-refused", &over(MainThing::Address, Alert::LetterRefused));
        let alert = Some(Alert::LinkNotOpened);
        show("link-not-opened", &Self { code: false, alert, resend_in: 0, ..calm.clone() });
        let new_email = Self { action: NEW_EMAIL, wizard: false, back: None, progress: None, ..calm.clone() };
        show("new-email", &new_email);
        for (state, main, alert) in [
            ("new-email-expired", MainThing::Resend, Alert::Expired),
            ("new-email-letters-over", MainThing::Restart, Alert::LettersOver),
            ("new-email-letter-refused", MainThing::Address, Alert::LetterRefused),
        ] {
            show(state, &Self { main, alert: Some(alert), resend_in: 0, ..new_email.clone() });
        }
        show("changes-held", &Self { alert: Some(Alert::ChangesHeld), resend_in: 0, ..new_email.clone() });
        show("long-address", &Self { email: LONG_EMAIL.to_owned(), ..calm });
        show("awkward", &Self { email: awkward(), link_minutes: 1440, ..new_email });
    }

    fn scene(&self) -> Scene {
        let scene =
            if self.action == NEW_EMAIL { Scene::signed_in_at(Place::Portal) } else { Scene::at(Place::Agency) };
        let scene = scene.under(Setting::proof(self.link, self.code));
        let scene = if self.alert == Some(Alert::Unavailable) { scene.with_reference() } else { scene };
        match self.progress {
            Some(Progress { numbered: true, .. }) => scene.under(Setting::PROOF_FIRST),
            Some(_) => scene.under(Setting::PASSWORD_FIRST),
            None => scene,
        }
    }
}
