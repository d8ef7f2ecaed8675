//! Whose an account is to give: asked in the transaction that gives it, and ended in the one that takes it back (REL-069).

use jiff::Timestamp;

use super::{App, Fault};
use crate::domain::agency::{Agency, AgencyCode};
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::roster::Holding;
use crate::domain::upstream::Verifier;
use crate::store::Tx;

/// Whether an account may be given to who showed its old credentials when its agency's roster said `begun` of it: it is
/// neither closed nor somebody else's since, and nobody has it whose access was withdrawn.
pub(super) async fn may_be_given(
    tx: &mut Tx,
    agency: &Agency,
    login: &LegacyLogin,
    begun: Option<&Holding>,
) -> Result<bool, Fault> {
    let on_roster = tx.on_roster(&agency.code, login).await?;
    if !on_roster.may_be_given(begun, agency.verifier == Verifier::Roster) {
        return Ok(false);
    }
    Ok(match tx.link_of_account(&agency.code, login).await? {
        Some(link) => !tx.is_disabled(&link.identity).await?,
        None => true,
    })
}

/// Ends the runs of an account that are under way, and the proofs that they wait for; whether there were any. First in
/// its transaction: a run that ends at this very moment has then either given the account already, or never will.
pub(super) async fn end_runs(
    tx: &mut Tx,
    agency: &AgencyCode,
    login: &LegacyLogin,
    now: Timestamp,
) -> Result<bool, Fault> {
    Ok(tx.withdraw_flows(agency, login, now).await? > 0)
}

/// The same for every account of a person.
pub(super) async fn end_runs_of(app: &App, tx: &mut Tx, identity: &IdentityId) -> Result<(), Fault> {
    for link in tx.links_of(identity).await? {
        end_runs(tx, &link.account.agency, &link.account.login, app.now()).await?;
    }
    Ok(())
}
