//! The client's side of a connection, as pingora reads and writes it, with promises that pingora does not make.
//!
//! A request line has exactly two blanks and no other byte that is not to be seen: pingora escapes what it cannot read
//! (`GET /a b HTTP/1.1` becomes `/a%20b`, a lone CR `%0D`), which nobody can tell afterwards (SEC-025). And a request head that was begun is complete within a fixed time, however
//! small the pieces in which it comes: pingora starts its clock again with each of them. A head that does not end is
//! refused as soon as it is too long, with the status that says so: pingora keeps a megabyte of it, and then calls it
//! malformed (REL-048). A body in chunks is read by the letter (SEC-113, SEC-115). Who takes back streams of HTTP/2 as fast
//! as they are opened is closed.
//!
//! pingora is given one request at a time, to its last byte: what comes behind it waits here until it is answered, and
//! begins the next one (RFC 9112, 9.3.2; SEC-129). Only where a server has changed the protocol, everything goes through.
//!
//! And the beginning of a body, which comes with the head, is handed over as a body: pingora's buffer of heads is neither
//! wiped nor ours, and the body may be a password.
//!
//! What lasts long can be cut off from outside: [`Wire::lasts_until`].

mod stream;

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pingora::protocols::SocketDigest;
use pingora::proxy::Session;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use zeroize::{Zeroize as _, Zeroizing};

use super::about::About;
use super::chunks::{Chunks, Piece};
use super::client_stream::ClientStream;
use super::farewell::Farewell;
use super::frames::Resets;
use super::head::Head;

/// Head and beginning of an answer in one write; small, because every idle connection has one.
const WRITE_BUFFER: usize = 4 * 1024;
/// Longest time from a request's first byte to the end of its head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// Most that is taken from a client beside the request that is answered.
const MAX_WAITING: usize = 4 * 1024;

/// What the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first one of a head.
    Fresh,
    /// One of a head that has begun.
    Head,
    /// One of a body, of which so many are left.
    Body(u64),
    /// One of a body in chunks.
    Chunks,
    /// One of another request, which waits for the end of this one.
    Next,
    /// Whatever two sides have agreed on that are not us: a tunnel, or HTTP/2.
    Through,
}

/// A client's connection.
pub struct Wire {
    stream: BufWriter<ClientStream>,
    about: Arc<About>,
    socket: Arc<SocketDigest>,
    phase: Mutex<Phase>,
    head: Head,
    /// What has come already and is behind what was asked for.
    behind: Zeroizing<Vec<u8>>,
    chunks: Chunks,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Of HTTP/2.
    resets: Option<Resets>,
    farewell: Option<Farewell>,
    /// Ends what is under way.
    end: Mutex<Option<Pin<Box<WaitForCancellationFutureOwned>>>>,
}

/// The body that a head tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// None: whatever comes behind the head is another request.
    Nothing,
    /// One of so many bytes.
    Bytes(u64),
    /// One in chunks.
    Chunks,
}

/// Why a body cannot be read on; found in the error that pingora makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chunk of the request is malformed")]
pub struct MalformedChunk;

/// Why a connection was cut off; found in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session is over")]
pub struct CutOff;

impl Wire {
    /// Takes over a connection of this client.
    #[must_use]
    pub fn new(stream: ClientStream, client: SocketAddr, about: Arc<About>) -> Self {
        let socket = SocketDigest::from_raw_fd(stream.as_raw_fd());
        // The cell is new, so setting it cannot fail.
        let _ = socket.peer_addr.set(Some(client.into()));
        Self {
            stream: BufWriter::with_capacity(WRITE_BUFFER, stream),
            socket: Arc::new(socket),
            // Frames of HTTP/2 have no request line, and a library that keeps their time.
            phase: Mutex::new(if about.is_http2 { Phase::Through } else { Phase::Fresh }),
            resets: about.is_http2.then(Resets::new),
            about,
            head: Head::default(),
            behind: Zeroizing::default(),
            chunks: Chunks::default(),
            deadline: None,
            farewell: None,
            end: Mutex::new(None),
        }
    }

    /// The wire below a session.
    #[must_use]
    pub fn of(session: &Session) -> Option<&Self> {
        session.stream().and_then(|stream| (**stream).as_any().downcast_ref())
    }

    /// What is known of the connection of a session.
    #[must_use]
    pub fn about_of(session: &Session) -> Option<&About> {
        if let Some(wire) = Self::of(session) {
            return Some(&wire.about);
        }
        let digest = session.digest()?.proxy_digest.as_ref()?;
        digest.user_data.as_ref()?.downcast_ref::<Arc<About>>().map(AsRef::as_ref)
    }

    /// Notes that a head was read to its end, and tells whether its first line was as it should be.
    #[must_use]
    pub fn head_was_read(&self, follows: Follows) -> bool {
        *lock(&self.phase) = match follows {
            Follows::Nothing | Follows::Bytes(0) => Phase::Next,
            Follows::Bytes(length) => Phase::Body(length),
            Follows::Chunks => Phase::Chunks,
        };
        self.head.has_plain_line()
    }

    /// Notes that a request is over: what comes next begins another. One that was not read to its end is the last.
    pub fn request_is_over(&self) {
        let mut phase = lock(&self.phase);
        if *phase == Phase::Next {
            *phase = Phase::Fresh;
        }
        *lock(&self.end) = None;
    }

    /// Notes that the server has changed the protocol, as it was asked to.
    pub fn is_tunnel(&self) {
        *lock(&self.phase) = Phase::Through;
    }

