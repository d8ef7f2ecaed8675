//! When an extranet says that its session is over: sign in there again, and come back (a12).

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, LOCATION};
use http::{Method, Version};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::peer::{Extranet, Public};
use super::response_headers;
use crate::domain::path::ReturnPath;

/// Where a form that was sent into an ended session is told of.
const NOT_SENT: &str = "/.vestibule/not-sent";

/// Whether an answer to a resident says so.
#[must_use]
pub fn is_over(session: &Session, response: &ResponseHeader, extranet: &Extranet, public: &Public) -> bool {
    let target = std::str::from_utf8(session.req_header().raw_path()).unwrap_or("/");
    response_headers::session_is_over(response, extranet, public, target)
}

/// Makes the answer a redirect of ours. What was read can be read again after signing in; what was sent cannot be sent
/// again by us, so its sender is told.
///
/// # Errors
/// A value cannot be written in a header.
pub fn replace(session: &Session, response: &mut ResponseHeader) -> Result<()> {
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
