//! Signing a resident in upstream, at the hand-over and when the extranet's session is over (a07, a12).

use jiff::SignedDuration;
use tokio::time::Instant;

use super::visit::Passage;
use super::{App, Caller, Fault, by_resident, jar, old_credentials, rotate_vault};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::cookie::Pair;
use crate::domain::identity::{IdentityId, LegacyAccount, Link, LinkId};
use crate::domain::session::Session;
use crate::domain::upstream::{Adapter, NoVerdict, Verdict};
use crate::legacy::{Attempt, SignIn, UpstreamCookie};
use crate::sessions::Change;
use crate::store::SealedPlace;
use crate::telemetry::metrics::METRICS;
use crate::telemetry::traces;

/// Within this time one sign-in serves every request that was waiting for it.
const SERVES_FOR: SignedDuration = SignedDuration::from_secs(5);

/// One sign-in upstream at a time per account; twenty parallel images do not open twenty sessions.
pub type SignInTurns = jar::Turns;

/// What came of it.
#[derive(Debug)]
pub enum Entered {
    /// Signed in: the cookies that the browser is to hold on the agency's host.
    In(Vec<UpstreamCookie>),
    /// The extranet refuses what worked before, for a reason that another password does not mend.
    Refused,
    /// No password is kept: the extranet has refused the one that was, and it is not tried again (a11).
    SecretGone,
    /// The extranet does not answer as declared; nothing was counted.
    Silent,
}

/// Signs the person in upstream, unless somebody just did and this browser does not hold those cookies yet: if it does
/// (`held`, its `Cookie` header), the extranet has ended that session already. In a jar, no browser holds any.
///
/// # Errors
/// Something of ours is out of order.
pub async fn enter(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    session: &Session,
    link: &Link,
    held: &[Pair<'_>],
) -> Result<Entered, Fault> {
    let form = match &agency.adapter {
        Adapter::FormReplay(form) => form,
        Adapter::TrustedHeaders => return Ok(Entered::In(Vec::new())),
        Adapter::HttpBasic(_) => {
            let kept = app.store.read().await?.legacy_secret(&link.id).await?;
            return Ok(if kept.is_some() { Entered::In(Vec::new()) } else { Entered::SecretGone });
        }
    };
    let turn = app.turns.of(&link.id);
    let _turn = turn.lock().await;
    if let Some(cookies) = fresh_cookies(app, session, link).await?
        && !cookies.iter().all(|cookie| is_held(cookie, held))
    {
        return Ok(Entered::In(cookies));
    }
    let mut tx = app.store.read().await?;
    let Some(stored) = tx.legacy_secret(&link.id).await? else { return Ok(Entered::SecretGone) };
    drop(tx);
    let place = SealedPlace::Link(link.id.clone());
    let secret = app.vault()?.open(&place.context(), &stored.sealed)?;
    rotate_vault::freshen(app, &place, &stored.sealed, &secret).await;
    let attempt = Attempt {
        agency: &agency.code,
        login: &link.account.login,
        secret: &secret,
        client: caller.client,
        user_agent: caller.user_agent.as_deref(),
        language: Some(caller.language.code()),
    };
    let begun = Instant::now();
    let mut step = traces::step("extranet sign-in");
    let signed_in = traces::within(step.current(), app.legacy.sign_in(&agency.upstream, form, &attempt)).await;
    step.tell("vestibule.outcome", outcome(&signed_in));
    drop(step);
    METRICS.agency(&agency.code).signed_in_upstream(outcome(&signed_in), begun.elapsed());
    match signed_in {
        Ok(SignIn::In { cookies, .. }) => {
            keep(app, session, link, &cookies).await?;
            Ok(Entered::In(cookies))
        }
        Ok(SignIn::Not(Verdict::Refused)) => {
            drop_secret(app, caller, &session.identity, &link.account, &link.id, stored.version).await?;
            Ok(Entered::SecretGone)
        }
        Ok(SignIn::Not(_)) => Ok(Entered::Refused),
        Err(silence) => {
            tracing::warn!(agency = %agency.code, reason = %silence, "the extranet could not sign a resident in");
            Ok(Entered::Silent)
        }
    }
}

/// What came of a sign-in at the extranet, as one word.
fn outcome(signed_in: &Result<SignIn, NoVerdict>) -> &'static str {
    match signed_in {
        Ok(SignIn::In { .. }) => "accepted",
        Ok(SignIn::Not(verdict)) => verdict.name(),
        Err(silence) => silence.name(),
    }
}

fn is_held(cookie: &UpstreamCookie, held: &[Pair<'_>]) -> bool {
    let pair = Pair { name: cookie.name.as_bytes(), value: cookie.value.as_bytes() };
    held.contains(&pair)
}

async fn fresh_cookies(app: &App, session: &Session, link: &Link) -> Result<Option<Vec<UpstreamCookie>>, Fault> {
    let jar = app.sessions.jar(&session.id, &link.id).await?;
    let fresh = jar.filter(|jar| app.now().duration_since(jar.signed_in_at).abs() < SERVES_FOR);
    Ok(fresh.and_then(|jar| jar::unsealed(app, &session.id, &link.id, &jar.sealed).ok()))
}

/// Kept so that the sign-out can end the extranet's session too (a17), and, in a jar, so that requests carry them (a13).
async fn keep(app: &App, session: &Session, link: &Link, cookies: &[UpstreamCookie]) -> Result<(), Fault> {
    let sealed = jar::sealed(app, &session.id, &link.id, cookies)?;
    app.sessions.put_jar(&session.id, &link.id, &sealed, app.now()).await?;
    Ok(())
}

async fn drop_secret(
    app: &App,
    caller: &Caller,
    identity: &IdentityId,
    account: &LegacyAccount,
    link: &LinkId,
    version: i64,
) -> Result<(), Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    if !tx.drop_legacy_secret(link, version).await? {
        return Ok(());
    }
    let entry = AuditEntry {
        agency: Some(account.agency.clone()),
        login: Some(account.login.clone()),
        ..by_resident(identity, AuditEvent::UpstreamSignInRefused)
    };
    caller.audit(&mut tx, &entry, now).await?;
    // Requests carry it no more, on no node.
    Ok(app.sessions.commit(tx, &Change::Identity(identity.clone())).await?)
}

/// The extranet answered 401 to a resident whose password it had taken before. Whether it refuses the password, or only
/// that page, one further question tells; a refused password is dropped, and sent no more, by no node (a11).
///
/// True if the password is not known any more.
///
/// # Errors
/// Something of ours is out of order.
pub async fn doubt(app: &App, caller: &Caller, agency: &Agency, passage: &Passage) -> Result<bool, Fault> {
    let Some(resident) = &passage.by_secret else { return Ok(false) };
    let turn = app.turns.of(&passage.link);
    let _turn = turn.lock().await;
    let mut tx = app.store.read().await?;
    let stored = tx.legacy_secret(&passage.link).await?;
    drop(tx);
    let Some(stored) = stored else { return Ok(true) };
    // Somebody gave another one in the meantime.
    if stored.version != resident.version {
        app.sessions.forget(&Change::Identity(resident.identity.clone()));
        return Ok(true);
    }
    let secret = app.vault()?.open(passage.link.as_str(), &stored.sealed)?;
    let verdict = old_credentials::ask(app, caller, agency, &resident.account.login, &secret).await;
    if !matches!(verdict, Ok(Verdict::Refused)) {
        return Ok(false);
    }
    drop_secret(app, caller, &resident.identity, &resident.account, &passage.link, stored.version).await?;
    Ok(true)
}
