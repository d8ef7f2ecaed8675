//! Which agency a page is of where nothing says it but the request: what is known of it.

use std::sync::Arc;

use crate::domain::agency::Agency;

/// What a request tells of its agency.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The one that a letter's link or the page itself is about.
    pub(super) meant: Option<Arc<Agency>>,
    /// Who is signed in.
    pub(super) session: OfSession,
    /// The one that codes in an address, or the run of this browser, name; on a host of its own, that one.
    pub(super) named: Option<Arc<Agency>>,
    /// The one that was signed in to last, or the only one that there is.
    pub(super) last: Option<Arc<Agency>>,
}

/// Where somebody who is signed in has accounts.
#[derive(Debug, Clone, Default)]
pub(super) enum OfSession {
    /// Nobody is signed in, or has an account no more.
    #[default]
    Nowhere,
    /// At this one.
    One(Arc<Agency>),
    /// At several: what is theirs is the portal's. Of these one is reached, if any is.
    Several(Option<Arc<Agency>>),
}

/// The codes in the query of one of our pages.
pub(super) fn codes_in(page: &str) -> Option<(String, String)> {
    let (_, query) = page.split_once('?')?;
    let said = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, code)| code.into_owned())
    };
    Some((said("client")?, said("societe")?))
}

/// A query with an agency's codes, by which a page of ours knows it; empty for the portal's own.
#[must_use]
pub fn codes_query(agency: Option<&Agency>) -> String {
    let query = |agency: &Agency| format!("?client={}&societe={}", agency.code.client(), agency.code.societe());
    agency.map(query).unwrap_or_default()
}
