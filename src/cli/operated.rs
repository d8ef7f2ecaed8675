//! What can be reached of a gateway that runs, by who operates it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use tokio::sync::{Notify, RwLock};
use tokio_util::sync::CancellationToken;

use super::reload::Reloader;
use super::upgrade::Held;
use crate::app::App;

/// The state of a gateway that serves.
pub(super) const READY: &str = "ready";

/// What the control socket can reach of a gateway.
pub(super) struct Operated {
    pub(super) app: Arc<App>,
    pub(super) reloader: Arc<Reloader>,
    /// Ends the gateway.
    pub(super) stop: CancellationToken,
    /// Whether another process has taken the listeners over.
    pub(super) is_replaced: AtomicBool,
    /// The listeners, for a process that follows.
    pub(super) held: Held,
    /// Read by each who has asked and has no answer yet.
    pub(super) answering: RwLock<()>,
    /// The process that it starts to be replaced by.
    pub(super) successor: Successor,
    /// The file that it runs on, as `configured::known_as` calls it.
    pub(super) file: String,
    /// Where it tells its health.
    pub(super) health: SocketAddr,
    pub(super) started: Timestamp,
    /// Connections of clients that may be open.
    pub(super) most_connections: usize,
}

/// The process that a gateway starts to be replaced by.
pub(super) struct Successor {
    /// Where this program was started from: there the new one lies now.
    pub(super) program: Option<PathBuf>,
    /// One is started at a time.
    pub(super) is_starting: AtomicBool,
    /// Another process has taken the listeners over.
    pub(super) relieved: Notify,
}

impl Successor {
    /// To be made at the start, while the file is the one that runs.
    pub(super) fn new() -> Self {
        Self { program: std::env::current_exe().ok(), is_starting: AtomicBool::new(false), relieved: Notify::new() }
    }
}

impl Operated {
    /// Whether it can serve residents, in a word: one that has lost every agency since it was started serves nobody.
    pub(super) fn state(&self) -> &'static str {
        if self.stop.is_cancelled() {
            "stopping"
        } else if self.agencies() == 0 && !self.reloader.gone().is_empty() {
            "without agencies"
        } else {
            READY
        }
    }

    /// How many agencies are in force.
    pub(super) fn agencies(&self) -> usize {
        self.app.directory().agencies().count()
    }
}
