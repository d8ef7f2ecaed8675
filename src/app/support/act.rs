//! What an operator changes about somebody's access.

use super::found::{Found, SignIns, sign_ins};
use crate::app::acting::Acting;
use crate::app::{App, Fault, holder, spelling, throttle};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::device;
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::lockout::LockoutPolicy;
use crate::domain::mail::Over;
use crate::domain::support::{LockedOn, Reason};
use crate::sessions::Change;
use crate::store::Tx;

/// What withdrawing somebody's access ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabled {
    /// Sign-ins; None where the server that keeps them did not say how many.
    pub sessions: Option<u32>,
    /// Letters that had not gone out.
    pub letters: u64,
}

/// What taking an account came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlinked {
    /// Somebody had it.
    From {
        /// Whose it was.
        identity: IdentityId,
        /// Accounts that the person still has.
        left: usize,
    },
    /// Nobody had it, but somebody was about to get it.
    FromARun,
    /// Nobody had it, nor was about to get it; nothing was changed.
    Nobodys,
}

/// A counter of failures, and how it is judged.
pub(super) struct Counter {
    pub(super) key: String,
    pub(super) on: LockedOn,
    pub(super) policy: LockoutPolicy,
}

/// Takes away every lock on a person, or on an account that nobody has migrated; the number of counters that were not
/// at zero.
pub async fn unlock(app: &App, by: &Acting, found: &Found, reason: &Reason) -> Result<u32, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let mut counters = 0;
    for counter in counters_of(app, &mut tx, found).await? {
        counters += u32::from(tx.forget_attempts(&counter.key).await?);
    }
    let event = AuditEvent::Unlocked { reason: reason.as_str().to_owned(), counters };
    by.audit(&mut tx, &found.named_in(by.entry(event)), now).await?;
    tx.commit().await?;
    Ok(counters)
}

/// Every counter that can lock this person, or this account, out.
pub(super) async fn counters_of(app: &App, tx: &mut Tx, found: &Found) -> Result<Vec<Counter>, Fault> {
    let counter = |key, on, policy| Counter { key, on, policy };
    Ok(match found {
        Found::Person(identity) => {
            let links = tx.links_of(identity).await?;
            let policy = app.policy_for(None, &links).lockout;
            let mut counters = vec![
                counter(throttle::person_key(identity), LockedOn::Person, policy),
                counter(throttle::codes_of_person_key(identity), LockedOn::Codes, LockoutPolicy::CODES),
            ];
            for (key, _) in tx.device_attempts(identity).await? {
                if let Some((device, _)) = key.rsplit_once(':') {
                    counters.push(counter(device.to_owned(), LockedOn::KnownDevice, device::LOCKOUT));
                }
                counters.push(counter(key, LockedOn::KnownDevice, policy));
            }
            let mut links = links;
            for part in tx.parts_of(identity).await? {
                links.extend(tx.links_of(&part).await?);
                counters.push(counter(throttle::person_key(&part), LockedOn::Person, policy));
                counters.push(counter(throttle::codes_of_person_key(&part), LockedOn::Codes, LockoutPolicy::CODES));
            }
            for link in links {
                let account = link.account;
                let key = throttle::account_key(&account.agency, &account.login);
                counters.push(counter(key, LockedOn::OldAccount, policy));
                let key = throttle::codes_of_account_key(&account.agency, &account.login);
                counters.push(counter(key, LockedOn::Codes, LockoutPolicy::CODES));
            }
            counters
        }
        Found::Account(agency, login) => {
            let policy = app.directory().agency(agency).map_or(LockoutPolicy::PERSON, |agency| agency.policy.lockout);
            vec![
                counter(throttle::account_key(agency, login), LockedOn::OldAccount, policy),
                counter(throttle::codes_of_account_key(agency, login), LockedOn::Codes, LockoutPolicy::CODES),
            ]
        }
    })
}

