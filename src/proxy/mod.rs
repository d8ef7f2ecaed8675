//! The only place that knows pingora: request, decision, forward.
//!
//! `impl ProxyHttp` below is the table of contents of a request's path; each step has its file.

mod access_log;
mod asked;
mod bridge;
mod certificates;
mod client;
mod cookies;
mod door;
mod fault;
mod gate;
mod line;
mod peer;
mod request_headers;
mod request_id;
mod response_headers;
mod server;
mod session_over;
#[cfg(test)]
mod tests;
mod wire;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use http::Version;
use http::header::TRANSFER_ENCODING;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};

pub use certificates::Certificates;
pub use client::TrustedProxies;
pub use line::{Balancers, Speaks};
pub use server::{Listener, ProxyServer, ServerSettings};

use crate::app::App;
use crate::app::visit::Passage;
use crate::domain::access::Fetch;
use crate::domain::agency::Agency;
use crate::domain::routing::{Directory, Place};
use crate::telemetry::Watch;
use crate::telemetry::traces::{self, RequestTrace};
use door::Door;
use fault::Fault;
use peer::{Extranet, Extranets};
use request_headers::Told;
use request_id::{RequestIds, RequestNumber};
use wire::Wire;

/// Seconds that an idle connection is kept for a client, if nobody says otherwise.
const IDLE_SECONDS: u64 = 60;

/// The data plane: what becomes of every request on every host.
pub struct Gateway {
    door: Door,
    pages: Router,
    trusted: TrustedProxies,
    extranets: Extranets,
    ids: RequestIds,
    /// How long a connection of HTTP/1.1 is kept without a request.
    idle_seconds: u64,
    watch: Watch,
}

/// What is known of one request.
pub struct Ctx {
    id: RequestNumber,
    start: Instant,
    /// From where it came; the unspecified address until the head is read.
    client: IpAddr,
    fate: Fate,
    /// Its spans, where there are any.
    trace: Option<Box<RequestTrace>>,
}

/// What became of it.
enum Fate {
    Undecided,
    Answered(Answered),
    Forward(Box<Forward>),
}

/// Answered here.
struct Answered {
    agency: Option<Arc<Agency>>,
    decision: &'static str,
}

/// On its way to an extranet.
struct Forward {
    extranet: Arc<Extranet>,
    directory: Arc<Directory>,
    /// Nobody on public paths.
    resident: Option<Arc<Passage>>,
    fetch: Fetch,
    /// How many addresses of the extranet were tried before.
    attempt: usize,
    sent_at: Option<Instant>,
    /// Until the extranet's answer began.
    upstream: Option<Duration>,
    /// The extranet's answer is replaced by one of ours; its body is thrown away.
    replaced: bool,
}

impl Gateway {
    /// `pages` answers for the portal's host, and below `/.vestibule/` for the agencies'; `seed` is by chance.
    #[must_use]
    pub fn new(app: Arc<App>, pages: Router, trusted: TrustedProxies, seed: u64, watch: Watch) -> Self {
        Self::behind(Door::App(app), pages, trusted, seed, watch)
    }

    fn behind(door: Door, pages: Router, trusted: TrustedProxies, seed: u64, watch: Watch) -> Self {
        let extranets = Extranets::new(&door.directory());
        Self { door, pages, trusted, extranets, ids: RequestIds::new(seed), idle_seconds: IDLE_SECONDS, watch }
    }

    /// Keeps connections for another time.
    #[must_use]
    pub fn keeping_idle(self, idle: Duration) -> Self {
        Self { idle_seconds: idle.as_secs(), ..self }
    }

    /// Tells a client what went wrong, if it can still be told; the status, or 0.
    async fn tell(&self, session: &mut Session, error: &Error, ctx: &Ctx) -> u16 {
        let begun =
            session.response_written().is_some_and(|said| !said.status.is_informational() || said.status == 101);
        let Some((status, problem)) = fault::told(error).filter(|_| !begun) else { return 0 };
        session.set_keepalive(None);
        let told = match &ctx.fate {
            Fate::Forward(forward) if forward.fetch == Fetch::Page => {
                let place = Place::Own(Arc::clone(&forward.extranet.agency));
                let arrival = gate::arrival(ctx, place, &forward.directory);
                bridge::problem(&self.pages, session, arrival, problem, status).await
            }
            _ => bridge::text(session, status, &format!("{}\n{}", problem.text(), ctx.id)).await,
        };
        if told.is_ok() { status } else { 0 }
    }
}

impl Ctx {
    /// An undecided request is an error, never a default.
    fn forward(&mut self) -> Result<&mut Forward> {
        let Fate::Forward(forward) = &mut self.fate else { return Err(Fault::Undecided.into()) };
        Ok(forward)
    }

