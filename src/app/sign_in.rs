//! Signing in with the new credentials, or beginning the wizard with the old ones (000, 001, c01, b01, b14); and with the new
//! ones alone, where no agency is asked for.

use tokio::time::{Instant, sleep_until};

use super::attempt::{Credentials, Outcome, SignedIn, look_up, refuse};
use super::hasher::Comparison;
use super::old_credentials;
use super::throttle::{self, Subject};
use super::{App, Caller, Fault, by_resident, devices};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent, Refusal};
use crate::domain::credential::{Credential, Meant, TypedLogin};
use crate::domain::device::Look;
use crate::domain::policy::AgencyPolicy;
use crate::domain::secret::{Secret, long_secret};
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
            let person = Arriving {
                credential: &credential,
                policy: &known.policy,
                epoch: known.epoch,
                keep: credentials.keep,
                agency: Some(&credentials.agency.code),
            };
            let signed_in = begin_session(app, caller, person, compared).await?;
            Ok(signed_in.map_or(Outcome::Refused, |signed_in| Outcome::SignedIn(Box::new(signed_in))))
        }
        // Nobody is signed in, and nobody signed out, where an account is attached.
        (Some(_), true, Meant::ToAttach) if !known.owner_is_disabled => {
            reserved.unanswered(app).await?;
            Ok(Outcome::Ours)
        }
        // It was said to be the agency's, and is ours: it goes nowhere.
        (Some(_), true, Meant::AgencysNew) => {
            reserved.failed();
            refuse(app, caller, &known, credentials, Refusal::WrongCredentials).await?;
            Ok(Outcome::Refused)
        }
        // Whatever is said of the old password, the guess at the new one was wrong and stays counted.
        (Some(_), _, Meant::Either | Meant::ToAttach) => {
            old_credentials::judge(app, caller, &known, credentials, reserved.failed_for_subject()).await
        }
        _ => old_credentials::judge(app, caller, &known, credentials, reserved).await,
    }
}

/// What was typed where no agency is asked for.
#[derive(Debug)]
pub struct AtPortal<'a> {
    /// « Adresse email », as typed.
    pub login: &'a str,
    /// The password.
    pub password: Secret,
    /// « Garder ma session active ».
    pub keep: bool,
}

/// Tries an e-mail address and the password that was chosen here, where no agency is asked for (§27). None where they open
/// nothing, whatever the reason; that is answered after the same time.
///
/// # Errors
/// The store fails, or too many sign in.
pub async fn sign_in_at_portal(app: &App, caller: &Caller, typed: AtPortal<'_>) -> Result<Option<SignedIn>, Fault> {
    let floor = Instant::now() + app.failure_floor;
    let outcome = judge_at_portal(app, caller, typed).await;
    if !matches!(outcome, Ok(Some(_))) {
        sleep_until(floor).await;
    }
    outcome
}

async fn judge_at_portal(app: &App, caller: &Caller, typed: AtPortal<'_>) -> Result<Option<SignedIn>, Fault> {
    let AtPortal { login, password, keep } = typed;
    let Some(typed) = TypedLogin::parse(login) else { return Ok(None) };
    let place = app.hasher.place()?;
    let mut tx = app.store.read().await?;
    let credential = tx.credential_typed(typed.email.as_ref(), None).await?;
    let (mut epoch, mut policy, mut is_disabled) = (0, AgencyPolicy::default(), false);
    let mut subjects = Vec::new();
    if let Some(Credential { identity, .. }) = &credential {
        epoch = tx.session_epoch(identity).await?;
        is_disabled = tx.is_disabled(identity).await?;
        policy = app.policy_for(None, &tx.links_of(identity).await?);
        let own_device = devices::knows(&mut tx, caller, identity, app.now()).await?;
        subjects.extend(Subject::person(caller, identity, own_device, policy.lockout));
    } else {
        subjects.push(Subject::unknown(login));
    }
    drop(tx);
    let Some((reserved, place)) = throttle::reserve_from(app, caller, &subjects, Some(place)).await? else {
        METRICS.sign_ins.add(Refusal::Throttled.name());
        return Ok(None);
    };
    let hash = credential.as_ref().map_or(app.hasher.decoy(), |credential| &credential.password);
    let compared = app.hasher.compare(password, hash.clone()).await;
    drop(place);
    let (reserved, compared) = reserved.unless(app, compared).await?;
    match &credential {
        Some(credential) if compared != Comparison::Wrong && !is_disabled => {
            reserved.succeeded(app).await?;
            let person = Arriving { credential, policy: &policy, epoch, keep, agency: None };
            begin_session(app, caller, person, compared).await
        }
        _ => {
            reserved.failed();
            let reason = if is_disabled { Refusal::Disabled } else { Refusal::WrongCredentials };
            let entry = AuditEntry {
                event: AuditEvent::SignInRefused { reason },
                actor: Actor::Visitor,
                agency: None,
                identity: credential.map(|credential| credential.identity),
                login: Some(typed.legacy),
            };
            let mut tx = app.store.write().await?;
            caller.audit(&mut tx, &entry, app.now()).await?;
            tx.commit().await?;
            Ok(None)
        }
    }
}

/// Who has typed the right password, as they were known before it was looked at.
struct Arriving<'a> {
    credential: &'a Credential,
    /// Of every agency of theirs.
    policy: &'a AgencyPolicy,
    epoch: i64,
    /// « Garder ma session active ».
    keep: bool,
    /// Where they have come to.
    agency: Option<&'a AgencyCode>,
}

/// None where the password was changed while it was compared: neither a session nor a known device comes of the old one.
async fn begin_session(
    app: &App,
    caller: &Caller,
    person: Arriving<'_>,
    comparison: Comparison,
) -> Result<Option<SignedIn>, Fault> {
    let Arriving { credential, policy, epoch, keep, agency } = person;
    let now = app.now();
    let session = Session {
        id: SessionId::random(&*app.dice),
        identity: credential.identity.clone(),
        started_at: now,
        seen_at: now,
        lifetime: SessionLifetime::new(policy, keep),
        epoch,
    };
    let (cookie, device) = (long_secret(&*app.dice), devices::secret_for(app, caller).await?);
    let begun = app.sessions.begin(&session, &cookie).await?;
    let mut tx = app.store.write().await?;
    if tx.hold_person(&credential.identity).await? != epoch {
        return Ok(None);
    }
    if let Comparison::RightAndRaised(hash) = comparison {
        tx.raise_hash(&credential.identity, &credential.password, &hash).await?;
    }
    begun.keep(&mut tx).await?;
    let look = Look::of(caller.said.user_agent().unwrap_or_default());
    tx.remember_device(&credential.identity, device.digest(), look, now).await?;
    let entry = AuditEntry { agency: agency.cloned(), ..by_resident(&credential.identity, AuditEvent::SignedIn) };
    caller.audit(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(Some(SignedIn { session, cookie, device }))
}
