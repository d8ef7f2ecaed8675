//! When an extranet says that its session is over: sign in there again, and come back (a12).

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, EXPIRES, LAST_MODIFIED, LOCATION, SET_COOKIE, TRANSFER_ENCODING,
};
use http::{Method, StatusCode, Version};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;

use super::bodies::{Brief, Returned};
use super::extranets::Public;
use super::forward::Forward;
use super::jar::Carried;
use super::left::{self, Sure};
use super::marker::{self, Held, Says, Text};
use super::response_headers;
use crate::domain::access::Fetch;
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::Agency;
use crate::domain::entry::{Entry, Renewals};
use crate::domain::form_data::{self, Field};
use crate::domain::leading;
use crate::domain::leaving::speaks_of_leaving;
use crate::domain::path::ReturnPath;
use crate::domain::sent_form;
use crate::pages::leading_to;
use crate::proxy::door::Door;
use crate::proxy::front::asked;
use crate::proxy::front::guard::guard;
use crate::proxy::request_id::Source;
use crate::telemetry::Clock;
use crate::web::cookies::{self, Kind};

/// Where a form that was sent into an ended session is told of.
pub const NOT_SENT: &str = "/.vestibule/not-sent";

/// Whether an answer to a resident says so.
#[must_use]
pub fn is_over(session: &Session, response: &ResponseHeader, forward: &Forward, sure: &Sure) -> bool {
    let target = target(session);
    forward.resident.is_some()
        && response_headers::session_is_over(response, &forward.extranet, &forward.public, target)
        && !is_refused(session, response, forward, sure)
}

/// Whether a declared status speaks of the page instead: who has just been signed in for it, and has seen nothing since, may
/// not see this one (403). A 401 does not: browsers would ask for a password.
fn is_refused(session: &Session, response: &ResponseHeader, forward: &Forward, sure: &Sure) -> bool {
    let (code, head) = (response.status.as_u16(), session.req_header());
    let is_read = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if code == 401 || !is_read || !forward.extranet.agency.session_over.statuses.contains(&code) {
        return false;
    }
    let page = ReturnPath::parse_or_home(target(session));
    let entry = renewals(session, &forward.public).and_then(|renewals| renewals.entered_for(&page));
    entry.is_some_and(|entry| {
        self::entry(session, &forward.public, forward.carried.as_ref()) == Some(entry) && !sure.is_since(forward, entry)
    })
}

fn target(session: &Session) -> &str {
    std::str::from_utf8(session.req_header().raw_path()).unwrap_or("/")
}

/// Acts on it. What was read can be read again after signing in; what was sent cannot be sent again by us, so its sender is
/// told. Where each request carries a password there is no session to be over: a refused password is dropped before anything else is
/// sent with it, and a page that refuses only itself is told as such. True where the answer is one of ours now.
///
/// # Errors
/// A value cannot be written in a header.
pub async fn act(
    door: &Door,
    session: &Session,
    response: &mut ResponseHeader,
    forward: &Forward,
    source: Source,
) -> Result<bool> {
    let agency = &forward.extranet.agency;
    if agency.adapter.entered_by() == EnteredBy::EachRequest
        && let Some(resident) = &forward.resident
        && !door.doubt(agency, resident, &session.req_header().headers, source).await
    {
        response.set_status(StatusCode::FORBIDDEN)?;
        return Ok(false);
    }
    let location = way_on(session, entry(session, &forward.public, forward.carried.as_ref()));
    let was_sent = location.starts_with(NOT_SENT);
    let status = if was_sent && forward.fetch == Fetch::Page { not_sent(session.req_header()) } else { 303 };
    lead(response, status, &location)?;
    Ok(true)
}

/// Holds an answer that may turn out to say so by what it shows: only page loads of residents. True where it is held.
///
/// # Errors
/// A value cannot be written in a header.
pub fn hold(session: &Session, response: &mut ResponseHeader, forward: &mut Forward) -> Result<bool> {
    let method = &session.req_header().method;
    if let Some(signs) = forward.signs(method)
        && let Some(held) = Held::begin(signs, response, &forward.extranet.agency.code)?
    {
        forward.returned = Returned::Looked(Box::new(held));
    } else if forward.may_lead_on(method)
        && let Some(brief) = brief(response)?
    {
        forward.returned = Returned::Brief(brief);
    }
    Ok(!matches!(forward.returned, Returned::AsIs))
}

/// Looks at a short page that says of itself neither how long it may be kept nor by what it is known again: one that only
/// leads on does not.
fn brief(response: &mut ResponseHeader) -> Result<Option<Brief>> {
    let text = |name| asked::text(&response.headers, name).unwrap_or_default();
    let is_page = text(&CONTENT_TYPE).trim_start().to_ascii_lowercase().starts_with("text/html");
    let is_whole = matches!(response.status.as_u16(), 200 | 400..=499);
    let may_be_kept = response.headers.contains_key(ETAG)
        || response.headers.contains_key(LAST_MODIFIED)
        || text(&CACHE_CONTROL).contains("age=") && !text(&CACHE_CONTROL).contains("no-")
        || response.headers.contains_key(EXPIRES) && !response.headers.contains_key(CACHE_CONTROL);
    let length = response.headers.get(CONTENT_LENGTH).map(|_| text(&CONTENT_LENGTH).parse::<usize>());
    let is_short =
        length.as_ref().is_some_and(|length| length.as_ref().is_ok_and(|length| *length <= leading::LONGEST));
    if !(is_page && is_whole) || may_be_kept || (length.is_some() && !is_short) {
        return Ok(None);
    }
    let Some(read) = Text::of(response) else { return Ok(None) };
    if is_short {
        response.remove_header(&CONTENT_LENGTH);
        response.insert_header(TRANSFER_ENCODING, "chunked")?;
    }
    Ok(Some(Brief::new(read, is_short)))
}

