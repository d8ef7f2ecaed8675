use serde::Serialize;

use super::{Alert, Codes, FieldError, LastAgency, WayOut};
use crate::pages::Page;
use crate::pages::sample::{AWKWARD, LONG_EMAIL, awkward};
use crate::pages::scene::{Place, Scene};

/// The sign-in at the portal's own address, where no agency is asked for, and the way to a first sign-in below it (§27).
#[derive(Debug, Clone, Serialize)]
pub struct HomePage {
    /// The page of ours to come back to.
    pub back: Option<String>,
    /// What was typed as e-mail address.
    pub login: String,
    /// Whether "Garder ma session active" was ticked.
    pub keep: bool,
    /// The agency that was signed in to last from this browser.
    pub last: Option<LastAgency>,
    /// The codes of an agency: none yet.
    pub codes: Codes,
    /// « Oui, créer mon mot de passe », below a refusal.
    pub way_out: Option<WayOut>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for HomePage {
    const TEMPLATE: &'static str = "portal/home";
    const BETWEEN_AGENCIES: bool = true;

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            back: None,
            login: String::new(),
            keep: false,
            last: None,
            codes: Codes::default(),
            way_out: None,
            alert: None,
        };
        show("calm", &calm);
        let last = |name: &str, url: &str| Some(LastAgency { name: name.to_owned(), url: url.to_owned() });
        show("known", &Self { last: last("Agence du Port", "/login?client=SPI31&societe=01"), ..calm.clone() });
        show("signed-out", &Self { alert: Some(Alert::SignedOut), ..calm.clone() });
        show("session-over", &Self { alert: Some(Alert::SessionOver), ..calm.clone() });
        let typed = Self { login: "durand@tilleuls.example".to_owned(), keep: true, ..calm.clone() };
        for (state, alert) in
            [("sign-in-refused", Alert::SignInRefused), ("busy", Alert::Busy), ("unavailable", Alert::Unavailable)]
        {
            let way_out = (alert == Alert::SignInRefused).then(|| WayOut::after(false, 0));
            show(state, &Self { way_out, alert: Some(alert), ..typed.clone() });
        }
        let way_out = Some(WayOut::after(true, 90));
        show("way-out-waits", &Self { way_out, alert: Some(Alert::SignInRefused), ..typed });
        let wrong = ["login-address-missing", "present-missing"].map(FieldError::named).to_vec();
        show("several-wrong", &Self { alert: Alert::about(wrong), ..calm.clone() });
        show("long-address", &Self { login: LONG_EMAIL.to_owned(), ..calm.clone() });
        show(
            "awkward",
            &Self {
                back: Some(awkward()),
                login: awkward(),
                keep: true,
                last: last(AWKWARD, "javascript:alert(1)"),
                codes: Codes::default(),
                way_out: Some(WayOut::after(true, 90)),
                alert: Some(Alert::SignInRefused),
            },
        );
    }

    fn scene(&self) -> Scene {
        let scene = Scene::at(Place::Portal);
        if self.alert == Some(Alert::Unavailable) { scene.with_reference() } else { scene }
    }
}
