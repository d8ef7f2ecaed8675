//! The end of a connection whose request was refused before its end: in its head (REL-048), or in a chunk (SEC-115).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::refusal::Refusal;

/// How long bytes are thrown away after a refusal: a close on unread bytes is a reset, which can overtake the answer.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// What is left to do with such a connection.
pub struct Farewell {
    /// What is still to be told.
    refusal: Option<Refusal>,
    closed: bool,
    deadline: Pin<Box<Sleep>>,
}

impl Farewell {
    /// Begins with the answer.
    #[must_use]
    pub fn to(refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..Self::after_the_answer() }
    }

    /// Begins where the answer is written.
    #[must_use]
    pub fn after_the_answer() -> Self {
        Self { refusal: None, closed: false, deadline: Box::pin(tokio::time::sleep(DISCARD_TIMEOUT)) }
    }

    /// Tells why, hangs up, and throws away for a moment what still comes; ends with an error.
    pub fn poll(
        &mut self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(refusal) = self.refusal {
            // The answer fits into the write buffer, and leaves it with the shutdown.
            ready!(Pin::new(&mut *stream).poll_write(cx, &answer(refusal)))?;
            self.refusal = None;
        }
        if !self.closed {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
            self.closed = true;
        }
        let mut thrown_away = [0; 4 * 1024];
        while self.deadline.as_mut().poll(cx).is_pending() {
            let mut piece = ReadBuf::new(&mut thrown_away);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut piece))?;
            if piece.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the request was refused")))
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
