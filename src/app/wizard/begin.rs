//! The wizard begins: opened by right old credentials, and led past its information page.

use jiff::Timestamp;

use super::step::{Stepped, step};
use crate::app::attempt::{Credentials, Known, entry};
use crate::app::hasher::Comparison;
use crate::app::{App, Caller, Fault, holder, spelling};
use crate::domain::adapter::Verifier;
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEvent, Refusal};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{Kind, LegacyAccount, LegacyLogin};
use crate::domain::migration::{Flow, FlowId, MigrationPlan};
use crate::domain::roster::provisional_is_open;
use crate::domain::secret::{Secret, long_secret};
use crate::domain::spelling::Spellings;
use crate::domain::upstream::Profile;
use crate::store::Tx;

/// What came of right credentials.
pub(in crate::app) enum Opened {
    /// The wizard, in the browser that carries this secret.
    In(Secret),
    /// The account is not to be given any more, or the roster's credentials are worth nothing any more.
    Not(Refusal),
    /// Another spelling turned up meanwhile that may be the same account.
    Unlearnt,
}

/// Begins the wizard, or goes on with one that was begun on another browser with the same password (b21): another one that
/// the extranet takes now may be somebody else's, who does not go on where this one stood (REL-069). Another spelling goes
/// on with it only where the extranet is known to take both for one (decision 41).
pub(in crate::app) async fn begin(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    profile: Profile,
) -> Result<Opened, Fault> {
    let agency = &credentials.agency;
    let now = app.now();
    let browser = long_secret(&*app.dice);
    let old_digest = app.hasher.hash(credentials.password.clone()).await?;
    let same = begun_with_the_same(app, known, credentials).await?;
    let mut tx = app.store.write().await?;
    tx.hold_spellings(&agency.code).await?;
    let spelled = spelling::spelled_at(&mut tx, agency, &known.typed.legacy).await?;
    if spelled.spellings == Spellings::Unlearnt && !spelled.others.is_empty() {
        return Ok(Opened::Unlearnt);
    }
    let holding = known.on_roster.holding();
    if !holder::may_be_given(&mut tx, agency, &known.typed.legacy, holding).await? {
        return Ok(Opened::Not(Refusal::Closed));
    }
    if let Some(reason) = is_worth_nothing(&mut tx, known, (agency, &spelled.on_roster), now).await? {
        return Ok(Opened::Not(reason));
    }
    let open = spelling::runs_of(&mut tx, &agency.code, &spelled, now).await?;
    let resumed = same.filter(|same| open.contains(same));
    for other in open.iter().filter(|run| Some(*run) != resumed.as_ref()) {
        tx.close_flow(other).await?;
    }
    let id = resumed.clone().unwrap_or_else(|| FlowId::random(&*app.dice));
    let sealed = if agency.adapter.keeps_secret() {
        Some(app.vault()?.seal(&*app.dice, id.as_str(), &credentials.password))
    } else {
        None
    };
    let started = if resumed.is_some() {
        tx.rebind_flow(&id, browser.digest(), sealed.as_ref(), &old_digest).await?;
        AuditEvent::MigrationResumed
    } else {
        let (account, email) = described(agency, known, profile);
        let flow = Flow::start(id, account, email, MigrationPlan::from(&agency.policy), now);
        let flow = Flow { holding: holding.cloned(), ..flow };
        tx.insert_flow(&flow, browser.digest(), sealed.as_ref(), Some(&old_digest)).await?;
        AuditEvent::MigrationStarted
    };
    caller.audit(&mut tx, &entry(known, credentials, started), now).await?;
    tx.commit().await?;
    Ok(Opened::In(browser))
}

/// Whether provisional credentials that were right when they were read have been replaced, or used, while they were
/// compared (b20).
async fn is_worth_nothing(
    tx: &mut Tx,
    known: &Known,
    (agency, on_roster): (&Agency, &LegacyLogin),
    now: Timestamp,
) -> Result<Option<Refusal>, Fault> {
    if agency.verifier != Verifier::Roster {
        return Ok(None);
    }
    let compared = known.roster.as_ref().and_then(|entry| entry.provisional.as_ref());
    Ok(match tx.roster_entry(&agency.code, on_roster).await? {
        Some(entry) if entry.provisional.as_ref() != compared => Some(Refusal::ProvisionalReplaced),
        Some(entry) if provisional_is_open(entry.expires_at, entry.used_at, now) => None,
        Some(_) | None => Some(Refusal::ProvisionalOver),
    })
}

/// The run of this account that is under way, if it was begun with this very password.
async fn begun_with_the_same(app: &App, known: &Known, credentials: &Credentials<'_>) -> Result<Option<FlowId>, Fault> {
    let (code, now) = (&credentials.agency.code, app.now());
    let mut tx = app.store.read().await?;
    let open = match spelling::runs_of(&mut tx, code, &known.spelled, now).await?.first() {
        Some(run) => tx.flow(run).await?,
        None => None,
    };
    drop(tx);
    let Some((flow, digest)) = open.and_then(|stored| Some((stored.flow.id, stored.old_digest?))) else {
        return Ok(None);
    };
    let compared = app.hasher.compare(credentials.password.clone(), digest).await?;
    Ok((compared != Comparison::Wrong).then_some(flow))
}

/// What the roster says of an account goes before what the extranet's profile page shows.
fn described(agency: &Agency, known: &Known, profile: Profile) -> (LegacyAccount, Option<EmailAddress>) {
    let roster = known.roster.as_ref();
    // The extranet has taken what was typed; a roster knows only how it spells it itself.
    let roster_judges = agency.verifier == Verifier::Roster;
    let account = LegacyAccount {
        agency: agency.code.clone(),
        login: roster.filter(|_| roster_judges).map_or_else(|| known.typed.legacy.clone(), |entry| entry.login.clone()),
        name: roster.and_then(|entry| entry.name.clone()).or(profile.name),
        kind: roster.map_or(Kind::Unknown, |entry| entry.kind),
    };
    (account, roster.and_then(|entry| entry.email.clone()).or(profile.email))
}

/// « Étape suivante ».
pub async fn leave_notice(app: &App, caller: &Caller) -> Result<Stepped, Fault> {
    step(app, caller, Flow::leave_notice).await
}
