//! The agency that codes lead to, or the page that asks for the codes in its place (001, SEC-019).

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::wording;
use crate::app::Fault;
use crate::app::agency_codes::{self, Found};
use crate::domain::agency::Agency;
use crate::pages::portal::{Alert, Codes, CodesPage, FieldError, LastAgency};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

/// What is shown where a handler cannot go on.
pub(super) enum Instead {
    /// Another page.
    Page(Box<Response>),
    /// Something of ours is out of order.
    Fault(Fault),
}

impl From<Fault> for Instead {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        match self {
            Self::Page(page) => *page,
            Self::Fault(fault) => fault.into_response(),
        }
    }
}

/// The agency with these codes, or the screen for the codes, which leads on to `next`.
pub(super) async fn look_up(
    web: &Web,
    guest: Guest,
    codes: Codes,
    next: &'static str,
) -> Result<(Guest, Arc<Agency>), Instead> {
    if codes == Codes::default()
        && let Some(only) = web.app.directory().only_agency()
    {
        return Ok((guest, Arc::clone(only)));
    }
    let page = match agency_codes::find(&web.app, &guest.caller, &codes.client, &codes.societe).await? {
        Found::Agency(agency) => return Ok((guest, agency)),
        Found::Unknown => ask(guest, web, codes, next),
        Found::Later(seconds) => later(guest, web, codes, next, seconds),
    };
    Err(Instead::Page(Box::new(page)))
}

/// The same with the codes of a form.
pub(super) async fn typed(
    web: &Web,
    mut guest: Guest,
    fields: &Fields,
    next: &'static str,
) -> Result<(Guest, Arc<Agency>), Instead> {
    let codes = Codes { client: fields.text("client").to_owned(), societe: fields.text("societe").to_owned() };
    guest.stands_at(path(&codes, next));
    look_up(web, guest, codes, next).await
}

/// Nothing is looked up for a while, whether the codes are right or not.
pub(super) fn later(guest: Guest, web: &Web, codes: Codes, next: &'static str, seconds: u64) -> Response {
    let shown = CodesPage { codes, alert: Some(Alert::CodesLater), ..page(&guest, web, next) };
    let mut response = guest.page_with(StatusCode::TOO_MANY_REQUESTS, web, None, &shown);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Where a page is shown with these codes, known or not.
pub(super) fn path(codes: &Codes, page: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client", &codes.client)
        .append_pair("societe", &codes.societe)
        .finish();
    format!("{page}?{query}")
}

/// The screen for the codes; codes that were given and are not known are told so, without a hint at others.
pub(super) fn ask(guest: Guest, web: &Web, codes: Codes, next: &'static str) -> Response {
    let tried = codes != Codes::default() || were_sent(&guest);
    let mut wrong = Vec::new();
    for (typed, mistake) in [(&codes.client, "client-missing"), (&codes.societe, "societe-missing")] {
        if typed.is_empty() {
            wrong.push(FieldError::named(mistake));
        }
    }
    let alert = if tried { Alert::about(wrong).or(Some(Alert::UnknownCodes)) } else { None };
    let status = if tried { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let shown = CodesPage { codes, alert, ..page(&guest, web, next) };
    guest.page_with(status, web, None, &shown)
}

/// Whether this is the form's answer, and not a link without codes.
pub(super) fn were_sent(guest: &Guest) -> bool {
    let query = guest.here.split_once('?').map_or("", |(_, query)| query);
    let has = |wanted: &str| url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == wanted);
    has("client") && has("societe")
}

/// The screen for the codes, empty; the agency that this browser knows is offered above them.
pub(super) fn page(guest: &Guest, web: &Web, next: &'static str) -> CodesPage {
    let last = guest.last_agency(web).map(|agency| LastAgency {
        name: agency.brand.name.clone(),
        url: wording::login_path(Some(&agency)).replacen("/login", next, 1),
    });
    let without_codes =
        Some(if next == "/login" { wording::login_path(None) } else { wording::FORGOTTEN_BY_EMAIL.to_owned() });
    CodesPage { codes: Codes::default(), next, last, back: None, without_codes, attaches: false, alert: None }
}
