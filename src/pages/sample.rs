//! What samples of pages and letters are made of: calm values and awkward ones.

use serde::Serialize;
use serde_json::Value;

use super::scene::Scene;
use super::{Brand, Frame, Letter, Page};
use crate::domain::language::Language;

/// A page or letter in one of its states.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The template's name.
    pub template: &'static str,
    /// Which state it is; no two of a template have the same name.
    pub state: String,
    /// The typed context, as templates see it.
    pub context: Value,
    /// Where it is seen.
    pub scene: Scene,
}

impl Sample {
    /// Every state of a page.
    #[must_use]
    pub fn page<P: Page>() -> Vec<Self> {
        let mut samples = Vec::new();
        P::samples(|state, page| samples.push(Self::of(P::TEMPLATE, state, page, page.scene())));
        samples
    }

    /// Every state of a letter.
    #[must_use]
    pub fn letter<L: Letter>() -> Vec<Self> {
        let mut samples = Vec::new();
        L::samples(|state, letter| samples.push(Self::of(L::TEMPLATE, state, letter, letter.scene())));
        samples
    }

    fn of(template: &'static str, state: &str, context: &impl Serialize, scene: Scene) -> Self {
        let context = serde_json::to_value(context).unwrap_or_default();
        Self { template, state: state.to_owned(), context, scene }
    }

    /// Whether it is made of what somebody types who means harm: nothing that a resident would see.
    #[must_use]
    pub fn is_awkward(&self) -> bool {
        self.state.ends_with(AWKWARD_STATE)
    }
}

/// The portal of the samples.
pub const PORTAL: &str = "https://www.moncompte.example";

/// What somebody types who means harm (SEC-072, SEC-073).
pub const AWKWARD: &str = "\"><svg onload=alert(1)>{{7*7}}{{> config}}' O'Brien & <b>";

/// How the names of states end that are made of it.
pub const AWKWARD_STATE: &str = "awkward";

/// An address that is longer than a field.
pub const LONG_EMAIL: &str =
    "marie-antoinette.de-la-rochefoucauld-montmorency.gestion-locative@boite-aux-lettres-familiale.moncompte.example";

/// What « Ce n'est pas moi » can hold.
pub const HELD: [&str; 4] = ["run", "new-email", "changed-email", "changed-password"];

/// A time, written out; in the other language it is written anew where it is looked at.
pub const WRITTEN: &str = "22 novembre 2026 à 9 h 30";

/// The day of a time.
pub const DAY: &str = "15 juillet 2026";

/// [`AWKWARD`], owned.
#[must_use]
pub fn awkward() -> String {
    AWKWARD.to_owned()
}

/// A page of the portal, as a letter names it.
#[must_use]
pub fn url(path: &str) -> String {
    format!("{PORTAL}{path}")
}

/// How a letter can be answered, each with its name: link and code, a link alone, a code alone.
#[must_use]
pub fn proofs() -> [(&'static str, Option<String>, Option<String>); 3] {
    let (link, code) = (Some(url("/confirm/Zm9vYmFy?x=1&y=2")), Some("86991277".to_owned()));
    [("both", link.clone(), code.clone()), ("link", link, None), ("code", None, code)]
}

/// All of an enum from its first on, each with the name that templates know it by.
#[must_use]
pub fn each<T: Serialize>(first: T, after: impl Fn(&T) -> Option<T>) -> Vec<(String, T)> {
    let mut all = vec![first];
    while let Some(next) = all.last().and_then(&after) {
        all.push(next);
    }
    all.into_iter().map(|one| (name(&one), one)).collect()
}

/// The name in the tag, and the number that it may carry.
fn name(one: &impl Serialize) -> String {
    let value = serde_json::to_value(one).unwrap_or_default();
    let parts = value.as_object().map_or_else(|| vec![&value], |fields| fields.values().collect());
    parts.iter().map(|part| part.to_string().replace('"', "")).collect::<Vec<_>>().join("-")
}

/// A brand with everything, one with nothing, and an awkward one.
#[must_use]
pub fn brands() -> [Brand; 3] {
    let bare = Brand {
        name: "Mon compte immobilier".to_owned(),
        colour: "#1f4e79".to_owned(),
        logo_url: None,
        support_name: "Mon compte immobilier".to_owned(),
        answers: false,
        support_email: None,
        support_phone: None,
        support_url: None,
        old_password_hint: None,
    };
    [
        Brand {
            name: "Agence des Tilleuls".to_owned(),
            support_name: "Agence des Tilleuls".to_owned(),
            answers: true,
            support_email: Some("contact@tilleuls.example".to_owned()),
            support_phone: Some("05 61 00 00 00".to_owned()),
            support_url: Some("https://tilleuls.example/aide".to_owned()),
            old_password_hint: Some("Il figure sur vos appels de fonds.".to_owned()),
            ..bare.clone()
        },
        bare,
        Brand {
            name: awkward(),
            support_name: awkward(),
            answers: true,
            colour: "red;}".to_owned(),
            logo_url: Some("javascript:alert(1)".to_owned()),
            support_email: Some(awkward()),
            support_phone: Some(awkward()),
            support_url: Some("javascript:alert(1)".to_owned()),
            old_password_hint: Some(awkward()),
        },
    ]
}

/// The portal's frame without and with somebody signed in, and an agency host's.
#[must_use]
pub fn frames(language: Language, brand: &Brand) -> [Frame<'_>; 4] {
    let frame = Frame {
        language,
        brand,
        csrf: "c2FtcGxl",
        assets: "/assets",
        portal: PORTAL,
        whose: "?client=SPI31&societe=01",
        here: "/login?client=SPI31&societe=01",
        in_a_frame: false,
        signed_in: false,
        reference: None,
    };
    [
        frame.clone(),
        Frame { signed_in: true, here: AWKWARD, reference: Some(AWKWARD), ..frame.clone() },
        Frame { assets: "/.vestibule/assets", in_a_frame: true, ..frame.clone() },
        Frame { assets: "/.vestibule/assets", ..frame },
    ]
}
