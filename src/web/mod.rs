//! What all our own pages need: forms, CSRF, cookies, responses.

mod again;
pub mod answered;
pub mod back;
pub mod calmly;
pub mod cookies;
mod drawn;
pub mod endings;
pub mod fields;
pub mod frames;
pub mod guest;
pub mod hand_over;
pub mod known;
pub mod person;
pub mod problem;
pub mod query;
mod refusals;
mod sealed;
pub mod sent;
mod whose;

use std::net::IpAddr;
use std::sync::Arc;

use crate::app::App;
use crate::domain::origin::Scheme;
use crate::domain::routing::Place;
use crate::telemetry::RequestId;

/// What every handler works with.
pub struct Web {
    /// The use cases.
    pub app: Arc<App>,
}

/// What the proxy knows of a request to a page of ours; it is an extension of the request.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its name.
    pub request_id: RequestId,
    /// The client's address.
    pub client: IpAddr,
    /// For which house it is.
    pub place: Place,
    /// The scheme that the browser sees.
    pub scheme: Scheme,
}

impl Web {
    /// The portal's origin, as it begins every link.
    #[must_use]
    pub fn portal_url(&self) -> String {
        self.app.directory().portal().to_string()
    }
}
