//! A person's accounts, and opening one of them in place of what is open on the same host (b17, c17).

use std::sync::Arc;

use super::{App, Caller, Fault, by_resident, sign_out};
use crate::domain::accounts::Accounts;
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::identity::{AccountLabel, Link};
use crate::domain::session::{Session, SessionId};
use crate::store::{Sealed, Tx};

/// One of a person's accounts.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whose extranet.
    pub agency: Arc<Agency>,
    /// The attachment.
    pub link: Link,
    /// Whether it is open in this session.
    pub is_open: bool,
}

/// Accounts that were closed, with the extranet's cookies where it was signed in to.
#[must_use = "the extranets have to be told"]
pub(super) struct Closed(Vec<(Link, Option<Sealed>)>);

/// The person's accounts at agencies that are here, the oldest attachment first.
///
/// # Errors
/// The store fails.
pub async fn accounts(app: &App, session: &Session) -> Result<Vec<Account>, Fault> {
    let mut tx = app.store.read().await?;
    let links = tx.links_of(&session.identity).await?;
    let open = tx.open_accounts(&session.id).await?;
    let account = |link: Link| {
        let agency = app.directory().agency(&link.account.agency)?.clone();
        let is_open = open.iter().any(|other| other.id == link.id);
        Some(Account { agency, link, is_open })
    };
    Ok(links.into_iter().filter_map(account).collect())
}

/// Closes what is open on the account's host, so that the account can be entered; None where the person has no such
/// account.
///
/// # Errors
/// The store fails.
pub async fn switch(
    app: &App,
    caller: &Caller,
    session: &Session,
    label: &AccountLabel,
) -> Result<Option<Account>, Fault> {
    let theirs = accounts(app, session).await?;
    let Some(account) = theirs.into_iter().find(|account| account.link.label() == *label) else { return Ok(None) };
    let mut tx = app.store.write().await?;
    let closed = close_others(app, &mut tx, &session.id, &account.agency, &account.link).await?;
    tx.commit().await?;
    closed.end_upstream(app, caller, session, &account.link).await?;
    Ok(Some(account))
}

/// The accounts that are open in a session on this agency's host, whichever agency's they are.
pub(super) async fn open_here(
    app: &App,
    tx: &mut Tx,
    session: &SessionId,
    agency: &Agency,
) -> Result<Vec<Link>, Fault> {
    let directory = app.directory();
    let is_here = |link: &Link| {
        let other = directory.agency(&link.account.agency);
        other.is_some_and(|other| other.public.host() == agency.public.host())
    };
    Ok(tx.open_accounts(session).await?.into_iter().filter(is_here).collect())
}

/// One account at a time: closes all that are open on the host but this one.
pub(super) async fn close_others(
    app: &App,
    tx: &mut Tx,
    session: &SessionId,
    agency: &Agency,
    entered: &Link,
) -> Result<Closed, Fault> {
    let mut closed = Vec::new();
    if agency.accounts == Accounts::OneAtATime {
        for link in open_here(app, tx, session, agency).await? {
            if link.id != entered.id {
                let cookies = tx.close_account(session, &link.id).await?;
                closed.push((link, cookies));
            }
        }
    }
    Ok(Closed(closed))
}

impl Closed {
    /// Forgets what was decided about the session, and ends the sessions upstream.
    pub(super) async fn end_upstream(
        self,
        app: &App,
        caller: &Caller,
        session: &Session,
        entered: &Link,
    ) -> Result<(), Fault> {
        if self.0.is_empty() {
            return Ok(());
        }
        app.sessions.forget_session(&session.id);
        let (mut extranets_ended, mut extranets_failed) = (0, 0);
        for (link, cookies) in &self.0 {
            let Some(cookies) = cookies else { continue };
            match sign_out::end_upstream(app, caller, session, link, cookies).await {
                Some(true) => extranets_ended += 1,
                Some(false) => extranets_failed += 1,
                None => {}
            }
        }
        let event = AuditEvent::AccountSwitched { extranets_ended, extranets_failed };
        let entry = AuditEntry {
            agency: Some(entered.account.agency.clone()),
            login: Some(entered.account.login.clone()),
            ..by_resident(&session.identity, event)
        };
        let now = app.now();
        let mut tx = app.store.write().await?;
        caller.audit(&mut tx, &entry, now).await?;
        Ok(tx.commit().await?)
    }
}
