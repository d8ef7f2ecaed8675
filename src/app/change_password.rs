//! The change of the password by the resident (000 II.B, 004, c08, c09).

use super::letters::{self, Addressee};
use super::{App, Caller, Fault, ask_password, by_resident, new_password, not_me};
use crate::domain::audit::AuditEvent;
use crate::domain::credential::Credential;
use crate::domain::mail::LetterKind;
use crate::domain::password::{Broken, PasswordHash, PasswordRules, is_same};
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::warning;
use crate::sessions::Change;
use crate::store::Tx;

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
    /// The session has ended meanwhile; nothing was changed.
    SessionOver,
}

/// The rules for the person's new password, and whether it has to be noted in a safe place.
pub async fn rules(app: &App, session: &Session) -> Result<(PasswordRules, bool), Fault> {
    let policy = new_password::policy(app, &session.identity).await?;
    Ok((policy.password, policy.confirm_noted))
}

/// Changes the password. A reset that was used meanwhile stays: the session has ended then, and nothing is written.
pub async fn change(
    app: &App,
    caller: &Caller,
    session: &Session,
    current: Secret,
    password: Secret,
    confirmation: &Secret,
) -> Result<Changed, Fault> {
    loop {
        let Some(credential) = app.store.read().await?.credential_of(&session.identity).await? else {
            return Ok(Changed::CurrentRefused);
        };
        if !ask_password::is_right(app, caller, None, &credential, current.clone()).await? {
            return Ok(Changed::CurrentRefused);
        }
        let links = app.store.read().await?.links_of(&session.identity).await?;
        let broken = new_password::broken_by(app, &credential, &links, &password).await?;
        if !broken.is_empty() {
            return Ok(Changed::Broken(broken));
        }
        if !is_same(&password, confirmation) {
            return Ok(Changed::Differ);
        }
        let hash = app.hasher.hash(password.clone()).await?;
        let Some(tx) = app.write_as(session).await? else { return Ok(Changed::SessionOver) };
        if keep(app, caller, session, tx, credential, &hash).await? {
            return Ok(Changed::Done);
        }
        // Another hash is there by now; perhaps of the same password, at today's cost.
    }
}

/// Puts the new password over the one that was shown, in a transaction in which the session stands; false, and nothing
/// kept, if that is not there any more.
async fn keep(
    app: &App,
    caller: &Caller,
    session: &Session,
    mut tx: Tx,
    shown: Credential,
    hash: &PasswordHash,
) -> Result<bool, Fault> {
    let (identity, now) = (&session.identity, app.now());
    if !tx.set_password(identity, &shown.password, hash, now).await? {
        return Ok(false);
    }
    tx.cancel_email_changes(identity).await?;
    let epoch = app.sessions.end_all_of(&mut tx, identity, Some(&session.id)).await?;
    tx.forget_devices(identity).await?;
    let to = shown.email.clone();
    let warning = not_me::warn(app, &mut tx, warning::Changed::Password, shown, &to, now).await?;
    let agency = not_me::home_code(app, &mut tx, identity).await?;
    let to = Addressee { agency, email: to, language: caller.language };
    letters::tell(app, &mut tx, to, LetterKind::PasswordChanged { at: now, warning }).await?;
    caller.audit(&mut tx, &by_resident(identity, AuditEvent::PasswordChanged), now).await?;
    app.sessions.commit(tx, &Change::Identity(identity.clone())).await?;
    app.sessions.go_on(session, epoch, now).await;
    Ok(true)
}
