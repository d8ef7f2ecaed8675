//! The run that is open in a browser.

use std::sync::Arc;

use crate::app::{App, Caller, Fault};
use crate::domain::agency::Agency;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::credential::Login;
use crate::domain::migration::{Flow, Step};
use crate::store::StoredFlow;

/// The flow that is open in a browser.
pub struct Open {
    /// The flow.
    pub flow: Flow,
    /// Its agency.
    pub agency: Arc<Agency>,
    pub(super) stored: StoredFlow,
}

impl Open {
    /// How the run stands: its pages say in which state they were shown.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.stored.version
    }

    /// Whether what is sent is from a page of the run as it stands: one from another tab may know nothing of what was typed
    /// since.
    #[must_use]
    pub fn is_seen(&self, seen: Option<i64>) -> bool {
        seen == Some(self.stored.version)
    }
}

/// The flow that is open in this browser, if there is one.
pub async fn open(app: &App, caller: &Caller) -> Result<Option<Open>, Fault> {
    let mut tx = app.store.read().await?;
    let stored = tx.flow_of_browser(caller.browser.digest()).await?;
    Ok(stored.and_then(|stored| found(app, stored)))
}

/// The agency that took the account back whose run was under way in this browser, if nothing was begun there since.
pub async fn withdrawn(app: &App, caller: &Caller) -> Result<Option<Arc<Agency>>, Fault> {
    let code = app.store.read().await?.withdrawn_in_browser(caller.browser.digest()).await?;
    Ok(code.and_then(|code| app.directory().agency(&code).cloned()))
}

fn found(app: &App, stored: StoredFlow) -> Option<Open> {
    let agency = app.directory().agency(&stored.flow.account.agency)?.clone();
    let done = matches!(stored.flow.step, Step::Done { .. });
    (done || stored.flow.is_open(app.now())).then(|| Open { flow: stored.flow.clone(), agency, stored })
}

/// What whoever has the account of a run now types to sign in.
pub async fn login_of(app: &App, open: &Open) -> Result<Login, Fault> {
    let account = &open.flow.account;
    let mut tx = app.store.read().await?;
    let holder = match tx.link_of_account(&account.agency, &account.login).await? {
        Some(link) => tx.credential_of(&link.identity).await?,
        None => None,
    };
    Ok(holder.map_or_else(|| open.flow.plan.login(), |credential| credential.login))
}

/// What is typed from now on by the person whom the run that has just ended in this browser made, at this agency (000, 001).
pub async fn made_here(app: &App, caller: &Caller, agency: &Agency) -> Result<Option<String>, Fault> {
    let Some(open) = open(app, caller).await? else { return Ok(None) };
    let account = &open.flow.account;
    if account.agency != agency.code || !matches!(open.flow.step, Step::Done { joined: false, .. }) {
        return Ok(None);
    }
    let mut tx = app.store.read().await?;
    let Some(link) = tx.link_of_account(&account.agency, &account.login).await? else { return Ok(None) };
    Ok(tx.credential_of(&link.identity).await?.map(|credential| match credential.login {
        Login::Address => credential.email.to_string(),
        Login::Identifier => account.login.as_str().to_owned(),
    }))
}

/// « Revenir à la 1re étape »: the flow ends; the old credentials open another one (b12).
pub async fn restart(app: &App, caller: &Caller) -> Result<Option<Arc<Agency>>, Fault> {
    let Some(open) = open(app, caller).await? else { return Ok(None) };
    let mut tx = app.store.write().await?;
    tx.close_flow(&open.flow.id).await?;
    tx.commit().await?;
    Ok(Some(open.agency))
}

/// A line of the trace about a flow.
pub(in crate::app) fn entry(flow: &Flow, event: AuditEvent) -> AuditEntry {
    AuditEntry {
        event,
        actor: Actor::Visitor,
        agency: Some(flow.account.agency.clone()),
        identity: None,
        login: Some(flow.account.login.clone()),
    }
}
