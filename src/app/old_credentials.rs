//! The old credentials: asked of the extranet or of the roster, and turned into a wizard (b01 to b03, b14, b20, b21).

use super::attempt::{Credentials, Known, Outcome, audit, look_up, refuse};
use super::hasher::Comparison;
use super::throttle::Reserved;
use super::wizard::begin::{self, Opened};
use super::{App, Caller, Fault, ask_extranet, spelling};
use crate::domain::adapter::Verifier;
use crate::domain::agency::AgencyMode;
use crate::domain::audit::{AuditEvent, Refusal};
use crate::domain::credential::{Login, Meant};
use crate::domain::identity::{IdentityId, Link};
use crate::domain::password::PasswordHash;
use crate::domain::roster::{OnRoster, provisional_is_open};
use crate::domain::spelling::Spellings;
use crate::domain::upstream::{Profile, Verdict};

/// What the extranet or the roster says about old credentials.
enum Judged {
    Right(Profile),
    Wrong(Refusal),
    /// In words for the trace.
    Silent(String),
}

/// What stands in the trace where nobody knows whose account it is.
const UNLEARNT: &str =
    "another spelling of the identifier is known, and the extranet did not say whether it is the same";

/// The new credentials did not fit: perhaps these are old ones.
pub(super) async fn judge(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    reserved: Reserved,
) -> Result<Outcome, Fault> {
    let judged = ask_who_knows(app, caller, known, credentials).await;
    let (reserved, judged) = reserved.unless(app, judged).await?;
    if !matches!(judged, Judged::Right(_)) || !has_unknown_neighbour(known, credentials) {
        return conclude(app, caller, known, credentials, reserved, judged).await;
    }
    let learnt = once_learnt(app, caller, known, credentials, judged).await;
    let (reserved, (again, judged)) = reserved.unless(app, learnt).await?;
    conclude(app, caller, again.as_ref().unwrap_or(known), credentials, reserved, judged).await
}

/// Whether somebody has, or is about to get, an account of another spelling, and nobody knows whether it is this one.
fn has_unknown_neighbour(known: &Known, credentials: &Credentials<'_>) -> bool {
    let extranet_judges = credentials.agency.verifier != Verifier::Roster;
    extranet_judges && known.spelled.spellings == Spellings::Unlearnt && !known.spelled.others.is_empty()
}

/// Right credentials of a spelling that may be another one's: what the identifier means once that is known, and what is
/// said to it then; whoever's account it turns out to be is asked for as under the spelling that was known.
async fn once_learnt(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    judged: Judged,
) -> Result<(Option<Known>, Judged), Fault> {
    let (agency, typed) = (&*credentials.agency, &known.typed.legacy);
    let Some(other) = known.spelled.others.first() else { return Ok((None, judged)) };
    let told = spelling::learn(app, caller, agency, (typed, other), &credentials.password).await?;
    if told == Spellings::Unlearnt {
        return Ok((None, Judged::Silent(UNLEARNT.to_owned())));
    }
    let mut tx = app.store.read().await?;
    let known = look_up(app, caller, &mut tx, known.typed.clone(), agency).await?;
    drop(tx);
    // What is closed turns out when the wizard is opened.
    let judged = if known.owner().is_some() && credentials.meant != Meant::AgencysNew {
        Judged::Wrong(Refusal::WrongCredentials)
    } else {
        judged
    };
    Ok((Some(known), judged))
}

async fn conclude(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    reserved: Reserved,
    judged: Judged,
) -> Result<Outcome, Fault> {
    let reason = match judged {
        Judged::Silent(reason) => return silent(app, caller, known, credentials, reserved, reason).await,
        // Whose access was withdrawn is told what somebody unknown is told, whatever was typed and however right (e11).
        Judged::Right(_) | Judged::Wrong(_) if known.is_disabled() => Refusal::Disabled,
        Judged::Right(profile) => {
            let opened = begin::begin(app, caller, known, credentials, profile).await;
            let (reserved, opened) = reserved.unless(app, opened).await?;
            return match opened {
                Opened::In(browser) => {
                    settle_right(app, known, reserved).await?;
                    Ok(Outcome::Wizard { browser })
                }
                Opened::Not(reason) => refused(app, caller, known, credentials, reserved, reason).await,
                Opened::Unlearnt => silent(app, caller, known, credentials, reserved, UNLEARNT.to_owned()).await,
            };
        }
        Judged::Wrong(reason) => reason,
    };
    refused(app, caller, known, credentials, reserved, reason).await
}

