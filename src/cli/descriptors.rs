//! Open files: how many connections this process can afford, and some that are kept for whoever asks how it is (REL-008).

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
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

/// A listener that can accept where no descriptor is left.
pub(super) struct Spared {
    listener: TcpListener,
    spare: Vec<File>,
}

impl Spared {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, spare: Vec::with_capacity(SPARE) }
    }

    fn keep(&mut self) {
        while self.spare.len() < SPARE {
            let Ok(file) = File::open("/dev/null") else { return };
            self.spare.push(file);
        }
    }
}

impl axum::serve::Listener for Spared {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            self.keep();
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                // One is given up for this one.
                Err(_) if self.spare.pop().is_some() => {}
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
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
