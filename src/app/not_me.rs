//! « Ce n'est pas moi », in the letter of a changed address or password: it holds, and with the password from before a
//! changed address is changed back (LAW-006, decision 38).

use std::sync::Arc;

use jiff::Timestamp;

use super::{App, Caller, Fault, ask_password, by_resident, letters};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::AuditEvent;
use crate::domain::credential::Credential;
use crate::domain::email::EmailAddress;
use crate::domain::identity::IdentityId;
use crate::domain::mail::{HeldRequest, LetterKind};
use crate::domain::secret::Secret;
use crate::domain::warning::{Changed, Warning, WarningId, resets_open_at};
use crate::sessions::Change;
use crate::store::Tx;

/// What a link of such a letter leads to.
#[derive(Debug)]
pub enum Opened {
    /// The question.
    Asked {
        /// What was changed.
        warning: Box<Warning>,
        /// The agency where the person has the oldest account.
        home: Option<Arc<Agency>>,
    },
    /// Past its time, or over.
    Over,
    /// No such link.
    Invalid,
}

/// What changing an address back comes to.
#[derive(Debug)]
pub enum Undone {
    /// The address and the password from before are valid again, and every session has ended.
    Done {
        /// The agency where the person has the oldest account.
        home: Option<Arc<Agency>>,
    },
    /// That is not the password from before, or it was tried too often.
    PasswordRefused,
    /// The address from before is somebody else's login by now.
    Taken,
    /// The link is not open.
    Not(Opened),
}

/// What the link shows; looking changes nothing.
pub async fn open_link(app: &App, secret: &Secret) -> Result<Opened, Fault> {
    let Some(warning) = app.store.read().await?.warning_by_link(secret.digest()).await? else {
        return Ok(Opened::Invalid);
    };
    if !warning.is_open(app.now()) {
        return Ok(Opened::Over);
    }
    let home = app.home_of(&warning.identity).await?;
    Ok(Opened::Asked { warning: Box::new(warning), home })
}

/// « Ce n'est pas moi », pressed by who has shown nothing but the letter: a fresh address waits longer, no address is
/// changed meanwhile, and both are told. False where the link is not open.
pub async fn hold(app: &App, caller: &Caller, secret: &Secret) -> Result<bool, Fault> {
    let Opened::Asked { warning, .. } = open_link(app, secret).await? else { return Ok(false) };
    let now = app.now();
    let mut tx = app.store.write().await?;
    tx.hold_person(&warning.identity).await?;
    if !tx.hold_warning(&warning.id, now).await? {
        return Ok(true);
    }
    let held = Warning { held_at: Some(now), ..*warning };
    let request = match held.changed {
        Changed::Email => HeldRequest::ChangedEmail { email: held.email.masked() },
        Changed::Password => HeldRequest::ChangedPassword,
    };
    let kind = LetterKind::RequestHeld { request, until: held.until() };
    let agency = home_code(app, &mut tx, &held.identity).await?;
    let told = [&held.former, &held.email];
    letters::tell_all(app, &mut tx, caller, agency.as_ref(), &told, &kind).await?;
    caller.audit(&mut tx, &by_resident(&held.identity, AuditEvent::ChangeDisowned), now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Changes the address back, with the password as it was before it was changed, which is valid again too.
pub async fn undo(app: &App, caller: &Caller, secret: &Secret, password: Secret) -> Result<Undone, Fault> {
    let (warning, home) = match open_link(app, secret).await? {
        Opened::Asked { warning, home } if warning.changed == Changed::Email => (warning, home),
        Opened::Asked { .. } => return Ok(Undone::Not(Opened::Invalid)),
        other => return Ok(Undone::Not(other)),
    };
    let Some(now_valid) = app.store.read().await?.credential_of(&warning.identity).await? else {
        return Ok(Undone::Not(Opened::Invalid));
    };
    let before = Credential { password: warning.password.clone(), ..now_valid };
    if !ask_password::is_right(app, caller, None, &before, password).await? {
        return Ok(Undone::PasswordRefused);
    }
    let now = app.now();
    let mut tx = app.store.write().await?;
    let identity = &warning.identity;
    tx.hold_person(identity).await?;
    if tx.is_disabled(identity).await? {
        // While the password was compared; what was changed is changed back once the access is given back.
        return Ok(Undone::PasswordRefused);
    }
    let still = tx.warning_by_link(secret.digest()).await?;
    if !still.is_some_and(|warning| warning.is_open(now)) {
        return Ok(Undone::Not(Opened::Over));
    }
    if !tx.set_email(identity, &warning.former, now).await? {
        return Ok(Undone::Taken);
    }
    // Whatever was changed after it is over as well.
    tx.end_warnings(identity, Changed::Email, warning.changed_at, now).await?;
    tx.end_warnings(identity, Changed::Password, warning.changed_at, now).await?;
    tx.reset_password(identity, &warning.password, now).await?;
    tx.cancel_email_changes(identity).await?;
    app.sessions.end_all_of(&mut tx, identity, None).await?;
    tx.forget_devices(identity).await?;
    let kind = LetterKind::EmailRestored { email: warning.former.masked(), at: now };
    let agency = home_code(app, &mut tx, identity).await?;
    letters::tell_all(app, &mut tx, caller, agency.as_ref(), &[&warning.former, &before.email], &kind).await?;
    caller.audit(&mut tx, &by_resident(identity, AuditEvent::EmailChangeUndone), now).await?;
    app.sessions.commit(tx, &Change::Identity(identity.clone())).await?;
    Ok(Undone::Done { home })
}

/// Keeps what the letter about a change warns of, in the transaction of the change; none where the agencies want no wait.
/// `before` is what was valid until now.
pub(super) async fn warn(
    app: &App,
    tx: &mut Tx,
    changed: Changed,
    before: Credential,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Option<WarningId>, Fault> {
    let hours = app.policy_for(None, &tx.links_of(&before.identity).await?).fresh_address_hours;
    if hours == 0 {
        return Ok(None);
    }
    let id = WarningId::random(&*app.dice);
    let warning = Warning {
        id: id.clone(),
        identity: before.identity,
        changed,
        former: before.email,
        email: email.clone(),
        password: before.password,
        changed_at: now,
        hours,
        held_at: None,
        ended_at: None,
    };
    tx.insert_warning(&warning).await?;
    Ok(Some(id))
}

/// From when a reset takes effect that is asked for at the person's address, if that is still to come.
pub(super) async fn resets_wait_until(
    tx: &mut Tx,
    identity: &IdentityId,
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    Ok(resets_open_at(&tx.warnings_of(identity).await?).filter(|opens_at| now < *opens_at))
}

/// Whether the person's address stays as it is for now.
pub(super) async fn is_held(tx: &mut Tx, identity: &IdentityId, now: Timestamp) -> Result<bool, Fault> {
    Ok(tx.warnings_of(identity).await?.iter().any(|warning| warning.is_held(now)))
}

/// The agency in whose name a person is written to about the account as a whole.
pub(super) async fn home_code(app: &App, tx: &mut Tx, identity: &IdentityId) -> Result<Option<AgencyCode>, Fault> {
    let directory = app.directory();
    let links = tx.links_of(identity).await?;
    Ok(links.into_iter().map(|link| link.account.agency).find(|code| directory.agency(code).is_some()))
}
