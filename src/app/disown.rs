//! « Ce n'est pas moi », in a letter that asks for a proof: what waits for it is held (ATT-18, decision 38).

use std::sync::Arc;

use super::links::{Closed, proven};
use super::wizard::run;
use super::{App, Caller, Fault, letters, not_me};
use crate::domain::agency::Agency;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::challenge::Challenge;
use crate::domain::email::EmailAddress;
use crate::domain::identity::IdentityId;
use crate::domain::mail::{HeldRequest, LetterKind};
use crate::domain::migration::Step;
use crate::domain::secret::Secret;
use crate::store::{Purpose, Tx};

/// What a letter with a proof is about, for « Ce n'est pas moi ».
#[derive(Debug)]
pub struct Doubted {
    /// What waits for the proof.
    pub request: HeldRequest,
    /// Whether that was said already.
    pub is_held: bool,
    /// In whose name the letter was, if in an agency's.
    pub agency: Option<Arc<Agency>>,
    challenge: Challenge,
    told: Vec<EmailAddress>,
    entry: AuditEntry,
}

/// Whether something waits for a letter.
#[derive(Debug)]
pub enum Doubts {
    /// This does.
    Of(Box<Doubted>),
    /// Nothing: its link is closed.
    Not(Closed),
}

/// What « Ce n'est pas moi » would hold; looking changes nothing. Only what waits for this very letter: one that was
/// replaced holds nothing (review B14).
pub async fn doubted(app: &App, secret: &Secret) -> Result<Doubts, Fault> {
    let mut tx = app.store.read().await?;
    doubted_in(app, &mut tx, secret).await
}

async fn doubted_in(app: &App, tx: &mut Tx, secret: &Secret) -> Result<Doubts, Fault> {
    let now = app.now();
    let Some((challenge, link)) = tx.challenge_by_link(secret.digest()).await? else {
        return Ok(Doubts::Not(Closed::Invalid));
    };
    if let Err(closed) = proven(challenge.answer_link(link, now)) {
        return Ok(Doubts::Not(closed));
    }
    let is_held = challenge.held_at.is_some();
    let mut told = vec![challenge.address.clone()];
    let (request, agency, entry) = match tx.owner_of(&challenge.id).await? {
        Some((Purpose::Migration, _)) => {
            let Some(stored) = tx.flow_of_challenge(&challenge.id).await? else {
                return Ok(Doubts::Not(Closed::Invalid));
            };
            let flow = &stored.flow;
            let waits = matches!(&flow.step, Step::Proof { challenge: asked, .. } if *asked == challenge.id);
            if !waits || !flow.is_open(now) {
                return Ok(Doubts::Not(Closed::Superseded));
            }
            told.extend(flow.roster_email.clone());
            let request = HeldRequest::Run { account: flow.account.login.masked() };
            let agency = app.directory().agency(&flow.account.agency).cloned();
            (request, agency, run::entry(flow, AuditEvent::MigrationDisowned))
        }
        Some((Purpose::EmailChange, owner)) => {
            let identity = IdentityId::stored(owner);
            let pending = tx.pending_email_change(&identity).await?;
            if pending.is_none_or(|(pending, _)| pending != challenge.id) {
                return Ok(Doubts::Not(Closed::Superseded));
            }
            told.extend(tx.address_of(&identity).await?);
            let request = HeldRequest::NewEmail { email: challenge.address.masked() };
            let agency = not_me::home_code(app, tx, &identity).await?;
            let agency = agency.and_then(|code| app.directory().agency(&code).cloned());
            let entry =
                AuditEntry { identity: Some(identity), ..AuditEntry::by(Actor::Visitor, AuditEvent::ChangeDisowned) };
            (request, agency, entry)
        }
        None => return Ok(Doubts::Not(Closed::Invalid)),
    };
    Ok(Doubts::Of(Box::new(Doubted { request, is_held, agency, challenge, told, entry })))
}

/// « Ce n'est pas moi », pressed by who has shown nothing but the letter (a mail scanner presses too): what waits for it
/// is held for a while, and everybody whom it concerns is told. Nothing ends: the code, and the link in the browser that
/// began, win over it (ATT-18, decision 38).
pub async fn disown(app: &App, caller: &Caller, secret: &Secret) -> Result<Doubts, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let doubted = match doubted_in(app, &mut tx, secret).await? {
        Doubts::Of(doubted) => doubted,
        closed @ Doubts::Not(_) => return Ok(closed),
    };
    if !tx.hold_challenge(&doubted.challenge.id, now).await? {
        return Ok(Doubts::Of(doubted));
    }
    let held = Challenge { held_at: Some(now), ..doubted.challenge.clone() };
    if let Some(until) = held.held_until(now) {
        let kind = LetterKind::RequestHeld { request: doubted.request.clone(), until };
        let agency = doubted.agency.as_ref().map(|agency| &agency.code);
        let told: Vec<&EmailAddress> = doubted.told.iter().collect();
        letters::tell_all(app, &mut tx, caller, agency, &told, &kind).await?;
    }
    caller.audit(&mut tx, &doubted.entry, now).await?;
    tx.commit().await?;
    Ok(Doubts::Of(doubted))
}
