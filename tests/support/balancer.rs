//! What stands between programs on a network: a balancer in front of several nodes, a line that can be cut.

use std::{
    net::{Ipv4Addr, TcpListener as StdListener},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
    task::AbortHandle,
};

use super::RUNTIME;

/// Gives each new connection to the next node that takes it; it ends with this value.
pub struct Balancer {
    /// One node for all that come; more than there are: each in its turn.
    chosen: Arc<AtomicUsize>,
    task: AbortHandle,
}

/// A line to `PostgreSQL` on which notices can be held back; it ends with this value.
pub struct Relay {
    port: u16,
    cut: watch::Sender<bool>,
    task: AbortHandle,
}

const IN_TURN: usize = usize::MAX;

impl Balancer {
    /// In front of nodes on these ports of this machine.
    pub fn start(port: u16, nodes: Vec<u16>) -> Self {
        let chosen = Arc::new(AtomicUsize::new(IN_TURN));
        let task = RUNTIME.spawn(balance(listen(port), nodes, Arc::clone(&chosen))).abort_handle();
        Self { chosen, task }
    }

    /// Every new connection goes to this node.
    pub fn lead_to(&self, node: usize) {
        self.chosen.store(node, Ordering::Relaxed);
    }

    /// New connections go to the nodes in turn.
    pub fn in_turn(&self) {
        self.chosen.store(IN_TURN, Ordering::Relaxed);
    }
}

async fn balance(listener: StdListener, nodes: Vec<u16>, chosen: Arc<AtomicUsize>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    let mut turn = 0;
    while let Ok((mut client, _)) = listener.accept().await {
        turn += 1;
        let chosen = chosen.load(Ordering::Relaxed);
        let order: Vec<u16> = if chosen == IN_TURN {
            (0..nodes.len()).map(|next| nodes[(turn + next) % nodes.len()]).collect()
        } else {
            vec![nodes[chosen]]
        };
        tokio::spawn(async move {
            for port in order {
                if let Ok(mut node) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                    // Whoever breaks off has its reasons; the test looks at what it gets.
                    let _ = copy_bidirectional(&mut client, &mut node).await;
                    return;
                }
            }
        });
    }
}

impl Relay {
    /// To a server on a port of this machine.
    pub fn start(to: u16) -> Self {
        let (listener, (cut, heard)) = (listen(0), watch::channel(false));
        let port = listener.local_addr().expect("an address").port();
        let task = RUNTIME.spawn(relay(listener, to, heard)).abort_handle();
        Self { port, cut, task }
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Holds back every word to who listens to notices; everything else goes on.
    pub fn cut_notices(&self) {
        self.cut.send_replace(true);
    }

    /// Lets notices through again, the late ones too.
    pub fn let_notices_through(&self) {
        self.cut.send_replace(false);
    }
}

async fn relay(listener: StdListener, to: u16, cut: watch::Receiver<bool>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    while let Ok((client, _)) = listener.accept().await {
        let cut = cut.clone();
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await else { return };
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            let listens = Arc::new(AtomicBool::new(false));
            tokio::spawn(up(from_client, to_server, Arc::clone(&listens)));
            down(from_server, to_client, listens, cut).await;
        });
    }
}

async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, listens: Arc<AtomicBool>) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if bytes[..count].windows(7).any(|window| window == b"LISTEN ") {
            listens.store(true, Ordering::Relaxed);
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

async fn down(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    listens: Arc<AtomicBool>,
    mut cut: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if listens.load(Ordering::Relaxed) && cut.wait_for(|cut| !cut).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

fn listen(port: u16) -> StdListener {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
    listener.set_nonblocking(true).expect("a listener of tokio's");
    listener
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}
