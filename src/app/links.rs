//! The links of letters: why one is not open, and whose it is all the same.

use std::sync::Arc;

use super::{App, Fault};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::challenge::{LinkAnswer, ProvenEmail};
use crate::domain::identity::IdentityId;
use crate::domain::secret::Secret;
use crate::store::Purpose;

/// Why it is not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// A newer letter was sent.
    Superseded,
    /// Past its time.
    Expired,
    /// Answered before.
    Used,
    /// The agency took the account back whose run waited for it (REL-069).
    Withdrawn(AgencyCode),
    /// Somebody who got the letter said « Ce n'est pas moi »: it waits.
    Held,
    /// The address is changed by the agency alone (003).
    Agencys,
    /// No such link, or nothing waits for it any more.
    Invalid,
}

/// The address that the link proves, if it is open as far as its letter goes.
pub(super) fn proven(answer: LinkAnswer) -> Result<ProvenEmail, Closed> {
    match answer {
        LinkAnswer::Right(proven) => Ok(proven),
        LinkAnswer::Superseded => Err(Closed::Superseded),
        LinkAnswer::Expired => Err(Closed::Expired),
        LinkAnswer::Used => Err(Closed::Used),
    }
}

/// What a letter's link belongs to, whatever has become of it.
#[derive(Debug, Clone)]
pub struct Belongs {
    /// Whether it is about a person, who has an account page, and not about a run of the wizard.
    pub is_persons: bool,
    /// The agency of the run, else the one where the person has the oldest account.
    pub agency: Option<Arc<Agency>>,
}

/// What the link belongs to; None where no letter held it.
pub async fn belongs_to(app: &App, secret: &Secret) -> Result<Option<Belongs>, Fault> {
    let mut tx = app.store.read().await?;
    let digest = secret.digest();
    let identity = match tx.challenge_by_link(digest).await? {
        Some((challenge, _)) => match tx.owner_of(&challenge.id).await? {
            Some((Purpose::Migration, _)) => {
                let code = tx.agency_of_proof(&challenge.id).await?;
                let agency = code.and_then(|code| app.directory().agency(&code).cloned());
                return Ok(Some(Belongs { is_persons: false, agency }));
            }
            Some((Purpose::EmailChange, owner)) => Some(IdentityId::stored(owner)),
            None => None,
        },
        None => match tx.recovery_by_link(digest).await? {
            Some((_, recovery)) => Some(recovery.identity),
            None => tx.warning_by_link(digest).await?.map(|warning| warning.identity),
        },
    };
    drop(tx);
    let Some(identity) = identity else { return Ok(None) };
    Ok(Some(Belongs { is_persons: true, agency: app.home_of(&identity).await? }))
}

/// Where a person has accounts, each agency once, those with a password of their own among them.
pub async fn agencies_of(app: &App, identity: &IdentityId) -> Result<Vec<Arc<Agency>>, Fault> {
    let mut tx = app.store.read().await?;
    let mut links = tx.links_of(identity).await?;
    for part in tx.parts_of(identity).await? {
        links.extend(tx.links_of(&part).await?);
    }
    let directory = app.directory();
    let mut agencies: Vec<Arc<Agency>> = Vec::new();
    for agency in links.iter().filter_map(|link| directory.agency(&link.account.agency)) {
        if agencies.iter().all(|known| known.code != agency.code) {
            agencies.push(Arc::clone(agency));
        }
    }
    Ok(agencies)
}
