//! When an extranet says that its session is over: sign in there again, and come back (a12).

use std::net::IpAddr;

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::{Method, StatusCode, Version};
use lol_html::Selector;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::bodies::Answer;
use super::door::Door;
use super::marker::Held;
use super::request_id::RequestNumber;
use super::{Forward, asked, bridge, response_headers};
use crate::domain::access::Fetch;
use crate::domain::adapter::EnteredBy;
use crate::domain::form_data;
use crate::domain::path::ReturnPath;
use crate::domain::sent_form;

/// Where a form that was sent into an ended session is told of.
pub const NOT_SENT: &str = "/.vestibule/not-sent";

/// Whether an answer to a resident says so.
#[must_use]
pub fn is_over(session: &Session, response: &ResponseHeader, forward: &Forward) -> bool {
    let target = std::str::from_utf8(session.req_header().raw_path()).unwrap_or("/");
    forward.resident.is_some()
        && response_headers::session_is_over(response, &forward.extranet, &forward.public, target)
}

/// Acts on it. Where each request carries a password there is no session to be over: a refused password is dropped before anything else is
/// sent with it, and a page that refuses only itself is told as such. True where the answer is one of ours now.
///
/// # Errors
/// A value cannot be written in a header.
pub async fn act(
    door: &Door,
    session: &Session,
    response: &mut ResponseHeader,
    forward: &Forward,
    asked: (IpAddr, RequestNumber),
) -> Result<bool> {
    let agency = &forward.extranet.agency;
    if agency.adapter.entered_by() == EnteredBy::EachRequest
        && let Some(resident) = &forward.resident
        && !door.doubt(agency, resident, session, asked).await
    {
        response.set_status(StatusCode::FORBIDDEN)?;
        return Ok(false);
    }
    replace(session, response, forward.fetch == Fetch::Page)?;
    Ok(true)
}

/// Holds an answer that may turn out to say so by what it shows: only page loads of residents.
///
/// # Errors
/// A value cannot be written in a header.
pub fn hold(session: &Session, response: &mut ResponseHeader, forward: &mut Forward) -> Result<()> {
    let Some(selector) = forward.marker(&session.req_header().method) else { return Ok(()) };
    if let Some(held) = Held::begin(selector, response, &forward.extranet.agency.code)? {
        forward.answer = Answer::Looked(Box::new(held));
    }
    Ok(())
}

/// Makes the answer a redirect of ours. What was read can be read again after signing in; what was sent cannot be sent
/// again by us, so its sender is told.
///
/// # Errors
/// A value cannot be written in a header.
fn replace(session: &Session, response: &mut ResponseHeader, shown: bool) -> Result<()> {
    let location = way_on(session);
    let status = if location == NOT_SENT && shown { not_sent(session) } else { 303 };
    let mut ours = ResponseHeader::build(status, Some(12))?;
    ours.set_version(Version::HTTP_11);
    ours.insert_header(LOCATION, location)?;
    ours.insert_header(CACHE_CONTROL, "no-store")?;
    ours.insert_header(CONTENT_LENGTH, "0")?;
    bridge::guard(&mut ours)?;
    *response = ours;
    Ok(())
}

/// How the browser is led to the page that says that a form was not sent: with what it sent (307), where that can be shown
/// to be copied. We keep nothing of it.
#[must_use]
pub fn not_sent(session: &Session) -> u16 {
    let head = session.req_header();
    let kind = asked::text(&head.headers, &CONTENT_TYPE).unwrap_or_default();
    let length = asked::text(&head.headers, &CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    let is_small = length.is_some_and(|length| length <= sent_form::LARGEST);
    if head.method == Method::POST && is_small && form_data::has_fields(kind) { 307 } else { 303 }
}

/// The page of ours that a browser is led to.
#[must_use]
pub fn way_on(session: &Session) -> String {
    let head = session.req_header();
    if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        let back = ReturnPath::parse_or_home(std::str::from_utf8(head.raw_path()).unwrap_or("/"));
        format!("/.vestibule/renew?return={}", utf8_percent_encode(back.as_str(), NON_ALPHANUMERIC))
    } else {
        NOT_SENT.to_owned()
    }
}

/// Takes the cookies of a sign-in that has ended out of a browser that is at a public page; not those that this answer sets.
///
/// # Errors
/// A value cannot be written in a header.
pub fn end_cookies(response: &mut ResponseHeader, forward: &Forward) -> Result<()> {
    let name = |line: &[u8]| line.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii().to_vec();
    let set: Vec<Vec<u8>> = response.headers.get_all(SET_COOKIE).iter().map(|line| name(line.as_bytes())).collect();
    for line in forward.ended.iter().filter(|line| !set.contains(&name(line.as_bytes()))) {
        response.append_header(SET_COOKIE, line.clone())?;
    }
    Ok(())
}

impl Forward {
    /// What is looked for in the answer to a request of this method, if anything is.
    pub(super) fn marker(&self, method: &Method) -> Option<&Selector> {
        let page = self.fetch == Fetch::Page && matches!(*method, Method::GET | Method::POST);
        self.extranet.marker.as_ref().filter(|_| page && self.resident.is_some())
    }
}
