//! Whose an account is to give: asked in the transaction that gives it, and ended in the one that takes it back (REL-069).

use jiff::Timestamp;

use super::{App, Fault, spelling};
use crate::domain::adapter::Verifier;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::roster::Holding;
use crate::store::Tx;

/// Whether an account may be given to who showed its old credentials when its agency's roster said `begun` of it: it is
/// neither closed nor somebody else's since, and nobody has it whose access was withdrawn.
pub(super) async fn may_be_given(
    tx: &mut Tx,
    agency: &Agency,
    login: &LegacyLogin,
    begun: Option<&Holding>,
) -> Result<bool, Fault> {
    let spelled = spelling::spelled_at(tx, agency, login).await?;
    let on_roster = tx.on_roster(&agency.code, &spelled.on_roster).await?;
    if !on_roster.may_be_given(begun, agency.verifier == Verifier::Roster) {
        return Ok(false);
    }
    Ok(match tx.link_of_account(&agency.code, &spelled.account).await? {
        Some(link) => !tx.is_disabled(&link.identity).await?,
        None => true,
    })
}

/// Ends the runs of an account that are under way, under whatever spelling of it, and the proofs that they wait for; whether
/// there were any. First in its transaction: a run that ends at this very moment has then either given the account already, or never will.
pub(super) async fn end_runs(
    app: &App,
    tx: &mut Tx,
    agency: &AgencyCode,
    login: &LegacyLogin,
    now: Timestamp,
) -> Result<bool, Fault> {
    let mut ended = tx.withdraw_flows(agency, login, now).await?;
    for other in spelling::spelled(app, tx, agency, login).await?.others {
        ended += tx.withdraw_flows(agency, &other, now).await?;
    }
    Ok(ended > 0)
}

/// The same for every account of a person.
pub(super) async fn end_runs_of(app: &App, tx: &mut Tx, identity: &IdentityId) -> Result<(), Fault> {
    for link in tx.links_of(identity).await? {
        end_runs(app, tx, &link.account.agency, &link.account.login, app.now()).await?;
    }
    Ok(())
}
