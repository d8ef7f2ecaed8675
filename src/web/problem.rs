//! From what went wrong to an answer that only says so; `calmly` makes a page of it.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::app::Fault;
use crate::pages::portal::{Alert, MessageName};

/// An answer that only says what went wrong; the layer around all pages makes a page of it.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(super) status: StatusCode,
    pub(super) name: MessageName,
    pub(super) reason: &'static str,
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
pub(super) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// What failed, on its way to the log line that names the request.
#[derive(Debug, Clone)]
pub(super) struct Cause(pub(super) String);

impl Cause {
    pub(super) fn of(fault: &Fault) -> Self {
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
pub(super) const fn status_of(fault: &Fault) -> (StatusCode, MessageName) {
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

/// What the page of a form says then.
#[must_use]
pub const fn alert_of(fault: &Fault) -> Alert {
    match fault {
        Fault::Busy => Alert::Busy,
        _ => Alert::Unavailable,
    }
}
