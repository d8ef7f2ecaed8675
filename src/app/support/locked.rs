//! Who is locked, or has failed lately.

use jiff::Timestamp;

use crate::app::{App, Fault};
use crate::domain::agency_code::AgencyCode;
use crate::domain::device;
use crate::domain::identity::IdentityId;
use crate::domain::lockout::LockoutPolicy;
use crate::store::Tx;

/// A counter of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// What it counts on, as the counter is named.
    pub subject: String,
    /// The address of the person whom it is about.
    pub email: Option<String>,
    /// Failures in a row.
    pub in_a_row: u32,
    /// Failures within the running day.
    pub today: u32,
    /// When the last was.
    pub last: Option<Timestamp>,
    /// Until when nothing is tried.
    pub until: Option<Timestamp>,
}

/// The counters that were counted on last.
pub async fn locked(app: &App, most: u32) -> Result<Vec<Failing>, Fault> {
    let now = app.now();
    let mut tx = app.store.read().await?;
    let mut failing = Vec::new();
    for (subject, attempts) in tx.last_attempts(most).await? {
        let (policy, identity) = judged(app, &mut tx, &subject).await?;
        let email = match identity {
            Some(identity) => tx.person(&identity).await?.map(|person| person.email),
            None => None,
        };
        failing.push(Failing {
            subject,
            email,
            in_a_row: attempts.streak,
            today: attempts.today,
            last: attempts.last,
            until: attempts.locked_until(&policy, now).filter(|until| *until > now),
        });
    }
    Ok(failing)
}

/// By which policy a counter is judged, and whom it is about.
async fn judged(app: &App, tx: &mut Tx, subject: &str) -> Result<(LockoutPolicy, Option<IdentityId>), Fault> {
    let (kind, rest) = subject.split_once(':').unwrap_or((subject, ""));
    let whose = match kind {
        "person" => Some(rest),
        "device" => rest.split_once(':').map(|(_, identity)| identity),
        _ => None,
    };
    if let Some(identity) = whose.map(IdentityId::stored) {
        let links = tx.links_of(&identity).await?;
        return Ok((app.policy_for(None, &links).lockout, Some(identity)));
    }
    let agency = rest.split(':').next().and_then(AgencyCode::stored);
    let of_agency = agency.and_then(|agency| app.directory().agency(&agency).map(|agency| agency.policy.lockout));
    Ok((
        match kind {
            "client" => LockoutPolicy::CLIENT,
            "device" => device::LOCKOUT,
            "code" => LockoutPolicy::CODES,
            "account" => of_agency.unwrap_or(LockoutPolicy::PERSON),
            _ => LockoutPolicy::PERSON,
        },
        None,
    ))
}
