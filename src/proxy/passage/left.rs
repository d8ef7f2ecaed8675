//! When an extranet's answer says that its resident left: the gateway's own session ends with it (F6, decision 61).

use http::header::{COOKIE, ORIGIN, SET_COOKIE};
use http::{HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use quick_cache::sync::Cache;

use super::forward::Forward;
use crate::domain::access::{AskedFrom, Fetch};
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::Agency;
use crate::domain::cookie;
use crate::domain::entry::Entry;
use crate::domain::identity::LinkId;
use crate::domain::leaving::speaks_of_leaving;
use crate::domain::logout::{self, Made, Shown, proof};
use crate::domain::secret::Secret;
use crate::domain::session::SessionId;
use crate::proxy::front::asked::{self, FETCH_USER};

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
        let agency = &forward.extranet.agency;
        let matters = has_session(agency) || agency.session_over.statuses.iter().any(|code| *code != 401);
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

fn has_session(agency: &Agency) -> bool {
    agency.adapter.entered_by() == EnteredBy::Session
}

/// Whether a resident's request may turn out to be a logout of which nothing is declared: what a script asks for by itself, such as how
/// long a session lasts, is none, nor what another site makes a browser open.
#[must_use]
pub fn may_leave(agency: &Agency, fetch: Fetch, changes: bool, from: AskedFrom) -> bool {
    has_session(agency) && from != AskedFrom::Elsewhere && (fetch == Fetch::Page || changes)
}

/// Whether the head of an answer says that its resident has left, though nothing is declared (F6).
#[must_use]
pub fn is_meant(
    session: &Session,
    response: &ResponseHeader,
    forward: &Forward,
    is_over: bool,
    sure: &Sure,
    now: Timestamp,
) -> bool {
    let head = session.req_header();
    let from = asked::asked_from(&head.headers, &forward.public.origin);
    let changes = !matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let is_page = forward.fetch == Fetch::Page;
    let may = forward.resident.is_some() && may_leave(&forward.extranet.agency, forward.fetch, changes, from);
    if !may || !(forward.leaves || is_page && is_over) {
        return false;
    }
    let is_sent = head.method == Method::POST && head.headers.contains_key(ORIGIN);
    let is_followed = head.headers.get(&FETCH_USER).is_some_and(|value| value == "?1");
    let by_hand = is_page && from == AskedFrom::Here && (is_sent || is_followed);
    let made = Made { speaks: forward.leaves, by_hand, in_time: sure.is_recent(forward, now) };
    logout::is_meant(made, Shown { is_over, takes_away: takes_away(session, response, forward, now) })
}

/// Whether an answer deletes a cookie that the extranet had got with the request.
fn takes_away(session: &Session, response: &ResponseHeader, forward: &Forward, now: Timestamp) -> bool {
    let lines = response.headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes);
    let held: Vec<&HeaderValue> = match &forward.carried {
        Some(carried) => carried.line.iter().collect(),
        None => session.req_header().headers.get_all(COOKIE).iter().collect(),
    };
    logout::takes_away(lines, now, |gone| {
        held.iter().any(|line| cookie::pairs(line.as_bytes()).any(|pair| pair.name == gone))
    })
}

/// Whether the head of an answer says so: a declared cookie is deleted, and the session did not end by itself.
#[must_use]
pub fn is_said(session: &Session, response: &ResponseHeader, forward: &Forward, sure: &Sure, now: Timestamp) -> bool {
    if forward.extranet.agency.logout.cookies.is_empty() || forward.resident.is_none() {
        return false;
    }
    let head = session.req_header();
    let lines = response.headers.get_all(SET_COOKIE).iter().map(http::HeaderValue::as_bytes);
    forward.extranet.agency.logout.takes_away(lines, now)
        // What another site makes a browser open signs nobody out here.
        && asked::asked_from(&head.headers, &forward.public.origin) != AskedFrom::Elsewhere
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
