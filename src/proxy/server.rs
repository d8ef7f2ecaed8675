//! Listening: our own accept loop in front of pingora's HTTP engine.
//!
//! pingora's own server makes a runtime for each service and ends it with the service. Here the caller's runtime
//! carries everything, so pools and workers outlive the listeners by standing beside them; a listener that is bound
//! first can have port 0; and a stop waits for the requests that are under way, and for nothing else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::proxy::{HttpProxy, http_proxy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::task::JoinSet;

use super::Gateway;
use super::front::engine;
use super::front::handshake::{self, Speaks};
use super::front::proxy_protocol::Balancers;
use crate::telemetry::metrics::METRICS;

/// How long a connection that says nothing is kept at a stop: its next request may be on its way.
const LAST_REQUEST: Duration = Duration::from_secs(1);
/// Pause after an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Accepts that fail one after the other have a line for so many.
const FAILED_PER_LINE: u32 = 600;

/// How the data plane listens.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Worker threads of the runtime that carries [`ProxyServer::run`].
    pub workers: usize,
    /// How long a stop waits for requests that are under way.
    pub grace: Duration,
    /// Connections of clients at a time, those of all listeners together.
    pub max_connections: usize,
    /// How long a connection of HTTP/2 is kept without a request; `Gateway` has the other.
    pub idle: Duration,
    /// `Strict-Transport-Security`, for houses of https.
    pub transport_security: Option<HeaderValue>,
}

/// An address that is listened on.
pub struct Listener {
    /// The bound socket.
    pub socket: TcpListener,
    /// What is spoken there.
    pub speaks: Speaks,
    /// Who is in front of it, speaking the PROXY protocol.
    pub balancers: Option<Balancers>,
}

/// What every connection of a listener needs.
struct Counter {
    speaks: Speaks,
    balancers: Option<Balancers>,
    transport_security: Option<HeaderValue>,
    proxy: Arc<HttpProxy<Gateway>>,
    stop: watch::Receiver<bool>,
    limit: Arc<Semaphore>,
}

/// The data plane, bound and ready to run.
pub struct ProxyServer {
    listeners: Vec<Listener>,
    limit: Arc<Semaphore>,
    transport_security: Option<HeaderValue>,
    proxy: Arc<HttpProxy<Gateway>>,
    grace: watch::Receiver<Duration>,
}

impl ProxyServer {
    /// Serves on these listeners.
    #[must_use]
    pub fn new(listeners: Vec<Listener>, settings: &ServerSettings, gateway: Gateway) -> Self {
        let grace = watch::channel(settings.grace).1;
        let mut proxy = http_proxy(&Arc::new(engine::conf(settings.workers)), gateway);
        proxy.h2_options = Some(engine::http2_limits());
        proxy.server_options = Some(engine::options(settings.idle));
        Self {
            listeners,
            limit: Arc::new(Semaphore::new(settings.max_connections)),
            transport_security: settings.transport_security.clone(),
            proxy: Arc::new(proxy),
            grace,
        }
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
            let Listener { socket, speaks, balancers } = listener;
            let counter = Counter {
                speaks,
                balancers,
                transport_security: self.transport_security.clone(),
                proxy: Arc::clone(&self.proxy),
                stop: stop.clone(),
                limit: Arc::clone(&self.limit),
            };
            loops.spawn(accept(socket, Arc::new(counter)));
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
async fn accept(socket: TcpListener, counter: Arc<Counter>) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    let mut stopping = counter.stop.clone();
    let stopped = async move {
        // A sender that is gone is a stop, too.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    tokio::pin!(stopped);
    // The connection that was accepted last has its place; the next ones wait in the system's queue until then. No place
    // is held by a listener that nobody comes to.
    let (mut placed, mut has_place) = (true, oneshot::channel().1);
    let mut failed = 0_u32;
    loop {
        tokio::select! {
            accepted = socket.accept(), if placed => match accepted {
                Ok((stream, peer)) => {
                    failed = 0;
                    let counter = Arc::clone(&counter);
                    if let Ok(place) = Arc::clone(&counter.limit).try_acquire_owned() {
                        connections.spawn(async move { serve(stream, peer, &counter, &place).await });
                    } else {
                        tracing::debug!("server.max_connections is reached: new connections wait");
                        let (sender, receiver) = oneshot::channel();
                        (placed, has_place) = (false, receiver);
                        connections.spawn(async move { serve_later(stream, peer, &counter, sender).await });
                    }
                }
                Err(error) => {
                    if failed.is_multiple_of(FAILED_PER_LINE) {
                        tracing::warn!(%error, failed, "accept failed");
                    }
                    failed = failed.saturating_add(1);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            _ = &mut has_place, if !placed => placed = true,
            Some(_) = connections.join_next() => {}
            () = &mut stopped => return connections,
        }
    }
}

/// Serves once there is a place, and tells when.
async fn serve_later(stream: TcpStream, peer: SocketAddr, counter: &Counter, takes_place: oneshot::Sender<()>) {
    // The places are never closed.
    let Ok(place) = Arc::clone(&counter.limit).acquire_owned().await else { return };
    // At a stop nobody waits for it any more.
    let _ = takes_place.send(());
    serve(stream, peer, counter, &place).await;
}

async fn serve(stream: TcpStream, peer: SocketAddr, counter: &Counter, _place: &OwnedSemaphorePermit) {
    let _open = METRICS.connections.hold();
    // Without it only the last small packet of an answer is late.
    let _ = stream.set_nodelay(true);
    let Counter { speaks, balancers, transport_security, proxy, stop, .. } = counter;
    let wire = match handshake::open(stream, peer, speaks, balancers.as_ref(), transport_security.clone()).await {
        Ok(wire) => wire,
        Err(error) => return tracing::debug!(%error, "a connection was not opened"),
    };
    let mut next: Option<Stream> = Some(Box::new(wire));
    while let Some(stream) = next {
        next = proxy.process_new(stream, stop).await;
    }
}
