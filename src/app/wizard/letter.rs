//! The letter that asks for the proof of a run's address.

use super::run;
use crate::app::{App, Caller, Fault, letters};
use crate::domain::audit::AuditEvent;
use crate::domain::challenge::Challenge;
use crate::domain::mail::LetterKind;
use crate::domain::migration::Flow;
use crate::store::Tx;

/// Sends it; false where it would be one too many. The step is the same for every address, but who has an account already
/// is told so in the letter and not on the page (f03).
pub(super) async fn ask_proof(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    flow: &Flow,
    challenge: &Challenge,
) -> Result<bool, Fault> {
    let kind = proof_letter(tx, flow, challenge).await?;
    if !letters::send(app, tx, caller, (Some(&flow.account.agency), &challenge.address), kind).await? {
        return Ok(false);
    }
    caller.audit(tx, &run::entry(flow, AuditEvent::ProofAsked), app.now()).await?;
    Ok(true)
}

/// Which letter asks for the proof of a flow.
pub(in crate::app) async fn proof_letter(tx: &mut Tx, flow: &Flow, challenge: &Challenge) -> Result<LetterKind, Fault> {
    let account = flow.account.login.masked();
    let (id, issue) = (challenge.id.clone(), challenge.issue);
    Ok(if tx.owners_of(&challenge.address).await?.is_empty() {
        LetterKind::ConfirmAddress { challenge: id, issue, account }
    } else {
        LetterKind::AlreadyAccount { challenge: id, issue, account }
    })
}
