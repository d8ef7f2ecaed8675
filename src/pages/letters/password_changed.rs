use serde::Serialize;

use super::AlsoAt;
use crate::pages::Letter;
use crate::pages::sample::{WRITTEN, url};

/// "Votre mot de passe a changé" (004, c09).
#[derive(Debug, Clone, Serialize)]
pub struct PasswordChanged {
    /// When, written out in Paris time.
    pub at: String,
    /// Where a stranger's change is undone: the reset page.
    pub reset_url: String,
    /// The page of « Ce n'est pas moi », which leads there too.
    pub not_me_url: Option<String>,
    /// The person's other agencies.
    pub agencies: Vec<AlsoAt>,
}

impl Letter for PasswordChanged {
    const TEMPLATE: &'static str = "mail/password_changed";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, not_me_url) in [("calm", None), ("not-me", Some(url("/not-me?s=Zm9vYmFy")))] {
            let (at, reset_url) = (WRITTEN.to_owned(), url("/forgotten"));
            let calm = Self { at, reset_url, not_me_url, agencies: Vec::new() };
            show(state, &calm);
            if state == "calm" {
                show("several-agencies", &Self { agencies: AlsoAt::samples(), ..calm });
            }
        }
    }
}
