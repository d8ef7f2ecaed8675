//! From the portal to an agency's own host, by a one-time code (a24): single use, seconds, bound to the browser.
//!
//! The agency's host gives the browser a secret first and passes only its digest through the portal; the code is worth
//! nothing in a browser without that secret.

use jiff::SignedDuration;

use super::{App, Caller, Fault, accept_terms, by_resident};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::path::ReturnPath;
use crate::domain::secret::{Secret, SecretDigest, long_secret};
use crate::domain::session::Session;

/// How long a code lives.
const LIFETIME: SignedDuration = SignedDuration::from_secs(30);

/// What the portal answers to an agency's host.
#[derive(Debug)]
pub enum Handed {
    /// The code.
    Code(Secret),
    /// The terms come first.
    OwesTerms,
    /// The person has no account at this agency (SEC-017).
    NoAccount,
}

/// Hands a signed-in person over to an agency's host.
///
/// # Errors
/// The store fails.
pub async fn hand_over(
    app: &App,
    caller: &Caller,
    session: &Session,
    agency: &Agency,
    browser: SecretDigest,
    return_to: &ReturnPath,
) -> Result<Handed, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let Some(link) = tx.link_at(&session.identity, &agency.code).await? else {
        let entry = AuditEntry {
            agency: Some(agency.code.clone()),
            ..by_resident(&session.identity, AuditEvent::AccessDenied)
        };
        caller.audit(&mut tx, &entry, now).await?;
        tx.commit().await?;
        return Ok(Handed::NoAccount);
    };
    drop(tx);
    if accept_terms::owes(app, &session.identity, agency).await? {
        return Ok(Handed::OwesTerms);
    }
    let code = long_secret(&*app.dice);
    let expires_at = now.checked_add(LIFETIME).unwrap_or(now);
    let mut tx = app.store.write().await?;
    tx.insert_handover(code.digest(), &session.id, &link.id, browser, return_to, expires_at).await?;
    tx.commit().await?;
    Ok(Handed::Code(code))
}

/// An agency's host takes the code. Gives the secret for its own cookie and the way on.
///
/// # Errors
/// The store fails.
pub async fn enter(
    app: &App,
    agency: &Agency,
    code: &Secret,
    browser: &Secret,
) -> Result<Option<(Secret, ReturnPath)>, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let Some(handed) = tx.take_handover(code.digest(), now).await? else { return Ok(None) };
    let link = tx.link(&handed.link).await?;
    let here = link.is_some_and(|link| link.account.agency == agency.code) && handed.browser == browser.digest();
    if !here {
        // A code in a wrong place is burnt all the same.
        tx.commit().await?;
        return Ok(None);
    }
    let cookie = long_secret(&*app.dice);
    let opened = app.sessions.open_agency(tx, &handed.session, &handed.link, &cookie, now).await?;
    Ok(opened.then_some((cookie, handed.return_to)))
}
