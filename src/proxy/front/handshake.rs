//! A connection before its first request: who is really there, and what it is encrypted with.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::HeaderValue;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::about::About;
use super::client_stream::ClientStream;
use super::proxy_protocol::{Balancers, client_behind};
use super::wire::Wire;

/// The longest time for a PROXY header and a TLS handshake together.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What a listener speaks.
#[derive(Debug, Clone)]
pub enum Speaks {
    /// Plain HTTP/1.1.
    Plain,
    /// Plain HTTP/1.1, only to lead to https.
    Redirect,
    /// TLS, with HTTP/2 or HTTP/1.1 in it.
    Tls(Arc<ServerConfig>),
}

/// Makes a connection ready for its first request; an error ends it.
pub async fn open(
    mut stream: TcpStream,
    peer: SocketAddr,
    speaks: &Speaks,
    balancers: Option<&Balancers>,
    transport_security: Option<HeaderValue>,
) -> io::Result<Wire> {
    let opened = async {
        let client = match balancers {
            Some(balancers) => client_behind(&mut stream, peer, balancers).await?,
            None => peer,
        };
        let mut about = About {
            is_redirect: matches!(speaks, Speaks::Redirect),
            name: None,
            is_http2: false,
            transport_security,
            is_https: AtomicBool::new(false),
        };
        let line = match speaks {
            Speaks::Plain | Speaks::Redirect => ClientStream::Plain(stream),
            Speaks::Tls(config) => {
                let tls = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
                let (_, session) = tls.get_ref();
                about.is_http2 = session.alpn_protocol() == Some(b"h2");
                about.name = session.server_name().map(|name| name.trim_end_matches('.').to_ascii_lowercase());
                ClientStream::Tls(Box::new(tls))
            }
        };
        Ok::<_, io::Error>(Wire::new(line, client, Arc::new(about)))
    };
    tokio::time::timeout(HANDSHAKE, opened).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
