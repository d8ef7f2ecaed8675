//! A person's accounts, and opening one of them in place of what is open on the same host (b17, c17).

use std::sync::Arc;

use jiff::Timestamp;

use super::{App, Caller, Fault, by_resident, sign_out};
use crate::domain::accounts::Opening;
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::identity::{AccountLabel, Kind, Link};
use crate::domain::session::Session;
use crate::domain::text::folded;
use crate::sessions::Change;

/// One of a person's accounts.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whose extranet.
    pub agency: Arc<Agency>,
    /// The attachment.
    pub link: Link,
    /// What opening it does in this session.
    pub opening: Opening,
    /// What the resident is to the agency, as its roster says where the attachment does not.
    pub kind: Kind,
    /// When it was last entered.
    pub visited_at: Option<Timestamp>,
}

/// The person's accounts at agencies that are here, those of one agency together, the oldest attachment first.
pub async fn accounts(app: &App, session: &Session) -> Result<Vec<Account>, Fault> {
    let mut tx = app.store.read().await?;
    let open = tx.open_accounts(&session.id).await?;
    let directory = app.directory();
    let mut accounts = Vec::new();
    for (link, visited_at) in tx.visits_of(&session.identity).await? {
        let Some(agency) = directory.agency(&link.account.agency).cloned() else { continue };
        let origin = agency.origin_of(&link.label());
        let opening = Opening::of(&link, origin.host(), open.iter().map(|open| (open.host.as_str(), &open.link)));
        let kind = match link.account.kind {
            Kind::Unknown => {
                let line = tx.roster_entry(&agency.code, &link.account.login).await?;
                line.map_or(Kind::Unknown, |line| line.kind)
            }
            known => known,
        };
        accounts.push(Account { agency, link, opening, kind, visited_at });
    }
    accounts.sort_by_cached_key(|account| folded(&account.agency.brand.name));
    Ok(accounts)
}

/// What opening an account comes to.
#[derive(Debug)]
pub enum Switched {
    /// It is open.
    To(Box<Account>),
    /// The person has no such account.
    Nothing,
    /// The session has ended meanwhile; what was open stays so.
    SessionOver,
}

/// Opens an account in place of the one that is open on its host, which is closed, here and in its extranet.
pub async fn switch(app: &App, caller: &Caller, session: &Session, label: &AccountLabel) -> Result<Switched, Fault> {
    let theirs = accounts(app, session).await?;
    let Some(account) = theirs.into_iter().find(|account| account.link.label() == *label) else {
        return Ok(Switched::Nothing);
    };
    let Some(mut tx) = app.write_as(session).await? else { return Ok(Switched::SessionOver) };
    if tx.link_of(&account.link.id, &session.identity).await?.is_none() {
        return Ok(Switched::Nothing);
    }
    let origin = account.agency.origin_of(label);
    let before = tx.switch_account(&session.id, origin.host(), &account.link.id, session.ends_at_latest()).await?;
    match before {
        Some(before) => {
            app.sessions.commit(tx, &Change::Session(session.id.clone())).await?;
            end_upstream(app, caller, session, &before, &account.link).await?;
        }
        None => tx.commit().await?,
    }
    Ok(Switched::To(Box::new(account)))
}

/// Ends the session in the extranet of an account that was closed, and forgets its cookies.
async fn end_upstream(
    app: &App,
    caller: &Caller,
    session: &Session,
    before: &Link,
    opened: &Link,
) -> Result<(), Fault> {
    let jar = app.sessions.jar(&session.id, &before.id).await?;
    app.sessions.drop_jar(&session.id, &before.id).await?;
    let ended = match jar {
        Some(jar) => sign_out::end_upstream(app, caller, session, before, &jar.sealed).await,
        None => None,
    };
    let event = AuditEvent::AccountSwitched { extranet_ended: ended };
    let entry = AuditEntry {
        agency: Some(opened.account.agency.clone()),
        login: Some(opened.account.login.clone()),
        ..by_resident(&session.identity, event)
    };
    let mut tx = app.store.write().await?;
    caller.audit(&mut tx, &entry, app.now()).await?;
    Ok(tx.commit().await?)
}
