use serde::Serialize;

use super::{Alert, AttachedAccount, Criterion, FieldError, PASSWORDS, ReadersAccount};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene, Setting};

/// The new password after a reset link (c10).
#[derive(Debug, Clone, Serialize)]
pub struct ResetPage {
    /// The link's secret, carried in the form.
    pub secret: String,
    /// The address of the person whom the letter went to.
    pub email: String,
    /// What that person types, if it is not the address (004).
    pub identifier: Option<String>,
    /// Whose password it is, by one of their accounts, where several people read at the address (b18).
    pub who: Option<String>,
    /// What it opens.
    pub accounts: Vec<ReadersAccount>,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// Whether "J'ai noté ce mot de passe en lieu sûr" must be ticked (004).
    pub noted: bool,
    /// What is wrong with the password.
    pub alert: Option<Alert>,
}

impl Page for ResetPage {
    const TEMPLATE: &'static str = "portal/reset";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            secret: "Zm9vYmFy".to_owned(),
            email: "durand@tilleuls.example".to_owned(),
            identifier: None,
            who: None,
            accounts: ReadersAccount::samples(),
            criteria: Criterion::samples(),
            noted: false,
            alert: None,
        };
        show("calm", &calm);
        show("keeps-identifier", &Self { identifier: Some("C10042".to_owned()), ..calm.clone() });
        let who = Some("aaaaaaaaaaaa".to_owned());
        show("two-people", &Self { who, accounts: Vec::new(), ..calm.clone() });
        show("noted", &Self { noted: true, ..calm.clone() });
        for error in FieldError::about(PASSWORDS) {
            show(error.name, &Self { noted: true, alert: Alert::about(vec![error]), ..calm.clone() });
        }
        let accounts = vec![ReadersAccount::of(AttachedAccount::awkward())];
        let (secret, identifier, who) = (awkward(), Some(awkward()), Some(awkward()));
        show("awkward", &Self { secret, identifier, email: awkward(), who, accounts, ..calm });
    }

    fn scene(&self) -> Scene {
        let scene = Scene::at(Place::Agency);
        let scene = if self.identifier.is_some() { scene.under(Setting::BY_IDENTIFIER) } else { scene };
        if self.noted { scene.under(Setting::NOTED) } else { scene }
    }
}