/// Nobody could say: nothing is counted, and nothing opened.
async fn silent(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    reserved: Reserved,
    reason: String,
) -> Result<Outcome, Fault> {
    reserved.unanswered(app).await?;
    let agency = &credentials.agency.code;
    let request_id = caller.request_id.as_str();
    tracing::warn!(request_id, %agency, fault = reason, reason, "the extranet could not check old credentials");
    audit(app, caller, known, credentials, AuditEvent::ExtranetSilent { reason }).await?;
    Ok(Outcome::ExtranetSilent)
}

/// Right credentials end the failures on an account that is nobody's yet. Of somebody's they only take back themselves:
/// who knows the extranet's password is not for that the person whose own one is guessed at.
async fn settle_right(app: &App, known: &Known, reserved: Reserved) -> Result<(), Fault> {
    if known.owner().is_some() { reserved.unanswered(app).await } else { reserved.succeeded(app).await }
}

async fn refused(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    reserved: Reserved,
    reason: Refusal,
) -> Result<Outcome, Fault> {
    // Right credentials that open nothing, and a lock that the extranet has set, are no failures of the resident.
    let (outcome, is_failure) = match reason {
        Refusal::OldCredentials => (Outcome::OldCredentials(typed_now(app, known).await?), false),
        Refusal::ProvisionalOver => (Outcome::ProvisionalOver, false),
        Refusal::ProvisionalReplaced => (Outcome::ProvisionalReplaced, false),
        Refusal::MustChangeUpstream => (Outcome::MustChange, false),
        Refusal::LockedUpstream => (Outcome::Refused, false),
        Refusal::WrongCredentials
        | Refusal::Throttled
        | Refusal::Cutover
        | Refusal::Closed
        | Refusal::NotAsked
        | Refusal::Unwritable
        | Refusal::Disabled => (Outcome::Refused, true),
    };
    if is_failure {
        reserved.failed();
    } else {
        reserved.unanswered(app).await?;
    }
    refuse(app, caller, known, credentials, reason).await?;
    Ok(outcome)
}

/// What is typed now for the account whose old password explained itself.
async fn typed_now(app: &App, known: &Known) -> Result<Login, Fault> {
    let Some(link) = known.link.iter().chain(&known.neighbours).next() else { return Ok(Login::Address) };
    let credential = app.store.read().await?.credential_of(&link.identity).await?;
    Ok(credential.map_or(Login::Address, |credential| credential.login))
}

/// Who says whether old credentials are right: the digest of those that are switched off, the roster, the extranet, or
/// nobody, where the password may not leave the house (decision 40).
async fn ask_who_knows(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
) -> Result<Judged, Fault> {
    let agency = &credentials.agency;
    if known.on_roster == OnRoster::Closed {
        return Ok(Judged::Wrong(Refusal::Closed));
    }
    for link in known.link.iter().chain(&known.neighbours) {
        if explains_itself(app, credentials, link).await? {
            let is_disabled = app.store.read().await?.is_disabled(&link.identity).await?;
            return Ok(Judged::Wrong(if is_disabled { Refusal::Disabled } else { Refusal::OldCredentials }));
        }
    }
    match (&known.link, agency.mode, agency.verifier) {
        (Some(_), AgencyMode::Cutover, _) => Ok(Judged::Wrong(Refusal::WrongCredentials)),
        (None, AgencyMode::Cutover, _) => Ok(Judged::Wrong(Refusal::Cutover)),
        (_, _, Verifier::Roster) => ask_roster(app, known, credentials).await,
        (_, _, Verifier::Form | Verifier::Basic) => {
            let is_known = known.owner().is_some();
            Ok(match known.typed.may_be_asked(agency.may_be_email, is_known, credentials.meant) {
                true if is_a_neighbours_own(app, known, credentials).await? => Judged::Wrong(Refusal::WrongCredentials),
                true => ask_extranet(app, caller, known, credentials).await,
                false if is_known => Judged::Wrong(Refusal::WrongCredentials),
                false => Judged::Wrong(Refusal::NotAsked),
            })
        }
    }
}