/// Takes an account from its person, or from who is about to get it. The person and all other accounts stay.
pub async fn unlink(
    app: &App,
    by: &Acting,
    agency: &AgencyCode,
    login: &LegacyLogin,
    reason: &Reason,
) -> Result<Unlinked, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let ended_a_run = holder::end_runs(app, &mut tx, agency, login, now).await?;
    let event = AuditEvent::AccountUnlinked { reason: reason.as_str().to_owned() };
    let spelled = spelling::spelled(app, &mut tx, agency, login).await?;
    if let Some(link) = spelling::nearest_link(&mut tx, agency, &spelled).await?
        && tx.unlink(&link.id).await?
    {
        let entry = AuditEntry {
            agency: Some(agency.clone()),
            login: Some(link.account.login),
            ..Found::Person(link.identity.clone()).named_in(by.entry(event))
        };
        by.audit(&mut tx, &entry, now).await?;
        let left = tx.links_of(&link.identity).await?.len();
        app.sessions.commit(tx, &Change::Identity(link.identity.clone())).await?;
        return Ok(Unlinked::From { identity: link.identity, left });
    }
    if !ended_a_run {
        return Ok(Unlinked::Nobodys);
    }
    by.audit(&mut tx, &Found::Account(agency.clone(), login.clone()).named_in(by.entry(event)), now).await?;
    tx.commit().await?;
    Ok(Unlinked::FromARun)
}

/// Withdraws a person's access: sign-ins end, letters that wait die, and signing in answers as for somebody unknown.
/// None if it is withdrawn already.
pub async fn disable(
    app: &App,
    by: &Acting,
    identity: &IdentityId,
    reason: &Reason,
) -> Result<Option<Disabled>, Fault> {
    let now = app.now();
    let ended = match sign_ins(app, identity).await? {
        SignIns::Known(sessions) => Some(u32::try_from(sessions.len()).unwrap_or(u32::MAX)),
        SignIns::Unknown(_) => None,
    };
    let mut tx = app.store.write().await?;
    if !tx.set_disabled(identity, Some(now)).await? {
        return Ok(None);
    }
    let parts = tx.parts_of(identity).await?;
    for identity in std::iter::once(identity).chain(&parts) {
        holder::end_runs_of(app, &mut tx, identity).await?;
        app.sessions.end_all_of(&mut tx, identity, None).await?;
        tx.forget_devices(identity).await?;
        tx.supersede_recoveries(identity).await?;
    }
    let mut letters = 0;
    if let Some((_, email)) = tx.pending_email_change(identity).await? {
        letters += tx.abandon_letters_to(&email, Over::Disabled.as_str(), now).await?;
    }
    tx.cancel_email_changes(identity).await?;
    if let Some(address) = tx.address_of(identity).await? {
        letters += tx.abandon_letters_to(&address, Over::Disabled.as_str(), now).await?;
    }
    let disabled = Disabled { sessions: ended, letters };
    let event = AuditEvent::PersonDisabled { reason: reason.as_str().to_owned(), sessions: disabled.sessions, letters };
    by.audit(&mut tx, &Found::Person(identity.clone()).named_in(by.entry(event)), now).await?;
    app.sessions.commit(tx, &change_of(identity, &parts)).await?;
    Ok(Some(disabled))
}

/// What has changed for a person, and for the accounts with passwords of their own.
pub(super) fn change_of(identity: &IdentityId, parts: &[IdentityId]) -> Change {
    if parts.is_empty() { Change::Identity(identity.clone()) } else { Change::Everything }
}

/// Gives a person's access back; false if it was not withdrawn. What ended stays ended.
pub async fn enable(app: &App, by: &Acting, identity: &IdentityId, reason: &Reason) -> Result<bool, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    if !tx.set_disabled(identity, None).await? {
        return Ok(false);
    }
    let event = AuditEvent::PersonEnabled { reason: reason.as_str().to_owned() };
    by.audit(&mut tx, &Found::Person(identity.clone()).named_in(by.entry(event)), now).await?;
    tx.commit().await?;
    Ok(true)
}
