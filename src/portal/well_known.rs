//! What browsers and machines ask every host for.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, header};

use super::assets;
use crate::web::Web;

/// Pages of residents are nothing to be found.
const NOTHING_TO_FIND: &str = "User-agent: *\nDisallow: /\n";
const A_DAY: &str = "public, max-age=86400";

/// Where a password manager sends somebody to change the password (W3C, A Well-Known URL for Changing Passwords): on the
/// agencies' hosts, too, whose passwords are those of the portal.
pub(super) async fn change_password(State(web): State<Arc<Web>>) -> Redirect {
    Redirect::to(&format!("{}/account/password", web.portal_url()))
}

pub(super) async fn robots() -> Response {
    ([(header::CACHE_CONTROL, A_DAY)], NOTHING_TO_FIND).into_response()
}

/// The pictures that are asked for without a page that names them.
pub(super) async fn icon(State(web): State<Arc<Web>>, uri: http::Uri, headers: HeaderMap) -> Response {
    assets::answer(&web, &uri.path().trim_start_matches('/').replace("-precomposed", ""), A_DAY, &headers)
}
