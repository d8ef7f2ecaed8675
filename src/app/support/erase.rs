//! Erasing a person who asks for it (RGPD, article 17), and what is kept for an agency that has gone (decision 73).

use std::collections::BTreeSet;

use super::act::change_of;
use super::found::Found;
use crate::app::acting::Acting;
use crate::app::{App, Fault, restored, spelling};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::spelling::Spellings;
use crate::domain::support::Reason;
use crate::sessions::Change;
use crate::store::Tx;

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Accounts, by agency: their rosters may bring them back.
    pub accounts: Vec<(AgencyCode, LegacyLogin)>,
    /// Letters.
    pub letters: u64,
    /// Lines of the trace that name nobody any more.
    pub lines: u64,
    /// Whether the server that keeps sign-ins could be told: else they are there until their time is over, and open
    /// nothing.
    pub sign_ins: bool,
}

/// What was erased of an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyErased {
    /// Accounts of its roster.
    pub accounts: u64,
    /// Accounts that persons had there.
    pub attached: u64,
    /// Persons who have no account anywhere now.
    pub alone: Vec<IdentityId>,
}

/// Erases a person, or what is kept of an account that nobody has. One transaction, one line in the trace.
///
/// # Errors
/// The person is gone, or the store fails; nothing was changed then.
pub async fn erase(app: &App, by: &Acting, found: &Found, reason: &Reason) -> Result<Erased, Fault> {
    let identity = match found {
        Found::Person(identity) => Some(identity),
        Found::Account(..) => None,
    };
    let (mut tx, mut parts) = (app.store.write().await?, Vec::new());
    let mut erased = match found {
        Found::Person(identity) => {
            // First what has passwords of its own: by the address, all of it is the same person's.
            let mut all = Erased::default();
            for part in tx.parts_of(identity).await? {
                let of_part = erase_person(app, &mut tx, &part).await?;
                all.accounts.extend(of_part.accounts);
                all.letters += of_part.letters;
                all.lines += of_part.lines;
                parts.push(part);
            }
            let whole = erase_person(app, &mut tx, identity).await?;
            all.accounts.splice(0..0, whole.accounts);
            Erased { letters: all.letters + whole.letters, lines: all.lines + whole.lines, ..all }
        }
        Found::Account(agency, login) => erase_account(app, &mut tx, agency, login).await?,
    };
    let event = AuditEvent::PersonErased {
        reason: reason.as_str().to_owned(),
        erased: identity.map(restored::erased).unwrap_or_default(),
        lines: erased.lines,
    };
    by.audit(&mut tx, &by.entry(event), app.now()).await?;
    let Some(identity) = identity else {
        tx.commit().await?;
        return Ok(Erased { sign_ins: true, ..erased });
    };
    app.sessions.commit(tx, &change_of(identity, &parts)).await?;
    // Without the person no sign-in stands; this takes away what is left of them elsewhere.
    erased.sign_ins = true;
    for identity in std::iter::once(identity).chain(&parts) {
        erased.sign_ins &= app.sessions.take_away_all_of(identity).await.is_ok();
    }
    Ok(erased)
}

async fn erase_person(app: &App, tx: &mut Tx, identity: &IdentityId) -> Result<Erased, Fault> {
    tx.hold_person(identity).await?;
    let theirs: Vec<(AgencyCode, LegacyLogin)> =
        tx.links_of(identity).await?.into_iter().map(|link| (link.account.agency, link.account.login)).collect();
    let addresses = tx.addresses_ever_of(identity).await?;
    let (mut folds, mut spellings) = (BTreeSet::new(), Vec::new());
    for (account, is_theirs) in theirs
        .iter()
        .map(|account| (account.clone(), true))
        .chain(tx.accounts_ever_of(identity).await?.into_iter().map(|account| (account, false)))
    {
        if folds.insert((account.0.clone(), account.1.key())) {
            let (agency, login) = &account;
            let are_apart = spelling::spelled(app, tx, agency, login).await?.spellings == Spellings::Apart;
            spellings.push(tx.spellings_to_erase(identity, (agency, login), (is_theirs, are_apart)).await?);
        }
    }
    let mut erased = Erased { accounts: theirs, ..Erased::default() };
    erased.lines += tx.erase_in_trace(identity, &IdentityId::random(&*app.dice)).await?;
    tx.erase_person(identity).await?;
    for account in &spellings {
        erased.lines += tx.erase_account_in_trace(account).await?;
        if account.is_theirs {
            tx.erase_account(account).await?;
        }
    }
    erase_addresses(tx, &addresses, &mut erased).await?;
    Ok(erased)
}

async fn erase_account(app: &App, tx: &mut Tx, agency: &AgencyCode, login: &LegacyLogin) -> Result<Erased, Fault> {
    let spelled = spelling::spelled(app, tx, agency, login).await?;
    let mut addresses = Vec::new();
    if let Some(run) = spelling::nearest_run(tx, agency, &spelled, app.now()).await? {
        addresses.extend(run.flow.step.email().cloned());
    }
    if let Some(entry) = tx.roster_entry(agency, &spelled.on_roster).await? {
        addresses.extend(entry.email);
    }
    let (nobody, are_apart) = (IdentityId::stored(""), spelled.spellings == Spellings::Apart);
    let account = tx.spellings_to_erase(&nobody, (agency, login), (true, are_apart)).await?;
    let mut erased = Erased { accounts: vec![(agency.clone(), login.clone())], ..Erased::default() };
    erased.lines += tx.erase_account_in_trace(&account).await?;
    tx.erase_account(&account).await?;
    // An address may be somebody's who has signed in with it.
    let mut strangers = Vec::new();
    for address in addresses {
        if tx.owners_of(&address).await?.is_empty() {
            strangers.push(address);
        }
    }
    erase_addresses(tx, &strangers, &mut erased).await?;
    Ok(erased)
}

async fn erase_addresses(tx: &mut Tx, addresses: &[EmailAddress], erased: &mut Erased) -> Result<(), Fault> {
    for address in addresses {
        erased.lines += tx.erase_address_in_trace(address).await?;
        erased.letters += tx.erase_address(address).await?;
    }
    Ok(())
}

/// Erases what is kept for an agency that the configuration does not have any more.
///
/// # Errors
/// The store fails; nothing was changed then.
pub async fn erase_agency(app: &App, by: &Acting, agency: &AgencyCode, reason: &Reason) -> Result<AgencyErased, Fault> {
    let mut tx = app.store.write().await?;
    let alone = tx.people_only_at(agency).await?;
    let (accounts, attached) = tx.erase_agency(agency).await?;
    let event = AuditEvent::AgencyErased { reason: reason.as_str().to_owned(), accounts, attached };
    let entry = AuditEntry { agency: Some(agency.clone()), ..by.entry(event) };
    by.audit(&mut tx, &entry, app.now()).await?;
    app.sessions.commit(tx, &Change::Everything).await?;
    Ok(AgencyErased { accounts, attached, alone })
}
