//! The client's side of a connection, as pingora reads and writes it, with three promises that pingora does not make.
//!
//! A request line has exactly two blanks: pingora escapes further ones (`GET /a b HTTP/1.1` becomes `/a%20b`), which
//! nobody can tell afterwards (SEC-025). And a request head that was begun is complete within a fixed time, however
//! small the pieces in which it comes: pingora starts its clock again with each of them. And a head that does not end is
//! refused as soon as it is too long, with the status that says so: pingora keeps a megabyte of it, and then calls it
//! malformed (REL-048).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use pingora::http::ResponseHeader;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest, UniqueID,
    UniqueIDType,
};
use pingora::proxy::Session;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufWriter, ReadBuf};
use tokio::time::Sleep;

use super::asked::{MAX_HEAD, Refusal};
use super::line::{About, Line};

/// Head and beginning of an answer in one write; small, because every idle connection has one.
const WRITE_BUFFER: usize = 4 * 1024;
/// Longest time from a request's first byte to the end of its head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest beginning of a request in which its line has to end; a target that is too long may end before it.
const MAX_LINE: usize = 16 * 1024;
/// How long bytes are thrown away after a refusal: a close on unread bytes is a reset, which can overtake the answer.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// Between requests: the next byte begins a head.
const FRESH: u8 = 0;
/// A head has begun.
const HEAD: u8 = 1;
/// The head is read; what comes now is a body, or a tunnel.
const BUSY: u8 = 2;

/// A client's connection.
pub struct Wire {
    stream: BufWriter<Line>,
    about: Arc<About>,
    socket: Arc<SocketDigest>,
    phase: AtomicU8,
    line: RequestLine,
    /// Bytes since the head began.
    taken: usize,
    deadline: Option<Pin<Box<Sleep>>>,
    farewell: Option<Farewell>,
}

/// The end of a connection whose request was refused before it was read.
struct Farewell {
    refusal: Refusal,
    told: bool,
    closed: bool,
    deadline: Pin<Box<Sleep>>,
}

/// What is watched of a request line.
#[derive(Debug, Clone, Copy, Default)]
struct RequestLine {
    begun: bool,
    ended: bool,
    blanks: u8,
}

impl Wire {
    /// Takes over a connection of this client.
    #[must_use]
    pub fn new(stream: Line, client: SocketAddr, about: Arc<About>) -> Self {
        let socket = SocketDigest::from_raw_fd(stream.as_raw_fd());
        // The cell is new, so setting it cannot fail.
        let _ = socket.peer_addr.set(Some(client.into()));
        Self {
            stream: BufWriter::with_capacity(WRITE_BUFFER, stream),
            socket: Arc::new(socket),
            // Frames of HTTP/2 have no request line, and a library that keeps their time.
            phase: AtomicU8::new(if about.is_http2 { BUSY } else { FRESH }),
            about,
            line: RequestLine::default(),
            taken: 0,
            deadline: None,
            farewell: None,
        }
    }

    /// The wire below a session.
    #[must_use]
    pub fn of(session: &Session) -> Option<&Self> {
        session.stream().and_then(|stream| (**stream).as_any().downcast_ref())
    }

    /// What is known of the connection.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Notes that a head was read to its end, and tells whether its first line was as it should be.
    #[must_use]
    pub fn head_was_read(&self) -> bool {
        self.phase.store(BUSY, Ordering::Relaxed);
        self.line.ended && self.line.blanks == 2
    }

    /// Notes that a request is over: what comes next begins another.
    pub fn request_is_over(&self) {
        self.phase.store(FRESH, Ordering::Relaxed);
    }

    /// Why a head that has not ended with these bytes is refused now; one that has is for `asked` to judge.
    const fn overlong(&self) -> Option<Refusal> {
        match (self.line.ended, self.taken) {
            (false, MAX_LINE..) if self.line.blanks == 0 => Some(Refusal::MethodUnknown),
            (false, MAX_LINE..) => Some(Refusal::TargetTooLong),
            (true, taken) if taken > MAX_HEAD => Some(Refusal::HeadTooLarge),
            _ => None,
        }
    }

