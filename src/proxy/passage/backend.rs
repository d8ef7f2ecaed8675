//! A server behind the gateway, as requests are sent to it: addresses, timeouts, and the header values that are always
//! the same. Agencies whose extranets run on one server share it, and ask for its name once.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use pingora::Error;
use pingora::protocols::Digest;
use pingora::upstreams::peer::HttpPeer;

use super::names::{Names, Resolver};
use super::outage::Outage;
use super::tls;
use crate::domain::origin::{Origin, Scheme};
use crate::domain::upstream::Upstream;
use crate::proxy::fault::ProxyError;
use crate::proxy::request_id::RequestNumber;

/// Old servers close idle connections after five seconds; a POST must not meet one that is just being closed.
const IDLE_FOR: Duration = Duration::from_secs(4);
/// Longest wait for an extranet to take the next bytes of a request.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// A server that extranets run on.
#[derive(Debug)]
pub struct Backend {
    /// `Host` as it expects it.
    pub host: HeaderValue,
    /// Its own origin, as it sees itself by that `Host`: what `Origin` is translated to.
    pub inner_origin: HeaderValue,
    /// What only the gateway knows, ready to insert (a25).
    pub secret_header: Option<(HeaderName, HeaderValue)>,
    /// Every origin that it could mean itself by; all are translated to the public one (a15).
    inner: Vec<Origin>,
    template: HttpPeer,
    pinned: Vec<[u8; 32]>,
    /// None where it has an address instead of a name.
    names: Option<Arc<Names>>,
    outage: Outage,
    upstream: Arc<Upstream>,
}

impl Backend {
    /// None where something cannot be written in a header, or a certificate cannot be used; both were checked before.
    pub(super) fn new(upstream: Arc<Upstream>) -> Option<Self> {
        let encrypted = upstream.origin.scheme() == Scheme::Https;
        let literal: Option<IpAddr> = upstream.origin.host().trim_matches(['[', ']']).parse().ok();
        let placeholder = SocketAddr::new(literal.unwrap_or(IpAddr::from([0, 0, 0, 0])), upstream.origin.port());
        let mut template = HttpPeer::new(placeholder, encrypted, upstream.server_name());
        let pinned = tls::prepare(&mut template, &upstream.trust)?;
        let connect = Duration::from_millis(upstream.connect_timeout_ms);
        template.options.connection_timeout = Some(connect);
        template.options.total_connection_timeout = Some(connect);
        template.options.read_timeout = Some(Duration::from_millis(upstream.read_timeout_ms));
        template.options.write_timeout = Some(WRITE_TIMEOUT);
        template.options.idle_timeout = Some(IDLE_FOR);
        let inner_origin = format!("{}://{}", upstream.origin.scheme().as_str(), upstream.host_header);
        Some(Self {
            host: HeaderValue::from_str(&upstream.host_header).ok()?,
            inner_origin: HeaderValue::from_str(&inner_origin).ok()?,
            secret_header: match &upstream.trust.secret_header {
                Some(header) => Some(tls::sensitive(&header.name, header.value.expose())?),
                None => None,
            },
            inner: upstream.origins(),
            template,
            pinned,
            names: literal
                .is_none()
                .then(|| Names::new(upstream.origin.host(), upstream.origin.port(), Resolver::System)),
            outage: Outage::default(),
            upstream,
        })
    }

    /// Whether it could mean itself by this origin.
    pub(super) fn is_itself(&self, origin: &Origin) -> bool {
        self.inner.contains(origin)
    }

    /// Where to send a request: the address for this attempt. What is sent once only gets a connection of its own: on one
    /// from before it would be lost if the extranet closed it at that moment (decision 78).
    ///
    /// # Errors
    /// The name cannot be resolved.
    pub async fn peer(&self, attempt: usize, once: Option<RequestNumber>) -> Result<Box<HttpPeer>, ProxyError> {
        let mut peer = Box::new(self.template.clone());
        if let Some(id) = once {
            // Connections are kept by this, and no other request has it.
            peer.group_key = id.number();
            peer.options.idle_timeout = Some(Duration::ZERO);
        }
        if let Some(names) = &self.names {
            let patience = Duration::from_millis(self.upstream.connect_timeout_ms);
            let addresses = names.addresses(patience).await.ok_or(ProxyError::Unresolved)?;
            let address = addresses[attempt % addresses.len()];
            peer._address = pingora::protocols::l4::socket::SocketAddr::Inet(address);
        }
        Ok(peer)
    }

    /// Whether a connection leads to the extranet itself, where its very certificate is declared: pingora does not
    /// look at names and signatures of authorities then, and this does, before the first byte of a request.
    ///
    /// # Errors
    /// It does not, or nothing is known of its certificate.
    pub fn check(&self, connection: Option<&Digest>) -> Result<(), ProxyError> {
        if self.pinned.is_empty() {
            return Ok(());
        }
        let shown = connection.and_then(|digest| digest.ssl_digest.as_ref()).map(|tls| tls.cert_digest.as_slice());
        let believed = shown.is_some_and(|shown| self.pinned.iter().any(|pinned| pinned.as_slice() == shown));
        if believed { Ok(()) } else { Err(ProxyError::NotItself) }
    }

    /// How many addresses can be tried.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.names.as_ref().map_or(1, |names| names.count())
    }

    /// It has failed a request.
    pub fn has_failed(&self, error: &Error, id: RequestNumber) {
        self.outage.fail(self.inner_origin.to_str().unwrap_or_default(), error, id);
    }

    /// It has answered one.
    pub fn has_answered(&self) {
        self.outage.answer(self.inner_origin.to_str().unwrap_or_default());
    }
}
