use serde::Serialize;

use super::{AttachedAccount, Codes};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene, Setting};

/// Which account of an agency to open (b17).
#[derive(Debug, Clone, Serialize)]
pub struct ChooseAccountPage {
    /// The agency of all these accounts; none where they are of several.
    pub agency: Option<String>,
    /// The codes of the agency in whose extranet the path is, if that is known.
    pub codes: Codes,
    /// The accounts to choose from.
    pub accounts: Vec<AttachedAccount>,
    /// Whether one of them is open now, and would be closed.
    pub one_is_open: bool,
    /// The path in the extranet to return to.
    pub return_to: String,
}

impl Page for ChooseAccountPage {
    const TEMPLATE: &'static str = "portal/choose_account";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self {
            agency: Some("Agence des Tilleuls".to_owned()),
            codes: Codes::sample(),
            accounts: AttachedAccount::of_one_agency(),
            one_is_open: false,
            return_to: "/documents".to_owned(),
        };
        let mut open = calm.clone();
        open.one_is_open = true;
        open.accounts[0].is_open = true;
        show("calm", &calm);
        show("one-is-open", &open);
        let accounts = AttachedAccount::samples();
        show("several-agencies", &Self { agency: None, codes: Codes::default(), accounts, ..calm });
        show(
            "awkward",
            &Self {
                agency: Some(awkward()),
                codes: Codes::awkward(),
                accounts: vec![AttachedAccount::awkward()],
                one_is_open: false,
                return_to: awkward(),
            },
        );
    }

    fn scene(&self) -> Scene {
        match &self.agency {
            Some(_) => Scene::signed_in_at(Place::Agency),
            None => Scene::signed_in_at(Place::Portal).under(Setting::SHARED_HOST),
        }
    }
}
