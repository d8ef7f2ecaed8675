//! The client's side of a connection, as pingora reads and writes it, with promises that pingora does not make.
//!
//! A request line has exactly two blanks: pingora escapes further ones (`GET /a b HTTP/1.1` becomes `/a%20b`), which
//! nobody can tell afterwards (SEC-025). And a request head that was begun is complete within a fixed time, however
//! small the pieces in which it comes: pingora starts its clock again with each of them. An empty size of a chunk is no size
//! (SEC-113). Who takes back streams of HTTP/2 as fast as they are opened is closed.
//!
//! And the beginning of a body, which comes with the head, is handed over as a body: pingora's buffer of heads is neither
//! wiped nor ours, and the body may be a password.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use memchr::memmem::Finder;
use pingora::http::ResponseHeader;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest, UniqueID,
    UniqueIDType,
};
use pingora::proxy::Session;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufWriter, ReadBuf};
use tokio::time::Sleep;
use zeroize::{Zeroize as _, Zeroizing};

use super::chunks::Chunks;
use super::frames::Resets;
use super::line::{About, Line};

/// Head and beginning of an answer in one write; small, because every idle connection has one.
const WRITE_BUFFER: usize = 4 * 1024;
/// Longest time from a request's first byte to the end of its head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// How a head ends.
const END: &[u8] = b"\r\n\r\n";
static END_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(END));

/// Between requests: the next byte begins a head.
const FRESH: u8 = 0;
/// A head has begun.
const HEAD: u8 = 1;
/// The head is read, and no body belongs to it.
const BUSY: u8 = 2;
/// What comes now is a body, or a tunnel.
const BODY: u8 = 3;
/// What comes now is a body in chunks.
const CHUNKS: u8 = 4;

/// A client's connection.
pub struct Wire {
    stream: BufWriter<Line>,
    about: Arc<About>,
    socket: Arc<SocketDigest>,
    phase: AtomicU8,
    head: Head,
    /// What came with the head and is behind it.
    behind: Zeroizing<Vec<u8>>,
    chunks: Chunks,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Of HTTP/2.
    resets: Option<Resets>,
}

/// What is watched of a head.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    begun: bool,
    /// Whether its first line has ended.
    ended: bool,
    blanks: u8,
    /// The last bytes of the pieces before.
    last: [u8; 3],
    /// Whether it has come to its end.
    complete: bool,
}

/// The body that a head tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// None: whatever comes behind the head is another request.
    Nothing,
    /// One with a length, or a tunnel.
    Bytes,
    /// One in chunks.
    Chunks,
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
            resets: about.is_http2.then(Resets::new),
            about,
            head: Head::default(),
            behind: Zeroizing::default(),
            chunks: Chunks::default(),
            deadline: None,
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
    pub fn head_was_read(&self, follows: Follows) -> bool {
        let phase = match follows {
            Follows::Nothing => BUSY,
            Follows::Bytes => BODY,
            Follows::Chunks => CHUNKS,
        };
        self.phase.store(phase, Ordering::Relaxed);
        self.head.ended && self.head.blanks == 2
    }

    /// Notes that a request is over: what comes next begins another.
    pub fn request_is_over(&self) {
        self.phase.store(FRESH, Ordering::Relaxed);
    }
}

impl Wire {
    /// Gives what came with the head and is behind it; false if there is nothing left.
    fn give_behind(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        if self.behind.is_empty() {
            return false;
        }
        let given = self.behind.len().min(buf.remaining());
        buf.put_slice(&self.behind[..given]);
        if given == self.behind.len() {
            self.behind = Zeroizing::default();
        } else {
            self.behind.drain(..given);
        }
        true
    }
}

impl Head {
    /// Reads on; where the head ends, if it ends here.
    fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        for byte in bytes {
            match byte {
                _ if self.ended => break,
                b'\r' | b'\n' if !self.begun => {}
                b'\n' => self.ended = true,
                b' ' => self.blanks = self.blanks.saturating_add(1),
                _ => self.begun = true,
            }
            at += usize::from(!self.begun);
        }
        // Empty lines before the first one end nothing.
        let bytes = &bytes[at..];
        let mut seam = [0; 6];
        let first = bytes.len().min(3);
        seam[..3].copy_from_slice(&self.last);
        seam[3..3 + first].copy_from_slice(&bytes[..first]);
        if let [.., a, b, c] = *bytes {
            self.last = [a, b, c];
        } else {
            self.last.copy_from_slice(&seam[first..first + 3]);
        }
        let within = || END_FINDER.find(bytes).map(|found| found + END.len());
        // A match in the seam ends with the first, second or third byte here.
        let over = seam.windows(END.len()).position(|four| four == END).map(|found| found + 1);
        let end = over.or_else(within).map(|end| at + end);
        self.complete = end.is_some();
        end
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buf.filled().len();
        let phase = wire.phase.load(Ordering::Relaxed);
        let in_head = phase == FRESH || phase == HEAD && !wire.head.complete;
        let polled = match phase {
            // A second request that came in the same breath as one without a body: the connection ends here.
            FRESH if !wire.behind.is_empty() => return Poll::Ready(Ok(())),
            _ if phase != BUSY && !in_head && wire.give_behind(buf) => Poll::Ready(Ok(())),
            _ => Pin::new(&mut wire.stream).poll_read(cx, buf),
        };
        if !in_head {
            wire.deadline = None;
            if phase == CHUNKS {
                wire.chunks.read(&mut buf.filled_mut()[before..]);
            }
            if wire.resets.as_mut().is_some_and(|resets| !resets.read(&buf.filled()[before..])) {
                tracing::debug!("a connection that takes back all that it asks for is closed");
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "too many streams were reset")));
            }
            return polled;
        }
        if buf.filled().len() > before {
            if phase == FRESH {
                (wire.head, wire.chunks) = (Head::default(), Chunks::default());
                wire.deadline = None;
                wire.phase.store(HEAD, Ordering::Relaxed);
            }
            if let Some(end) = wire.head.read(&buf.filled()[before..]).map(|end| before + end)
                && end < buf.filled().len()
            {
                let behind = &mut buf.filled_mut()[end..];
                wire.behind = Zeroizing::new(behind.to_vec());
                behind.zeroize();
                buf.set_filled(end);
            }
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
            let mut head = Head::default();
            for piece in pieces {
                let _ = head.read(piece.as_bytes());
            }
            head.ended.then_some(head.blanks)
        };
        assert_eq!(blanks(&["GET /a HTTP/1.1\r\nHost: a b c\r\n"]), Some(2));
        assert_eq!(blanks(&["\r\n\r\nGE", "T /a HT", "TP/1.1\r", "\nX: y z"]), Some(2));
        assert_eq!(blanks(&["GET /a b HTTP/1.1\r\n"]), Some(3));
        assert_eq!(blanks(&["GET /a HTTP/1.1"]), None);
    }

    #[test]
    fn a_head_ends_at_its_empty_line_whatever_pieces_it_comes_in() {
        let whole = "\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n\r\nbody";
        for piece in 1..=whole.len() {
            let (mut head, mut before) = (Head::default(), 0);
            let end = whole.as_bytes().chunks(piece).find_map(|piece| {
                let end = head.read(piece).map(|end| before + end);
                before += piece.len();
                end
            });
            assert_eq!(end, Some(whole.len() - 6), "in pieces of {piece}");
        }
        assert_eq!(Head::default().read(b"\r\n\r\n\r\n"), None);
        assert_eq!(Head::default().read(b"GET / HTTP/1.1\r\n\r\n"), Some(18));
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
