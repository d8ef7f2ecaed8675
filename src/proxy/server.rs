//! Listening: our own accept loop in front of pingora's HTTP engine.
//!
//! pingora's own server makes a runtime for each service and ends it with the service. Here the caller's runtime
//! carries everything, so pools and workers outlive the listeners by standing beside them; a listener that is bound
//! first can have port 0; and a stop waits for the requests that are under way, and for nothing else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::proxy::{HttpProxy, http_proxy};
use pingora::server::configuration::ServerConf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Gateway;
use super::wire::Wire;

/// Idle connections kept to extranets, for each worker.
const UPSTREAM_POOL: usize = 256;
/// Attempts for one request: its first, one for a pooled connection that was just closed, and a name's other addresses.
const MAX_ATTEMPTS: usize = 4;
/// How long a connection that says nothing is kept at a stop: its next request may be on its way.
const LAST_REQUEST: Duration = Duration::from_secs(1);
/// Pause after an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How the data plane listens.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Worker threads of the runtime that carries [`ProxyServer::run`].
    pub workers: usize,
    /// How long a stop waits for requests that are under way.
    pub grace: Duration,
}

/// The data plane, bound and ready to run.
pub struct ProxyServer {
    listeners: Vec<TcpListener>,
    proxy: Arc<HttpProxy<Gateway>>,
    grace: watch::Receiver<Duration>,
}

impl ProxyServer {
    /// Serves on these listeners.
    #[must_use]
    pub fn new(listeners: Vec<TcpListener>, settings: &ServerSettings, gateway: Gateway) -> Self {
        let conf = ServerConf {
            threads: settings.workers.max(1),
            upstream_keepalive_pool_size: UPSTREAM_POOL,
            max_retries: MAX_ATTEMPTS,
            ..ServerConf::default()
        };
        let grace = watch::channel(settings.grace).1;
        Self { listeners, proxy: Arc::new(http_proxy(&Arc::new(conf), gateway)), grace }
    }

    /// How long a stop waits for requests that are under way.
    #[must_use]
    pub fn grace(&self) -> Duration {
        *self.grace.borrow()
    }

    /// Lets another decide, until the stop, how long it waits.
    pub fn wait_at_most(&mut self, grace: watch::Receiver<Duration>) {
        self.grace = grace;
    }

    /// Serves until `stop` is true or its sender is gone; then accepts nothing more, ends idle connections, and waits
    /// for the requests under way, for the time of grace at most.
    ///
    /// A client may be sending its next request on a connection just now, so for a moment each connection gets the
    /// chance to be told, with an answer, that it is closed; only then are those closed that say nothing.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let mut loops = JoinSet::new();
        for listener in self.listeners {
            loops.spawn(accept(listener, Arc::clone(&self.proxy), stop.clone()));
        }
        let mut connections = Vec::new();
        while let Some(ended) = loops.join_next().await {
            connections.extend(ended.ok());
        }
        let drain = async {
            for open in &mut connections {
                while open.join_next().await.is_some() {}
            }
        };
        tokio::pin!(drain);
        let grace = *self.grace.borrow();
        let moment = LAST_REQUEST.min(grace);
        if tokio::time::timeout(moment, &mut drain).await.is_ok() {
            return self.proxy.cleanup().await;
        }
        self.proxy.cleanup().await;
        if tokio::time::timeout(grace.saturating_sub(moment), drain).await.is_err() {
            tracing::warn!("requests were cut off after the time of grace");
        }
    }
}

/// Accepts until the stop; the connections that are still open then.
async fn accept(listener: TcpListener, proxy: Arc<HttpProxy<Gateway>>, stop: watch::Receiver<bool>) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    let mut stopping = stop.clone();
    let stopped = async move {
        // A sender that is gone is a stop, too.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, peer, Arc::clone(&proxy), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = &mut stopped => return connections,
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, proxy: Arc<HttpProxy<Gateway>>, stop: watch::Receiver<bool>) {
    // Without it only the last small packet of an answer is late.
    let _ = stream.set_nodelay(true);
    let mut next: Option<Stream> = Some(Box::new(Wire::new(stream, peer)));
    while let Some(stream) = next {
        next = proxy.process_new(stream, &stop).await;
    }
}
