use serde::Serialize;

use super::{Alert, Codes, FieldError, WayOut};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Scene, Setting};

/// The login page (000, c01).
#[derive(Debug, Clone, Serialize)]
pub struct SignInPage {
    /// The agency that is entered.
    pub codes: Codes,
    /// Whether its residents sign in with their old identifiers (004).
    pub keeps_identifier: bool,
    /// The path in the extranet to return to.
    pub return_to: String,
    /// The page of ours to come back to instead.
    pub back: Option<String>,
    /// What was typed as identifier.
    pub login: String,
    /// Whether "Garder ma session active" was ticked.
    pub keep: bool,
    /// Where another agency of the same host is chosen, if there are others.
    pub other_agency: Option<String>,
    /// « Mon agence m'a donné un nouveau mot de passe ».
    pub given: Given,
    /// « Oui, créer mon mot de passe », below a refusal.
    pub way_out: Option<WayOut>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// The form for a password that the agency gave out anew: below every refusal, whoever was refused (f03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Given {
    /// Nothing was refused yet.
    Hidden,
    /// It stands below the refusal, folded.
    Closed,
    /// It is what was refused.
    Open,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "portal/sign_in";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            codes: Codes::sample(),
            keeps_identifier: false,
            return_to: "/documents".to_owned(),
            back: None,
            login: String::new(),
            keep: false,
            other_agency: None,
            given: Given::Hidden,
            way_out: None,
            alert: None,
        };
        show("calm", &calm);
        let kept = Self { keeps_identifier: true, ..calm.clone() };
        show("keeps-identifier", &kept);
        show("account-ready-as-before", &Self { alert: Some(Alert::AccountReadyAsBefore), ..kept.clone() });
        let alert = Some(Alert::OldPassword);
        let old = Self { login: "durand".to_owned(), given: Given::Closed, alert, ..kept };
        show("old-password", &Self { way_out: Some(WayOut::after(false, 0)), ..old.clone() });
        let alert = Some(Alert::SignInRefused);
        show("way-out-kept", &Self { way_out: Some(WayOut::after(true, 90)), alert, ..old });
        for (state, alert) in [
            ("account-ready", Alert::AccountReady),
            ("signed-out", Alert::SignedOut),
            ("restarted", Alert::Restarted),
            ("session-over", Alert::SessionOver),
        ] {
            show(state, &Self { alert: Some(alert), ..calm.clone() });
        }
        let typed = Self { login: "durand".to_owned(), keep: true, ..calm.clone() };
        for (state, given, alert) in [
            ("sign-in-refused", Given::Closed, Alert::SignInRefused),
            ("given", Given::Open, Alert::GivenRefused),
            ("old-credentials", Given::Closed, Alert::OldCredentials),
            ("provisional-over", Given::Closed, Alert::ProvisionalOver),
            ("provisional-replaced", Given::Closed, Alert::ProvisionalReplaced),
            ("must-change", Given::Closed, Alert::MustChange),
            ("busy", Given::Hidden, Alert::Busy),
            ("unavailable", Given::Hidden, Alert::Unavailable),
        ] {
            let is_refusal = matches!(alert, Alert::SignInRefused | Alert::GivenRefused | Alert::OldCredentials);
            let way_out = is_refusal.then(|| WayOut::after(false, 0));
            show(state, &Self { given, way_out, alert: Some(alert), ..typed.clone() });
        }
        let wrong = |names: [&'static str; 2]| Alert::about(names.map(FieldError::named).to_vec());
        show("several-wrong", &Self { alert: wrong(["login-missing", "present-missing"]), ..calm.clone() });
        show("present-missing", &Self { alert: Some(Alert::field("present-missing")), ..typed.clone() });
        let alert = Some(Alert::field("login-identifier-missing"));
        show("login-identifier-missing", &Self { keeps_identifier: true, alert, ..calm.clone() });
        let (given, alert) = (Given::Open, wrong(["given-login-missing", "given-password-missing"]));
        show("given-missing", &Self { given, alert, ..calm.clone() });
        let refused = Self { given: Given::Closed, alert: Some(Alert::SignInRefused), ..typed };
        for (state, wait_s) in [("way-out-first", 0), ("way-out-waits", 90)] {
            show(state, &Self { way_out: Some(WayOut::after(true, wait_s)), ..refused.clone() });
        }
        show("way-out-again", &Self { way_out: Some(WayOut::after(true, 600)), ..calm.clone() });
        let other_agency = Some("/login?client=SPI31&societe=02".to_owned());
        show("shared-host", &Self { other_agency, back: Some("/account".to_owned()), ..calm });
        show(
            "awkward",
            &Self {
                codes: Codes::awkward(),
                keeps_identifier: false,
                return_to: awkward(),
                back: Some(awkward()),
                login: awkward(),
                keep: true,
                other_agency: Some("javascript:alert(1)".to_owned()),
                given: Given::Open,
                way_out: Some(WayOut::after(true, 90)),
                alert: Some(Alert::SignInRefused),
            },
        );
    }

    fn scene(&self) -> Scene {
        let scene = Scene::default();
        let scene = if self.other_agency.is_some() { scene.under(Setting::SHARED_HOST) } else { scene };
        match self.alert {
            Some(Alert::ProvisionalOver | Alert::ProvisionalReplaced) => scene.under(Setting::BY_ROSTER),
            Some(Alert::MustChange) => scene.under(Setting::BY_EXTRANET),
            Some(Alert::Unavailable) => scene.with_reference(),
            _ => scene,
        }
    }
}
