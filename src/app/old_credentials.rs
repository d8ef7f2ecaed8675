//! The old credentials: asked of the extranet or of the roster, and turned into a wizard (b01 to b03, b14, b20, b21).

use tokio::time::Instant;

use super::hasher::Comparison;
use super::sign_in::{Credentials, Known, Outcome, entry, refuse, trace};
use super::throttle::Reserved;
use super::{App, Caller, Fault, detach};
use crate::domain::agency::{Agency, AgencyMode};
use crate::domain::audit::{AuditEvent, Refusal};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{Kind, LegacyAccount, LegacyLogin, Link};
use crate::domain::migration::{Flow, FlowId, MigrationPlan};
use crate::domain::roster::provisional_is_open;
use crate::domain::secret::{Secret, long_secret};
use crate::domain::upstream::{Adapter, NoVerdict, Profile, Verdict, Verifier};
use crate::legacy::Attempt;
use crate::telemetry::metrics::METRICS;
use crate::telemetry::traces;

/// What the extranet or the roster says about old credentials.
enum Judged {
    Right(Profile),
    Wrong(Refusal),
    Silent(NoVerdict),
}

/// The new credentials did not fit: perhaps these are old ones.
pub(super) async fn judge(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    reserved: Reserved,
) -> Result<Outcome, Fault> {
    let agency = &credentials.agency;
    let judged = match (&known.link, agency.mode, agency.verifier) {
        (Some(link), _, _) => attached_already(app, caller, known, credentials, link).await,
        (None, AgencyMode::Cutover, _) => Ok(Judged::Wrong(Refusal::Cutover)),
        (None, _, Verifier::Form | Verifier::Basic) => Ok(ask_extranet(app, caller, known, credentials).await),
        (None, _, Verifier::Roster) => ask_roster(app, known, credentials).await,
    };
    let (reserved, judged) = reserved.unless(app, judged).await?;
    let reason = match judged {
        Judged::Right(profile) => {
            reserved.succeeded(app).await?;
            let browser = open_wizard(app, caller, known, credentials, profile).await?;
            return Ok(Outcome::Wizard { browser });
        }
        Judged::Silent(silence) => {
            reserved.unanswered(app).await?;
            tracing::warn!(agency = %agency.code, reason = %silence, "the extranet could not check old credentials");
            trace(app, caller, known, credentials, AuditEvent::ExtranetSilent { reason: silence.to_string() }).await?;
            return Ok(Outcome::ExtranetSilent);
        }
        // A person whose access was withdrawn is told what somebody unknown is told, whatever was typed (e11).
        Judged::Wrong(_) if known.disabled => Refusal::Disabled,
        Judged::Wrong(reason) => reason,
    };
    let outcome = match reason {
        Refusal::OldCredentials => Outcome::OldCredentials,
        Refusal::ProvisionalOver => Outcome::ProvisionalOver,
        Refusal::MustChangeUpstream => Outcome::MustChange,
        Refusal::WrongCredentials
        | Refusal::Throttled
        | Refusal::LockedUpstream
        | Refusal::Cutover
        | Refusal::Disabled => Outcome::Refused,
    };
    match reason {
        Refusal::WrongCredentials | Refusal::Throttled | Refusal::Cutover | Refusal::Disabled => reserved.failed(),
        // Right credentials that open nothing, and a lock that the extranet has set, are no failures of the resident.
        Refusal::OldCredentials | Refusal::ProvisionalOver | Refusal::MustChangeUpstream | Refusal::LockedUpstream => {
            reserved.unanswered(app).await?;
        }
    }
    refuse(app, caller, known, credentials, reason).await?;
    Ok(outcome)
}

/// An account that has been migrated: its old password explains itself, but opens nothing (b14). Another one may be that
/// of who has the identifier now, or a new one that the agency gave out; the extranet knows (SEC-017). While the password
/// that we keep still works there, no other one can.
async fn attached_already(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    link: &Link,
) -> Result<Judged, Fault> {
    let agency = &credentials.agency;
    let mut tx = app.store.read().await?;
    let old = tx.old_digest(&agency.code, &known.typed.legacy).await?;
    let keeps_secret = tx.legacy_secret(&link.id).await?.is_some();
    drop(tx);
    let explains = match old {
        Some(old) => app.hasher.compare(credentials.password.clone(), old).await? != Comparison::Wrong,
        None => false,
    };
    if explains && (keeps_secret || !agency.adapter.needs_secret()) {
        return Ok(Judged::Wrong(Refusal::OldCredentials));
    }
    if detach::may_be_anothers(agency) {
        return Ok(ask_extranet(app, caller, known, credentials).await);
    }
    Ok(Judged::Wrong(if explains { Refusal::OldCredentials } else { Refusal::WrongCredentials }))
}

