//! The extranet could not say whether old credentials are right (b03).

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::domain::agency::Agency;
use crate::pages::portal::{MessageName, MessagePage};
use crate::web::Web;
use crate::web::guest::Guest;
use crate::web::problem::{NO_VERDICT, told};

/// A page of its own, no failure counted, and the way to try again (b03).
pub(super) fn page(guest: Guest, web: &Web, agency: &Agency, action_url: String) -> Response {
    let page = MessagePage { name: MessageName::ExtranetUnavailable, action_url };
    let mut response = told(guest.page_with(StatusCode::SERVICE_UNAVAILABLE, web, Some(agency), &page), NO_VERDICT);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}
