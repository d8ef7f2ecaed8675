use serde::Serialize;

use super::{Alert, Progress};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Scene, Setting};

/// The information page after the old login (000, b04, b05).
#[derive(Debug, Clone, Serialize)]
pub struct NoticePage {
    /// Seconds until "Étape suivante" opens; 0 when it is open.
    pub seconds: u64,
    /// The portal's host, as residents know it.
    pub portal: String,
    /// The same in short, as it is said: without `www.`.
    pub called: String,
    /// Whether the old identifier stays what is typed (004).
    pub keeps_identifier: bool,
    /// Whether the address is proven before the password is chosen.
    pub proof_first: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

impl Page for NoticePage {
    const TEMPLATE: &'static str = "portal/notice";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let (portal, called) = ("www.moncompte.example".to_owned(), "moncompte.example".to_owned());
        let progress = Some(Progress::sample(1));
        let calm =
            Self { seconds: 12, portal, called, keeps_identifier: false, proof_first: false, alert: None, progress };
        show("calm", &calm);
        show("keeps-identifier", &Self { keeps_identifier: true, ..calm.clone() });
        show("proof-first", &Self { proof_first: true, progress: None, ..calm.clone() });
        show("too-early", &Self { alert: Some(Alert::TooEarly), ..calm.clone() });
        show("open", &Self { seconds: 0, ..calm.clone() });
        show("awkward", &Self { seconds: 0, portal: awkward(), called: awkward(), progress: None, ..calm });
    }

    fn scene(&self) -> Scene {
        let order = if self.proof_first { Setting::PROOF_FIRST } else { Setting::PASSWORD_FIRST };
        Scene::default().under(Setting::identifier(self.keeps_identifier)).under(order)
    }
}
