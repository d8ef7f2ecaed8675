use serde::Serialize;

use super::{Alert, Codes, FieldError, Given};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::Scene;

/// Who is signed in attaches another account: what the agency gave out for it is asked for, and nothing that belongs to a
/// sign-in (000 I.B).
#[derive(Debug, Clone, Serialize)]
pub struct AttachPage {
    /// The agency of the account.
    pub codes: Codes,
    /// The path in the extranet to return to.
    pub return_to: String,
    /// The address of who is signed in, and stays so.
    pub email: String,
    /// The identifiers of their accounts at this agency.
    pub theirs: Vec<String>,
    /// What was typed as identifier.
    pub login: String,
    /// « Mon agence m'a donné un nouveau mot de passe ».
    pub given: Given,
    /// The message above the form.
    pub alert: Option<Alert>,
}

impl Page for AttachPage {
    const TEMPLATE: &'static str = "portal/attach";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            codes: Codes::sample(),
            return_to: "/".to_owned(),
            email: "durand@tilleuls.example".to_owned(),
            theirs: Vec::new(),
            login: String::new(),
            given: Given::Hidden,
            alert: None,
        };
        show("calm", &calm);
        show("same-agency", &Self { theirs: vec!["C10023".to_owned()], ..calm.clone() });
        let theirs = vec!["C10023".to_owned(), "L2001".to_owned()];
        show("same-agency-several", &Self { theirs, ..calm.clone() });
        let typed = Self { login: "durand".to_owned(), ..calm };
        for (state, given, alert) in [
            ("attach-refused", Given::Closed, Alert::AttachRefused),
            ("given", Given::Open, Alert::GivenRefused),
            ("attach-ours", Given::Closed, Alert::AttachOurs),
            ("attached-already", Given::Closed, Alert::AttachedAlready),
            ("unavailable", Given::Hidden, Alert::Unavailable),
        ] {
            show(state, &Self { given, alert: Some(alert), ..typed.clone() });
        }
        let wrong = |names: [&'static str; 2]| Alert::about(names.map(FieldError::named).to_vec());
        let alert = wrong(["agency-login-missing", "agency-password-missing"]);
        show("several-wrong", &Self { alert, login: String::new(), ..typed.clone() });
        show(
            "awkward",
            &Self {
                codes: Codes::awkward(),
                return_to: awkward(),
                email: awkward(),
                theirs: vec![awkward()],
                login: awkward(),
                given: Given::Open,
                alert: Some(Alert::AttachRefused),
            },
        );
    }

    fn scene(&self) -> Scene {
        let scene = Scene { is_signed_in: true, ..Scene::default() };
        if self.alert == Some(Alert::Unavailable) { scene.with_reference() } else { scene }
    }
}
