//! From where a browser comes, and what leads it back there.

use http::HeaderValue;
use http::header::{ACCEPT, COOKIE, REFERER};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pingora::http::RequestHeader;

use crate::domain::access;
use crate::domain::origin::{Origin, Scheme};
use crate::domain::path::ReturnPath;
use crate::proxy::front::asked::{FETCH_USER, text};
use crate::web::cookies::{self, Kind};
use crate::web::endings::endings;
use crate::web::guest::FETCH_DEST;

/// What a query value is written with: everything else is escaped.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What was asked for, as it was written.
#[must_use]
pub fn target(head: &RequestHeader) -> &str {
    std::str::from_utf8(head.raw_path()).unwrap_or("/")
}

/// The way back to what was asked for, as a part of a query.
#[must_use]
pub fn back(head: &RequestHeader) -> String {
    back_to(&ReturnPath::parse_or_home(target(head)))
}

/// The same to the page around a frame that asks, where it tells which one that is, and people may come back to it.
#[must_use]
pub fn back_around(head: &RequestHeader, here: &Origin, may: impl FnOnce(&ReturnPath) -> bool) -> String {
    let is_followed = head.headers.contains_key(&FETCH_USER);
    let around = access::page_around(here, text(&head.headers, &REFERER), target(head), is_followed);
    around.filter(may).map(|page| back_to(&page)).unwrap_or_default()
}

fn back_to(page: &ReturnPath) -> String {
    format!("&return={}", utf8_percent_encode(page.as_str(), QUERY_VALUE))
}

/// Whether a frame asks.
#[must_use]
pub fn in_a_frame(head: &RequestHeader) -> bool {
    access::is_in_a_frame(text(&head.headers, &FETCH_DEST))
}

/// Whether JSON is asked for, or anything will do.
#[must_use]
pub fn understands_json(head: &RequestHeader) -> bool {
    text(&head.headers, &ACCEPT).is_none_or(|accept| accept.contains("json") || accept.trim() == "*/*")
}

/// What takes away the cookies of a sign-in that has ended, wherever that was: ours, and the extranet's by their names
/// (SEC-251). Nothing where no cookie of ours came. What a browser remembers of its device and its last account stays.
#[must_use]
pub fn ended(head: &RequestHeader, scheme: Scheme) -> Vec<HeaderValue> {
    if cookies::find(&head.headers, cookies::session_name(scheme)).is_none() {
        return Vec::new();
    }
    let sent = head.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let mut ended = endings(sent, head.raw_path(), scheme);
    ended.extend(HeaderValue::try_from(cookies::clear(Kind::Session, scheme)));
    ended
}
