use serde::Serialize;

use super::Alert;
use crate::pages::Page;
use crate::pages::sample::{AWKWARD, awkward};
use crate::pages::scene::{Scene, Setting};

/// "Vous avez d'autres comptes dans cette agence": at the end of the wizard, each with its old password (004).
#[derive(Debug, Clone, Serialize)]
pub struct OthersPage {
    /// The agency.
    pub agency: String,
    /// Whether its residents sign in with their old identifiers (004).
    pub keeps_identifier: bool,
    /// Whether the account of the run was attached to a person who existed, or its person was created.
    pub joined: bool,
    /// The accounts that are offered.
    pub accounts: Vec<OtherAccount>,
    /// The message above.
    pub alert: Option<Alert>,
}

/// An account that is offered.
#[derive(Debug, Clone, Serialize)]
pub struct OtherAccount {
    /// The old identifier, whole: that is what it is recognised by.
    pub account: String,
    /// The name that the agency has for it.
    pub holder: Option<String>,
    /// The kind of resident: `owner`, `co-owner`, `tenant` or `unknown` (key `kind-<name>`).
    pub kind: &'static str,
    /// Whether it is the one whose password is missing or was refused.
    pub is_refused: bool,
}

impl Page for OthersPage {
    const TEMPLATE: &'static str = "portal/others";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let other = |account: &str, kind, holder: Option<&str>| OtherAccount {
            account: account.to_owned(),
            holder: holder.map(str::to_owned),
            kind,
            is_refused: false,
        };
        let both = vec![other("L2001", "tenant", Some("Amélie Dufour")), other("parking-7", "unknown", None)];
        let calm = Self {
            agency: "Agence des Tilleuls".to_owned(),
            keeps_identifier: false,
            joined: false,
            accounts: both,
            alert: None,
        };
        show("calm", &calm);
        show("keeps-identifier", &Self { keeps_identifier: true, ..calm.clone() });
        show("account-attached", &Self { joined: true, accounts: calm.accounts[1..].to_vec(), ..calm.clone() });
        let mut refused = calm.clone();
        refused.accounts[0].is_refused = true;
        for (state, alert) in [
            ("others-refused", Alert::field("others-refused")),
            ("others-missing", Alert::field("others-missing")),
            ("provisional-over", Alert::ProvisionalOver),
            ("provisional-replaced", Alert::ProvisionalReplaced),
            ("must-change", Alert::MustChange),
            ("unavailable", Alert::Unavailable),
        ] {
            show(
                state,
                &Self {
                    alert: Some(alert),
                    ..if state.starts_with("others") { refused.clone() } else { calm.clone() }
                },
            );
        }
        let account = OtherAccount { holder: Some(awkward()), ..other(AWKWARD, "unknown", None) };
        show("awkward", &Self { agency: awkward(), accounts: vec![account], ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::default().under(Setting::identifier(self.keeps_identifier));
        if self.alert == Some(Alert::Unavailable) { scene.with_reference() } else { scene }
    }
}
