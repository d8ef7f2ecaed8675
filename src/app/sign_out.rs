//! Signing out, here and in every extranet that was entered (a17).

use super::{App, Caller, Fault, by_resident, jar};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::AuditEvent;
use crate::domain::cookie::Octets;
use crate::domain::identity::{Link, LinkId};
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::store::Sealed;
use crate::telemetry::seldom;

/// Ends the session. The extranets are told after it has ended here, and their silence keeps nobody signed in.
pub async fn sign_out(app: &App, caller: &Caller, session: &Session) -> Result<(), Fault> {
    end(app, caller, session, None).await
}

/// The same where the person has left the extranet of this account already: it is told no more.
pub async fn left(app: &App, caller: &Caller, session: &Session, link: &LinkId) -> Result<(), Fault> {
    end(app, caller, session, Some(link)).await
}

/// What is known of the session upstream of who leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamSession {
    /// The extranet has ended it.
    Over,
    /// It still stands, for all that is known.
    Open,
}

/// The same by the cookie of the agency's host; who is nobody any more has left.
pub async fn left_by(app: &App, caller: &Caller, cookie: &Secret, upstream: UpstreamSession) -> Result<(), Fault> {
    match (app.sessions.of_agency(cookie, app.now()).await?, upstream) {
        (Some((session, link)), UpstreamSession::Over) => left(app, caller, &session, &link.id).await,
        (Some((session, _)), UpstreamSession::Open) => sign_out(app, caller, &session).await,
        (None, _) => Ok(()),
    }
}

async fn end(app: &App, caller: &Caller, session: &Session, left: Option<&LinkId>) -> Result<(), Fault> {
    let entered = app.sessions.jars(&session.id).await?;
    app.sessions.end(session).await?;
    let (mut ended, mut failed) = (0, 0);
    for (link, jar) in &entered {
        if left == Some(&link.id) {
            ended += 1;
            continue;
        }
        match end_upstream(app, caller, session, link, &jar.sealed).await {
            Some(true) => ended += 1,
            Some(false) => failed += 1,
            None => {}
        }
    }
    let now = app.now();
    let event = AuditEvent::SignedOut { extranets_ended: ended, extranets_failed: failed };
    let mut tx = app.store.write().await?;
    caller.audit(&mut tx, &by_resident(&session.identity, event), now).await?;
    tx.commit().await?;
    Ok(())
}

/// Names and paths of the cookies that the extranet set when the person was signed in there: a browser that held them
/// has to be told where they are to give them up.
pub async fn cookies_of(app: &App, session: &Session, agency: &AgencyCode) -> Result<Vec<(Octets, Octets)>, Fault> {
    let jars = app.sessions.jars(&session.id).await?;
    let here = jars.iter().filter(|(link, _)| link.account.agency == *agency);
    let cookies = here.filter_map(|(link, kept)| jar::unsealed_or_told(app, &session.id, link, &kept.sealed)).flatten();
    Ok(cookies.map(|cookie| (cookie.name, cookie.path)).collect())
}

/// None where the extranet has no declared way out.
pub(super) async fn end_upstream(
    app: &App,
    caller: &Caller,
    session: &Session,
    link: &Link,
    sealed: &Sealed,
) -> Option<bool> {
    let agency = app.directory().agency(&link.account.agency)?.clone();
    let Some(cookies) = jar::unsealed_or_told(app, &session.id, link, sealed) else { return Some(false) };
    let public = agency.origin_of(&link.label());
    let behalf = caller.at(&agency.code, &public);
    let left = app.legacy.leave(&agency.upstream, &agency.adapter, &cookies, &behalf).await;
    match &left {
        Ok(Some(false)) => seldom::tell_of_logout(&agency.code, "it refuses", app.now()),
        Err(reason) => seldom::tell_of_logout(&agency.code, &reason.to_string(), app.now()),
        Ok(Some(true) | None) => {}
    }
    left.unwrap_or(Some(false))
}
