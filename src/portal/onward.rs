//! On the way into an extranet: which agency and account a page of ours stands before, and which page comes after it.

use std::sync::Arc;

use serde::Deserialize;

use crate::domain::agency::Agency;
use crate::domain::identity::AccountLabel;
use crate::domain::path::ReturnPath;
use crate::web::Web;
use crate::web::fields::Fields;

/// As a link or a form says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Onward {
    client: String,
    societe: String,
    account: String,
    asks: String,
    #[serde(rename = "return")]
    return_to: String,
}

impl Onward {
    /// What a form carries along.
    pub(super) fn of(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            client: text("client"),
            societe: text("societe"),
            account: text("account"),
            asks: text("asks"),
            return_to: text("return"),
        }
    }

    /// The agency, if there is one with these codes.
    pub(super) fn agency(&self, web: &Web) -> Option<Arc<Agency>> {
        web.app.agency(&self.client, &self.societe)
    }

    /// The account, where one is named.
    pub(super) fn account(&self) -> Option<AccountLabel> {
        AccountLabel::parse(&self.account)
    }

    /// Whether the form that is not shown first is wanted.
    pub(super) fn asks(&self) -> bool {
        self.asks == "1"
    }

    /// The page of the extranet.
    pub(super) fn return_to(&self) -> ReturnPath {
        ReturnPath::parse_or_home(&self.return_to)
    }
}
