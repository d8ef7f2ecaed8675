//! The acceptance of an agency's terms, with its proof (000, c02 to c04).

use super::{App, Caller, Fault, by_resident};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::identity::IdentityId;
use crate::domain::session::Session;
use crate::domain::terms::{Acceptance, is_owed};
use crate::sessions::Change;

/// Whether the person still owes the acceptance of the agency's terms; who has no account there owes none.
pub async fn owes(app: &App, identity: &IdentityId, agency: &Agency) -> Result<bool, Fault> {
    let Some(terms) = &agency.terms else { return Ok(false) };
    let mut tx = app.store.read().await?;
    let accepted = tx.accepted_terms(identity, &agency.code).await?;
    Ok(is_owed(terms, &accepted) && tx.links_of(identity).await?.iter().any(|link| link.account.agency == agency.code))
}

/// Keeps the proof: who, which version, which text, when, from where; false, and nothing kept, where the session has ended
/// meanwhile.
pub async fn accept(app: &App, caller: &Caller, session: &Session, agency: &Agency) -> Result<bool, Fault> {
    let Some(terms) = &agency.terms else { return Ok(true) };
    let now = app.now();
    let acceptance = Acceptance {
        identity: session.identity.clone(),
        agency: agency.code.clone(),
        version: terms.version.clone(),
        digest: terms.digest(),
        at: now,
        client: caller.client.to_string(),
    };
    let Some(mut tx) = app.write_as(session).await? else { return Ok(false) };
    tx.keep_terms_text(&agency.code, terms, now).await?;
    tx.accept_terms(&acceptance).await?;
    let entry = AuditEntry {
        agency: Some(agency.code.clone()),
        ..by_resident(&session.identity, AuditEvent::TermsAccepted { version: terms.version.clone() })
    };
    caller.audit(&mut tx, &entry, now).await?;
    app.sessions.commit(tx, &Change::Identity(session.identity.clone())).await?;
    Ok(true)
}
