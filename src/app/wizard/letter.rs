//! The letter that asks for the proof of a run's address.

use jiff::Timestamp;

use super::run;
use crate::app::{App, Caller, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::challenge::Challenge;
use crate::domain::mail::{LetterId, LetterKind, Mail};
use crate::domain::migration::Flow;
use crate::store::Tx;

/// Puts the letter into the outbox: the same step for every address, but who has an account already is told so in the
/// letter and not on the page (f03).
pub(super) async fn enqueue_proof(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    flow: &Flow,
    challenge: &Challenge,
    now: Timestamp,
) -> Result<(), Fault> {
    let kind = proof_letter(tx, flow, challenge).await?;
    let mail = Mail {
        id: LetterId::random(&*app.dice),
        agency: Some(flow.account.agency.clone()),
        to: challenge.address.clone(),
        language: caller.language,
        kind,
        attempts: 0,
    };
    tx.enqueue(&mail, now, now).await?;
    caller.audit(tx, &run::entry(flow, AuditEvent::ProofAsked), now).await?;
    Ok(())
}

/// Which letter asks for the proof of a flow.
pub(in crate::app) async fn proof_letter(tx: &mut Tx, flow: &Flow, challenge: &Challenge) -> Result<LetterKind, Fault> {
    let account = flow.account.login.masked();
    let (id, issue) = (challenge.id.clone(), challenge.issue);
    Ok(match tx.credential_by_email(&challenge.address).await? {
        Some(_) => LetterKind::AlreadyAccount { challenge: id, issue, account },
        None => LetterKind::ConfirmAddress { challenge: id, issue, account },
    })
}
