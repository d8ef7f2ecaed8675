//! Style sheet, script and pictures; their addresses carry a digest, so that browsers may keep them.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};

use crate::pages::Pages;
use crate::web::Web;
use crate::web::problem::Problem;

const A_YEAR: &str = "public, max-age=31536000, immutable";

pub(super) async fn serve(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let nosniff = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if name == "brand.css" {
        let colour = query.as_deref().and_then(|query| query.strip_prefix("c=")).unwrap_or_default();
        let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
        return ([kind, (header::CACHE_CONTROL, A_YEAR), nosniff], Pages::brand_css(colour)).into_response();
    }
    if name == "mark.svg" {
        let pairs = || url::form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
        let part = |wanted: &str| pairs().find(|(name, _)| name == wanted).map(|(_, text)| text.into_owned());
        let mark = Pages::brand_mark(&part("c").unwrap_or_default(), &part("t").unwrap_or_default());
        let kind = (header::CONTENT_TYPE, "image/svg+xml");
        return ([kind, (header::CACHE_CONTROL, A_YEAR), nosniff], mark).into_response();
    }
    answer(&web, &name, A_YEAR, &headers)
}

/// An asset, to be kept for as long as `kept` says.
pub(super) fn answer(web: &Web, name: &str, kept: &'static str, headers: &HeaderMap) -> Response {
    let edition = web.app.current.edition();
    let Some(asset) = edition.pages.asset(name) else { return Problem::not_found().into_response() };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok()) == Some(asset.etag);
    let about = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, kept),
        (header::ETAG, asset.etag),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if known { (StatusCode::NOT_MODIFIED, about).into_response() } else { (about, asset.body.to_vec()).into_response() }
}
