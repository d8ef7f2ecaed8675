//! Whom an operator means, and where that person is signed in.

use crate::app::{App, Fault, spelling};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::AuditEntry;
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
pub async fn find(app: &App, wanted: &Wanted) -> Result<Option<Found>, Fault> {
    let mut tx = app.store.read().await?;
    let found = look_for(app, &mut tx, wanted).await?;
    // An account with a password of its own is a part of somebody: that person is meant.
    Ok(match found {
        Some(Found::Person(identity)) => Some(Found::Person(tx.whole_of(&identity).await?.unwrap_or(identity))),
        other => other,
    })
}

async fn look_for(app: &App, tx: &mut Tx, wanted: &Wanted) -> Result<Option<Found>, Fault> {
    Ok(match wanted {
        Wanted::Identity(identity) => tx.person(identity).await?.map(|_| Found::Person(identity.clone())),
        Wanted::Account(agency, login) => Some(match link_of(app, tx, agency, login).await? {
            Some(link) => Found::Person(link.identity),
            None => Found::Account(agency.clone(), login.clone()),
        }),
        Wanted::Email(email) => {
            if let Some(owner) = tx.owners_of(email).await?.into_iter().next() {
                return Ok(Some(Found::Person(owner)));
            }
            let under_way = tx.open_flows_to(email, app.now()).await?.into_iter().next();
            match under_way {
                Some(stored) => Some(Found::Account(stored.flow.account.agency, stored.flow.account.login)),
                None => tx.roster_by_email(email).await?.map(|(agency, login)| Found::Account(agency, login)),
            }
        }
    })
}

/// Whether anything is kept for an agency, or the trace tells of it.
pub async fn knows_agency(app: &App, agency: &AgencyCode) -> Result<bool, Fault> {
    Ok(app.store.read().await?.knows_agency(agency).await?)
}

/// Whether it is in force, or was last and nobody has said that it is to go.
pub async fn is_in_force(app: &App, agency: &AgencyCode) -> Result<bool, Fault> {
    Ok(app.store.read().await?.agencies_in_force().await?.contains(agency))
}

async fn link_of(app: &App, tx: &mut Tx, agency: &AgencyCode, login: &LegacyLogin) -> Result<Option<Link>, Fault> {
    let spelled = spelling::spelled(app, tx, agency, login).await?;
    spelling::nearest_link(tx, agency, &spelled).await
}

/// Somebody's sign-ins that last.
pub(super) enum SignIns {
    Known(Vec<Session>),
    Unknown(Outage),
}

/// Asks for them. That they have ended is written all the same, for that is
/// the database's to say (decision 20): a Redis that is down keeps nobody from being told about a person, nor put out.
pub(super) async fn sign_ins(app: &App, identity: &IdentityId) -> Result<SignIns, Fault> {
    match app.sessions.sessions_of(identity, app.now()).await {
        Ok(sessions) => Ok(SignIns::Known(sessions)),
        Err(SessionsError::Redis(outage)) => Ok(SignIns::Unknown(outage)),
        Err(error @ SessionsError::Store(_)) => Err(error.into()),
    }
}

impl Found {
    /// The same line, about this person or account.
    pub(super) fn named_in(&self, entry: AuditEntry) -> AuditEntry {
        match self {
            Self::Person(identity) => AuditEntry { identity: Some(identity.clone()), ..entry },
            Self::Account(agency, login) => {
                AuditEntry { agency: Some(agency.clone()), login: Some(login.clone()), ..entry }
            }
        }
    }
}
