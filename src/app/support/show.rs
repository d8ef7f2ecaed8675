//! Everything that is known about one person, and what of it stands in the way.

use super::act::counters_of;
use super::found::{Found, SignIns, sign_ins};
use crate::app::acting::Acting;
use crate::app::{App, Fault, spelling};
use crate::domain::adapter::Verifier;
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{AuditEvent, AuditLine};
use crate::domain::challenge::Challenge;
use crate::domain::email::EmailAddress;
use crate::domain::identity::{Kind, LegacyAccount, LegacyLogin, Link};
use crate::domain::migration::Step;
use crate::domain::roster::OnRoster;
use crate::domain::support::{
    Account, Case, Hindrance, Letter, Lock, Proof, Provisional, Refused, SignIn, TraceLine, Unmigrated, Wizard,
};
use crate::domain::terms::is_owed;
use crate::store::{Sealed, StoredFlow, Tx};

/// Letters and lines of the trace that are shown.
const LAST: u32 = 10;

/// What an operator is told.
#[derive(Debug)]
pub struct Shown {
    /// Everything that is known.
    pub case: Case,
    /// Why the person does not get in, the hardest reason first.
    pub hindrances: Vec<Hindrance>,
    /// Why that somebody looked is not in the trace.
    pub untraced: Option<Fault>,
}

/// Gathers what is known. That somebody looked is traced: it is personal data. Where nothing can be written, what is known
/// is shown all the same: to who could read it there anyway.
///
/// # Errors
/// The store cannot be read.
pub async fn show(app: &App, by: &Acting, found: &Found, keys: Option<&[String]>) -> Result<Shown, Fault> {
    let now = app.now();
    let mut tx = app.store.read().await?;
    let case = match found {
        Found::Person(_) => of_person(app, &mut tx, found, keys).await?,
        Found::Account(agency, login) => of_account(app, &mut tx, found, (agency, login), keys).await?,
    };
    drop(tx);
    let untraced = looked(app, by, found).await.err();
    Ok(Shown { hindrances: case.hindrances(now), case, untraced })
}

async fn looked(app: &App, by: &Acting, found: &Found) -> Result<(), Fault> {
    let mut tx = app.store.write().await?;
    by.audit(&mut tx, &found.named_in(by.entry(AuditEvent::PersonShown)), app.now()).await?;
    Ok(tx.commit().await?)
}

async fn of_person(app: &App, tx: &mut Tx, found: &Found, keys: Option<&[String]>) -> Result<Case, Fault> {
    let now = app.now();
    let Found::Person(identity) = found else { return Err(gone()) };
    let person = tx.person(identity).await?.ok_or_else(gone)?;
    let mut accounts = Vec::new();
    for link in tx.links_of(identity).await? {
        accounts.push(attached(app, tx, &link, keys).await?);
    }
    for part in tx.parts_of(identity).await? {
        for link in tx.links_of(&part).await? {
            accounts.push(Account { own_password: true, ..attached(app, tx, &link, keys).await? });
        }
    }
    let (sessions, sessions_unknown) = match sign_ins(app, identity).await? {
        SignIns::Known(sessions) => (sessions, None),
        SignIns::Unknown(outage) => (Vec::new(), Some(outage.to_string())),
    };
    let sessions = sessions
        .into_iter()
        .map(|session| SignIn { started_at: session.started_at, seen_at: session.seen_at, ends_at: session.ends_at() })
        .collect();
    let new_email = tx.pending_email_change(identity).await?.map(|(_, email)| email);
    let email = EmailAddress::parse(&person.email).ok();
    let mut wizards = Vec::new();
    if let Some(email) = &email {
        for stored in tx.open_flows_to(email, now).await? {
            wizards.push(wizard(tx, &stored, keys).await?);
        }
    }
    let refused = refused(tx, email.iter().chain(&new_email)).await?;
    let letters = letters(tx, email.iter().chain(&new_email)).await?;
    let trace = tx.audit_of_person(identity, LAST).await?.into_iter().filter_map(line).collect();
    let locks = locks(app, tx, found).await?;
    let new_email = new_email.map(|email| email.as_str().to_owned());
    Ok(Case {
        person: Some(person),
        accounts,
        locks,
        wizards,
        new_email,
        refused,
        sessions,
        sessions_unknown,
        letters,
        trace,
    })
}

