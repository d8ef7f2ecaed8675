use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::awkward;

/// "Mot de passe réinitialisé": a script leads on after some seconds (001, c10), unless somebody is at work there.
#[derive(Debug, Clone, Serialize)]
pub struct ResetDonePage {
    /// Seconds until it does.
    pub seconds: u64,
    /// Where it leads: the login page, with the codes where they are known.
    pub login_url: String,
}

impl Page for ResetDonePage {
    const TEMPLATE: &'static str = "portal/reset_done";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        show("calm", &Self { seconds: 20, login_url: "/login?client=SPI31&societe=01".to_owned() });
        show("awkward", &Self { seconds: 1, login_url: awkward() });
    }
}