async fn ask_extranet(app: &App, caller: &Caller, known: &Known, credentials: &Credentials<'_>) -> Judged {
    let agency = &credentials.agency;
    match ask(app, caller, agency, &known.typed.legacy, &credentials.password).await {
        Ok(Verdict::Accepted { profile }) => Judged::Right(profile),
        Ok(Verdict::Refused) => Judged::Wrong(Refusal::WrongCredentials),
        Ok(Verdict::Locked) => Judged::Wrong(Refusal::LockedUpstream),
        Ok(Verdict::MustChange) => Judged::Wrong(Refusal::MustChangeUpstream),
        Err(silence) => Judged::Silent(silence),
    }
}

/// What the extranet says to an account's own credentials; one that cannot be asked refuses everybody.
pub(super) async fn ask(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    login: &LegacyLogin,
    secret: &Secret,
) -> Result<Verdict, NoVerdict> {
    let attempt = Attempt {
        agency: &agency.code,
        login,
        secret,
        client: caller.client,
        user_agent: caller.user_agent.as_deref(),
        language: Some(caller.language.code()),
    };
    let begun = Instant::now();
    let mut step = traces::step("extranet sign-in");
    let within = step.current();
    let verdict = match &agency.adapter {
        Adapter::FormReplay(form) => traces::within(within, app.legacy.verify(&agency.upstream, form, &attempt)).await,
        Adapter::HttpBasic(basic) => {
            traces::within(within, app.legacy.verify_basic(&agency.upstream, basic, &attempt)).await
        }
        Adapter::TrustedHeaders => return Ok(Verdict::Refused),
    };
    let outcome = verdict.as_ref().map_or_else(|silence| silence.name(), Verdict::name);
    step.tell("vestibule.outcome", outcome);
    drop(step);
    METRICS.agency(&agency.code).signed_in_upstream(outcome, begun.elapsed());
    verdict
}

async fn ask_roster(app: &App, known: &Known, credentials: &Credentials<'_>) -> Result<Judged, Fault> {
    let entry = known.roster.as_ref();
    let provisional = entry.and_then(|entry| entry.provisional.clone());
    let hash = provisional.clone().unwrap_or_else(|| app.hasher.decoy().clone());
    let compared = app.hasher.compare(credentials.password.clone(), hash).await?;
    Ok(match (entry, provisional, compared) {
        (Some(entry), Some(_), Comparison::Right | Comparison::RightAndRaised(_)) => {
            if provisional_is_open(entry.expires_at, entry.used_at, app.now()) {
                Judged::Right(Profile::default())
            } else {
                Judged::Wrong(Refusal::ProvisionalOver)
            }
        }
        _ => Judged::Wrong(Refusal::WrongCredentials),
    })
}

/// Begins the wizard, or goes on with one that was begun on another browser (b21). What the extranet takes today is what
/// is sealed, whichever it is.
async fn open_wizard(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    profile: Profile,
) -> Result<Secret, Fault> {
    let agency = &credentials.agency;
    let now = app.now();
    let browser = long_secret(&*app.dice);
    let old_digest = app.hasher.hash(credentials.password.clone()).await?;
    let mut tx = app.store.write().await?;
    let open = tx.open_flow_of_account(&agency.code, &known.typed.legacy, now).await?;
    let id = open.as_ref().map_or_else(|| FlowId::random(&*app.dice), |stored| stored.flow.id.clone());
    let sealed = if agency.adapter.needs_secret() {
        Some(app.vault()?.seal(&*app.dice, id.as_str(), &credentials.password))
    } else {
        None
    };
    let started = if open.is_some() {
        tx.rebind_flow(&id, browser.digest(), sealed.as_ref(), &old_digest).await?;
        AuditEvent::MigrationResumed
    } else {
        let (account, email) = described(agency, known, profile);
        let flow = Flow::start(id, account, email, MigrationPlan::from(&agency.policy), now);
        tx.insert_flow(&flow, browser.digest(), sealed.as_ref(), Some(&old_digest)).await?;
        AuditEvent::MigrationStarted
    };
    caller.audit(&mut tx, &entry(known, credentials, started), now).await?;
    tx.commit().await?;
    Ok(browser)
}

/// What the roster says of an account goes before what the extranet's profile page shows.
fn described(agency: &Agency, known: &Known, profile: Profile) -> (LegacyAccount, Option<EmailAddress>) {
    let roster = known.roster.as_ref();
    let account = LegacyAccount {
        agency: agency.code.clone(),
        login: roster.map_or_else(|| known.typed.legacy.clone(), |entry| entry.login.clone()),
        name: roster.and_then(|entry| entry.name.clone()).or(profile.name),
        kind: roster.map_or(Kind::Unknown, |entry| entry.kind),
    };
    (account, roster.and_then(|entry| entry.email.clone()).or(profile.email))
}
