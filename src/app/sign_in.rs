//! Signing in with the new credentials, or beginning the wizard with the old ones (000, 001, c01, b01, b14).

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::hasher::Comparison;
use super::throttle::{self, Reserved, Subject};
use super::{App, Caller, Fault, by_resident};
use crate::domain::agency::{Agency, AgencyMode};
use crate::domain::audit::{Actor, AuditEntry, AuditEvent, Refusal};
use crate::domain::credential::{Credential, TypedLogin};
use crate::domain::identity::{IdentityId, Kind, LegacyAccount, Link};
use crate::domain::lockout::LockoutPolicy;
use crate::domain::migration::{Flow, FlowId, MigrationPlan};
use crate::domain::roster::provisional_is_open;
use crate::domain::secret::{Secret, long_secret};
use crate::domain::session::{Session, SessionId, SessionLifetime};
use crate::domain::upstream::{Adapter, Profile, Verdict, Verifier};
use crate::legacy::Attempt;
use crate::store::RosterEntry;

/// What was typed, and where.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// « E-mail ou identifiant », as typed.
    pub login: &'a str,
    /// The password.
    pub password: Secret,
    /// « Garder ma session active ».
    pub keep: bool,
    /// The agency that is being entered, if the codes said.
    pub agency: Option<Arc<Agency>>,
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
struct Known {
    typed: TypedLogin,
    credential: Option<Credential>,
    link: Option<Link>,
    roster: Option<RosterEntry>,
    on_own_device: bool,
}

/// Tries what was typed. Whatever fails is answered after the same time.
///
/// # Errors
/// Something of ours is out of order.
pub async fn sign_in(app: &App, caller: &Caller, credentials: Credentials<'_>) -> Result<Outcome, Fault> {
    let floor = Instant::now() + app.failure_floor;
    let outcome = judge(app, caller, credentials).await;
    if !matches!(outcome, Ok(Outcome::SignedIn(_) | Outcome::Wizard { .. })) {
        sleep_until(floor).await;
    }
    outcome
}

async fn judge(app: &App, caller: &Caller, credentials: Credentials<'_>) -> Result<Outcome, Fault> {
    let Some(typed) = TypedLogin::parse(credentials.login) else { return Ok(Outcome::Refused) };
    let known = look_up(app, caller, typed, credentials.agency.as_deref()).await?;
    let subject = subject(caller, &known, credentials.agency.as_deref());
    let Ok(reserved) = throttle::reserve(app, &caller.client.to_string(), &[subject]).await? else {
        return refuse(app, caller, &known, &credentials, Refusal::Throttled).await;
    };
    if let Some(credential) = &known.credential {
        match app.hasher.compare(credentials.password.clone(), credential.password.clone()).await? {
            Comparison::Wrong => {}
            right => {
                reserved.succeeded(app).await?;
                return begin_session(app, caller, credential, right, &credentials).await;
            }
        }
    }
    if let Some(agency) = credentials.agency.clone() {
        judge_old(app, caller, &agency, &known, &credentials, reserved).await
    } else {
        reserved.failed();
        refuse(app, caller, &known, &credentials, Refusal::WrongCredentials).await
    }
}

async fn look_up(app: &App, caller: &Caller, typed: TypedLogin, agency: Option<&Agency>) -> Result<Known, Fault> {
    let mut tx = app.store.read().await?;
    let credential = match &typed.email {
        Some(email) => tx.credential_by_email(email).await?,
        None => None,
    };
    let (link, roster) = match agency {
        Some(agency) => (
            tx.link_of_account(&agency.code, &typed.legacy).await?,
            tx.roster_entry(&agency.code, &typed.legacy).await?,
        ),
        None => (None, None),
    };
    let owner = credential.as_ref().map(|credential| &credential.identity).or(link.as_ref().map(|link| &link.identity));
    let on_own_device = match (&caller.device, owner) {
        (Some(device), Some(owner)) => tx.device_owner(device.digest()).await?.contains(owner),
        _ => false,
    };
    Ok(Known { typed, credential, link, roster, on_own_device })
}

