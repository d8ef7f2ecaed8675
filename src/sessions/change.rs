//! What has ended or changed, as every cache of decided visitors has to know it.

use crate::domain::identity::IdentityId;
use crate::domain::session::SessionId;

/// What was decided about these is not to be believed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// One sign-in: it has ended, or what it may do has changed.
    Session(SessionId),
    /// Everything of one person.
    Identity(IdentityId),
    /// Everything: nobody knows what has changed.
    Everything,
}
