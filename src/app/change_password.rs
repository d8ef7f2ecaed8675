//! The change of the password by the resident (000 II.B, 004, c08, c09).

use super::{App, Caller, Fault, by_resident, fresh_password, join};
use crate::domain::audit::AuditEvent;
use crate::domain::mail::{LetterId, LetterKind, Mail};
use crate::domain::password::{Broken, PasswordRules, is_same};
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::sessions::Change;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is set; every other session of the person has ended, and the owner was written to.
    Done,
    /// The current password is wrong, or was tried too often.
    CurrentRefused,
    /// The new one breaks these rules.
    Broken(Vec<Broken>),
    /// The two entries differ.
    Differ,
}

/// The rules for the person's new password, and whether it has to be noted in a safe place.
///
/// # Errors
/// The store fails.
pub async fn rules(app: &App, session: &Session) -> Result<(PasswordRules, bool), Fault> {
    let links = app.store.read().await?.links_of(&session.identity).await?;
    let policy = app.policy_for(None, &links);
    let directory = app.directory();
    let noted = links
        .iter()
        .filter_map(|link| directory.agency(&link.account.agency))
        .any(|agency| agency.policy.confirm_noted);
    Ok((policy.password, noted))
}

/// Changes the password.
///
/// # Errors
/// Something of ours is out of order.
pub async fn change(
    app: &App,
    caller: &Caller,
    session: &Session,
    current: Secret,
    password: Secret,
    confirmation: &Secret,
) -> Result<Changed, Fault> {
    let identity = &session.identity;
    let mut tx = app.store.read().await?;
    let Some(credential) = tx.credential_of(identity).await? else { return Ok(Changed::CurrentRefused) };
    drop(tx);
    if !join::is_password_of(app, caller, None, &credential, current).await? {
        return Ok(Changed::CurrentRefused);
    }
    let links = app.store.read().await?.links_of(identity).await?;
    let broken = fresh_password::broken_by(app, &credential, &links, &password).await?;
    if !broken.is_empty() {
        return Ok(Changed::Broken(broken));
    }
    if !is_same(&password, confirmation) {
        return Ok(Changed::Differ);
    }
    let hash = app.hasher.hash(password).await?;
    let now = app.now();
    let mut tx = app.store.write().await?;
    tx.set_password(identity, &hash, now).await?;
    app.sessions.end_all_of(&mut tx, identity, Some(&session.id)).await?;
    tx.forget_devices(identity).await?;
    let mail = Mail {
        id: LetterId::random(&*app.dice),
        agency: None,
        to: credential.email,
        language: caller.language,
        kind: LetterKind::PasswordChanged { at: now },
        attempts: 0,
    };
    tx.enqueue(&mail, now, now).await?;
    caller.audit(&mut tx, &by_resident(identity, AuditEvent::PasswordChanged), now).await?;
    app.sessions.commit(tx, &Change::Identity(identity.clone())).await?;
    Ok(Changed::Done)
}
