use serde::Serialize;

use super::{Alert, Codes, FieldError, Sends};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Scene, Setting};

/// "Mot de passe oublié ?" (000, 001, c10).
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenPage {
    /// The agency that was being entered; without one an e-mail address is asked for.
    pub codes: Option<Codes>,
    /// The way back.
    pub sign_in_url: String,
    /// Whether residents there sign in with their identifiers: the address that is linked is asked for, too (004).
    pub keeps_identifier: bool,
    /// What the letter will have.
    pub sends: Sends,
    /// What was typed.
    pub login: String,
    /// What was typed as linked address.
    pub email: String,
    /// What is wrong with it.
    pub alert: Option<Alert>,
}

impl Page for ForgottenPage {
    const TEMPLATE: &'static str = "portal/forgotten";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            codes: Some(Codes::sample()),
            sign_in_url: "/login?client=SPI31&societe=01".to_owned(),
            keeps_identifier: false,
            sends: Sends::Both,
            login: String::new(),
            email: String::new(),
            alert: None,
        };
        show("calm", &calm);
        let by_email = Self { codes: None, sends: Sends::Either, sign_in_url: "/".to_owned(), ..calm.clone() };
        show("by-email", &by_email);
        let alert = Some(Alert::field("login-address-missing"));
        show("login-address-missing", &Self { alert, ..by_email });
        show("login-missing", &Self { alert: Some(Alert::field("login-missing")), ..calm.clone() });
        let kept = Self { keeps_identifier: true, login: "C10042".to_owned(), ..calm.clone() };
        for (state, sends) in [("link", Sends::Link), ("code", Sends::Code), ("both", Sends::Both)] {
            show(state, &Self { sends, ..kept.clone() });
        }
        for error in FieldError::about(&["email-m", "email-too"]) {
            show(
                error.name,
                &Self { email: "durand chez tilleuls".to_owned(), alert: Alert::about(vec![error]), ..kept.clone() },
            );
        }
        let codes = Some(Codes::awkward());
        let (sign_in_url, login, email) = ("javascript:alert(1)".to_owned(), awkward(), awkward());
        show("awkward", &Self { codes, sign_in_url, login, email, ..kept });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::default();
        match (self.keeps_identifier, self.sends) {
            (true, Sends::Link) => scene.under(Setting::BY_IDENTIFIER).under(Setting::proof(true, false)),
            (true, Sends::Code) => scene.under(Setting::BY_IDENTIFIER).under(Setting::proof(false, true)),
            (true, Sends::Both | Sends::Either) => {
                scene.under(Setting::BY_IDENTIFIER).under(Setting::proof(true, true))
            }
            (false, _) => scene,
        }
    }
}
