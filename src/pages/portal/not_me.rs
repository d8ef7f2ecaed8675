use serde::Serialize;

use super::Alert;
use crate::pages::Page;
use crate::pages::sample::{HELD, awkward};

/// "Ce n'est pas moi": a question, and what can be shown besides (decision 38).
#[derive(Debug, Clone, Serialize)]
pub struct NotMePage {
    /// The link's secret, carried in the forms.
    pub secret: String,
    /// What is asked about: the end of the sentence's key.
    pub request: &'static str,
    /// The old identifier or the new address, masked; empty where there is none.
    pub about: String,
    /// The address from before, which is typed with the password from before; empty where nothing is undone.
    pub former: String,
    /// Where the answer goes: `/confirm/disown` or `/not-me`.
    pub action: &'static str,
    /// Whether the change can be undone with the password from before.
    pub undo: bool,
    /// Whether it was answered already.
    pub held: bool,
    /// Where a new password is asked for.
    pub forgotten_url: String,
    /// The message above the forms.
    pub alert: Option<Alert>,
}

impl Page for NotMePage {
    const TEMPLATE: &'static str = "portal/not_me";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for request in HELD {
            let asked = Self {
                secret: "Zm9vYmFy".to_owned(),
                request,
                about: match request {
                    "run" => "du****23".to_owned(),
                    "changed-password" => String::new(),
                    _ => "am****@courriel.example".to_owned(),
                },
                former: if request == "changed-email" { "durand@tilleuls.example" } else { "" }.to_owned(),
                action: if matches!(request, "run" | "new-email") { "/confirm/disown" } else { "/not-me" },
                undo: request == "changed-email",
                held: false,
                forgotten_url: "/forgotten".to_owned(),
                alert: None,
            };
            show(request, &asked);
            show(&format!("{request}-held"), &Self { held: true, ..asked.clone() });
            if asked.undo {
                for (state, alert) in [("wrong-password", Alert::WrongPassword), ("address-taken", Alert::AddressTaken)]
                {
                    show(state, &Self { alert: Some(alert), ..asked.clone() });
                }
            }
            show(
                &format!("{request}-awkward"),
                &Self { about: awkward(), former: awkward(), secret: awkward(), ..asked },
            );
        }
    }
}