async fn of_account(
    app: &App,
    tx: &mut Tx,
    found: &Found,
    (agency, login): (&AgencyCode, &LegacyLogin),
    keys: Option<&[String]>,
) -> Result<Case, Fault> {
    let now = app.now();
    let spelled = spelling::spelled(app, tx, agency, login).await?;
    let roster = tx.roster_entry(agency, &spelled.on_roster).await?;
    let account = LegacyAccount {
        agency: agency.clone(),
        login: roster.as_ref().map_or_else(|| login.clone(), |entry| entry.login.clone()),
        name: roster.as_ref().and_then(|entry| entry.name.clone()),
        kind: roster.as_ref().map_or(Kind::Unknown, |entry| entry.kind),
    };
    let is_on_roster = roster.is_some();
    let provisional = roster
        .filter(|entry| entry.provisional.is_some())
        .map(|entry| Provisional { expires_at: entry.expires_at, used_at: entry.used_at });
    let mut wizards = Vec::new();
    let mut email = None;
    if let Some(stored) = spelling::nearest_run(tx, agency, &spelled, now).await? {
        let wizard = wizard(tx, &stored, keys).await?;
        email = wizard.email.as_deref().and_then(|email| EmailAddress::parse(email).ok());
        wizards.push(wizard);
    }
    let trace: Vec<TraceLine> = tx.audit_of_account(agency, login, LAST).await?.into_iter().filter_map(line).collect();
    let configured = app.directory().agency(agency).cloned();
    let judges = configured.as_ref().is_some_and(|agency| agency.verifier == Verifier::Roster);
    let is_closed = tx.on_roster(agency, &spelled.on_roster).await? == OnRoster::Closed;
    let unmigrated = match (judges, is_on_roster) {
        _ if configured.is_none() => Unmigrated::AgencyGone,
        _ if is_closed => Unmigrated::Closed,
        (true, true) if provisional.is_some() => Unmigrated::Provisional,
        (true, true) => Unmigrated::WithoutCredentials,
        (true, false) => Unmigrated::NotOnRoster,
        (false, false) if trace.is_empty() && wizards.is_empty() => Unmigrated::Unheard,
        (false, _) => Unmigrated::AtExtranet,
    };
    Ok(Case {
        person: None,
        accounts: vec![Account { provisional, unmigrated: Some(unmigrated), ..described(app, &account) }],
        locks: locks(app, tx, found).await?,
        wizards,
        new_email: None,
        refused: refused(tx, &email).await?,
        sessions: Vec::new(),
        sessions_unknown: None,
        letters: letters(tx, &email).await?,
        trace,
    })
}

fn described(app: &App, account: &LegacyAccount) -> Account {
    let directory = app.directory();
    Account {
        agency: account.agency.to_string(),
        agency_name: directory.agency(&account.agency).map(|agency| agency.brand.name.clone()),
        login: account.login.as_str().to_owned(),
        name: account.name.clone(),
        kind: account.kind,
        attached_at: None,
        own_password: false,
        password_kept: None,
        sealed_under: None,
        terms_owed: None,
        provisional: None,
        unmigrated: None,
    }
}

async fn attached(app: &App, tx: &mut Tx, link: &Link, keys: Option<&[String]>) -> Result<Account, Fault> {
    let mut account = Account { attached_at: Some(tx.attached_at(&link.id).await?), ..described(app, &link.account) };
    let Some(agency) = app.directory().agency(&link.account.agency).cloned() else { return Ok(account) };
    if agency.adapter.keeps_secret() {
        let kept = tx.legacy_secret(&link.id).await?;
        account.sealed_under = kept.as_ref().and_then(|kept| missing(&kept.sealed, keys));
        account.password_kept = Some(kept.is_some());
    }
    if let Some(terms) = &agency.terms {
        let accepted = tx.accepted_terms(&link.identity, &agency.code).await?;
        account.terms_owed = is_owed(terms, &accepted).then(|| terms.version.clone());
    }
    Ok(account)
}

