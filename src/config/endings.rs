//! How an extranet tells that a session is over, or that its resident left: `[session_over]` and `[logout]`.

use super::document::Section;
use super::values;
use crate::domain::agency::SessionOver;
use crate::domain::logout::Logout;

/// Reads `[session_over]`.
pub(super) fn session_over(section: &Section<'_>) -> Option<SessionOver> {
    Some(SessionOver {
        element: element(section)?,
        login_redirect: section.flag("login_redirect")?,
        statuses: section.numbers("statuses"),
    })
}

/// Reads `[logout]`.
pub(super) fn logout(section: &Section<'_>) -> Option<Logout> {
    Some(Logout {
        fields: section.list("fields", values::field_rule),
        element: element(section)?,
        cookies: section.list("cookies", values::cookie_name),
    })
}

/// The outer None where something is wrong.
#[expect(clippy::option_option, reason = "wrong, and not declared, are two things")]
fn element(section: &Section<'_>) -> Option<Option<String>> {
    if section.has("element") { section.parsed("element", values::streamed_selector).map(Some) } else { Some(None) }
}
