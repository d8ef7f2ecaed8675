//! The other accounts of the same person, as the agency's roster names them, attached by themselves where the extranet wants no
//! old password (§7, 004; decision 92).

use jiff::Timestamp;

use crate::app::letters::{self, Addressee};
use crate::app::{App, Caller, Fault, spelling};
use crate::domain::adapter::Verifier;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, LegacyAccount, LegacyLogin, Link, LinkId};
use crate::domain::mail::LetterKind;
use crate::domain::roster::{MOST_OF_ONE_PERSON, OnRoster, provisional_is_open};
use crate::store::{RosterEntry, Tx};

/// Attaches the person's other accounts at the agency of a run, in the transaction of its last step: who may lose one to
/// nobody else does so at this moment, since spellings are held.
pub(super) async fn attach_by_roster(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    account: &LegacyAccount,
    (identity, now): (&IdentityId, Timestamp),
) -> Result<(), Fault> {
    let Some(agency) = app.directory().agency(&account.agency).cloned() else { return Ok(()) };
    let Some(email) = tx.address_of(identity).await? else { return Ok(()) };
    if agency.adapter.keeps_secret() {
        return Ok(());
    }
    let mut accounts = Vec::new();
    for entry in free(tx, &agency, &account.login, now).await? {
        accounts.push(entry.login.masked());
        let email = &email;
        attach_one(app, caller, tx, (&agency.code, entry), (identity, email, now)).await?;
    }
    if !accounts.is_empty() {
        let to = Addressee { agency: Some(agency.code.clone()), email, language: caller.language };
        letters::tell(app, tx, to, LetterKind::AccountsAttached { accounts }).await?;
    }
    Ok(())
}

async fn attach_one(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    (agency, entry): (&AgencyCode, RosterEntry),
    (identity, email, now): (&IdentityId, &EmailAddress, Timestamp),
) -> Result<(), Fault> {
    let account = LegacyAccount { agency: agency.clone(), login: entry.login, name: entry.name, kind: entry.kind };
    let link = Link { id: LinkId::random(&*app.dice), identity: identity.clone(), account };
    tx.attach(&link, now).await?;
    // Who types what the agency has given out is told that it was replaced.
    if let Some(provisional) = &entry.provisional {
        tx.set_old_digest(agency, &link.account.login, provisional).await?;
    }
    tx.mark_provisional_used(agency, &link.account.login, now).await?;
    if let Some(known) = entry.email.filter(|known| known.key() != email.key()) {
        letters::tell_roster(app, tx, caller, &link.account, &known).await?;
    }
    let entry = AuditEntry {
        agency: Some(agency.clone()),
        identity: Some(identity.clone()),
        login: Some(link.account.login.clone()),
        ..AuditEntry::by(Actor::Gateway, AuditEvent::AccountAttached)
    };
    Ok(caller.audit(tx, &entry, now).await?)
}

/// The other accounts of the person whom the roster names for this one, that nobody has, nor is about to get.
pub(super) async fn free(
    tx: &mut Tx,
    agency: &Agency,
    login: &LegacyLogin,
    now: Timestamp,
) -> Result<Vec<RosterEntry>, Fault> {
    let on_roster = spelling::spelled_at(tx, agency, login).await?.on_roster;
    let others = tx.accounts_of_the_same_person(&agency.code, &on_roster).await?;
    if others.len() >= MOST_OF_ONE_PERSON {
        tracing::warn!(agency = %agency.code, accounts = others.len() + 1, "too many accounts of one person on a roster: none is attached by itself");
        return Ok(Vec::new());
    }
    let mut free = Vec::new();
    for other in others {
        free.extend(if_free(tx, agency, &other, now).await?);
    }
    Ok(free)
}

async fn if_free(
    tx: &mut Tx,
    agency: &Agency,
    login: &LegacyLogin,
    now: Timestamp,
) -> Result<Option<RosterEntry>, Fault> {
    let spelled = spelling::spelled_at(tx, agency, login).await?;
    let is_held = matches!(tx.on_roster(&agency.code, login).await?, OnRoster::Held(_));
    let is_somebodys = !spelled.others.is_empty()
        || tx.link_of_account(&agency.code, &spelled.account).await?.is_some()
        || !spelling::runs_of(tx, &agency.code, &spelled, now).await?.is_empty();
    if !is_held || spelled.on_roster != *login || is_somebodys {
        return Ok(None);
    }
    // Where the agency gives out provisional credentials, those that are over open nothing, by another account neither (b20).
    let by_roster = agency.verifier == Verifier::Roster || !agency.adapter.keeps_secret();
    let is_open = |entry: &RosterEntry| provisional_is_open(entry.expires_at, entry.used_at, now);
    Ok(tx.roster_entry(&agency.code, login).await?.filter(|entry| !by_roster || is_open(entry)))
}
