//! What is known of a connection from its beginning.

use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderValue;
use pingora::http::ResponseHeader;

/// What is known of a connection from its beginning.
#[derive(Debug)]
pub struct About {
    /// Whether it is only led to https.
    pub is_redirect: bool,
    /// The name that the client asked for in TLS.
    pub name: Option<String>,
    /// Whether HTTP/2 was agreed on.
    pub is_http2: bool,
    /// `Strict-Transport-Security`, where it is wished for.
    pub transport_security: Option<HeaderValue>,
    /// Whether the house that is asked for now is one of https, by us or by a terminator in front of us.
    pub is_https: AtomicBool,
}

impl About {
    /// Notes whether the house that is asked for is one of https.
    pub fn is_asked_for_https(&self, is_https: bool) {
        self.is_https.store(is_https, Ordering::Relaxed);
    }

    /// Tells a browser to come by https only, where the house is one of https and it is wished for. What an extranet says
    /// of it is about another connection, and is replaced.
    ///
    /// # Errors
    /// Never, in fact: the value was read before.
    pub fn secure(&self, response: &mut ResponseHeader) -> pingora::Result<()> {
        match &self.transport_security {
            Some(value) if self.is_https.load(Ordering::Relaxed) => {
                response.insert_header("Strict-Transport-Security", value.clone())
            }
            Some(_) | None => Ok(()),
        }
    }
}
