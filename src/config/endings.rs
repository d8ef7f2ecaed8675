//! How an extranet tells that a session is over, or that its resident left: `[session_over]` and `[logout]`.

use super::document::Section;
use super::keys::{self, Key, LEFT, SESSION_OVER, Text};
use super::values;
use crate::domain::agency::SessionOver;
use crate::domain::logout::Logout;

/// Reads `[session_over]`.
pub(super) fn session_over(section: &Section<'_, keys::SessionOver>) -> Option<SessionOver> {
    Some(SessionOver {
        element: element(section, SESSION_OVER.element)?,
        login_redirect: section.flag(SESSION_OVER.login_redirect)?,
        statuses: section.numbers(SESSION_OVER.statuses),
    })
}

/// Reads `[logout]`.
pub(super) fn logout(section: &Section<'_, keys::Left>) -> Option<Logout> {
    Some(Logout {
        fields: section.list(LEFT.fields, values::field_rule),
        element: element(section, LEFT.element)?,
        cookies: section.list(LEFT.cookies, values::cookie_name),
    })
}

/// The outer None where something is wrong.
#[expect(clippy::option_option, reason = "wrong, and not declared, are two things")]
fn element<K>(section: &Section<'_, K>, key: Key<K, Text>) -> Option<Option<String>> {
    if section.has(key) { section.parsed(key, values::streamed_selector).map(Some) } else { Some(None) }
}
