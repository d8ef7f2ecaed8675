//! The line between a gateway and a server that it stands on; a test can cut it, hold it, or lose an answer on it.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::AbortHandle,
};

use super::{RUNTIME, wait};

/// A line to a port of this machine; it ends with this value.
pub struct Line {
    port: u16,
    state: watch::Sender<State>,
    task: AbortHandle,
}

/// What becomes of bytes on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// They pass.
    Open,
    /// Connections are closed, new ones at once.
    Cut,
    /// Connections stay, and nothing passes.
    Held,
    /// After so many, a `COMMIT` passes, and the connection ends before its answer does; then the line is open.
    LosesCommit(u32),
}

impl Line {
    /// A line that is open.
    pub fn to(server: u16) -> Self {
        let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = watch::Sender::new(State::Open);
        let task = RUNTIME.spawn(accept(listener, server, state.clone())).abort_handle();
        Self { port, state, task }
    }

    /// Where it begins.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Lets everything pass.
    pub fn open(&self) {
        self.state.send_replace(State::Open);
    }

    /// Closes every connection, and new ones at once.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Lets nothing pass any more, without a word.
    pub fn hold(&self) {
        self.state.send_replace(State::Held);
    }

    /// Lets the next `COMMIT` pass and ends its connection before the answer.
    pub fn lose_the_answer_to_the_next_commit(&self) {
        self.lose_the_answer_to_the_commit_after(0);
    }

    /// The same to the one after so many.
    pub fn lose_the_answer_to_the_commit_after(&self, commits: u32) {
        self.state.send_replace(State::LosesCommit(commits));
    }

    /// Whether a `COMMIT` lost its answer since.
    pub fn has_lost_it(&self) -> bool {
        *self.state.borrow() == State::Open
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
        self.state.send_replace(State::Cut);
    }
}

async fn accept(listener: TcpListener, server: u16, state: watch::Sender<State>) {
    while let Ok((near, _)) = listener.accept().await {
        if *state.borrow() == State::Cut {
            continue;
        }
        RUNTIME.spawn(carry(near, server, state.clone()));
    }
}

async fn carry(near: TcpStream, server: u16, state: watch::Sender<State>) {
    let Ok(far) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let lost = Arc::new(watch::Sender::new(false));
    let mut cut = state.subscribe();
    tokio::select! {
        () = to_the_server(near_in, far_out, state.clone(), Arc::clone(&lost)) => {}
        () = from_the_server(far_in, near_out, state.subscribe(), lost) => {}
        _ = cut.wait_for(|state| *state == State::Cut) => {}
    }
}

async fn to_the_server(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: watch::Sender<State>,
    lost: Arc<watch::Sender<bool>>,
) {
    let (mut buffer, mut states) = (vec![0; 16 * 1024], state.subscribe());
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let _ = states.wait_for(|state| *state != State::Held).await;
        let is_commit = buffer[..length].windows(6).any(|word| word == b"COMMIT");
        if is_commit && loses(&state) {
            lost.send_replace(true);
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Whether this `COMMIT` loses its answer; the next one does not.
fn loses(state: &watch::Sender<State>) -> bool {
    let mut loses = false;
    state.send_if_modified(|state| {
        let State::LosesCommit(after) = *state else { return false };
        loses = after == 0;
        *state = if loses { State::Open } else { State::LosesCommit(after - 1) };
        true
    });
    loses
}

async fn from_the_server(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    lost: Arc<watch::Sender<bool>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let _ = state.wait_for(|state| *state != State::Held).await;
        // The server has done it; the gateway will never know.
        if *lost.borrow() || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
