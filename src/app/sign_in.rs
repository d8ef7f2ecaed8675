//! Signing in with the new credentials, or beginning the wizard with the old ones (000, 001, c01, b01, b14).

use tokio::time::{Instant, sleep_until};

use super::attempt::{Credentials, Known, Outcome, SignedIn, look_up, refuse};
use super::hasher::Comparison;
use super::old_credentials;
use super::throttle;
use super::{App, Caller, Fault, by_resident, devices};
use crate::domain::audit::{AuditEntry, AuditEvent, Refusal};
use crate::domain::credential::{Credential, Meant, TypedLogin};
use crate::domain::device::Look;
use crate::domain::secret::long_secret;
use crate::domain::session::{Session, SessionId, SessionLifetime};
use crate::telemetry::metrics::METRICS;

/// Tries what was typed. Whatever fails is answered after the same time.
pub async fn sign_in(app: &App, caller: &Caller, credentials: Credentials<'_>) -> Result<Outcome, Fault> {
    let floor = Instant::now() + app.failure_floor;
    let outcome = judge(app, caller, &credentials).await;
    if !matches!(outcome, Ok(Outcome::SignedIn(_) | Outcome::Wizard { .. })) {
        sleep_until(floor).await;
    }
    outcome
}

async fn judge(app: &App, caller: &Caller, credentials: &Credentials<'_>) -> Result<Outcome, Fault> {
    let Some(typed) = TypedLogin::parse(credentials.login) else { return Ok(Outcome::Refused) };
    let place = app.hasher.place()?;
    let mut tx = app.store.read().await?;
    let known = look_up(app, caller, &mut tx, typed, &credentials.agency).await?;
    let ours = known.ours(&mut tx, credentials.meant).await?;
    drop(tx);
    let subjects = known.subjects(caller, credentials);
    let Some((reserved, place)) = throttle::reserve_from(app, caller, &subjects, Some(place)).await? else {
        METRICS.sign_ins.add(Refusal::Throttled.name());
        return Ok(Outcome::Refused);
    };
    let hash = ours.as_ref().map_or(app.hasher.decoy(), |credential| &credential.password);
    let compared = app.hasher.compare(credentials.password.clone(), hash.clone()).await;
    drop(place);
    let (reserved, compared) = reserved.unless(app, compared).await?;
    match (ours, compared != Comparison::Wrong, credentials.meant) {
        (Some(credential), true, Meant::Either) if !known.owner_is_disabled => {
            reserved.succeeded(app).await?;
            begin_session(app, caller, &credential, &known, compared, credentials).await
        }
        // It was said to be the agency's, and is ours: it goes nowhere.
        (Some(_), true, Meant::AgencysNew) => {
            reserved.failed();
            refuse(app, caller, &known, credentials, Refusal::WrongCredentials).await?;
            Ok(Outcome::Refused)
        }
        // Whatever is said of the old password, the guess at the new one was wrong and stays counted.
        (Some(_), _, Meant::Either) => {
            old_credentials::judge(app, caller, &known, credentials, reserved.failed_for_subject()).await
        }
        _ => old_credentials::judge(app, caller, &known, credentials, reserved).await,
    }
}

async fn begin_session(
    app: &App,
    caller: &Caller,
    credential: &Credential,
    known: &Known,
    comparison: Comparison,
    credentials: &Credentials<'_>,
) -> Result<Outcome, Fault> {
    let now = app.now();
    let session = Session {
        id: SessionId::random(&*app.dice),
        identity: credential.identity.clone(),
        started_at: now,
        seen_at: now,
        lifetime: SessionLifetime::new(&known.policy, credentials.keep),
        epoch: known.epoch,
    };
    let (cookie, device) = (long_secret(&*app.dice), devices::secret_for(app, caller).await?);
    let begun = app.sessions.begin(&session, &cookie).await?;
    let mut tx = app.store.write().await?;
    if tx.hold_person(&credential.identity).await? != known.epoch {
        // The password was changed while it was compared: neither a session nor a known device comes of the old one.
        return Ok(Outcome::Refused);
    }
    if let Comparison::RightAndRaised(hash) = comparison {
        tx.raise_hash(&credential.identity, &credential.password, &hash).await?;
    }
    begun.keep(&mut tx).await?;
    let look = Look::of(caller.said.user_agent().unwrap_or_default());
    tx.remember_device(&credential.identity, device.digest(), look, now).await?;
    let entry = AuditEntry {
        agency: Some(credentials.agency.code.clone()),
        ..by_resident(&credential.identity, AuditEvent::SignedIn)
    };
    caller.audit(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(Outcome::SignedIn(Box::new(SignedIn { session, cookie, device })))
}
