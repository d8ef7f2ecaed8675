//! Signing out, here and in every extranet that was entered (a17).

use super::{App, Caller, Fault, by_resident, jar};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::AuditEvent;
use crate::domain::cookie::Octets;
use crate::domain::identity::Link;
use crate::domain::session::Session;
use crate::store::Sealed;

/// Ends the session. The extranets are told after it has ended here, and their silence keeps nobody signed in.
///
/// # Errors
/// The store fails.
pub async fn sign_out(app: &App, caller: &Caller, session: &Session) -> Result<(), Fault> {
    let entered = app.sessions.jars(&session.id).await?;
    app.sessions.end(session).await?;
    let (mut ended, mut failed) = (0, 0);
    for (link, jar) in &entered {
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
///
/// # Errors
/// The sessions cannot be asked.
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
    app.legacy.leave(&agency.upstream, &agency.adapter, &cookies, &behalf).await.unwrap_or(Some(false))
}
