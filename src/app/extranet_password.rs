//! The extranet's own password, asked of the person once after the extranet has refused the one that was kept (a11).

use super::old_credentials::ask;
use super::throttle::{self, Subject};
use super::{App, Caller, Fault, by_resident};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent, Refusal};
use crate::domain::identity::{AccountLabel, Link};
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::upstream::Verdict;
use crate::sessions::Change;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// It is right, and kept.
    Done,
    /// It is wrong, or was tried too often.
    Refused,
    /// The extranet wants another password first.
    MustChange,
    /// The extranet could not say; nothing was counted.
    Silent,
}

/// The person's account at this agency whose password is not known any more, if there is one: of several the one that is
/// named, else one that is open, else the oldest.
///
/// # Errors
/// The store fails.
pub async fn missing(
    app: &App,
    session: &Session,
    agency: &Agency,
    named: Option<&AccountLabel>,
) -> Result<Option<Link>, Fault> {
    if !agency.adapter.needs_secret() {
        return Ok(None);
    }
    let mut tx = app.store.read().await?;
    let open = tx.open_accounts(&session.id).await?;
    let mut missing = Vec::new();
    for link in tx.links_of(&session.identity).await? {
        if link.account.agency == agency.code && tx.legacy_secret(&link.id).await?.is_none() {
            missing.push(link);
        }
    }
    let is_other = |link: &Link| {
        let is_open = open.iter().any(|(_, open)| open.id == link.id);
        (named != Some(&link.label()), !is_open)
    };
    Ok(missing.into_iter().min_by_key(is_other))
}

/// Has the extranet look at a password, and keeps it if it is right.
///
/// # Errors
/// Something of ours is out of order.
pub async fn restore(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    session: &Session,
    link: &Link,
    password: &Secret,
) -> Result<Restored, Fault> {
    let entry = |event| AuditEntry {
        agency: Some(agency.code.clone()),
        login: Some(link.account.login.clone()),
        ..by_resident(&session.identity, event)
    };
    let refused = async |reason| {
        let mut tx = app.store.write().await?;
        caller.audit(&mut tx, &entry(AuditEvent::SignInRefused { reason }), app.now()).await?;
        tx.commit().await?;
        Ok::<_, Fault>(Restored::Refused)
    };
    // The same counter as for guesses at this old account on the sign-in page.
    let subject = Subject::account(&agency.code, &link.account.login, agency.policy.lockout);
    let Ok(reserved) = throttle::reserve(app, caller, &[subject]).await? else { return Ok(Restored::Refused) };
    match ask(app, caller, agency, &link.account.login, password).await {
        Ok(Verdict::Accepted { .. }) => {
            reserved.succeeded(app).await?;
            let now = app.now();
            let sealed = app.vault()?.seal(&*app.dice, link.id.as_str(), password);
            let mut tx = app.store.write().await?;
            tx.keep_legacy_secret(&link.id, &sealed, now.as_millisecond(), now).await?;
            caller.audit(&mut tx, &entry(AuditEvent::UpstreamSecretRestored), now).await?;
            app.sessions.commit(tx, &Change::Identity(session.identity.clone())).await?;
            Ok(Restored::Done)
        }
        Ok(Verdict::Refused) => {
            reserved.failed();
            refused(Refusal::WrongCredentials).await
        }
        Ok(Verdict::Locked) => {
            reserved.unanswered(app).await?;
            refused(Refusal::LockedUpstream).await
        }
        Ok(Verdict::MustChange) => {
            reserved.unanswered(app).await?;
            Ok(Restored::MustChange)
        }
        Err(silence) => {
            reserved.unanswered(app).await?;
            tracing::warn!(agency = %agency.code, reason = %silence, "the extranet could not check a password");
            Ok(Restored::Silent)
        }
    }
}