/// One counter for a person, however the identifier is spelled (SEC-050); a known device has its own, so that no
/// stranger locks the owner out (f02).
fn subject(caller: &Caller, known: &Known, agency: Option<&Agency>) -> Subject {
    let owner = known.credential.as_ref().map(|credential| &credential.identity);
    let owner = owner.or(known.link.as_ref().map(|link| &link.identity));
    let key = match (owner, agency, &caller.device) {
        (Some(owner), _, Some(device)) if known.on_own_device => {
            format!("device:{}:{}", device.digest().to_hex(), owner.as_str())
        }
        (Some(owner), _, _) => person_key(owner),
        (None, Some(agency), _) => format!("account:{}:{}", agency.code, known.typed.key()),
        (None, None, _) => format!("unknown:{}", known.typed.key()),
    };
    Subject { key, policy: agency.map_or(LockoutPolicy::PERSON, |agency| agency.policy.lockout) }
}

/// The counter of one person's failures.
#[must_use]
pub fn person_key(identity: &IdentityId) -> String {
    format!("person:{}", identity.as_str())
}

async fn begin_session(
    app: &App,
    caller: &Caller,
    credential: &Credential,
    comparison: Comparison,
    credentials: &Credentials<'_>,
) -> Result<Outcome, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    if let Comparison::RightAndRaised(hash) = comparison {
        tx.set_password(&credential.identity, &hash, now).await?;
    }
    let links = tx.links_of(&credential.identity).await?;
    let policy = app.policy_for(credentials.agency.as_deref(), &links);
    let session = Session {
        id: SessionId::random(&*app.dice),
        identity: credential.identity.clone(),
        started_at: now,
        seen_at: now,
        lifetime: SessionLifetime::new(&policy, credentials.keep),
    };
    let (cookie, device) = (long_secret(&*app.dice), long_secret(&*app.dice));
    tx.insert_session(&session, cookie.digest()).await?;
    tx.remember_device(&credential.identity, device.digest(), now).await?;
    let entry = AuditEntry {
        agency: credentials.agency.as_ref().map(|agency| agency.code.clone()),
        ..by_resident(&credential.identity, AuditEvent::SignedIn)
    };
    caller.audit(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(Outcome::SignedIn(Box::new(SignedIn { session, cookie, device })))
}

/// The new credentials did not fit: perhaps these are old ones.
async fn judge_old(
    app: &App,
    caller: &Caller,
    agency: &Arc<Agency>,
    known: &Known,
    credentials: &Credentials<'_>,
    reserved: Reserved,
) -> Result<Outcome, Fault> {
    if known.link.is_some() {
        return judge_switched_off(app, caller, agency, known, credentials, reserved).await;
    }
    if agency.mode == AgencyMode::Cutover {
        reserved.failed();
        return refuse(app, caller, known, credentials, Refusal::Cutover).await;
    }
    let verdict = match agency.verifier {
        Verifier::Form => ask_extranet(app, caller, agency, known, credentials).await,
        Verifier::Roster => Ok(ask_roster(app, known, credentials).await?),
    };
    match verdict {
        Ok(Judged::Right(profile)) => {
            reserved.succeeded(app).await?;
            let browser = open_wizard(app, caller, agency, known, credentials, profile).await?;
            Ok(Outcome::Wizard { browser })
        }
        Ok(Judged::Wrong(reason)) => {
            if reason == Refusal::WrongCredentials {
                reserved.failed();
            } else {
                reserved.unanswered(app).await?;
            }
            refuse(app, caller, known, credentials, reason).await
        }
        Err(silence) => {
            reserved.unanswered(app).await?;
            tracing::warn!(agency = %agency.code, reason = %silence, "the extranet could not check old credentials");
            trace(app, caller, known, credentials, AuditEvent::ExtranetSilent { reason: silence.to_string() }).await?;
            Ok(Outcome::ExtranetSilent)
        }
    }
}

/// An account that has been migrated: its old password explains itself, but opens nothing (b14).
async fn judge_switched_off(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    known: &Known,
    credentials: &Credentials<'_>,
    reserved: Reserved,
) -> Result<Outcome, Fault> {
    let mut tx = app.store.read().await?;
    let old = tx.old_digest(&agency.code, &known.typed.legacy).await?;
    drop(tx);
    if let Some(old) = old
        && app.hasher.compare(credentials.password.clone(), old).await? != Comparison::Wrong
    {
        reserved.unanswered(app).await?;
        refuse(app, caller, known, credentials, Refusal::OldCredentials).await?;
        return Ok(Outcome::OldCredentials);
    }
    reserved.failed();
    refuse(app, caller, known, credentials, Refusal::WrongCredentials).await
}

/// What the extranet or the roster says about old credentials.
enum Judged {
    Right(Profile),
    Wrong(Refusal),
}

