//! Who asks, on an agency's host: the hot path.
//!
//! A decided visitor is kept in memory for at most the age of the cache; within it neither the database nor another
//! server is asked, and nothing is allocated.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::{App, Fault, accept_terms, naming, rotate_vault};
use crate::domain::access::Visitor;
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{AccountLabel, IdentityId, LegacyAccount, Link, LinkId};
use crate::domain::routing::{House, SharedHost};
use crate::domain::secret::Secret;
use crate::domain::session::{Session, SessionId};
use crate::legacy::{Credentials, Legacy};
use crate::sessions::{Seen, SessionsError};
use crate::store::SealedPlace;
use crate::telemetry::metrics::METRICS;
use crate::telemetry::seldom::Spell;

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
    /// What each request carries besides, where that is how the extranet is entered (a06).
    pub credentials: Credentials,
    /// Whose password they are made of.
    pub by_secret: Option<BySecret>,
}

/// A resident who is forwarded with the account's own password.
#[derive(Debug)]
pub struct BySecret {
    /// The person.
    pub identity: IdentityId,
    /// The account.
    pub account: LegacyAccount,
    /// Which of the account's passwords it is.
    pub version: i64,
}

/// Whose house a host is to a browser, and who asks there.
pub type Settled = (House, Visitor<Arc<Passage>>);

