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
    /// Whether the old identifier stays what is typed (004).
    pub keeps_identifier: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

impl Page for NoticePage {
    const TEMPLATE: &'static str = "portal/notice";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let portal = "www.moncompte.example".to_owned();
        let progress = Some(Progress::sample(1));
        let calm = Self { seconds: 12, portal, keeps_identifier: false, alert: None, progress };
        show("calm", &calm);
        show("keeps-identifier", &Self { keeps_identifier: true, progress: None, ..calm.clone() });
        show("too-early", &Self { alert: Some(Alert::TooEarly), ..calm.clone() });
        show("open", &Self { seconds: 0, ..calm.clone() });
        show("awkward", &Self { seconds: 0, portal: awkward(), progress: None, ..calm });
    }

    fn scene(&self) -> Scene {
        Scene::default().under(Setting::identifier(self.keeps_identifier))
    }
}