/// What of a piece of an answer goes on.
pub fn pass(session: &Session, forward: &mut Forward, body: &mut Option<Bytes>, is_last: bool, sure: &Sure) {
    let Forward { returned, public, carried, extranet, cookie, leaves, .. } = forward;
    let target = target(session);
    let leads_to_login = |page: &[u8]| {
        extranet.agency.session_over.login_redirect
            && leading::addresses(page).iter().any(|to| response_headers::leads_to_login(to, extranet, public, target))
    };
    let way = |says| match says {
        Says::Over => {
            let to = way_on(session, entry(session, public, carried.as_ref()));
            let written = written(session, &extranet.agency);
            if written.is_empty() { Bytes::from(leading_to(&to)) } else { marker::sending_to(&to, &written) }
        }
        Says::Left => Bytes::from(leading_to(&left::way_out(cookie.as_ref()))),
    };
    if returned.pass(body, is_last, *leaves, leads_to_login, way) {
        sure.is_shown(forward, Clock.now());
    }
}

/// Makes the answer a redirect of ours.
///
/// # Errors
/// A value cannot be written in a header.
pub fn lead(response: &mut ResponseHeader, status: u16, location: &str) -> Result<()> {
    let mut ours = ResponseHeader::build(status, Some(12))?;
    ours.set_version(Version::HTTP_11);
    ours.insert_header(LOCATION, location)?;
    ours.insert_header(CACHE_CONTROL, "no-store")?;
    ours.insert_header(CONTENT_LENGTH, "0")?;
    guard(&mut ours)?;
    *response = ours;
    Ok(())
}

/// How the browser is led to the page that says that a form was not sent: with what it sent (307), where that can be shown
/// to be copied. We keep nothing of it.
#[must_use]
pub fn not_sent(head: &RequestHeader) -> u16 {
    let kind = asked::text(&head.headers, &CONTENT_TYPE).unwrap_or_default();
    let length = asked::text(&head.headers, &CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    let is_small = length.is_some_and(|length| length <= sent_form::LARGEST);
    if head.method == Method::POST && is_small && form_data::has_fields(kind) { 307 } else { 303 }
}

/// What was written in a form that the extranet did not take, as far as it was read here and may be shown: its page is on its
/// way already, so that browsers cannot be led on with it.
fn written(session: &Session, agency: &Agency) -> Vec<Field> {
    let sent = (not_sent(session.req_header()) == 307).then(|| session.as_downstream().get_retry_buffer()).flatten();
    let kind = asked::text(&session.req_header().headers, &CONTENT_TYPE).unwrap_or_default();
    sent.map(|body| sent_form::shown(kind, &body, agency.adapter.login_fields()).fields).unwrap_or_default()
}

/// Which sign-in upstream a request was sent with, as far as that is known: what its answer says of the session, it says of
/// that one (F9).
#[must_use]
pub fn entry(session: &Session, public: &Public, carried: Option<&Carried>) -> Option<Entry> {
    if let Some(carried) = carried {
        return carried.since.map(Entry::at);
    }
    renewals(session, public)?.entry
}

fn renewals(session: &Session, public: &Public) -> Option<Renewals> {
    let name = Kind::Renewals.name(public.origin.scheme());
    cookies::find(&session.req_header().headers, name).and_then(Renewals::parse)
}

/// The page of ours that a browser is led to; `over` is the sign-in whose session has ended.
#[must_use]
pub fn way_on(session: &Session, over: Option<Entry>) -> String {
    let head = session.req_header();
    if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        let target = target(session);
        // Who wanted to leave does not want to again, by a token that is spent.
        let back = if speaks_of_leaving(target) { ReturnPath::home() } else { ReturnPath::parse_or_home(target) };
        let over = over.map(|over| format!("&over={over}")).unwrap_or_default();
        format!("/.vestibule/renew?return={}{over}", utf8_percent_encode(back.as_str(), NON_ALPHANUMERIC))
    } else {
        let over = over.map(|over| format!("?over={over}")).unwrap_or_default();
        format!("{NOT_SENT}{over}")
    }
}

/// Takes the cookies of a sign-in that has ended out of a browser that is at a public page; not those that this answer sets.
///
/// # Errors
/// A value cannot be written in a header.
pub fn end_cookies(response: &mut ResponseHeader, forward: &Forward) -> Result<()> {
    if forward.fetch == Fetch::Part {
        return Ok(());
    }
    let name = |line: &[u8]| line.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii().to_vec();
    let set: Vec<Vec<u8>> = response.headers.get_all(SET_COOKIE).iter().map(|line| name(line.as_bytes())).collect();
    for line in forward.ended.iter().filter(|line| !set.contains(&name(line.as_bytes()))) {
        response.append_header(SET_COOKIE, line.clone())?;
    }
    Ok(())
}
