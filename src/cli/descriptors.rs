//! Open files: how many connections this process can afford, and some that are kept for whoever asks how it is (REL-008).

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Descriptors kept for the health listener: so many may ask at once where there are no others.
const SPARE: usize = 4;
/// Pause after an accept that failed although descriptors were kept for it.
const PAUSE: Duration = Duration::from_millis(100);

/// Raises the limit of open files as far as it may be; the limit then, none where there is none.
pub(super) fn raise_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Where it cannot be raised, what is there counts.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    if raised.is_ok() { maximum } else { current }
}

/// Connections of clients that fit into a limit of open files: each may need a second one, to its extranet, and a part is
/// kept for everything else.
pub(super) fn affordable(limit: Option<u64>, wanted: usize) -> usize {
    let Some(limit) = limit else { return wanted };
    let kept = (limit / 4).clamp(64, 1024);
    let fit = (limit.saturating_sub(kept) / 2).max(1);
    wanted.min(usize::try_from(fit).unwrap_or(usize::MAX))
}

/// What an operator is told where not all of `server.max_connections` fit.
pub(super) fn warning(limit: Option<u64>, wanted: usize) -> Option<String> {
    let fit = affordable(limit, wanted);
    let limit = limit.filter(|_| fit < wanted)?;
    let needed = wanted.saturating_mul(2).saturating_add(1024);
    Some(format!(
        "server.max_connections = {wanted} does not fit into the limit of {limit} open files: {fit} connections are served \
         at a time (hint: LimitNOFILE={needed} in the unit, or ulimit -n {needed})"
    ))
}

/// A listener that can accept where no descriptor is left: it gives up one of its own, and gets it back with the end of the
/// connection, before anybody else can take it.
pub(super) struct Spared {
    listener: TcpListener,
    spares: Spares,
}

/// Descriptors that are open for nothing but to be given up.
#[derive(Clone)]
struct Spares {
    nothing: Arc<File>,
    kept: Arc<Mutex<Vec<OwnedFd>>>,
}

impl Spared {
    /// # Errors
    /// There is no descriptor for them now.
    pub(super) fn new(listener: TcpListener) -> io::Result<Self> {
        let nothing = Arc::new(File::open("/dev/null")?);
        let kept: io::Result<Vec<OwnedFd>> = (0..SPARE).map(|_| Ok(nothing.try_clone()?.into())).collect();
        Ok(Self { listener, spares: Spares { nothing, kept: Arc::new(Mutex::new(kept?)) } })
    }
}

impl Spares {
    fn kept(&self) -> MutexGuard<'_, Vec<OwnedFd>> {
        // Every change is whole in itself.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes one, so that there is room for a connection; false where none is left.
    fn give_up(&self) -> bool {
        self.kept().pop().is_some()
    }

    /// Ends a connection. Its descriptor becomes one of these without having been anybody's in between.
    fn take_back(&self, connection: TcpStream) {
        let mut kept = self.kept();
        if kept.len() >= SPARE {
            return;
        }
        let Ok(connection) = connection.into_std() else { return };
        let mut descriptor = OwnedFd::from(connection);
        if rustix::io::dup2(&*self.nothing, &mut descriptor).is_ok() {
            kept.push(descriptor);
        }
    }
}

impl axum::serve::Listener for Spared {
    type Io = Lent;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Lent, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((connection, client)) => {
                    let lent = Lent { connection: Some(connection), spares: self.spares.clone() };
                    return (lent, client);
                }
                Err(_) if self.spares.give_up() => {}
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection whose descriptor goes back to the spare ones.
pub(super) struct Lent {
    /// There until it is dropped.
    connection: Option<TcpStream>,
    spares: Spares,
}

impl Lent {
    fn connection(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        let connection = self.get_mut().connection.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(connection))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.spares.take_back(connection);
        }
    }
}

impl AsyncRead for Lent {
    fn poll_read(self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.connection()?.poll_read(task, buffer)
    }
}

impl AsyncWrite for Lent {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.connection()?.poll_write(task, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection()?.poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection()?.poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_008_no_more_connections_are_served_than_there_are_descriptors_for() {
        for (limit, wanted, fit) in [
            (None, 20_000, 20_000),
            (Some(65_536), 20_000, 20_000),
            (Some(41_024), 20_000, 20_000),
            (Some(41_023), 20_000, 19_999),
            (Some(1024), 20_000, 384),
            (Some(256), 20_000, 96),
            (Some(256), 16, 16),
            (Some(10), 20_000, 1),
        ] {
            assert_eq!(affordable(limit, wanted), fit, "{limit:?}, {wanted}");
            assert_eq!(warning(limit, wanted).is_some(), fit < wanted);
        }
        let said = warning(Some(256), 20_000).expect("a warning");
        assert!(said.contains("20000") && said.contains("256") && said.contains("LimitNOFILE=41024"), "{said}");
    }
}
