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
    /// Whether these are all accounts of the person, wherever they are (001).
    pub is_all: bool,
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
            is_all: false,
            return_to: "/documents".to_owned(),
        };
        show("calm", &calm);
        let accounts = AttachedAccount::open(AttachedAccount::of_one_agency(), "replaces");
        show("one-is-open", &Self { accounts, one_is_open: true, ..calm.clone() });
        let accounts = AttachedAccount::open(AttachedAccount::of_one_agency(), "opens");
        show("hosts-of-their-own", &Self { accounts, ..calm.clone() });
        let together = Self { agency: None, codes: Codes::default(), accounts: AttachedAccount::samples(), ..calm };
        let accounts = AttachedAccount::open(AttachedAccount::samples(), "replaces");
        show("one-of-them-is-open", &Self { accounts, one_is_open: true, is_all: false, ..together.clone() });
        show("several-agencies", &Self { is_all: true, ..together });
        show(
            "awkward",
            &Self {
                agency: Some(awkward()),
                codes: Codes::awkward(),
                accounts: vec![AttachedAccount::awkward()],
                one_is_open: false,
                is_all: true,
                return_to: awkward(),
            },
        );
    }

    fn scene(&self) -> Scene {
        match &self.agency {
            Some(_) => Scene::signed_in_at(Place::Agency),
            None if self.is_all => Scene::signed_in_at(Place::Portal),
            None => Scene::signed_in_at(Place::Portal).under(Setting::SHARED_HOST),
        }
    }
}
