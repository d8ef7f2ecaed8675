//! Why the link of a letter with a proof is not open.

use crate::domain::agency_code::AgencyCode;
use crate::domain::challenge::{LinkAnswer, ProvenEmail};

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