/// The sessions cannot be asked: 503, and no cookie is cleared (g03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sessions cannot be asked: {0}")]
pub struct Unavailable(pub &'static str);

/// Requests meet it by the hundred, and each has its access line.
static UNASKED: Spell = Spell::new();

/// Who asks, by the value of the agency host's cookie.
///
/// # Errors
/// The sessions cannot be asked, and nothing fresh enough is in memory.
pub async fn visit(app: &App, house: &House, cookie: Option<&str>) -> Result<Visitor<Arc<Passage>>, Unavailable> {
    let Some(cookie) = cookie else { return Ok(Visitor::Stranger) };
    if let Some(visitor) = app.sessions.visitor(cookie, &house.agency.code) {
        METRICS.cache.found();
        return Ok(at_home(house, visitor));
    }
    // Asking is rare and its future large: boxed, it is not moved about with each request that is in memory.
    let house_of = |agency: &AgencyCode| Some(house.clone()).filter(|house| house.agency.code == *agency);
    let known = Box::pin(ask(app, cookie, house_of)).await?;
    Ok(known.map_or(Visitor::Stranger, |(_, visitor)| visitor))
}

/// Who asks on a host that several agencies share, and of which of them, by the value of the host's cookie; None where
/// that tells nothing.
///
/// # Errors
/// The sessions cannot be asked, and nothing fresh enough is in memory.
pub async fn visit_shared(
    app: &App,
    shared: &SharedHost,
    cookie: Option<&str>,
) -> Result<Option<Settled>, Unavailable> {
    let Some(cookie) = cookie else { return Ok(None) };
    let house = |agency: &AgencyCode| shared.house(agency);
    if let Some((house, visitor)) = app.sessions.visitor_at(cookie, house) {
        METRICS.cache.found();
        return Ok(house.map(|house| (house, visitor)));
    }
    Box::pin(ask(app, cookie, house)).await
}

/// Whether somebody who was let in would be let in now: asked of the sessions themselves, and no request of theirs, so that
/// a page that is left open keeps no session awake.
pub async fn lets_in(app: &App, house: &House, cookie: &str, resident: &Passage) -> Result<bool, Unavailable> {
    let house_of = |agency: &AgencyCode| Some(house.clone()).filter(|house| house.agency.code == *agency);
    match look_up(app, cookie, house_of, Asks::Watch).await {
        Ok(Some((_, Seen { visitor: Visitor::Resident(now), .. }))) => {
            Ok(now.session == resident.session && now.link == resident.link)
        }
        Ok(_) => Ok(false),
        Err(fault) => {
            tracing::debug!(%fault, "whether a session lasts cannot be asked");
            Err(Unavailable(fault.reason()))
        }
    }
}

/// Asks the sessions whose the cookie is, and keeps the answer; `house` gives the one of an agency here.
async fn ask(
    app: &App,
    cookie: &str,
    house: impl Fn(&AgencyCode) -> Option<House>,
) -> Result<Option<Settled>, Unavailable> {
    METRICS.cache.missed();
    let generation = app.sessions.generation();
    let known = look_up(app, cookie, house, Asks::Request).await;
    if known.is_ok() {
        UNASKED.is_over("the sessions can be asked again");
    }
    match known {
        Ok(Some((house, seen))) => {
            let visitor = seen.visitor.clone();
            // Decided with an agency that a reload has replaced, it would be in the way of what holds now.
            if app.directory().holds(&house.agency) {
                app.sessions.remember(cookie, seen, generation);
            }
            let visitor = at_home(&house, visitor);
            Ok(Some((house, visitor)))
        }
        Ok(None) => Ok(None),
        // An outage of Redis is told once, where it begins.
        Err(fault @ Fault::Sessions(SessionsError::Redis(_))) => Err(Unavailable(fault.reason())),
        Err(fault) => {
            if !app.store.is_away() && UNASKED.is_due() {
                tracing::error!(%fault, "the sessions cannot be asked");
            }
            Err(Unavailable(fault.reason()))
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

/// What a cookie is looked up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// A request: the person is there.
    Request,
    /// What began with a request, and lasts.
    Watch,
}

async fn look_up(
    app: &App,
    cookie: &str,
    house: impl Fn(&AgencyCode) -> Option<House>,
    asks: Asks,
) -> Result<Option<(House, Seen<Arc<Passage>>)>, Fault> {
    let now = app.now();
    let Some((session, link)) = app.sessions.of_agency(&Secret::new(cookie), now).await? else { return Ok(None) };
    let Some(house) = house(&link.account.agency) else { return Ok(None) };
    let agency = &*house.agency;
    if asks == Asks::Request {
        app.sessions.see(&session, now).await;
    }
    let visitor = match naming::headers(app, agency, &link.account) {
        None => Visitor::Unnamed,
        Some(_) if accept_terms::owes(app, &session.identity, agency).await? => Visitor::OwesTerms,
        Some(headers) => with_password(app, agency, &session, link, headers).await?,
    };
    let seen = Seen { agency: agency.code.clone(), session: session.id, identity: session.identity, visitor };
    Ok(Some((house, seen)))
}

/// With the account's own credentials, where each request carries them.
async fn with_password(
    app: &App,
    agency: &Agency,
    session: &Session,
    link: Link,
    headers: Vec<(HeaderName, HeaderValue)>,
) -> Result<Visitor<Arc<Passage>>, Fault> {
    Ok(match carried(app, agency, &link).await? {
        Carried::Nothing => resident(session, link, headers, None),
        Carried::Missing => Visitor::OwesPassword,
        Carried::Unwritable => {
            naming::tell_unnamed(app, agency, &link.account, agency.adapter.carrier());
            Visitor::Unnamed
        }
        Carried::Known(credentials, version) => resident(session, link, headers, Some((credentials, version))),
    })
}

fn resident(
    session: &Session,
    link: Link,
    headers: Vec<(HeaderName, HeaderValue)>,
    carried: Option<(Credentials, i64)>,
) -> Visitor<Arc<Passage>> {
    let label = link.label();
    let (identity, account) = (session.identity.clone(), link.account);
    let (credentials, version) = carried.unzip();
    let by_secret = version.map(|version| BySecret { identity, account, version });
    let (session, credentials) = (session.id.clone(), credentials.unwrap_or_default());
    Visitor::Resident(Arc::new(Passage { session, link: link.id, account: label, headers, credentials, by_secret }))
}

/// The account's own credentials as each request carries them.
enum Carried {
    /// This extranet is entered otherwise.
    Nothing,
    /// The password is not known any more, or was refused and is not sent until somebody looks at it again (a11).
    Missing,
    /// They cannot be written as the extranet reads them.
    Unwritable,
    /// What is sent, and which password it is made of.
    Known(Credentials, i64),
}

/// Unseals the password for as long as this takes; what is kept in memory is what requests carry, as long as the decision
/// about the cookie is.
async fn carried(app: &App, agency: &Agency, link: &Link) -> Result<Carried, Fault> {
    if agency.adapter.entered_by() != EnteredBy::EachRequest {
        return Ok(Carried::Nothing);
    }
    let stored = app.store.read().await?.legacy_secret(&link.id).await?;
    let Some(stored) = stored.filter(|stored| stored.record.refused_at.is_none()) else {
        return Ok(Carried::Missing);
    };
    let place = SealedPlace::Link(link.id.clone());
    let secret = app.vault()?.open(&place.context(), &stored.sealed)?;
    rotate_vault::freshen(app, &place, &stored.sealed, &secret).await;
    let credentials = Legacy::credentials(&agency.adapter, &link.account.login, &secret);
    Ok(credentials.map_or(Carried::Unwritable, |credentials| Carried::Known(credentials, stored.version)))
}
