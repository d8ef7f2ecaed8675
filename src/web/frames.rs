//! Frames of an extranet that meet a page of ours: what leads out of them (case 12, decision 64).

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderName, StatusCode};

use super::guest::Guest;
use super::{Arrival, Web};
use crate::pages::portal::{MessageName, MessagePage};
use crate::web::cookies::Kind;

/// What has to reach the browser with what stands in for an answer.
pub(super) static TAKEN_ALONG: [HeaderName; 2] = [SET_COOKIE, HeaderName::from_static("clear-site-data")];

/// Where a frame is led, which the whole window is to go to instead; an extension of the request, said by the data plane.
#[derive(Debug, Clone)]
pub struct LeadsTo(pub String);

/// The page with the link that leads out of the frame.
#[must_use]
pub fn way_out(guest: Guest, web: &Web, to: String) -> Response {
    let is_sign_in = to.starts_with(&format!("{}/login", web.portal_url()));
    let (name, status) = if is_sign_in {
        (MessageName::FrameSignIn, StatusCode::UNAUTHORIZED)
    } else {
        (MessageName::FrameOther, StatusCode::OK)
    };
    let house = guest.arrival.place.host().and_then(|host| host.remembered(guest.cookie(Kind::Account)));
    let page = MessagePage { name, action_url: to };
    guest.page_with(status, web, house.map(|house| house.agency).as_deref(), &page)
}

/// A frame that a page of ours leads to the portal is told so instead: no page of the portal stands in a frame.
pub async fn lead_out(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let is_ours = request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.place.host().is_some());
    if !is_ours {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let Some(to) = location.filter(|to| !to.starts_with('/')).map(str::to_owned) else { return response };
    let Ok(guest) = Guest::from_request_parts(&mut asked, &web).await;
    if !guest.in_a_frame {
        return response;
    }
    let mut page = way_out(guest, &web, to);
    for name in &TAKEN_ALONG {
        for value in response.headers().get_all(name) {
            page.headers_mut().append(name, value.clone());
        }
    }
    page
}
