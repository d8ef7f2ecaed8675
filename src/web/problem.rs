//! From what went wrong to a calm page: one place for all of them.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::Web;
use super::cookies::Kind;
use super::guest::Guest;
use crate::app::Fault;
use crate::domain::agency::Agency;
use crate::domain::routing::Place;
use crate::pages::portal::{Alert, MessageName, MessagePage};
use crate::pages::{Page, Pages};

/// An answer that only says what went wrong; [`calmly`] makes a page of it.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    name: MessageName,
    reason: &'static str,
}

/// Why an answer of ours is 5xx, in words of a closed list; the data plane writes them into the access line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason(pub &'static str);

/// The extranet was asked on a resident's behalf, and said nothing that could be understood; the line beside it says what.
pub const NO_VERDICT: Reason = Reason("the extranet gives no verdict on a sign-in");
/// The extranet refuses what it took before, or asks for a sign-in again and again.
pub const REFUSES: Reason = Reason("the extranet refuses a sign-in that had worked");

impl Problem {
    /// A page that tells something, with its status.
    #[must_use]
    pub const fn page(status: StatusCode, name: MessageName) -> Self {
        Self { status, name, reason: "a page of ours tells of it" }
    }

    /// The same, with the reason of a status of 5xx.
    #[must_use]
    pub const fn because(self, Reason(reason): Reason) -> Self {
        Self { reason, ..self }
    }

    /// Something of ours failed.
    #[must_use]
    pub const fn ours() -> Self {
        Self::page(StatusCode::INTERNAL_SERVER_ERROR, MessageName::Failed).because(Reason("a page of ours failed"))
    }

    /// There is no such page.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::page(StatusCode::NOT_FOUND, MessageName::NotFound)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Seconds after which trying again is worth it.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// What failed, on its way to the log line that names the request.
#[derive(Debug, Clone)]
struct Cause(String);

impl Cause {
    fn of(fault: &Fault) -> Self {
        let mut cause = fault.to_string();
        let mut source = std::error::Error::source(fault);
        while let Some(deeper) = source {
            cause = format!("{cause}: {deeper}");
            source = deeper.source();
        }
        Self(cause)
    }
}

/// How a fault is answered; one that says that others are being judged is nobody's failure (ATT-24).
const fn status_of(fault: &Fault) -> (StatusCode, MessageName) {
    match fault {
        Fault::Busy => (StatusCode::TOO_MANY_REQUESTS, MessageName::TooMany),
        _ => (StatusCode::SERVICE_UNAVAILABLE, MessageName::Unavailable),
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, name) = status_of(&self);
        let mut response = Problem::page(status, name).because(Reason(self.reason())).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        if status.is_server_error() {
            response.extensions_mut().insert(Cause::of(&self));
        }
        response
    }
}

/// An answer of 5xx with its reason.
#[must_use]
pub fn told(mut response: Response, reason: Reason) -> Response {
    response.extensions_mut().insert(reason);
    response
}

/// The page of a form again, with what was typed into it, since something of ours failed (REL-015). The page says
/// [`alert_of`] the fault.
pub fn try_again<P: Page>(guest: Guest, web: &Web, agency: Option<&Agency>, page: &P, fault: &Fault) -> Response {
    let (status, _) = status_of(fault);
    if status.is_server_error() {
        let Cause(cause) = Cause::of(fault);
        tracing::error!(request_id = %guest.arrival.request_id, fault = cause, "a request failed");
    }
    let mut response = guest.page_with(status, web, agency, page);
    response.extensions_mut().insert(Reason(fault.reason()));
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

/// What the page of a form says then.
#[must_use]
pub const fn alert_of(fault: &Fault) -> Alert {
    match fault {
        Fault::Busy => Alert::Busy,
        _ => Alert::Unavailable,
    }
}

/// Makes a page of every [`Problem`], in the language and with the request id of who asked.
pub async fn calmly(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let Ok(mut guest) = Guest::from_request_parts(&mut asked, &web).await;
    let problem = if problem.name == MessageName::FormRefused && is_of_an_ended_session(&mut guest, &web).await {
        Problem::page(StatusCode::UNAUTHORIZED, MessageName::SessionOver)
    } else {
        problem
    };
    let request_id = guest.arrival.request_id.to_string();
    if let Some(Cause(cause)) = response.extensions().get() {
        tracing::error!(request_id, fault = cause, "a request failed");
    }
    let page = MessagePage { name: problem.name, action_url: way_on(&guest, &web, problem.name) };
    let agency = match &guest.arrival.place {
        Place::Own(host) | Place::Extranet(host) => {
            host.remembered(guest.cookie(Kind::Account)).map(|house| house.agency)
        }
        Place::Portal if problem.name == MessageName::SessionOver => guest.last_agency(&web),
        Place::Portal | Place::Moved(_) | Place::Nowhere => None,
    };
    let mut page = guest.page_with(problem.status, &web, agency.as_deref(), &page);
    if page.extensions().get::<Problem>().is_some() {
        // The engine itself fails: the built-in page needs nothing.
        page = (problem.status, axum::response::Html(Pages::fallback(&request_id))).into_response();
    }
    page.extensions_mut().insert(Reason(problem.reason));
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// Whether a form of a page that wants somebody signed in was refused because whoever sent it is not any more: with the
/// session goes what the form was made for.
async fn is_of_an_ended_session(guest: &mut Guest, web: &Web) -> bool {
    let wants_somebody = matches!(guest.arrival.place, Place::Portal) && guest.here.starts_with("/account");
    wants_somebody && guest.sent_from_here(web) && matches!(guest.session(web).await, Ok(None))
}

/// Where the button of such a page leads: the page itself again where trying again may help, the account where only that is
/// open, else the way in.
fn way_on(guest: &Guest, web: &Web, name: MessageName) -> String {
    match name {
        MessageName::SessionOver => guest.way_in(web),
        MessageName::Unnamed | MessageName::OldLogin => format!("{}/account", web.portal_url()),
        MessageName::ExtranetUnavailable | MessageName::Unavailable | MessageName::TooMany | MessageName::Failed
            if guest.here.starts_with('/') && !guest.here.starts_with("/.vestibule/problem/") =>
        {
            guest.here.clone()
        }
        _ => "/".to_owned(),
    }
}