/// Whether it is the password that somebody chose here whose account may be this one, or whose part it is: it goes nowhere.
async fn is_a_neighbours_own(app: &App, known: &Known, credentials: &Credentials<'_>) -> Result<bool, Fault> {
    let mut others: Vec<IdentityId> = known.neighbours.iter().map(|link| link.identity.clone()).collect();
    if let Some(link) = &known.link {
        // The one for all opens nothing here, and is no less the person's.
        others.extend(app.store.read().await?.whole_of(&link.identity).await?);
    }
    for identity in others {
        let credential = app.store.read().await?.credential_of(&identity).await?;
        if let Some(credential) = credential
            && app.hasher.compare(credentials.password.clone(), credential.password).await? != Comparison::Wrong
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An account that has been migrated: its old password explains itself, but opens nothing (b14), under whatever spelling of
/// the identifier that may be the same one (ATT-25). While the password that
/// we keep still works in the extranet, no other one can; once it is refused, the agency may have given the old one out
/// anew (SEC-017).
async fn explains_itself(app: &App, credentials: &Credentials<'_>, link: &Link) -> Result<bool, Fault> {
    let agency = &credentials.agency;
    let mut tx = app.store.read().await?;
    let old = tx.old_digest(&agency.code, &link.account.login).await?;
    let keeps_secret = tx.legacy_secret(&link.id).await?.is_some();
    drop(tx);
    let Some(old) = old else { return Ok(false) };
    let is_old = app.hasher.compare(credentials.password.clone(), old).await? != Comparison::Wrong;
    let may_be_anew = credentials.meant == Meant::AgencysNew && agency.adapter.keeps_secret() && !keeps_secret;
    Ok(is_old && !may_be_anew)
}

async fn ask_extranet(app: &App, caller: &Caller, known: &Known, credentials: &Credentials<'_>) -> Judged {
    let agency = &credentials.agency;
    match ask_extranet::ask(app, caller, agency, &known.typed.legacy, &credentials.password).await {
        Ok(Verdict::Accepted { profile }) => Judged::Right(profile),
        Ok(Verdict::Refused) => Judged::Wrong(Refusal::WrongCredentials),
        Ok(Verdict::Unwritable) => Judged::Wrong(Refusal::Unwritable),
        Ok(Verdict::Locked) => Judged::Wrong(Refusal::LockedUpstream),
        Ok(Verdict::MustChange) => Judged::Wrong(Refusal::MustChangeUpstream),
        Err(silence) => Judged::Silent(silence.to_string()),
    }
}

/// Provisional credentials, also of an account that somebody has, where the agency has given new ones out since (002): those
/// that were used for it explain themselves by their digest.
async fn ask_roster(app: &App, known: &Known, credentials: &Credentials<'_>) -> Result<Judged, Fault> {
    let is = async |hash: Option<&PasswordHash>| -> Result<bool, Fault> {
        let hash = hash.unwrap_or(app.hasher.decoy()).clone();
        Ok(app.hasher.compare(credentials.password.clone(), hash).await? != Comparison::Wrong)
    };
    let entry = known.roster.as_ref().filter(|entry| known.link.is_none() || entry.used_at.is_none());
    let provisional = entry.and_then(|entry| entry.provisional.as_ref());
    if is(provisional).await? && provisional.is_some() {
        let is_open = entry.is_some_and(|entry| provisional_is_open(entry.expires_at, entry.used_at, app.now()));
        return Ok(if is_open { Judged::Right(Profile::default()) } else { Judged::Wrong(Refusal::ProvisionalOver) });
    }
    if known.link.is_some() {
        return Ok(Judged::Wrong(Refusal::WrongCredentials));
    }
    let replaced = entry.and_then(|entry| entry.replaced.as_ref());
    let is_replaced = is(replaced).await? && replaced.is_some();
    Ok(Judged::Wrong(if is_replaced { Refusal::ProvisionalReplaced } else { Refusal::WrongCredentials }))
}
