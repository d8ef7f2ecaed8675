//! The cookies that we set: their names.

use crate::domain::origin::Scheme;

/// The name of the session cookie on an agency's host.
#[must_use]
pub const fn agency_session_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "vestibule",
        Scheme::Https => "__Host-vestibule",
    }
}
