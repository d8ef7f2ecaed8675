//! The agency that codes lead to, or the page that is shown in its place (001, SEC-019).

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::sign_in::{ask_codes, codes_page};
use crate::app::Fault;
use crate::app::agency_codes::{self, Found};
use crate::domain::agency::Agency;
use crate::pages::portal::{Alert, Codes, CodesPage};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

/// The agency with these codes, or the screen for the codes, which leads on to `next`.
pub(super) async fn look_up(
    web: &Web,
    guest: Guest,
    codes: Codes,
    next: &'static str,
) -> Result<Result<(Guest, Arc<Agency>), Response>, Fault> {
    Ok(match agency_codes::find(&web.app, &guest.caller, &codes.client, &codes.societe).await? {
        Found::Agency(agency) => Ok((guest, agency)),
        Found::Unknown => Err(ask_codes(guest, web, codes.client, codes.societe, next)),
        Found::Later(seconds) => Err(later(guest, web, codes, next, seconds)),
    })
}

/// The same with the codes of a form.
pub(super) async fn typed(
    web: &Web,
    guest: Guest,
    fields: &Fields,
    next: &'static str,
) -> Result<Result<(Guest, Arc<Agency>), Response>, Fault> {
    let codes = Codes { client: fields.text("client").to_owned(), societe: fields.text("societe").to_owned() };
    look_up(web, guest, codes, next).await
}

/// Nothing is looked up for a while, whether the codes are right or not.
pub(super) fn later(guest: Guest, web: &Web, codes: Codes, next: &'static str, seconds: u64) -> Response {
    let page = CodesPage { codes, alert: Some(Alert::CodesLater), ..codes_page(&guest, web, next) };
    let mut response = guest.page_with(StatusCode::TOO_MANY_REQUESTS, web, None, &page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