    /// Tells why, hangs up, and throws away for a moment what still comes.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, farewell: Some(farewell), .. } = self else { return Poll::Ready(Ok(())) };
        if !farewell.told {
            ready!(Pin::new(&mut *stream).poll_write(cx, &answer(farewell.refusal)))?;
            farewell.told = true;
        }
        if !farewell.closed {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
            farewell.closed = true;
        }
        let mut thrown_away = [0; 4 * 1024];
        while farewell.deadline.as_mut().poll(cx).is_pending() {
            let mut piece = ReadBuf::new(&mut thrown_away);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut piece))?;
            if piece.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, farewell.refusal.reason())))
    }
}

/// The whole answer to a request that was not read to the end of its head.
fn answer(refusal: Refusal) -> Vec<u8> {
    const TEXT: &str = "Requête refusée. / Request refused.\n";
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let length = TEXT.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{TEXT}"
    )
    .into_bytes()
}

impl RequestLine {
    fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                _ if self.ended => return,
                b'\r' | b'\n' if !self.begun => {}
                b'\n' => self.ended = true,
                b' ' => self.blanks = self.blanks.saturating_add(1),
                _ => self.begun = true,
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let phase = wire.phase.load(Ordering::Relaxed);
        if phase == HEAD {
            if wire.farewell.is_none()
                && let Some(refusal) = wire.overlong()
            {
                let deadline = Box::pin(tokio::time::sleep(DISCARD_TIMEOUT));
                wire.farewell = Some(Farewell { refusal, told: false, closed: false, deadline });
            }
            if wire.farewell.is_some() {
                return wire.poll_farewell(cx);
            }
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut wire.stream).poll_read(cx, buf);
        if phase == BUSY {
            wire.deadline = None;
            return polled;
        }
        if buf.filled().len() > before {
            if phase == FRESH {
                wire.line = RequestLine::default();
                wire.taken = 0;
                wire.deadline = None;
                wire.phase.store(HEAD, Ordering::Relaxed);
            }
            wire.line.read(&buf.filled()[before..]);
            wire.taken += buf.filled().len() - before;
        }
        if phase == HEAD && polled.is_pending() {
            let deadline = wire.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(HEAD_TIMEOUT)));
            if deadline.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request head did not come")));
            }
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[async_trait]
impl Shutdown for Wire {
    async fn shutdown(&mut self) {
        // The other side may be gone already; there is nobody to tell.
        let _ = self.stream.shutdown().await;
    }
}

impl UniqueID for Wire {
    fn id(&self) -> UniqueIDType {
        self.stream.get_ref().as_raw_fd()
    }
}

impl GetTimingDigest for Wire {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Wire {
    /// Streams of HTTP/2 do not lead to their connection: what is known of it travels here.
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        if !self.about.is_http2 {
            return None;
        }
        let nothing = ResponseHeader::build(200, None).ok()?;
        Some(Arc::new(ProxyDigest::new(Box::new(nothing), Some(Box::new(Arc::clone(&self.about))))))
    }
}

impl GetSocketDigest for Wire {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(Arc::clone(&self.socket))
    }
}

impl Ssl for Wire {
    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.about.is_http2.then_some(ALPN::H2)
    }
}

impl Peek for Wire {}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("fd", &self.id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Speaks;
    use super::*;

    #[test]
    fn sec_025_a_request_line_has_two_blanks() {
        let blanks = |pieces: &[&str]| {
            let mut line = RequestLine::default();
            for piece in pieces {
                line.read(piece.as_bytes());
            }
            line.ended.then_some(line.blanks)
        };
        assert_eq!(blanks(&["GET /a HTTP/1.1\r\nHost: a b c\r\n"]), Some(2));
        assert_eq!(blanks(&["\r\n\r\nGE", "T /a HT", "TP/1.1\r", "\nX: y z"]), Some(2));
        assert_eq!(blanks(&["GET /a b HTTP/1.1\r\n"]), Some(3));
        assert_eq!(blanks(&["GET /a HTTP/1.1"]), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_to_its_end_ends_the_connection() {
        use tokio::io::AsyncReadExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client =
            tokio::net::TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, peer) = listener.accept().await.expect("a connection");
        let mut wire = super::super::line::open(stream, peer, &Speaks::Plain, None, None).await.expect("a wire");
        client.write_all(b"GET / HT").await.expect("to write");
        let mut piece = [0; 64];
        assert_eq!(wire.read(&mut piece).await.expect("bytes"), 8);
        let error = wire.read(&mut piece).await.expect_err("no end in time");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
