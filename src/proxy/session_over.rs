//! When an extranet says that its session is over: sign in there again, and come back (a12).

use std::net::IpAddr;

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, LOCATION};
use http::{Method, StatusCode, Version};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::door::Door;
use super::request_id::RequestNumber;
use super::{Forward, response_headers};
use crate::domain::path::ReturnPath;
use crate::domain::upstream::Adapter;

/// Where a form that was sent into an ended session is told of.
const NOT_SENT: &str = "/.vestibule/not-sent";

/// Whether an answer to a resident says so.
#[must_use]
pub fn is_over(session: &Session, response: &ResponseHeader, forward: &Forward) -> bool {
    let target = std::str::from_utf8(session.req_header().raw_path()).unwrap_or("/");
    forward.resident.is_some() && response_headers::session_is_over(response, &forward.extranet, target)
}

/// Acts on it. With HTTP Basic there is no session to be over: a refused password is dropped before anything else is
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
    if let (Adapter::HttpBasic(_), Some(resident)) = (&agency.adapter, &forward.resident)
        && !door.doubt(agency, resident, session, asked).await
    {
        response.set_status(StatusCode::FORBIDDEN)?;
        return Ok(false);
    }
    replace(session, response)?;
    Ok(true)
}

/// Makes the answer a redirect of ours. What was read can be read again after signing in; what was sent cannot be sent
/// again by us, so its sender is told.
///
/// # Errors
/// A value cannot be written in a header.
fn replace(session: &Session, response: &mut ResponseHeader) -> Result<()> {
    let head = session.req_header();
    let location = if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        let back = ReturnPath::parse_or_home(std::str::from_utf8(head.raw_path()).unwrap_or("/"));
        format!("/.vestibule/renew?return={}", utf8_percent_encode(back.as_str(), NON_ALPHANUMERIC))
    } else {
        NOT_SENT.to_owned()
    };
    let mut ours = ResponseHeader::build(303, Some(5))?;
    ours.set_version(Version::HTTP_11);
    ours.insert_header(LOCATION, location)?;
    ours.insert_header(CACHE_CONTROL, "no-store")?;
    ours.insert_header(CONTENT_LENGTH, "0")?;
    *response = ours;
    Ok(())
}
