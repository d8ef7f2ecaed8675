//! Cookies of an extranet that live in the session: what a request carries, and what an answer leaves behind (a13).

use http::HeaderValue;
use http::header::SET_COOKIE;
use jiff::Timestamp;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use crate::app::visit::{Passage, Unavailable};
use crate::legacy::{Jar, UpstreamCookie};
use crate::proxy::Forward;
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

/// What a request of this resident carries.
///
/// # Errors
/// The sessions cannot be asked.
pub async fn carried(door: &Door, resident: &Passage, session: &Session) -> Result<Carried, Unavailable> {
    let carried = door.cookies_of(resident).await?;
    let line = Jar::holding(&carried.cookies).header(target(session), Clock.now());
    Ok(Carried { line, since: carried.since })
}

/// Takes every cookie out of an answer, and keeps them before it is released.
pub async fn keep(door: &Door, session: &Session, response: &mut ResponseHeader, forward: &Forward) {
    let set: Vec<HeaderValue> = response.headers.get_all(SET_COOKIE).iter().cloned().collect();
    if set.is_empty() {
        return;
    }
    response.remove_header(&SET_COOKIE);
    let (Some(resident), Some(carried)) = (&forward.resident, &forward.carried) else { return };
    let agency = &forward.extranet.agency.code;
    let (target, now) = (target(session), Clock.now());
    let change = |before: &[UpstreamCookie]| {
        let mut jar = Jar::holding(before);
        let taken = jar.take(set.iter().map(HeaderValue::as_bytes), target, now);
        seldom::tell_of_cookies(agency, &taken.dropped, now);
        jar.into_cookies()
    };
    door.keep_cookies(resident, carried.since, change).await;
}

fn target(session: &Session) -> &[u8] {
    session.req_header().raw_path()
}
