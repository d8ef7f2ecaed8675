use serde::Serialize;

use super::{Alert, Codes, FieldError};
use crate::pages::Page;
use crate::pages::sample::{AWKWARD, awkward};
use crate::pages::scene::{Place, Scene};

/// Asks for the client and société codes (001, a03).
#[derive(Debug, Clone, Serialize)]
pub struct CodesPage {
    /// What was typed.
    pub codes: Codes,
    /// Where to go on: the path of the form to come back to, `/login`, `/forgotten` or `/trouble`.
    pub next: &'static str,
    /// The agency that was signed in to last from this browser.
    pub last: Option<LastAgency>,
    /// The page of ours to come back to.
    pub back: Option<String>,
    /// Where an e-mail address alone is enough.
    pub without_codes: Option<String>,
    /// Whether who is signed in looks for the agency of an account to attach.
    pub attaches: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// An agency that a browser knows.
#[derive(Debug, Clone, Serialize)]
pub struct LastAgency {
    /// Its name.
    pub name: String,
    /// Where to go on with it.
    pub url: String,
}

impl Page for CodesPage {
    const TEMPLATE: &'static str = "portal/codes";
    const BETWEEN_AGENCIES: bool = true;

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            codes: Codes::default(),
            next: "/login",
            last: None,
            back: None,
            without_codes: None,
            attaches: false,
            alert: None,
        };
        show("calm", &calm);
        show("for-trouble", &Self { next: "/trouble", ..calm.clone() });
        let last = |name: &str, url: &str| Some(LastAgency { name: name.to_owned(), url: url.to_owned() });
        let known = last("Agence du Port", "/login?client=SPI31&societe=01");
        let without_codes = Some("/".to_owned());
        show("known", &Self { last: known, back: Some("/account".to_owned()), without_codes, ..calm.clone() });
        let without_codes = Some("/forgotten?by=email".to_owned());
        show("forgotten", &Self { next: "/forgotten", without_codes, ..calm.clone() });
        let typed = Codes { client: "SPI13".to_owned(), societe: "01".to_owned() };
        for (state, alert) in [("unknown-codes", Alert::UnknownCodes), ("codes-later", Alert::CodesLater)] {
            show(state, &Self { codes: typed.clone(), alert: Some(alert), ..calm.clone() });
        }
        for name in ["client-missing", "societe-missing"] {
            show(name, &Self { codes: typed.clone(), alert: Some(Alert::field(name)), ..calm.clone() });
        }
        let wrong = ["client-missing", "societe-missing"].map(FieldError::named).to_vec();
        show("several-wrong", &Self { alert: Alert::about(wrong), ..calm.clone() });
        for (state, alert) in [("signed-out", Alert::SignedOut), ("session-over", Alert::SessionOver)] {
            show(state, &Self { alert: Some(alert), ..calm.clone() });
        }
        let attaches = Self { attaches: true, ..calm.clone() };
        show("attach-another", &attaches);
        let alert = Some(Alert::UnknownCodes);
        show("attach-unknown-codes", &Self { codes: typed, alert, ..attaches });
        show(
            "awkward",
            &Self {
                codes: Codes::awkward(),
                next: "/forgotten",
                last: last(AWKWARD, "javascript:alert(1)"),
                back: Some(awkward()),
                without_codes: Some("javascript:alert(1)".to_owned()),
                attaches: false,
                alert: Some(Alert::UnknownCodes),
            },
        );
    }

    fn scene(&self) -> Scene {
        Scene { is_signed_in: self.attaches, ..Scene::at(Place::Portal) }
    }
}
