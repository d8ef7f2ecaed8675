//! When an extranet's answer says that its resident left: the gateway's own session ends with it (F6, decision 61).

use http::header::SET_COOKIE;
use jiff::{SignedDuration, Timestamp};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use quick_cache::sync::Cache;

use super::{Forward, asked};
use crate::domain::access::{Fetch, From};
use crate::domain::entry::Entry;
use crate::domain::identity::LinkId;
use crate::domain::logout::{proof, speaks_of_leaving};
use crate::domain::secret::Secret;
use crate::domain::session::SessionId;

/// So long after a page that was surely shown to who was signed in, a session does not end by itself.
const SURE_FOR: SignedDuration = SignedDuration::from_mins(1);
/// Residents of whom that is known.
const MOST: usize = 20_000;

/// When pages were last shown that surely were for who was signed in upstream: on this node, and only where it matters.
#[derive(Debug)]
pub struct Sure(Cache<(SessionId, LinkId), Timestamp>);

impl Sure {
    /// Nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// Such a page is shown now.
    pub fn is_shown(&self, forward: &Forward, now: Timestamp) {
        let matters =
            is_asked(forward) || forward.extranet.agency.session_over.statuses.iter().any(|code| *code != 401);
        if let Some(resident) = forward.resident.as_ref().filter(|_| matters) {
            self.0.insert((resident.session.clone(), resident.link.clone()), now);
        }
    }

    fn is_recent(&self, forward: &Forward, now: Timestamp) -> bool {
        self.shown(forward).is_some_and(|shown| now.duration_since(shown).abs() <= SURE_FOR)
    }

    /// Whether one was since this sign-in upstream.
    pub fn is_since(&self, forward: &Forward, entry: Entry) -> bool {
        self.shown(forward).is_some_and(|shown| entry.is_before(shown))
    }

    fn shown(&self, forward: &Forward) -> Option<Timestamp> {
        let resident = forward.resident.as_ref()?;
        self.0.get(&(resident.session.clone(), resident.link.clone()))
    }
}

fn is_asked(forward: &Forward) -> bool {
    !forward.extranet.agency.logout.cookies.is_empty()
}

/// Whether the head of an answer says so: a declared cookie is deleted, and the session did not end by itself.
#[must_use]
pub fn is_said(
    session: &Session,
    response: &ResponseHeader,
    forward: &Forward,
    (sure, now): (&Sure, Timestamp),
) -> bool {
    if !is_asked(forward) || forward.resident.is_none() {
        return false;
    }
    let head = session.req_header();
    let lines = response.headers.get_all(SET_COOKIE).iter().map(http::HeaderValue::as_bytes);
    forward.extranet.agency.logout.takes_away(lines, now)
        // What another site makes a browser open signs nobody out here.
        && asked::asked_from(&head.headers, &forward.public.origin) != From::Elsewhere
        && (speaks_of_leaving(&String::from_utf8_lossy(head.raw_path())) || sure.is_recent(forward, now))
}

/// Whether an answer shows that its resident is signed in upstream, as far as its head tells.
#[must_use]
pub fn is_sure(response: &ResponseHeader, forward: &Forward) -> bool {
    forward.fetch == Fetch::Page && response.status.is_success()
}

/// The page of ours that ends the gateway's session; only this browser is let through there.
#[must_use]
pub fn way_out(cookie: Option<&Secret>) -> String {
    let by = cookie.map(proof).unwrap_or_default();
    format!("/.vestibule/left?by={by}")
}
