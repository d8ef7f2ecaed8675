//! Somebody who is signed in on the portal: the pages and forms that want one.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;

use super::Web;
use super::fields::Fields;
use super::guest::Guest;
use crate::domain::agency::Agency;
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

/// What was asked for was not done: the session ended before it, or while it was under way.
pub fn session_over(web: &Web, guest: Guest) -> Response {
    let (agency, action_url) = (guest.last_agency(web), guest.way_in(web));
    session_over_at(web, guest, agency.as_deref(), action_url)
}

/// The same on a page that stands before one agency's extranet.
pub fn session_over_at(web: &Web, guest: Guest, agency: Option<&Agency>, action_url: String) -> Response {
    let page = MessagePage { name: MessageName::SessionOver, action_url };
    guest.page_with(StatusCode::UNAUTHORIZED, web, agency, &page)
}
