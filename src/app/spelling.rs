//! What an identifier means at its agency, and whether the agency's extranet tells spellings apart: learnt once, where two
//! of them meet (decision 41).

use std::time::Duration;

use jiff::Timestamp;

use super::ask_extranet::ask;
use super::{App, Caller, Fault};
use crate::domain::adapter::Verifier;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{LegacyLogin, Link};
use crate::domain::migration::FlowId;
use crate::domain::secret::Secret;
use crate::domain::spelling::{IdentifierCase, Spelled, Spellings};
use crate::domain::upstream::Verdict;
use crate::store::{StoredFlow, Tx};

/// What an identifier means at this agency.
pub(super) async fn spelled_at(tx: &mut Tx, agency: &Agency, login: &LegacyLogin) -> Result<Spelled, Fault> {
    let roster_judges = agency.verifier == Verifier::Roster;
    among_known(tx, &agency.code, login, (agency.identifier_case, roster_judges)).await
}

/// The same at an agency that may be there no more.
pub(super) async fn spelled(
    app: &App,
    tx: &mut Tx,
    agency: &AgencyCode,
    login: &LegacyLogin,
) -> Result<Spelled, Fault> {
    match app.directory().agency(agency) {
        Some(agency) => spelled_at(tx, agency, login).await,
        None => among_known(tx, agency, login, (IdentifierCase::Learn, false)).await,
    }
}

async fn among_known(
    tx: &mut Tx,
    agency: &AgencyCode,
    login: &LegacyLogin,
    (case, roster_judges): (IdentifierCase, bool),
) -> Result<Spelled, Fault> {
    let spellings = case.with(tx.spellings_of(agency).await?);
    let known = tx.known_spellings(agency, login).await?;
    Ok(Spelled::among(login, &known, spellings, roster_judges))
}

/// Who has the account that somebody only names: under its spelling, or under the only other one that somebody has.
pub(super) async fn nearest_link(tx: &mut Tx, agency: &AgencyCode, spelled: &Spelled) -> Result<Option<Link>, Fault> {
    if let Some(link) = tx.link_of_account(agency, &spelled.account).await? {
        return Ok(Some(link));
    }
    let mut others = links_of(tx, agency, &spelled.others).await?;
    Ok(if others.len() == 1 { others.pop() } else { None })
}

/// The same of a run that is under way.
pub(super) async fn nearest_run(
    tx: &mut Tx,
    agency: &AgencyCode,
    spelled: &Spelled,
    now: Timestamp,
) -> Result<Option<StoredFlow>, Fault> {
    if let Some(run) = tx.open_flow_of_account(agency, &spelled.account, now).await? {
        return Ok(Some(run));
    }
    match spelled.others.as_slice() {
        [other] => Ok(tx.open_flow_of_account(agency, other, now).await?),
        _ => Ok(None),
    }
}

/// The runs that are under way of this very account: under its spelling, and under others where all are one.
pub(super) async fn runs_of(
    tx: &mut Tx,
    agency: &AgencyCode,
    spelled: &Spelled,
    now: Timestamp,
) -> Result<Vec<FlowId>, Fault> {
    let others = spelled.others.iter().filter(|_| spelled.spellings == Spellings::Alike);
    let mut runs = Vec::new();
    for login in std::iter::once(&spelled.account).chain(others) {
        runs.extend(tx.open_flow_of_account(agency, login, now).await?.map(|stored| stored.flow.id));
    }
    Ok(runs)
}

/// Who has these accounts.
pub(super) async fn links_of(tx: &mut Tx, agency: &AgencyCode, logins: &[LegacyLogin]) -> Result<Vec<Link>, Fault> {
    let mut links = Vec::new();
    for login in logins {
        links.extend(tx.link_of_account(agency, login).await?);
    }
    Ok(links)
}

/// What is known of the extranet, once it has taken a password under one spelling while another one is known: the password
/// is tried once under that. Unlearnt: it could not be found out, or somebody else is about to; then nothing may be opened.
pub(super) async fn learn(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    (typed, other): (&LegacyLogin, &LegacyLogin),
    password: &Secret,
) -> Result<Spellings, Fault> {
    let code = &agency.code;
    let mut tx = app.store.write().await?;
    let learnt = tx.hold_spellings(code).await?;
    if learnt != Spellings::Unlearnt || !tx.begin_learning(code, app.now(), longest(agency)).await? {
        return Ok(learnt);
    }
    tx.commit().await?;
    let told = find_out(app, caller, agency, (typed, other), password).await;
    let mut tx = app.store.write().await?;
    if told == Spellings::Unlearnt {
        tx.give_up_learning(code).await?;
    } else if tx.learn_spellings(code, told, app.now()).await? {
        tell(code, told);
    }
    let learnt = tx.spellings_of(code).await?;
    tx.commit().await?;
    Ok(learnt)
}

/// What the extranet says to the same password under both spellings. Where it refuses the known one, it has to take the
/// typed one still: else the password was changed, or the extranet takes nothing any more, and nothing is known.
async fn find_out(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    (typed, other): (&LegacyLogin, &LegacyLogin),
    password: &Secret,
) -> Spellings {
    match ask(app, caller, agency, other, password).await {
        Ok(Verdict::Accepted { .. }) => Spellings::Alike,
        Ok(Verdict::Refused) => match ask(app, caller, agency, typed, password).await {
            Ok(Verdict::Accepted { .. }) => Spellings::Apart,
            Ok(_) | Err(_) => Spellings::Unlearnt,
        },
        Ok(Verdict::Locked | Verdict::MustChange | Verdict::Unwritable) | Err(_) => Spellings::Unlearnt,
    }
}

/// How long it may take to find out; who does not come back keeps nobody else from it for longer.
fn longest(agency: &Agency) -> Duration {
    agency.adapter.patience().saturating_mul(2) + Duration::from_secs(10)
}

fn tell(agency: &AgencyCode, told: Spellings) {
    match told {
        Spellings::Apart => tracing::warn!(
            %agency,
            "the extranet tells identifiers apart that differ in capitals or accents only: each is an account of its own \
             from now on (identifier_case = \"exact\")"
        ),
        Spellings::Alike => tracing::info!(
            %agency,
            "the extranet takes identifiers for one that differ in capitals or accents only (identifier_case = \"ignore\")"
        ),
        Spellings::Unlearnt => {}
    }
}

/// What was learnt of the agencies' extranets, and when, for the operator.
pub async fn learnt(app: &App) -> Result<Vec<(AgencyCode, Spellings, Option<Timestamp>)>, Fault> {
    Ok(app.store.read().await?.learnt_spellings().await?)
}
