//! Signing a resident in upstream, at the hand-over and when the extranet's session is over (a07, a12).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use jiff::SignedDuration;

use super::{App, Caller, Fault, by_resident};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::identity::{Link, LinkId};
use crate::domain::session::Session;
use crate::domain::upstream::{Adapter, Verdict};
use crate::legacy::{Attempt, SignIn, UpstreamCookie};

/// Within this time one sign-in serves every request that was waiting for it.
const SERVES_FOR: SignedDuration = SignedDuration::from_secs(5);

/// One sign-in upstream at a time per account; twenty parallel images do not open twenty sessions.
#[derive(Debug, Default)]
pub struct SignInTurns(Mutex<HashMap<LinkId, Weak<tokio::sync::Mutex<()>>>>);

impl SignInTurns {
    fn of(&self, link: &LinkId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(link).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        turns.insert(link.clone(), Arc::downgrade(&turn));
        turn
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Entered {
    /// Signed in: the cookies that the browser is to hold on the agency's host.
    In(Vec<UpstreamCookie>),
    /// The extranet refuses what worked before: the stored secret is dropped, and not tried again (a11).
    Refused,
    /// The extranet does not answer as declared; nothing was counted.
    Silent,
}

/// Signs the person in upstream, unless somebody just did and this browser does not hold those cookies yet: if it does
/// (`held`, its `Cookie` header), the extranet has ended that session already.
///
/// # Errors
/// Something of ours is out of order.
pub async fn enter(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    session: &Session,
    link: &Link,
    held: &str,
) -> Result<Entered, Fault> {
    let Adapter::FormReplay(form) = &agency.adapter else { return Ok(Entered::In(Vec::new())) };
    let turn = app.turns.of(&link.id);
    let _turn = turn.lock().await;
    if let Some(cookies) = fresh_cookies(app, session, link).await?
        && !cookies.iter().all(|cookie| is_held(cookie, held))
    {
        return Ok(Entered::In(cookies));
    }
    let mut tx = app.store.read().await?;
    let Some(stored) = tx.legacy_secret(&link.id).await? else { return Ok(Entered::Refused) };
    drop(tx);
    let secret = app.vault()?.open(link.id.as_str(), &stored.sealed)?;
    let attempt = Attempt {
        login: &link.account.login,
        secret: &secret,
        client: caller.client,
        user_agent: caller.user_agent.as_deref(),
        language: Some(caller.language.code()),
    };
    match app.legacy.sign_in(&agency.upstream, form, &attempt).await {
        Ok(SignIn::In { cookies, .. }) => {
            keep(app, session, link, &cookies).await?;
            Ok(Entered::In(cookies))
        }
        Ok(SignIn::Not(Verdict::Refused)) => {
            drop_secret(app, caller, session, link, stored.version).await?;
            Ok(Entered::Refused)
        }
        Ok(SignIn::Not(_)) => Ok(Entered::Refused),
        Err(silence) => {
            tracing::warn!(agency = %agency.code, reason = %silence, "the extranet could not sign a resident in");
            Ok(Entered::Silent)
        }
    }
}

fn is_held(cookie: &UpstreamCookie, held: &str) -> bool {
    held.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(name, value)| name == cookie.name && value == cookie.value)
}

async fn fresh_cookies(app: &App, session: &Session, link: &Link) -> Result<Option<Vec<UpstreamCookie>>, Fault> {
    let jar = app.sessions.jar(&session.id, &link.id).await?;
    let fresh = jar.filter(|jar| app.now().duration_since(jar.signed_in_at) < SERVES_FOR);
    Ok(fresh.and_then(|jar| unsealed(app, session, link, &jar.sealed).ok()))
}

/// The cookies of a session upstream, as they were handed over.
pub(super) fn unsealed(
    app: &App,
    session: &Session,
    link: &Link,
    sealed: &crate::store::Sealed,
) -> Result<Vec<UpstreamCookie>, Fault> {
    let text = app.vault()?.open(&context(session, link), sealed)?;
    // What was sealed by us and opened under the right context is our own JSON.
    Ok(serde_json::from_str(text.expose()).unwrap_or_default())
}

fn context(session: &Session, link: &Link) -> String {
    format!("{}:{}", session.id.as_str(), link.id.as_str())
}

/// Kept so that the sign-out can end the extranet's session too (a17).
async fn keep(app: &App, session: &Session, link: &Link, cookies: &[UpstreamCookie]) -> Result<(), Fault> {
    let text = serde_json::to_string(cookies).unwrap_or_default();
    let secret = crate::domain::secret::Secret::new(text);
    let sealed = app.vault()?.seal(&*app.dice, &context(session, link), &secret);
    app.sessions.put_jar(&session.id, &link.id, &sealed, app.now()).await?;
    Ok(())
}

async fn drop_secret(app: &App, caller: &Caller, session: &Session, link: &Link, version: i64) -> Result<(), Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    tx.drop_legacy_secret(&link.id, version).await?;
    let entry = AuditEntry {
        agency: Some(link.account.agency.clone()),
        login: Some(link.account.login.clone()),
        ..by_resident(&session.identity, AuditEvent::UpstreamSignInRefused)
    };
    caller.audit(&mut tx, &entry, now).await?;
    Ok(tx.commit().await?)
}
