//! Listening: our own accept loop in front of pingora's HTTP engine.
//!
//! pingora's own server makes a runtime for each service and ends it with the service. Here the caller's runtime
//! carries everything, so pools and workers outlive the listeners by standing beside them; a listener that is bound
//! first can have port 0; and a stop waits for the requests that are under way, and for nothing else.

use std::io;
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
/// Pause after an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How the data plane listens.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Plain HTTP listeners.
    pub listen: Vec<SocketAddr>,
    /// Worker threads of the runtime that carries [`ProxyServer::run`].
    pub workers: usize,
    /// How long a stop waits for requests that are under way.
    pub grace: Duration,
}

/// The data plane, bound and ready to run.
pub struct ProxyServer {
    listeners: Vec<TcpListener>,
    proxy: Arc<HttpProxy<Gateway>>,
    grace: Duration,
}

impl ProxyServer {
    /// Binds every address. Needs a runtime.
    ///
    /// # Errors
    /// An address cannot be bound; the message names it.
    pub async fn bind(settings: &ServerSettings, gateway: Gateway) -> io::Result<Self> {
        let mut listeners = Vec::with_capacity(settings.listen.len());
        for address in &settings.listen {
            let bound = TcpListener::bind(address).await;
            listeners.push(bound.map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?);
        }
        let conf = ServerConf {
            threads: settings.workers.max(1),
            upstream_keepalive_pool_size: UPSTREAM_POOL,
            max_retries: MAX_ATTEMPTS,
            ..ServerConf::default()
        };
        Ok(Self { listeners, proxy: Arc::new(http_proxy(&Arc::new(conf), gateway)), grace: settings.grace })
    }

    /// The addresses that were bound, in the order of the settings; port 0 has become a real one.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.listeners.iter().map(TcpListener::local_addr).collect()
    }

    /// Serves until `stop` is true or its sender is gone; then accepts nothing more, ends idle connections, and waits
    /// for the requests under way, for the time of grace at most.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let mut loops = JoinSet::new();
        for listener in self.listeners {
            loops.spawn(accept(listener, Arc::clone(&self.proxy), stop.clone()));
        }
        let mut connections = Vec::new();
        while let Some(ended) = loops.join_next().await {
            connections.extend(ended.ok());
        }
        self.proxy.cleanup().await;
        let drain = async {
            for open in &mut connections {
                while open.join_next().await.is_some() {}
            }
        };
        if tokio::time::timeout(self.grace, drain).await.is_err() {
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
