//! Cookies of an extranet that live in the session: what a request carries, and what an answer leaves behind (a13).

use http::HeaderValue;
use http::header::SET_COOKIE;
use jiff::Timestamp;
use pingora::http::ResponseHeader;

use crate::app::visit::{Passage, Unavailable};
use crate::domain::agency_code::AgencyCode;
use crate::legacy::{Jar, UpstreamCookie};
use crate::proxy::door::Door;
use crate::telemetry::{Clock, seldom};

/// What goes with one request.
#[derive(Debug, Default)]
pub struct Carried {
    /// The `Cookie` header.
    pub line: Option<HeaderValue>,
    /// Of which sign-in upstream it is.
    pub since: Option<Timestamp>,
}

impl Carried {
    /// What a request of this resident for this target carries.
    pub async fn of(door: &Door, resident: &Passage, target: &[u8]) -> Result<Self, Unavailable> {
        let carried = door.cookies_of(resident).await?;
        let line = Jar::holding(&carried.cookies).header(target, Clock.now());
        Ok(Self { line, since: carried.since })
    }

    /// Keeps what an answer to it has set.
    pub async fn keep(&self, door: &Door, resident: &Passage, agency: &AgencyCode, target: &[u8], set: &[HeaderValue]) {
        let now = Clock.now();
        let change = |before: &[UpstreamCookie]| {
            let mut jar = Jar::holding(before);
            let taken = jar.take(set.iter().map(HeaderValue::as_bytes), target, now);
            seldom::tell_of_cookies(agency, &taken.dropped, now);
            jar.into_cookies()
        };
        door.keep_cookies(resident, self.since, change).await;
    }
}

/// Takes every cookie out of an answer.
pub fn take_out(response: &mut ResponseHeader) -> Vec<HeaderValue> {
    let set: Vec<HeaderValue> = response.headers.get_all(SET_COOKIE).iter().cloned().collect();
    if !set.is_empty() {
        response.remove_header(&SET_COOKIE);
    }
    set
}
