use serde::Serialize;

use super::AttachedAccount;
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene};

/// Whose password, where several people read letters at one address: behind the link or code only (b18).
#[derive(Debug, Clone, Serialize)]
pub struct ResetWhichPage {
    /// Each of them, by the accounts that they know themselves by.
    pub readers: Vec<Reader>,
}

/// One of them.
#[derive(Debug, Clone, Serialize)]
pub struct Reader {
    /// Where their new password is chosen.
    pub url: String,
    /// Their accounts; never none.
    pub accounts: Vec<ReadersAccount>,
}

/// An account of somebody who reads letters at an address.
#[derive(Debug, Clone, Serialize)]
pub struct ReadersAccount {
    /// The agency's name.
    pub agency: String,
    /// The old identifier, whole.
    pub account: String,
    /// The name that the agency has for it.
    pub holder: Option<String>,
}

impl ReadersAccount {
    pub(super) fn samples() -> Vec<Self> {
        AttachedAccount::of_one_agency().into_iter().map(Self::of).collect()
    }

    pub(super) fn of(account: AttachedAccount) -> Self {
        Self { agency: account.agency, account: account.account, holder: account.holder }
    }
}

impl Page for ResetWhichPage {
    const TEMPLATE: &'static str = "portal/reset_which";
    const BETWEEN_AGENCIES: bool = true;

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let url = "/reset?s=Zm9vYmFy&who=aaaaaaaaaaaa";
        let mut several = AttachedAccount::samples();
        let unnamed = ReadersAccount::of(several.remove(3));
        let one = Reader { url: url.to_owned(), accounts: ReadersAccount::samples() };
        let other = Reader { url: url.to_owned(), accounts: vec![unnamed] };
        show("calm", &Self { readers: vec![one, other] });
        let account = ReadersAccount::of(AttachedAccount::awkward());
        show("awkward", &Self { readers: vec![Reader { url: awkward(), accounts: vec![account] }] });
    }

    fn scene(&self) -> Scene {
        Scene::at(Place::Portal)
    }
}
