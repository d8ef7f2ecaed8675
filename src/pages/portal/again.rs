use serde::Serialize;

use super::MessageName;
use crate::pages::Page;
use crate::pages::sample::{AWKWARD, LONG_EMAIL, awkward};
use crate::pages::scene::{Place, Scene};

/// A form could not be taken, since something of ours does not answer: what was typed is still there, and is sent again by
/// one button (REL-015).
#[derive(Debug, Clone, Serialize)]
pub struct AgainPage {
    /// Why: `Unavailable` or `TooMany`.
    pub name: MessageName,
    /// Where the form goes.
    pub action: String,
    /// What somebody has typed.
    pub typed: Vec<TypedText>,
    /// What the form carried along.
    pub carried: Vec<CarriedText>,
    /// Whether a password was typed, which is not kept.
    pub left_out: bool,
}

/// What was typed into a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypedText {
    /// The field's name in the form.
    pub name: &'static str,
    /// The key of its label.
    pub label: &'static str,
    /// What was typed.
    pub text: String,
}

/// What a form says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarriedText {
    /// The field's name in the form.
    pub name: &'static str,
    /// What stands there.
    pub text: String,
}

impl Page for AgainPage {
    const TEMPLATE: &'static str = "portal/again";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let typed = |name, label, text: &str| TypedText { name, label, text: text.to_owned() };
        let code = |name, text: &str| CarriedText { name, text: text.to_owned() };
        let calm = Self {
            name: MessageName::Unavailable,
            action: "/forgotten".to_owned(),
            typed: vec![typed("login", "login", "durand@tilleuls.example")],
            carried: vec![code("client", "SPI31"), code("societe", "01")],
            left_out: false,
        };
        show("calm", &calm);
        show("too-many", &Self { name: MessageName::TooMany, ..calm.clone() });
        let message =
            vec![typed("email", "email", LONG_EMAIL), typed("message", "address-request-message", "Bonjour,\nmerci.")];
        let written = Self { action: "/account/email/request".to_owned(), typed: message, carried: Vec::new(), ..calm };
        show("message", &written);
        show("left-out", &Self { left_out: true, ..written.clone() });
        show(
            "awkward",
            &Self {
                action: awkward(),
                typed: vec![typed("login", "login", AWKWARD)],
                carried: vec![code("client", AWKWARD)],
                ..written
            },
        );
    }

    fn scene(&self) -> Scene {
        let scene = Scene::at(Place::Portal);
        if self.name == MessageName::Unavailable { scene.with_reference() } else { scene }
    }
}
