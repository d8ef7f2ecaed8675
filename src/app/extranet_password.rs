//! The extranet's own password, asked of the person once after the extranet has refused the one that was kept (a11).

use super::ask_extranet::ask;
use super::hasher::Comparison;
use super::throttle::{self, Subject};
use super::{App, Caller, Fault, by_resident, kept_secret};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent, Refusal};
use crate::domain::identity::{AccountLabel, Link};
use crate::domain::kept_secret::Record;
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
    /// It is right, but the session has ended meanwhile, or the account is the person's no more: it is not kept.
    SessionOver,
}

/// An account whose password in the extranet is missing.
#[derive(Debug, Clone)]
pub struct Missing {
    /// The account.
    pub link: Link,
    /// What is still kept: a password that had worked, and was refused.
    pub kept: Option<Kept>,
}

/// A password that was refused, and may be taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Whether it may be tried now.
    pub has_a_try: bool,
    /// Whether the extranet refuses many others too.
    pub in_an_outage: bool,
}

/// The person's account at this agency whose password is not known any more or was refused, if there is one: of several
/// the one that is named, else one that is open, else the oldest.
pub async fn missing(
    app: &App,
    session: &Session,
    agency: &Agency,
    named: Option<&AccountLabel>,
) -> Result<Option<Missing>, Fault> {
    if !agency.adapter.keeps_secret() {
        return Ok(None);
    }
    let mut tx = app.store.read().await?;
    let open = tx.open_accounts(&session.id).await?;
    let mut missing = Vec::new();
    for link in tx.links_of(&session.identity).await? {
        if link.account.agency != agency.code {
            continue;
        }
        match tx.legacy_secret(&link.id).await? {
            Some(stored) if stored.record.refused_at.is_none() => {}
            stored => missing.push((link, stored.map(|stored| stored.record))),
        }
    }
    drop(tx);
    let is_other = |(link, _): &(Link, Option<Record>)| {
        let is_open = open.iter().any(|open| open.link.id == link.id);
        (named != Some(&link.label()), !is_open)
    };
    let Some((link, record)) = missing.into_iter().min_by_key(is_other) else { return Ok(None) };
    let kept = match record {
        Some(record) => Some(Kept {
            has_a_try: record.has_a_try(app.now()),
            in_an_outage: kept_secret::is_out(app, &agency.code).await?,
        }),
        None => None,
    };
    Ok(Some(Missing { link, kept }))
}

/// Whether it is the password that the person chose here, which is not the extranet's to see.
async fn is_chosen_here(app: &App, session: &Session, password: &Secret) -> Result<bool, Fault> {
    let credential = app.store.read().await?.credential_of(&session.identity).await?;
    let Some(credential) = credential else { return Ok(false) };
    Ok(app.hasher.compare(password.clone(), credential.password).await? != Comparison::Wrong)
}

/// Has the extranet look at a password, and keeps it if it is right.
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
    let Some(reserved) = throttle::reserve(app, caller, &[subject]).await? else { return Ok(Restored::Refused) };
    let is_ours = is_chosen_here(app, session, password).await;
    let (reserved, is_ours) = reserved.unless(app, is_ours).await?;
    if is_ours {
        reserved.failed();
        return refused(Refusal::WrongCredentials).await;
    }
    match ask(app, caller, agency, &link.account.login, password).await {
        Ok(Verdict::Accepted { .. }) => {
            reserved.succeeded(app).await?;
            let now = app.now();
            let sealed = app.vault()?.seal(&*app.dice, link.id.as_str(), password);
            let Some(mut tx) = app.write_as(session).await? else { return Ok(Restored::SessionOver) };
            if tx.link_of(&link.id, &session.identity).await?.is_none() {
                return Ok(Restored::SessionOver);
            }
            tx.keep_legacy_secret(&link.id, &sealed, (now.as_millisecond(), Record::WORKED), now).await?;
            caller.audit(&mut tx, &entry(AuditEvent::UpstreamSecretRestored), now).await?;
            app.sessions.commit(tx, &Change::Identity(session.identity.clone())).await?;
            Ok(Restored::Done)
        }
        Ok(Verdict::Refused) => {
            reserved.failed();
            refused(Refusal::WrongCredentials).await
        }
        Ok(Verdict::Unwritable) => {
            reserved.failed();
            refused(Refusal::Unwritable).await
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
