use serde::Serialize;

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
}

impl Letter for PasswordChanged {
    const TEMPLATE: &'static str = "mail/password_changed";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, not_me_url) in [("calm", None), ("not-me", Some(url("/not-me?s=Zm9vYmFy")))] {
            show(state, &Self { at: WRITTEN.to_owned(), reset_url: url("/forgotten"), not_me_url });
        }
    }
}
