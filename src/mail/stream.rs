//! A connection that never reads further than it was asked, as long as it is in the clear.
//!
//! What somebody on the way puts behind the server's answer to STARTTLS would otherwise wait in a buffer, and be taken
//! for answers that came over TLS: « letter taken », say (CVE-2011-0411 and its kin). Byte by byte nothing of it is read
//! before TLS begins, and TLS does not understand it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

#[derive(Debug)]
pub(super) struct Wary {
    stream: TcpStream,
    in_the_clear: bool,
}

impl Wary {
    pub(super) const fn new(stream: TcpStream) -> Self {
        Self { stream, in_the_clear: true }
    }
}

impl AsyncTokioStream for Wary {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Wary {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.in_the_clear || buf.remaining() == 0 {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        let read = Pin::new(&mut this.stream).poll_read(cx, &mut one);
        if let Poll::Ready(Ok(())) = read {
            buf.put_slice(one.filled());
        }
        read
    }
}

impl AsyncWrite for Wary {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if buf.first() == Some(&HANDSHAKE) {
            this.in_the_clear = false;
        }
        Pin::new(&mut this.stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
