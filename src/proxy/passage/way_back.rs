//! The way back: an extranet's answer, from its head to its last byte.

use bytes::Bytes;
use http::header::SET_COOKIE;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::bodies::Returned;
use super::forward::Forward;
use super::lasting::{self, Lasting};
use super::left::{self, Sure};
use super::{jar, response_headers, session_over};
use crate::app::sign_out::UpstreamSession;
use crate::domain::access::{Fetch, Visitor};
use crate::domain::secret::Secret;
use crate::proxy::door::Door;
use crate::proxy::fault::ProxyError;
use crate::proxy::front::asked;
use crate::proxy::front::wire::Wire;
use crate::proxy::request_id::Source;
use crate::telemetry::Clock;

/// What answers need of the gateway on their way.
pub struct WayBack {
    door: Door,
    /// Who was surely signed in upstream just now.
    sure: Sure,
}

impl WayBack {
    /// Asks this door.
    #[must_use]
    pub fn new(door: Door) -> Self {
        Self { door, sure: Sure::new() }
    }

    /// Interim answers (1xx) are translated as the last one is (SEC-235). They leave nothing in a jar: browsers need not
    /// look at their cookies (RFC 6265, 3).
    ///
    /// # Errors
    /// There are too many of them, or a value cannot be written in a header.
    pub async fn interim(&self, response: &mut ResponseHeader, forward: &mut Forward) -> Result<()> {
        forward.go_on_waiting()?;
        let sets = response.headers.contains_key(SET_COOKIE);
        if sets && (forward.extranet.keeps_cookies() || !self.is_still_here(forward).await) {
            response.remove_header(&SET_COOKIE);
        }
        response_headers::translate(response, &forward.extranet, &forward.public)
    }

    /// The head of an extranet's answer on its way to the browser.
    ///
    /// # Errors
    /// The protocol is changed unasked, or a value cannot be written in a header.
    pub async fn head(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        forward: &mut Forward,
        source: Source,
    ) -> Result<()> {
        if response.status == 101 {
            open_tunnel(session)?;
        }
        forward.is_answered();
        response_headers::say_length_once(response)?;
        let now = Clock.now();
        let is_over = session_over::is_over(session, response, forward, &self.sure);
        if forward.ends
            || left::is_said(session, response, forward, &self.sure, now)
            || left::is_meant(session, response, forward, is_over, &self.sure, now)
        {
            if forward.fetch == Fetch::Page {
                session_over::lead(response, 303, &left::way_out(forward.cookie.as_ref()))?;
                forward.returned = Returned::Left;
                return Ok(());
            }
            // A script's own logout: what it asked for is passed on, and nothing is renewed for it.
            let upstream = if response.status.as_u16() < 400 { UpstreamSession::Over } else { UpstreamSession::Open };
            self.leave(session, forward, source, upstream).await;
            forward.ends = false;
        } else if is_over && Box::pin(session_over::act(&self.door, session, response, forward, source)).await? {
            forward.returned = Returned::Replaced;
            return Ok(());
        }
        if response.headers.contains_key(SET_COOKIE) && !self.is_still_here(forward).await {
            response.remove_header(&SET_COOKIE);
        }
        if forward.extranet.keeps_cookies() {
            self.keep_cookies(session, response, forward).await;
        }
        if !session_over::hold(session, response, forward)? && left::is_sure(response, forward) {
            self.sure.is_shown(forward, now);
        }
        if lasting::is_made_to_last(response) {
            self.watch(session, forward);
        }
        response_headers::translate(response, &forward.extranet, &forward.public)?;
        session_over::end_cookies(response, forward)
    }

    /// What of a piece of an answer's body goes on: that of an answer that was replaced goes nowhere, one that is looked at
    /// waits.
    ///
    /// # Errors
    /// The session has ended.
    pub fn body(
        &self,
        session: &Session,
        body: &mut Option<Bytes>,
        is_last: bool,
        forward: &mut Forward,
    ) -> Result<(), ProxyError> {
        match &forward.lasting {
            Some(lasting) if lasting.is_over() => return Err(ProxyError::Over),
            None if forward.resident.is_some() && lasting::is_long(forward.sent_at) => self.watch(session, forward),
            Some(_) | None => {}
        }
        session_over::pass(session, forward, body, is_last, &self.sure);
        Ok(())
    }

    /// No answer comes: a declared logout is one all the same.
    pub async fn fails(&self, session: &Session, forward: &Forward, source: Source) {
        if forward.ends {
            self.leave(session, forward, source, UpstreamSession::Open).await;
        }
    }

    async fn leave(&self, session: &Session, forward: &Forward, source: Source, upstream: UpstreamSession) {
        if let Some(cookie) = &forward.cookie {
            let headers = &session.req_header().headers;
            Box::pin(self.door.left(&forward.extranet.agency, cookie, headers, source, upstream)).await;
        }
    }

    /// Takes every cookie out of an answer, and keeps them before it is released.
    async fn keep_cookies(&self, session: &Session, response: &mut ResponseHeader, forward: &Forward) {
        let set = jar::take_out(response);
        if let (false, Some(resident), Some(carried)) = (set.is_empty(), &forward.resident, &forward.carried) {
            let (agency, target) = (&forward.extranet.agency.code, session.req_header().raw_path());
            Box::pin(carried.keep(&self.door, resident, agency, target, &set)).await;
        }
    }

    /// Begins to watch over an answer that lasts.
    fn watch(&self, session: &Session, forward: &mut Forward) {
        if let (Some(resident), Some(cookie)) = (&forward.resident, &forward.cookie) {
            forward.lasting = Some(Lasting::begin(&self.door, session, &forward.house, cookie, resident));
        }
    }

    /// Whether the account that asked is still the one that is open on this host: cookies that an extranet sets for an
    /// account which was closed meanwhile must not meet the next one's (b17).
    async fn is_still_here(&self, forward: &Forward) -> bool {
        let Some(resident) = &forward.resident else { return true };
        match self.door.visit(&forward.house, forward.cookie.as_ref().map(Secret::expose)).await {
            Ok(Visitor::Resident(now)) => now.link == resident.link,
            Ok(Visitor::Stranger | Visitor::OwesTerms | Visitor::OwesPassword | Visitor::Unnamed) | Err(_) => false,
        }
    }
}

/// The extranet changes the protocol: it may, where it was asked to.
fn open_tunnel(session: &Session) -> Result<(), ProxyError> {
    if !asked::opens_websocket(session.req_header()) {
        return Err(ProxyError::Unasked);
    }
    if let Some(wire) = Wire::of(session) {
        wire.is_tunnel();
    }
    Ok(())
}