    /// What its pieces of work hang below, where it is traced.
    fn current(&self) -> Option<traces::Current> {
        self.trace.as_ref()?.current()
    }
}

impl Forward {
    const fn new(
        extranet: Arc<Extranet>,
        directory: Arc<Directory>,
        resident: Option<Arc<Passage>>,
        fetch: Fetch,
    ) -> Self {
        Self { extranet, directory, resident, fetch, attempt: 0, sent_at: None, upstream: None, replaced: false }
    }

    const fn decision(&self) -> &'static str {
        match (self.replaced, &self.resident) {
            (true, _) => "session-over",
            (false, Some(_)) => "signed-in",
            (false, None) => "public-path",
        }
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Ctx;

    fn new_ctx(&self) -> Ctx {
        Ctx {
            id: self.ids.next(),
            start: now(),
            client: Ipv4Addr::UNSPECIFIED.into(),
            fate: Fate::Undecided,
            trace: None,
        }
    }

    /// None: bodies go through as they are.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    /// Steps 1 to 4: read, visit, resolve, decide; answered here, or on its way.
    async fn request_filter(&self, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
        gate::admit(self, session, ctx).await
    }

    /// Step 5: that agency's peer.
    async fn upstream_peer(&self, _session: &mut Session, ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
        let forward = ctx.forward()?;
        forward.sent_at = Some(now());
        Ok(forward.extranet.peer(forward.attempt).await?)
    }

    /// The next address, if the name has several. Nothing was sent, so any method may be tried again.
    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        ctx: &mut Ctx,
        mut error: Box<Error>,
    ) -> Box<Error> {
        if let Fate::Forward(forward) = &mut ctx.fate {
            forward.attempt += 1;
            error.set_retry(forward.attempt < forward.extranet.addresses());
        }
        error
    }

    /// Step 6: what the extranet is told.
    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Ctx,
    ) -> Result<()> {
        let (id, client) = (ctx.id, ctx.client);
        let forward = ctx.forward()?;
        let told = Told {
            extranet: &forward.extranet,
            resident: forward.resident.as_deref(),
            client,
            id,
            portal: forward.directory.portal(),
        };
        request_headers::prepare(request, told)?;
        ctx.trace.as_mut().map_or(Ok(()), |trace| request_headers::pass_trace(request, trace))
    }

    /// Step 7: what the browser is told.
    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Ctx,
    ) -> Result<()> {
        if response.status.is_informational() && response.status != 101 {
            return Ok(());
        }
        let forward = ctx.forward()?;
        if let Some(sent_at) = forward.sent_at {
            let took = now().duration_since(sent_at);
            forward.extranet.metrics.upstream.observe(took);
            forward.upstream = Some(took);
        }
        if let Some(trace) = &mut ctx.trace {
            trace.answered(response.status.as_u16());
        }
        let forward = ctx.forward()?;
        if forward.resident.is_some() && session_over::is_over(session, response, &forward.extranet) {
            forward.replaced = true;
            return session_over::replace(session, response);
        }
        response_headers::translate(response, &forward.extranet)
    }

    /// A client of HTTP/1.0 knows no chunks: its answer ends with the connection.
    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        _ctx: &mut Ctx,
    ) -> Result<()> {
        line::secure(session, response)?;
        if session.is_process_shutting_down() {
            session.set_keepalive(None);
        }
        if session.req_header().version == Version::HTTP_10 {
            response.remove_header(&TRANSFER_ENCODING);
        }
        Ok(())
    }

    /// Throws away the body of an answer that was replaced.
    fn upstream_response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end_of_stream: bool,
        ctx: &mut Ctx,
    ) -> Result<Option<Duration>> {
        if matches!(&ctx.fate, Fate::Forward(forward) if forward.replaced) {
            *body = None;
        }
        Ok(None)
    }

    /// A calm page with the request's identifier.
    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Ctx) -> FailToProxy {
        let error_code = self.tell(session, error, ctx).await;
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    /// Step 8: one line.
    async fn logging(&self, session: &mut Session, _error: Option<&Error>, ctx: &mut Ctx) {
        access_log::write(&self.watch, session, ctx);
        if let Some(wire) = Wire::of(session) {
            wire.request_is_over();
        }
    }

    /// pingora's own error lines name the request by its identifier, never by its path.
    fn request_summary(&self, _session: &Session, ctx: &Ctx) -> String {
        ctx.id.to_string()
    }
}

#[expect(clippy::disallowed_methods, reason = "only telemetry and the proxy measure durations, and this is the place")]
fn now() -> Instant {
    Instant::now()
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
