//! Who is signed in on the portal at a browser, and the pages and forms that want somebody.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse as _, Response};
use cookie::time::Duration;
use http::StatusCode;
use http::request::Parts;

use super::Web;
use super::cookies::Kind;
use super::fields::Fields;
use super::guest::Guest;
use crate::app::{Fault, links};
use crate::domain::agency::Agency;
use crate::domain::secret::{Secret, long_secret};
use crate::domain::session::Session;
use crate::pages::portal::{MessageName, MessagePage};

/// A page is asked for by who is signed in; everybody else is led to the sign-in and back.
pub struct Person {
    /// The browser.
    pub guest: Guest,
    /// The sign-in.
    pub session: Session,
}

/// A form was sent by who is signed in; everybody else is told that nothing came of it.
pub struct Posted {
    /// The browser.
    pub guest: Guest,
    /// The sign-in.
    pub session: Session,
    /// What was sent.
    pub fields: Fields,
}

impl FromRequestParts<Arc<Web>> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Response> {
        let Ok(mut guest) = Guest::from_request_parts(parts, web).await;
        match guest.session(web).await {
            Ok(Some(session)) => Ok(Self { guest, session }),
            Ok(None) => {
                let to = guest.way_in(web);
                Err(guest.go(&to))
            }
            Err(fault) => Err(fault.into_response()),
        }
    }
}

impl FromRequest<Arc<Web>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(mut guest) = Guest::from_request_parts(&mut parts, web).await;
        let fields = Fields::from_request(Request::from_parts(parts, body), web).await?;
        match guest.session(web).await {
            Ok(Some(session)) => Ok(Self { guest, session, fields }),
            Ok(None) => Err(session_over(web, guest)),
            Err(fault) => Err(fault.into_response()),
        }
    }
}

impl Guest {
    /// The value of the session cookie on this host.
    #[must_use]
    pub fn session_cookie(&self) -> Option<Secret> {
        self.secret_cookie(Kind::Session)
    }

    /// Who is signed in on the portal in this browser.
    pub async fn session(&mut self, web: &Web) -> Result<Option<Session>, Fault> {
        let Some(cookie) = self.session_cookie() else { return Ok(None) };
        let session = web.app.sessions.of_portal(&cookie, web.app.now()).await?;
        self.is_signed_in = session.is_some();
        if let Some(session) = &session {
            self.has_accounts_at(links::agencies_of(&web.app, &session.identity).await?);
        }
        Ok(session)
    }

    /// Finds out, for a page that does not ask otherwise, whether somebody is signed in on this host: it shows the way to
    /// « Mon compte » then.
    pub async fn sees_who_is_here(&mut self, web: &Web) {
        let Some(cookie) = self.session_cookie() else { return };
        let (sessions, now) = (&web.app.sessions, web.app.now());
        self.is_signed_in = match self.arrival.place.host() {
            Some(_) => matches!(sessions.of_agency(&cookie, now).await, Ok(Some(_))),
            None => matches!(sessions.of_portal(&cookie, now).await, Ok(Some(_))),
        };
    }

    /// Whether this browser came with the cookie of a sign-in that has ended, once [`Guest::session`] has found none. It is to
    /// be told once: the cookie goes with the answer. That is all that whoever planted one learns.
    pub fn comes_after_the_end(&mut self) -> bool {
        let is_over = !self.is_signed_in && self.session_cookie().is_some();
        if is_over {
            self.clear(Kind::Session);
        }
        is_over
    }

    /// Gives the portal's session a new cookie, so that a planted one is worth nothing (SEC-058).
    pub async fn rotate(&mut self, web: &Web, session: &Session) -> Result<(), Fault> {
        let cookie = long_secret(&*web.app.dice);
        if web.app.sessions.rotate(session, &cookie, web.app.now()).await? {
            self.set_session(&cookie, session, web);
        }
        Ok(())
    }

    /// Sets the portal's session cookie, to last as long as the session may.
    pub fn set_session(&mut self, cookie: &Secret, session: &Session, web: &Web) {
        let left = session.ends_at().duration_since(web.app.now()).as_secs();
        self.set(Kind::Session, cookie.expose(), session.lifetime.keep.then(|| Duration::seconds(left)));
    }
}

/// What was asked for was not done: the session ended before it, or while it was under way.
#[must_use]
pub fn session_over(web: &Web, guest: Guest) -> Response {
    let action_url = guest.way_in(web);
    session_over_at(web, guest, None, action_url)
}

/// The same on a page that stands before one agency's extranet.
#[must_use]
pub fn session_over_at(web: &Web, mut guest: Guest, agency: Option<&Agency>, action_url: String) -> Response {
    guest.comes_after_the_end();
    let page = MessagePage { name: MessageName::SessionOver, action_url };
    guest.page_with(StatusCode::UNAUTHORIZED, web, agency, &page)
}