async fn locks(app: &App, tx: &mut Tx, found: &Found) -> Result<Vec<Lock>, Fault> {
    let now = app.now();
    let mut locks = Vec::new();
    for counter in counters_of(app, tx, found).await? {
        let (attempts, _) = tx.attempts(&counter.key).await?;
        if attempts.streak > 0 || attempts.today > 0 {
            let until = attempts.locked_until(&counter.policy, now);
            locks.push(Lock { on: counter.on, in_a_row: attempts.streak, today: attempts.today, until });
        }
    }
    Ok(locks)
}

async fn wizard(tx: &mut Tx, stored: &StoredFlow, keys: Option<&[String]>) -> Result<Wizard, Fault> {
    let flow = &stored.flow;
    let challenge = match &flow.step {
        Step::Proof { challenge, .. } => tx.challenge(challenge).await?,
        _ => None,
    };
    Ok(Wizard {
        agency: flow.account.agency.to_string(),
        login: flow.account.login.as_str().to_owned(),
        step: flow.step.name(),
        email: flow.step.email().map(|email| email.as_str().to_owned()),
        proof: challenge.as_ref().map(proof),
        sealed_under: stored.secret.as_ref().and_then(|sealed| missing(sealed, keys)),
        started_at: flow.started_at,
        ends_at: flow.expires_at(),
    })
}

/// The name of the key of what none of these opens.
fn missing(sealed: &Sealed, keys: Option<&[String]>) -> Option<String> {
    let known = keys?.iter().any(|key| key == sealed.key_id());
    (!known).then(|| sealed.key_id().to_owned())
}

fn proof(challenge: &Challenge) -> Proof {
    let after = |minutes: u32| {
        let lifetime = jiff::SignedDuration::from_mins(i64::from(minutes));
        challenge.sent_at.and_then(|sent| sent.checked_add(lifetime).ok())
    };
    let terms = challenge.terms;
    Proof {
        letters: challenge.issue,
        sent_at: challenge.sent_at,
        code_until: after(terms.code_minutes).filter(|_| terms.method.has_code()),
        link_until: after(terms.link_minutes).filter(|_| terms.method.has_link()),
        tries_left: challenge.tries_left(),
    }
}

async fn letters(tx: &mut Tx, addresses: impl IntoIterator<Item = &EmailAddress>) -> Result<Vec<Letter>, Fault> {
    let mut letters = Vec::new();
    for address in addresses {
        letters.extend(tx.letters_to(address, LAST).await?);
    }
    letters.sort_by_key(|letter: &Letter| std::cmp::Reverse(letter.created_at));
    letters.truncate(LAST as usize);
    Ok(letters)
}

async fn refused(tx: &mut Tx, addresses: impl IntoIterator<Item = &EmailAddress>) -> Result<Vec<Refused>, Fault> {
    let mut refused = Vec::new();
    for address in addresses {
        let email = address.as_str().to_owned();
        let refusal = tx.refusal_of(address).await?;
        refused.extend(refusal.map(|refusal| Refused { email, answer: refusal.answer, at: refusal.at }));
    }
    Ok(refused)
}

/// That an operator looked is no news to an operator.
fn line(line: AuditLine) -> Option<TraceLine> {
    (line.entry.event != AuditEvent::PersonShown).then(|| TraceLine {
        seq: line.seq,
        at: line.at,
        event: line.entry.event,
        agency: line.entry.agency.as_ref().map(ToString::to_string),
        client: line.client,
        request_id: line.request_id,
    })
}

/// The person went between two questions.
fn gone() -> Fault {
    crate::store::StoreError::Missing("the person").into()
}
