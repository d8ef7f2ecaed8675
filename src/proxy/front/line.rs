//! A connection before its first request: who is really there (PROXY protocol), and what it is encrypted with (TLS).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use ppp::{v1, v2};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::wire::Wire;

/// The longest time for a PROXY header and a TLS handshake together.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The longest header of version 1, with its line end.
const LONGEST_V1: usize = 107;
/// The longest part of version 2 that is read: addresses and what balancers add to them.
const LONGEST_V2: usize = 2048;
/// How version 2 begins.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

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

/// The balancers in front of a listener: who is one begins with a PROXY header, and nobody else is let in.
#[derive(Debug, Clone)]
pub struct Balancers(pub Arc<[IpNet]>);

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
    is_https: AtomicBool,
}

/// The bytes of a connection.
pub enum Line {
    /// As they come.
    Plain(TcpStream),
    /// Through TLS.
    Tls(Box<TlsStream<TcpStream>>),
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
            Speaks::Plain | Speaks::Redirect => Line::Plain(stream),
            Speaks::Tls(config) => {
                let tls = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
                let (_, session) = tls.get_ref();
                about.is_http2 = session.alpn_protocol() == Some(b"h2");
                about.name = session.server_name().map(|name| name.trim_end_matches('.').to_ascii_lowercase());
                Line::Tls(Box::new(tls))
            }
        };
        Ok::<_, io::Error>(Wire::new(line, client, Arc::new(about)))
    };
    tokio::time::timeout(HANDSHAKE, opened).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

impl About {
    /// What is known of the connection of a request.
    #[must_use]
    pub fn of(session: &Session) -> Option<&Self> {
        if let Some(wire) = Wire::of(session) {
            return Some(wire.about());
        }
        let digest = session.digest()?.proxy_digest.as_ref()?;
        digest.user_data.as_ref()?.downcast_ref::<Arc<Self>>().map(AsRef::as_ref)
    }

    /// Notes whether the house that is asked for is one of https.
    pub fn is_asked_for_https(&self, is_https: bool) {
        self.is_https.store(is_https, Ordering::Relaxed);
    }
}

/// Tells a browser to come by https only, where the house is one of https and it is wished for. What an extranet says of
/// it is about another connection, and is replaced.
///
/// # Errors
/// Never, in fact: the value was read before.
pub fn secure(session: &Session, response: &mut ResponseHeader) -> pingora::Result<()> {
    let Some(about) = About::of(session).filter(|about| about.is_https.load(Ordering::Relaxed)) else { return Ok(()) };
    match &about.transport_security {
        Some(value) => response.insert_header("Strict-Transport-Security", value.clone()),
        None => Ok(()),
    }
}

/// The client's address by the PROXY header that a balancer sends first; the balancer's own for its health checks.
async fn client_behind(stream: &mut TcpStream, peer: SocketAddr, balancers: &Balancers) -> io::Result<SocketAddr> {
    let wrong = |what: &'static str| io::Error::new(io::ErrorKind::InvalidData, what);
    let address = peer.ip().to_canonical();
    if !balancers.0.iter().any(|network| network.contains(&address)) {
        return Err(wrong("not from a balancer that is listed"));
    }
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        header.resize(16, 0);
        stream.read_exact(&mut header[12..]).await?;
        let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
        if length > LONGEST_V2 {
            return Err(wrong("a PROXY header that is too long"));
        }
        header.resize(16 + length, 0);
        stream.read_exact(&mut header[16..]).await?;
        let header = v2::Header::try_from(&header[..]).map_err(|_| wrong("no PROXY header"))?;
        return Ok(match header.addresses {
            _ if header.command == v2::Command::Local => peer,
            v2::Addresses::IPv4(pair) => (IpAddr::from(pair.source_address), pair.source_port).into(),
            v2::Addresses::IPv6(pair) => (IpAddr::from(pair.source_address).to_canonical(), pair.source_port).into(),
            v2::Addresses::Unspecified | v2::Addresses::Unix(_) => peer,
        });
    }
    if !header.starts_with(b"PROXY ") {
        return Err(wrong("no PROXY header"));
    }
    while !header.ends_with(b"\r\n") {
        if header.len() >= LONGEST_V1 {
            return Err(wrong("a PROXY header that is too long"));
        }
        header.push(stream.read_u8().await?);
    }
    let header = v1::Header::try_from(&header[..]).map_err(|_| wrong("no PROXY header"))?;
    Ok(match header.addresses {
        v1::Addresses::Tcp4(pair) => (IpAddr::from(pair.source_address), pair.source_port).into(),
        v1::Addresses::Tcp6(pair) => (IpAddr::from(pair.source_address).to_canonical(), pair.source_port).into(),
        v1::Addresses::Unknown => peer,
    })
}

impl AsRawFd for Line {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Plain(stream) => stream.as_raw_fd(),
            Self::Tls(stream) => stream.get_ref().0.as_raw_fd(),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
