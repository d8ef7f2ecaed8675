//! Many connections that ask again and again, and forgive nothing.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    eventually,
    raw::{Raw, RawAnswer},
};

/// How long a load may take to get going.
const PATIENCE: Duration = Duration::from_secs(20);

/// Clients that keep their connections while the gateway does.
pub struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    answers: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Load {
    /// So many clients ask for this path of this host; `judge` says what is wrong with an answer.
    pub fn start(
        clients: usize,
        port: u16,
        host: &str,
        path: &str,
        judge: impl Fn(&RawAnswer) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let judge = Arc::new(judge);
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
        let clients = (0..clients).map(|_| {
            let (shared, judge, head) = (Arc::clone(&shared), Arc::clone(&judge), head.clone());
            thread::spawn(move || ask_again_and_again(&shared, port, &head, &*judge))
        });
        Self { clients: clients.collect(), shared }
    }

    /// Waits until so many more answers have come.
    pub fn wait_for(&self, answers: u64) -> &Self {
        let aim = self.shared.answers.load(Ordering::Relaxed) + answers;
        eventually("answers under load", PATIENCE, || {
            (self.shared.answers.load(Ordering::Relaxed) >= aim || !self.wrong().is_empty()).then_some(())
        });
        self
    }

    /// Ends the load; gives the number of answers, and everything that went wrong.
    pub fn end(self) -> (u64, Vec<String>) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().expect("a client that ends");
        }
        let wrong = self.shared.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.shared.answers.load(Ordering::Relaxed), wrong)
    }

    fn wrong(&self) -> Vec<String> {
        self.shared.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn ask_again_and_again(shared: &Shared, port: u16, head: &str, judge: &dyn Fn(&RawAnswer) -> Result<(), String>) {
    let tell = |what: String| shared.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    let mut connection: Option<Raw> = None;
    while !shared.stop.load(Ordering::Relaxed) {
        let mut socket = match connection.take().map_or_else(|| Raw::try_connect(port), Ok) {
            Ok(socket) => socket,
            Err(error) => return tell(format!("refused: {error}")),
        };
        let Some(answer) = socket.send(head).answer() else { return tell("hung up without an answer".to_owned()) };
        shared.answers.fetch_add(1, Ordering::Relaxed);
        if let Err(what) = judge(&answer) {
            return tell(what);
        }
        // Only who is told that the connection ends may find it ended.
        let ends = answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        connection = (!ends).then_some(socket);
    }
}
