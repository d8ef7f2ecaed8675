//! Cookies of an extranet that live in the session: what a request carries, and what an answer leaves behind (a13).

use http::HeaderValue;
use http::header::SET_COOKIE;
use jiff::Timestamp;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::Forward;
use super::door::Door;
use super::extranets::Extranet;
use crate::app::visit::{Passage, Unavailable};
use crate::legacy::JarSite;

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
pub async fn carried(
    door: &Door,
    site: &JarSite,
    resident: &Passage,
    session: &Session,
) -> Result<Carried, Unavailable> {
    let carried = door.cookies_of(resident).await?;
    Ok(Carried { line: site.header(&carried.cookies, target(session)), since: carried.since })
}

/// Takes every cookie out of an answer, and keeps them before it is released.
pub async fn keep(door: &Door, session: &Session, response: &mut ResponseHeader, forward: &Forward) {
    let Some(site) = &forward.extranet.jar else { return };
    let set: Vec<HeaderValue> = response.headers.get_all(SET_COOKIE).iter().cloned().collect();
    if set.is_empty() {
        return;
    }
    response.remove_header(&SET_COOKIE);
    let (Some(resident), Some(carried)) = (&forward.resident, &forward.carried) else { return };
    let agency = &forward.extranet.agency.code;
    let target = target(session);
    let change = |before: &[crate::legacy::UpstreamCookie]| {
        let merged = site.merged(before, target, &set);
        if merged.dropped > 0 {
            tracing::warn!(%agency, cookies = merged.dropped, "cookies of an extranet were dropped: too large or too many");
        }
        merged.cookies
    };
    door.keep_cookies(resident, carried.since, change).await;
}

/// An early answer's head sets nothing either.
pub fn withhold(response: &mut ResponseHeader, extranet: &Extranet) {
    if extranet.jar.is_some() {
        response.remove_header(&SET_COOKIE);
    }
}

fn target(session: &Session) -> &str {
    std::str::from_utf8(session.req_header().raw_path()).unwrap_or("/")
}
