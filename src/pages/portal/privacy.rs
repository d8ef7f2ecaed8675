use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::{AWKWARD, awkward};
use crate::pages::scene::{Place, Scene};

/// What is kept about a resident and why (RGPD 12 to 14).
#[derive(Debug, Clone, Serialize)]
pub struct PrivacyPage {
    /// For how many months the trace is kept at most.
    pub audit_months: u32,
    /// For how many days a letter is known.
    pub letter_days: i64,
    /// For how many days a kept session lasts at most.
    pub keep_days: u32,
    /// The agency's name, or the portal's.
    pub agency: String,
    /// The portal's name.
    pub processor: String,
    /// Who answers for the data, where one can be named.
    pub controller: String,
    /// As what: `controller`, `syndicat`, or `agencies` where it is each agency (key `privacy-who-<role>`).
    pub role: &'static str,
    /// Where they are written to, if they say it.
    pub contact: Option<String>,
    /// Every cookie that is set.
    pub cookies: Vec<ShownCookie>,
}

/// A cookie of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownCookie {
    /// What it is called.
    pub name: &'static str,
    /// What it is for (key `privacy-cookie-<purpose>`).
    pub purpose: &'static str,
    /// How many days it lasts, if days.
    pub days: Option<i64>,
    /// How many seconds it lasts, if not days; neither: as long as the browser is open.
    pub seconds: Option<i64>,
}

impl ShownCookie {
    fn samples() -> Vec<Self> {
        [
            ("vestibule", "session", None, None),
            ("vestibule-browser", "form", None, None),
            ("vestibule-language", "language", Some(365), None),
            ("vestibule-device", "device", Some(180), None),
            ("vestibule-agency", "agency", Some(180), None),
            ("vestibule-account", "account", Some(180), None),
            ("vestibule-refusals", "refusals", None, None),
            ("vestibule-answer", "answer", None, None),
            ("vestibule-bind", "passage", None, None),
            ("vestibule-renewals", "renewals", None, Some(20)),
        ]
        .map(|(name, purpose, days, seconds)| Self { name, purpose, days, seconds })
        .to_vec()
    }
}

impl Page for PrivacyPage {
    const TEMPLATE: &'static str = "portal/privacy";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            audit_months: 12,
            letter_days: 90,
            keep_days: 30,
            agency: "Agence des Tilleuls".to_owned(),
            processor: "Mon compte immobilier".to_owned(),
            controller: "Agence des Tilleuls".to_owned(),
            role: "controller",
            contact: None,
            cookies: ShownCookie::samples(),
        };
        show("calm", &calm);
        let contact = Some("dpo@tilleuls.example".to_owned());
        show("syndicat", &Self { role: "syndicat", contact, ..calm.clone() });
        let (agency, role) = ("Mon compte immobilier".to_owned(), "agencies");
        show("several-agencies", &Self { agency, role, ..calm.clone() });
        let (agency, controller) = (AWKWARD.to_owned(), awkward());
        show("awkward", &Self { agency, controller, processor: awkward(), contact: Some(awkward()), ..calm });
    }

    fn scene(&self) -> Scene {
        Scene::at(if self.role == "agencies" { Place::Portal } else { Place::Agency })
    }
}
