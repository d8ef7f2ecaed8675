//! What an operator can find out about a person and do for that person, at the command line (e11).
//!
//! Each act is one transaction with one line in the trace that bears the operator's reason. They work beside a running
//! gateway: what it remembers of the person ends with its cache, or when it is told.

mod act;
mod erase;
mod locked;
mod resend;
mod show;
mod sign_out;

pub use act::{Disabled, Unlinked, disable, enable, unlink, unlock};
pub use erase::{AgencyErased, Erased, erase, erase_agency};
pub use locked::{Failing, locked};
pub use resend::{Resent, resend};
pub use show::{Shown, show};
pub use sign_out::{sign_everybody_out, sign_out};

use jiff::Timestamp;

use super::{App, Fault, spelling};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::identity::{IdentityId, LegacyLogin, Link};
use crate::domain::session::Session;
use crate::domain::support::Wanted;
use crate::sessions::{Outage, SessionsError};
use crate::store::Tx;

/// Whom the operator means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Somebody with credentials of their own.
    Person(IdentityId),
    /// An old account that nobody has migrated.
    Account(AgencyCode, LegacyLogin),
}

/// Finds a person, or the old account that an address or identifier leads to.
///
/// # Errors
/// The store fails.
pub async fn find(app: &App, wanted: &Wanted) -> Result<Option<Found>, Fault> {
    let mut tx = app.store.read().await?;
    Ok(match wanted {
        Wanted::Identity(identity) => tx.person(identity).await?.map(|_| Found::Person(identity.clone())),
        Wanted::Account(agency, login) => Some(match link_of(app, &mut tx, agency, login).await? {
            Some(link) => Found::Person(link.identity),
            None => Found::Account(agency.clone(), login.clone()),
        }),
        Wanted::Email(email) => {
            if let Some(credential) = tx.credential_by_email(email).await? {
                return Ok(Some(Found::Person(credential.identity)));
            }
            let under_way = tx.open_flows_to(email, app.now()).await?.into_iter().next();
            match under_way {
                Some(stored) => Some(Found::Account(stored.flow.account.agency, stored.flow.account.login)),
                None => tx.roster_by_email(email).await?.map(|(agency, login)| Found::Account(agency, login)),
            }
        }
    })
}

async fn link_of(app: &App, tx: &mut Tx, agency: &AgencyCode, login: &LegacyLogin) -> Result<Option<Link>, Fault> {
    let spelled = spelling::spelled(app, tx, agency, login).await?;
    spelling::nearest_link(tx, agency, &spelled).await
}

/// Somebody's sign-ins that last; or why they are not known. That they have ended is written all the same, for that is
/// the database's to say (decision 20): a Redis that is down keeps nobody from being told about a person, nor put out.
async fn sign_ins(app: &App, identity: &IdentityId) -> Result<Result<Vec<Session>, Outage>, Fault> {
    match app.sessions.sessions_of(identity, app.now()).await {
        Ok(sessions) => Ok(Ok(sessions)),
        Err(SessionsError::Redis(outage)) => Ok(Err(outage)),
        Err(error @ SessionsError::Store(_)) => Err(error.into()),
    }
}

impl Found {
    /// A line of the trace about an operator's act.
    fn entry(&self, event: AuditEvent) -> AuditEntry {
        let entry = AuditEntry::by(Actor::Operator, event);
        match self {
            Self::Person(identity) => AuditEntry { identity: Some(identity.clone()), ..entry },
            Self::Account(agency, login) => {
                AuditEntry { agency: Some(agency.clone()), login: Some(login.clone()), ..entry }
            }
        }
    }
}

/// Writes the operator's line, within the transaction that it tells of.
async fn trace(tx: &mut Tx, entry: &AuditEntry, now: Timestamp) -> Result<(), Fault> {
    Ok(tx.append_audit(entry, "command line", "person", now).await?)
}
