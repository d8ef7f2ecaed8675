//! The way from a page of ours to the extranet of an agency, through the hand-over.

use axum::response::Response;

use super::guest::Guest;
use crate::domain::agency::Agency;
use crate::domain::identity::AccountLabel;

impl Guest {
    /// The way to the extranet of an agency, through the hand-over.
    #[must_use]
    pub fn go_into(self, agency: &Agency, return_to: &str) -> Response {
        self.go(&way_into(agency, return_to))
    }

    /// The same for one of several accounts.
    #[must_use]
    pub fn go_into_account(self, agency: &Agency, account: &AccountLabel, return_to: &str) -> Response {
        self.go(&way_into_account(agency, account, return_to))
    }
}

/// The way into the extranet of an agency.
#[must_use]
pub fn way_into(agency: &Agency, return_to: &str) -> String {
    let mut query = named_on_its_host(agency);
    query.append_pair("return", return_to);
    format!("{}/.vestibule/begin?{}", agency.public, query.finish())
}

/// The way to one of several accounts at an agency.
#[must_use]
pub fn way_into_account(agency: &Agency, account: &AccountLabel, return_to: &str) -> String {
    let mut query = named_on_its_host(agency);
    query.append_pair("account", account.as_str()).append_pair("return", return_to);
    format!("{}/.vestibule/begin?{}", agency.origin_of(account), query.finish())
}

/// The beginning of a query on an agency's host: on a shared one, nothing else says which agency is meant.
#[must_use]
pub fn named_on_its_host(agency: &Agency) -> url::form_urlencoded::Serializer<'static, String> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if agency.shares_host() {
        query.append_pair("client", agency.code.client()).append_pair("societe", agency.code.societe());
    }
    query
}
