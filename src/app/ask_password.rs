//! Asking for a person's password again, wherever it is wanted afresh.

use super::devices;
use super::hasher::Comparison;
use super::throttle::{self, Subject};
use super::{App, Caller, Fault};
use crate::domain::agency::Agency;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::credential::Credential;
use crate::domain::identity::IdentityId;
use crate::domain::secret::Secret;

/// Whether this is the person's password, under the same throttle as a sign-in.
pub(super) async fn is_right(
    app: &App,
    caller: &Caller,
    agency: Option<&Agency>,
    credential: &Credential,
    password: Secret,
) -> Result<bool, Fault> {
    let identity = &credential.identity;
    let mut tx = app.store.read().await?;
    let own_device = devices::knows(&mut tx, caller, identity, app.now()).await?;
    let lockout = app.policy_for(agency, &tx.links_of(identity).await?).lockout;
    let disabled = tx.is_disabled(identity).await?;
    drop(tx);
    let subjects = Subject::person(caller, identity, own_device, lockout);
    let Some(reserved) = throttle::reserve(app, caller, &subjects).await? else { return Ok(false) };
    let compared = app.hasher.compare(password, credential.password.clone()).await;
    let (reserved, compared) = reserved.unless(app, compared).await?;
    if compared == Comparison::Wrong || disabled {
        reserved.failed();
        refused(app, caller, identity).await?;
        return Ok(false);
    }
    reserved.succeeded(app).await?;
    Ok(true)
}

async fn refused(app: &App, caller: &Caller, identity: &IdentityId) -> Result<(), Fault> {
    let entry =
        AuditEntry { identity: Some(identity.clone()), ..AuditEntry::by(Actor::Visitor, AuditEvent::PasswordRefused) };
    let mut tx = app.store.write().await?;
    caller.audit(&mut tx, &entry, app.now()).await?;
    Ok(tx.commit().await?)
}
