//! A new process takes the listening sockets of the old one (g02): no connection is refused in between.
//!
//! The new one is ready to serve before it asks. It gets copies of the sockets through the control socket, begins to
//! accept, and says so; only then does the old one stop accepting, and goes on with what is under way.

use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use tokio::net::UnixStream;

/// More listeners than any configuration has, and fewer than one message may carry.
const MOST: usize = 64;
/// How long the new process may take from its question to its first accept.
const PATIENCE: Duration = Duration::from_secs(30);

/// Copies of the listening sockets, for a process that follows.
#[derive(Default)]
pub(super) struct Held(Mutex<Vec<OwnedFd>>);

impl Held {
    /// Keeps copies of these sockets.
    pub(super) fn new<'f>(listeners: impl IntoIterator<Item = BorrowedFd<'f>>) -> io::Result<Self> {
        let copies = listeners.into_iter().map(|listener| listener.try_clone_to_owned());
        Ok(Self(Mutex::new(copies.collect::<io::Result<_>>()?)))
    }

    /// Closes them: a socket that is closed nowhere else would go on taking connections that nobody serves.
    pub(super) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn copies(&self) -> io::Result<Vec<OwnedFd>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(OwnedFd::try_clone).collect()
    }
}

/// Listening sockets that another process has opened; those that are not taken are closed.
#[derive(Default)]
pub(super) struct Inherited(Vec<TcpListener>);

impl Inherited {
    /// The sockets that systemd has opened, if it started this process (`LISTEN_FDS`).
    pub(super) fn from_systemd() -> Self {
        let mut passed = listenfd::ListenFd::from_env();
        let listeners = (0..passed.len()).filter_map(|at| passed.take_tcp_listener(at).ok().flatten());
        Self(listeners.collect())
    }

    /// The socket for this address, or a new one.
    pub(super) async fn listen(&mut self, address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
        let is_this = |listener: &TcpListener| listener.local_addr().is_ok_and(|bound| bound == address);
        if let Some(at) = self.0.iter().position(is_this) {
            let listener = self.0.swap_remove(at);
            listener.set_nonblocking(true)?;
            return tokio::net::TcpListener::from_std(listener);
        }
        let bound = tokio::net::TcpListener::bind(address).await;
        bound.map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))
    }
}

/// The old process, which waits to hear that the new one accepts.
pub(super) struct Predecessor(StdUnixStream);

impl Predecessor {
    /// Asks the gateway that runs for its sockets.
    pub(super) fn ask(control: &Path) -> io::Result<(Self, Inherited)> {
        let mut stream = StdUnixStream::connect(control)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"upgrade\n")?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut word = [0; 1];
        let received = recvmsg(&stream, &mut [IoSliceMut::new(&mut word)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        if received.bytes == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the old process gave nothing"));
        }
        let messages = ancillary.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
            _ => None,
        });
        let inherited = Inherited(messages.flatten().map(TcpListener::from).collect());
        Ok((Self(stream), inherited))
    }

    /// Tells it that this process accepts connections now.
    pub(super) fn relieve(mut self) -> io::Result<()> {
        self.0.write_all(b"ready\n")?;
        // It closes the connection once it has understood.
        self.0.read_to_end(&mut Vec::new()).map(drop)
    }
}

/// Gives copies of the sockets away, and waits until the other process accepts on them: it is told so when this end of the
/// connection is dropped.
///
/// # Errors
/// It did not get ready; nothing has changed.
pub(super) async fn give(stream: UnixStream, held: &Held) -> io::Result<StdUnixStream> {
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    let sockets = held.copies()?;
    let waited = tokio::task::spawn_blocking(move || send_and_wait(stream, &sockets));
    waited.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn send_and_wait(mut stream: StdUnixStream, sockets: &[OwnedFd]) -> io::Result<StdUnixStream> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let borrowed: Vec<BorrowedFd<'_>> = sockets.iter().map(OwnedFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(io::Error::other(format!("more than {MOST} listeners")));
    }
    sendmsg(&stream, &[IoSlice::new(b"+")], &mut ancillary, SendFlags::empty())?;
    let mut word = [0; 6];
    stream.read_exact(&mut word)?;
    if &word == b"ready\n" { Ok(stream) } else { Err(io::Error::other("it said something else")) }
}
