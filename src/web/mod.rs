//! What all our own pages need: forms, CSRF, cookies, responses.

pub mod cookies;

use std::net::IpAddr;
use std::sync::Arc;

use crate::domain::origin::Scheme;
use crate::domain::routing::Place;

/// A request's identifier, as it is logged and shown on pages that tell of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// What the proxy knows of a request to a page of ours.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its identifier.
    pub request_id: RequestId,
    /// From where it came.
    pub client: IpAddr,
    /// For which house it is.
    pub place: Place,
    /// The scheme that the browser sees.
    pub scheme: Scheme,
}
