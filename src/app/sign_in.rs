//! Signing in with the new credentials, or beginning the wizard with the old ones (000, 001, c01, b01, b14).

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::hasher::Comparison;
use super::old_credentials;
use super::throttle::{self, Subject};
use super::{App, Caller, Fault, by_resident, devices};
use crate::domain::agency::Agency;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent, Refusal};
use crate::domain::credential::{Credential, TypedLogin};
use crate::domain::identity::{IdentityId, Link};
use crate::domain::policy::AgencyPolicy;
use crate::domain::secret::{Secret, long_secret};
use crate::domain::session::{Session, SessionId, SessionLifetime};
use crate::store::RosterEntry;
use crate::telemetry::metrics::METRICS;

/// What was typed, and where.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// « E-mail ou identifiant », as typed.
    pub login: &'a str,
    /// The password.
    pub password: Secret,
    /// « Garder ma session active ».
    pub keep: bool,
    /// The agency that is being entered.
    pub agency: Arc<Agency>,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// The new credentials are right.
    SignedIn(Box<SignedIn>),
    /// The old credentials are right: the wizard is open in the browser that carries this secret.
    Wizard {
        /// The browser's new secret.
        browser: Secret,
    },
    /// Refused; the page says the same whatever the reason (f03).
    Refused,
    /// The old credentials were right once, and are switched off (b14).
    OldCredentials,
    /// The provisional credentials are right, and used up or past their time (b20).
    ProvisionalOver,
    /// The extranet takes the old credentials but wants another password first.
    MustChange,
    /// The extranet could not say; nothing was counted (b03).
    ExtranetSilent,
}

/// A fresh session.
#[derive(Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Its secret, for the portal's cookie.
    pub cookie: Secret,
    /// The secret by which this device is known from now on.
    pub device: Secret,
}

/// What the store knows about the typed identifier.
pub(super) struct Known {
    pub(super) typed: TypedLogin,
    pub(super) credential: Option<Credential>,
    pub(super) link: Option<Link>,
    pub(super) roster: Option<RosterEntry>,
    own_device: bool,
    /// Of the agency and of every other account of the owner.
    policy: AgencyPolicy,
    /// Whether an operator has withdrawn the owner's access.
    pub(super) disabled: bool,
    /// Read before the password is looked at: one that is changed meanwhile opens nothing.
    epoch: i64,
}

impl Known {
    fn owner(&self) -> Option<&IdentityId> {
        let by_credential = self.credential.as_ref().map(|credential| &credential.identity);
        by_credential.or(self.link.as_ref().map(|link| &link.identity))
    }
}

/// Tries what was typed. Whatever fails is answered after the same time.
///
/// # Errors
/// Something of ours is out of order.
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
    let known = look_up(app, caller, typed, &credentials.agency).await?;
    let subjects = subjects(caller, &known, &credentials.agency);
    let Ok((reserved, place)) = throttle::reserve_from(app, caller, &subjects, Some(place)).await? else {
        METRICS.sign_ins.add(Refusal::Throttled.name());
        return Ok(Outcome::Refused);
    };
    let hash = known.credential.as_ref().map_or(app.hasher.decoy(), |credential| &credential.password);
    let compared = app.hasher.compare(credentials.password.clone(), hash.clone()).await;
    drop(place);
    let (reserved, compared) = reserved.unless(app, compared).await?;
    match &known.credential {
        Some(credential) if compared != Comparison::Wrong && !known.disabled => {
            reserved.succeeded(app).await?;
            begin_session(app, caller, credential, &known, compared, credentials).await
        }
        // Whatever the extranet says of the old password, the guess at the new one was wrong and stays counted.
        Some(_) => old_credentials::judge(app, caller, &known, credentials, reserved.failed_for_subject()).await,
        None => old_credentials::judge(app, caller, &known, credentials, reserved).await,
    }
}

async fn look_up(app: &App, caller: &Caller, typed: TypedLogin, agency: &Agency) -> Result<Known, Fault> {
    let mut tx = app.store.read().await?;
    let credential = match &typed.email {
        Some(email) => tx.credential_by_email(email).await?,
        None => None,
    };
    let link = tx.link_of_account(&agency.code, &typed.legacy).await?;
    let roster = tx.roster_entry(&agency.code, &typed.legacy).await?;
    let policy = agency.policy.clone();
    let mut known = Known { typed, credential, link, roster, own_device: false, policy, disabled: false, epoch: 0 };
    if let Some(owner) = known.owner().cloned() {
        known.disabled = tx.is_disabled(&owner).await?;
        known.epoch = tx.session_epoch(&owner).await?;
        known.policy = app.policy_for(Some(agency), &tx.links_of(&owner).await?);
        known.own_device = devices::knows(&mut tx, caller, &owner, app.now()).await?;
    }
    Ok(known)
}

/// One counter for a person, however the identifier is spelled (SEC-050), or else for what was typed.
fn subjects(caller: &Caller, known: &Known, agency: &Agency) -> Vec<Subject> {
    match known.owner() {
        Some(owner) => Subject::person(caller, owner, known.own_device, known.policy.lockout),
        None => vec![Subject::account(&agency.code, &known.typed.legacy, known.policy.lockout)],
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
    if let Comparison::RightAndRaised(hash) = comparison {
        tx.set_password(&credential.identity, &hash, now).await?;
    }
    begun.keep(&mut tx).await?;
    tx.remember_device(&credential.identity, device.digest(), now).await?;
    let entry = AuditEntry {
        agency: Some(credentials.agency.code.clone()),
        ..by_resident(&credential.identity, AuditEvent::SignedIn)
    };
    caller.audit(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(Outcome::SignedIn(Box::new(SignedIn { session, cookie, device })))
}

/// Writes down a refusal and its reason, which no page tells.
pub(super) async fn refuse(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    reason: Refusal,
) -> Result<(), Fault> {
    trace(app, caller, known, credentials, AuditEvent::SignInRefused { reason }).await
}

pub(super) async fn trace(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    event: AuditEvent,
) -> Result<(), Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    caller.audit(&mut tx, &entry(known, credentials, event), now).await?;
    tx.commit().await?;
    Ok(())
}

/// A line of the trace about what was typed.
pub(super) fn entry(known: &Known, credentials: &Credentials<'_>, event: AuditEvent) -> AuditEntry {
    AuditEntry {
        event,
        actor: Actor::Visitor,
        agency: Some(credentials.agency.code.clone()),
        identity: known.owner().cloned(),
        login: Some(known.typed.legacy.clone()),
    }
}
