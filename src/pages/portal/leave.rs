use serde::Serialize;

use crate::pages::Page;
use crate::pages::scene::{Place, Scene};

/// Asks whether to sign out, where the extranet's own logout link was followed: following a link ends nothing (SEC-070).
#[derive(Debug, Clone, Serialize)]
pub struct LeavePage {
    /// Where the form goes.
    pub action: &'static str,
    /// The way back into the extranet.
    pub back: String,
    /// The way to the person's accounts, where there are several (001).
    pub accounts: Option<&'static str>,
}

impl Page for LeavePage {
    const TEMPLATE: &'static str = "portal/leave";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self { action: "/.vestibule/logout", back: "/".to_owned(), accounts: None };
        show("calm", &calm);
        show("with-other-accounts", &Self { accounts: Some("/.vestibule/accounts"), ..calm });
        show("from-the-portal", &Self { action: "/logout", back: "/account".to_owned(), accounts: None });
    }

    fn scene(&self) -> Scene {
        Scene::signed_in_at(if self.action == "/logout" { Place::Portal } else { Place::Host })
    }
}
