use http::StatusCode;
use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::AWKWARD;
use crate::pages::scene::{Place, Scene};

/// A form of the extranet that came too late (a19).
#[derive(Debug, Clone, Serialize)]
pub struct NotSentPage {
    /// Why.
    pub why: NotSentWhy,
    /// What has to be done first, or the page that held the form.
    pub action_url: String,
    /// What was written.
    pub fields: Vec<SentText>,
    /// Whether something is left out.
    pub left_out: bool,
}

/// Why a form was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotSentWhy {
    /// The session has ended.
    SessionOver,
    /// The terms have to be accepted first.
    OwesTerms,
    /// The extranet's own password has to be given first.
    OwesPassword,
    /// The extranet's session had ended; it is renewed.
    Renewed,
}

impl NotSentWhy {
    /// The status of the page.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::SessionOver => StatusCode::UNAUTHORIZED,
            Self::OwesTerms | Self::OwesPassword => StatusCode::FORBIDDEN,
            Self::Renewed => StatusCode::CONFLICT,
        }
    }
}

/// What somebody wrote into a field, to be copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentText {
    /// The field's name in the form.
    pub name: String,
    /// What was written.
    pub text: String,
    /// Lines to show.
    pub rows: usize,
}

impl Page for NotSentPage {
    const TEMPLATE: &'static str = "portal/not_sent";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let text = |name: &str, text: &str| SentText { name: name.to_owned(), text: text.to_owned(), rows: 2 };
        for (why, name) in [
            (NotSentWhy::SessionOver, "session-over"),
            (NotSentWhy::OwesTerms, "owes-terms"),
            (NotSentWhy::OwesPassword, "owes-password"),
            (NotSentWhy::Renewed, "renewed"),
        ] {
            for (state, fields, left_out) in [
                ("empty", Vec::new(), false),
                ("left-out", Vec::new(), true),
                (
                    "words",
                    vec![text("Objet", "Fuite d'eau"), text("Message", "Bonjour,\nle robinet du palier goutte.")],
                    false,
                ),
                ("awkward", vec![text(AWKWARD, AWKWARD)], true),
            ] {
                show(&format!("{name}-{state}"), &Self { why, action_url: "/login".to_owned(), fields, left_out });
            }
        }
    }

    fn scene(&self) -> Scene {
        Scene::at(Place::Host)
    }
}