async fn ask_extranet(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    known: &Known,
    credentials: &Credentials<'_>,
) -> Result<Judged, crate::domain::upstream::NoVerdict> {
    let Adapter::FormReplay(form) = &agency.adapter else { return Ok(Judged::Wrong(Refusal::WrongCredentials)) };
    let attempt = Attempt {
        login: &known.typed.legacy,
        secret: &credentials.password,
        client: caller.client,
        user_agent: caller.user_agent.as_deref(),
        language: Some(caller.language.code()),
    };
    Ok(match app.legacy.verify(&agency.upstream, form, &attempt).await? {
        Verdict::Accepted { profile } => Judged::Right(profile),
        Verdict::Refused => Judged::Wrong(Refusal::WrongCredentials),
        Verdict::Locked => Judged::Wrong(Refusal::LockedUpstream),
        Verdict::MustChange => Judged::Wrong(Refusal::MustChangeUpstream),
    })
}

async fn ask_roster(app: &App, known: &Known, credentials: &Credentials<'_>) -> Result<Judged, Fault> {
    let wrong = Ok(Judged::Wrong(Refusal::WrongCredentials));
    let Some(entry) = &known.roster else { return wrong };
    let Some(provisional) = entry.provisional.clone() else { return wrong };
    if app.hasher.compare(credentials.password.clone(), provisional).await? == Comparison::Wrong {
        return wrong;
    }
    if provisional_is_open(entry.expires_at, entry.used_at, app.now()) {
        Ok(Judged::Right(Profile::default()))
    } else {
        Ok(Judged::Wrong(Refusal::ProvisionalOver))
    }
}

/// Begins the wizard, or goes on with one that was begun on another browser (b21).
async fn open_wizard(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    known: &Known,
    credentials: &Credentials<'_>,
    profile: Profile,
) -> Result<Secret, Fault> {
    let now = app.now();
    let browser = long_secret(&*app.dice);
    let old_digest = app.hasher.hash(credentials.password.clone()).await?;
    let mut tx = app.store.write().await?;
    let started = if let Some(stored) = tx.open_flow_of_account(&agency.code, &known.typed.legacy, now).await? {
        tx.rebind_flow(&stored.flow.id, browser.digest()).await?;
        AuditEvent::MigrationResumed
    } else {
        let id = FlowId::random(&*app.dice);
        let sealed = if agency.adapter.needs_secret() {
            Some(app.vault()?.seal(&*app.dice, id.as_str(), &credentials.password))
        } else {
            None
        };
        let (account, email) = described(agency, known, profile);
        let flow = Flow::start(id, account, email, MigrationPlan::from(&agency.policy), now);
        tx.insert_flow(&flow, browser.digest(), sealed.as_ref(), Some(&old_digest)).await?;
        AuditEvent::MigrationStarted
    };
    let entry = entry_about(known, credentials, started);
    caller.audit(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(browser)
}

/// What the roster says of an account goes before what the extranet's profile page shows.
fn described(
    agency: &Agency,
    known: &Known,
    profile: Profile,
) -> (LegacyAccount, Option<crate::domain::email::EmailAddress>) {
    let roster = known.roster.as_ref();
    let account = LegacyAccount {
        agency: agency.code.clone(),
        login: roster.map_or_else(|| known.typed.legacy.clone(), |entry| entry.login.clone()),
        name: roster.and_then(|entry| entry.name.clone()).or(profile.name),
        kind: roster.map_or(Kind::Unknown, |entry| entry.kind),
    };
    (account, roster.and_then(|entry| entry.email.clone()).or(profile.email))
}

async fn refuse(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    reason: Refusal,
) -> Result<Outcome, Fault> {
    trace(app, caller, known, credentials, AuditEvent::SignInRefused { reason }).await?;
    Ok(Outcome::Refused)
}

async fn trace(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    event: AuditEvent,
) -> Result<(), Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    caller.audit(&mut tx, &entry_about(known, credentials, event), now).await?;
    tx.commit().await?;
    Ok(())
}

fn entry_about(known: &Known, credentials: &Credentials<'_>, event: AuditEvent) -> AuditEntry {
    let owner = known.credential.as_ref().map(|credential| credential.identity.clone());
    AuditEntry {
        event,
        actor: Actor::Visitor,
        agency: credentials.agency.as_ref().map(|agency| agency.code.clone()),
        identity: owner.or(known.link.as_ref().map(|link| link.identity.clone())),
        login: Some(known.typed.legacy.clone()),
    }
}
