//! What makes a forwarded request a resident's, besides the identity headers and a session's cookies.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, HeaderValue};

/// A resident's credentials as requests carry them.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// The same headers for every request, ready to insert.
    Ready(Vec<(HeaderName, HeaderValue)>),
    /// Headers that depend on the request that carries them.
    PerRequest(Arc<dyn Signer>),
}

impl Default for Credentials {
    /// None are needed.
    fn default() -> Self {
        Self::Ready(Vec::new())
    }
}

/// Makes the headers for one request.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The headers for a head that is as the extranet gets it, but for these; none if it cannot be signed: then it is not
    /// sent.
    fn sign(&self, request: &Parts) -> Option<Vec<(HeaderName, HeaderValue)>>;
}