    /// Cuts off the request that is under way when this is cancelled.
    pub fn lasts_until(&self, end: CancellationToken) {
        *lock(&self.end) = Some(Box::pin(end.cancelled_owned()));
    }

    /// Whether it is to be cut off now.
    fn is_cut_off(&mut self, cx: &mut Context<'_>) -> bool {
        let end = self.end.get_mut().unwrap_or_else(PoisonError::into_inner);
        end.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_ready())
    }

    fn phase(&mut self) -> &mut Phase {
        self.phase.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of these bytes belong to what is being read.
    fn measure(&mut self, bytes: &[u8]) -> Result<usize, MalformedChunk> {
        match *self.phase() {
            Phase::Fresh | Phase::Head => {
                if *self.phase() == Phase::Fresh {
                    (self.head, self.chunks, self.deadline) = (Head::default(), Chunks::default(), None);
                    *self.phase() = Phase::Head;
                }
                Ok(self.head.read(bytes).unwrap_or(bytes.len()))
            }
            Phase::Body(left) => {
                let here = left.min(bytes.len() as u64);
                *self.phase() = if here == left { Phase::Next } else { Phase::Body(left - here) };
                // No more than there are bytes here.
                Ok(usize::try_from(here).unwrap_or(bytes.len()))
            }
            Phase::Chunks => match self.chunks.read(bytes) {
                Piece::Within => Ok(bytes.len()),
                Piece::End(end) => {
                    *self.phase() = Phase::Next;
                    Ok(end)
                }
                Piece::Malformed => Err(MalformedChunk),
            },
            Phase::Next => Ok(0),
            Phase::Through => Ok(bytes.len()),
        }
    }

    /// Gives what has come already, as far as it belongs to what is being read.
    fn give_behind(&mut self, buf: &mut ReadBuf<'_>) -> Result<(), MalformedChunk> {
        let mut behind = std::mem::take(&mut self.behind);
        let offered = behind.len().min(buf.remaining());
        let given = self.measure(&behind[..offered])?;
        buf.put_slice(&behind[..given]);
        if given < behind.len() {
            behind.drain(..given);
            self.behind = behind;
        }
        Ok(())
    }

    /// Reads on, and keeps what does not belong to what is being read.
    fn poll_line(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() == before {
            return Poll::Ready(Ok(()));
        }
        let end = before + self.measure(&buf.filled()[before..]).map_err(io::Error::other)?;
        if end < buf.filled().len() {
            let behind = &mut buf.filled_mut()[end..];
            self.behind = Zeroizing::new(behind.to_vec());
            behind.zeroize();
            buf.set_filled(end);
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing more belongs to the request: only that the client has gone is told. What it sends waits.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.behind.len() < MAX_WAITING {
            let mut piece = Zeroizing::new([0; MAX_WAITING]);
            let mut piece = ReadBuf::new(&mut *piece);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
            match piece.filled() {
                // What is waiting is still answered.
                [] if self.behind.is_empty() => return Poll::Ready(Ok(())),
                [] => return Poll::Pending,
                next => self.behind.extend_from_slice(next),
            }
        }
        // Whoever reads on is woken by what it waits for beside this.
        Poll::Pending
    }

    /// Ends a connection whose head does not come to its end in time, or is too long.
    fn poll_head_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(HEAD_TIMEOUT)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request head did not come")))
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.is_cut_off(cx) {
            return Poll::Ready(Err(io::Error::other(CutOff)));
        }
        let phase = *wire.phase();
        if phase == Phase::Head && wire.farewell.is_none() {
            wire.farewell = wire.head.overlong().map(Farewell::to);
        }
        if let Some(farewell) = &mut wire.farewell {
            return farewell.poll(&mut wire.stream, cx);
        }
        if phase == Phase::Next || (phase == Phase::Head && wire.head.is_complete()) {
            return wire.poll_end(cx);
        }
        let before = buf.filled().len();
        let polled = if wire.behind.is_empty() {
            wire.poll_line(cx, buf)
        } else {
            Poll::Ready(wire.give_behind(buf).map_err(io::Error::other))
        };
        match &polled {
            // The answer is written before anybody reads on.
            Poll::Ready(Err(_)) if phase == Phase::Chunks => wire.farewell = Some(Farewell::after_the_answer()),
            Poll::Pending if phase == Phase::Head => return wire.poll_head_end(cx),
            _ => {}
        }
        if wire.resets.as_mut().is_some_and(|resets| !resets.read(&buf.filled()[before..])) {
            tracing::debug!("a connection that takes back all that it asks for is closed");
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "too many streams were reset")));
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.is_cut_off(cx) {
            return Poll::Ready(Err(io::Error::other(CutOff)));
        }
        Pin::new(&mut wire.stream).poll_write(cx, buf)
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
        let wire = self.get_mut();
        if wire.is_cut_off(cx) {
            return Poll::Ready(Err(io::Error::other(CutOff)));
        }
        Pin::new(&mut wire.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::super::handshake::{Speaks, open};
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_to_its_end_ends_the_connection() {
        use tokio::io::AsyncReadExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client =
            tokio::net::TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, peer) = listener.accept().await.expect("a connection");
        let mut wire = open(stream, peer, &Speaks::Plain, None, None).await.expect("a wire");
        client.write_all(b"GET / HT").await.expect("to write");
        let mut piece = [0; 64];
        assert_eq!(wire.read(&mut piece).await.expect("bytes"), 8);
        let error = wire.read(&mut piece).await.expect_err("no end in time");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
