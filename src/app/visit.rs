//! Who asks, on an agency's host: the hot path.
//!
//! A decided visitor is kept in memory for at most the age of the cache; within it neither the database nor another
//! server is asked, and nothing is allocated.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::{App, Fault, accept_terms};
use crate::domain::access::Visitor;
use crate::domain::agency::Agency;
use crate::domain::identity::{AccountLabel, LegacyAccount, LinkId};
use crate::domain::routing::House;
use crate::domain::secret::Secret;
use crate::domain::session::SessionId;
use crate::sessions::Seen;

/// A signed-in resident at one agency, ready to be forwarded.
#[derive(Debug)]
pub struct Passage {
    /// The sign-in.
    pub session: SessionId,
    /// The attached account.
    pub link: LinkId,
    /// What it is called in addresses.
    pub account: AccountLabel,
    /// Identity headers, ready to insert.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// The sessions cannot be asked: 503, and no cookie is cleared (g03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sessions cannot be asked")]
pub struct Unavailable;

/// Who asks, by the value of the agency host's cookie.
///
/// # Errors
/// The sessions cannot be asked, and nothing fresh enough is in memory.
pub async fn visit(app: &App, house: &House, cookie: Option<&str>) -> Result<Visitor<Arc<Passage>>, Unavailable> {
    let Some(cookie) = cookie else { return Ok(Visitor::Stranger) };
    if let Some(visitor) = app.sessions.visitor(cookie, &house.agency.code) {
        return Ok(at_home(house, visitor));
    }
    let generation = app.sessions.generation();
    match look_up(app, &house.agency, cookie).await {
        Ok(Some(seen)) => {
            let visitor = seen.visitor.clone();
            app.sessions.remember(cookie, seen, generation);
            Ok(at_home(house, visitor))
        }
        Ok(None) => Ok(Visitor::Stranger),
        Err(fault) => {
            tracing::error!(%fault, "the sessions cannot be asked");
            Err(Unavailable)
        }
    }
}

/// An account that is entered on another host of the same agency is nobody here.
fn at_home(house: &House, visitor: Visitor<Arc<Passage>>) -> Visitor<Arc<Passage>> {
    match visitor {
        Visitor::Resident(passage) if !house.is_home_of(&passage.account) => Visitor::Stranger,
        visitor => visitor,
    }
}

async fn look_up(app: &App, agency: &Agency, cookie: &str) -> Result<Option<Seen<Arc<Passage>>>, Fault> {
    let now = app.now();
    let known = app.sessions.of_agency(&Secret::new(cookie), now).await?;
    let Some((session, link)) = known.filter(|(_, link)| link.account.agency == agency.code) else { return Ok(None) };
    if let Err(error) = app.sessions.touch(&session, now).await {
        tracing::warn!(%error, "that a resident was seen could not be written");
    }
    let visitor = if accept_terms::owes(app, &session.identity, agency).await? {
        Visitor::OwesTerms
    } else {
        let headers = identity_headers(agency, &link.account);
        let account = link.label();
        Visitor::Resident(Arc::new(Passage { session: session.id.clone(), link: link.id, account, headers }))
    };
    Ok(Some(Seen { agency: agency.code.clone(), session: session.id, identity: session.identity, visitor }))
}

/// The headers that tell the extranet who this is; one without a value is not sent.
fn identity_headers(agency: &Agency, account: &LegacyAccount) -> Vec<(HeaderName, HeaderValue)> {
    agency
        .headers
        .iter()
        .filter_map(|header| {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            let value = HeaderValue::from_bytes(&header.value(account)?).ok()?;
            Some((name, value))
        })
        .collect()
}
