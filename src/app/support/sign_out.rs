//! Ending sign-ins by an operator: one person's, or everybody's.

use super::act::change_of;
use super::found::Found;
use crate::app::acting::Acting;
use crate::app::{App, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::identity::IdentityId;
use crate::domain::support::Reason;
use crate::sessions::Change;

/// Ends every sign-in of a person, wherever it is. The password stays as it is.
pub async fn sign_out(app: &App, by: &Acting, identity: &IdentityId, reason: &Reason) -> Result<(), Fault> {
    let mut tx = app.store.write().await?;
    let parts = tx.parts_of(identity).await?;
    for identity in std::iter::once(identity).chain(&parts) {
        app.sessions.end_all_of(&mut tx, identity, None).await?;
    }
    let event = AuditEvent::SignInsEnded { reason: reason.as_str().to_owned() };
    by.audit(&mut tx, &Found::Person(identity.clone()).named_in(by.entry(event)), app.now()).await?;
    Ok(app.sessions.commit(tx, &change_of(identity, &parts)).await?)
}

/// The same of everybody; how many people there are.
pub async fn sign_everybody_out(app: &App, by: &Acting, reason: &Reason) -> Result<u64, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let people = app.sessions.end_everybodys(&mut tx, now).await?;
    let event = AuditEvent::SignInsEnded { reason: reason.as_str().to_owned() };
    by.audit(&mut tx, &by.entry(event), now).await?;
    app.sessions.commit(tx, &Change::Everything).await?;
    Ok(people)
}
