//! The only place that knows pingora: request, decision, forward.
//!
//! `front` reads what comes, `gate` decides what becomes of it, and `passage` carries it to its extranet and the answer
//! back; `bridge` leads to our own pages, and `door` to the use cases. `impl ProxyHttp` below is the table of contents of a
//! request's path; each step has its file.

mod access_log;
mod bridge;
mod ctx;
mod door;
mod fault;
mod front;
mod gate;
mod passage;
mod request_id;
mod server;
mod steady;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use http::Version;
use http::header::{ACCEPT_ENCODING, TRANSFER_ENCODING};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};

pub use front::certificates::Certificates;
pub use front::client::TrustedProxies;
pub use front::handshake::Speaks;
pub use front::proxy_protocol::Balancers;
pub use server::{Listener, ProxyServer, ServerSettings};

use crate::app::App;
use crate::domain::access::Fetch;
use crate::domain::routing::{Host, Place};
use crate::telemetry::{Watch, traces};
use ctx::{Ctx, Fate};
use door::Door;
use front::asked::Asked;
use front::engine;
use front::wire::Wire;
use gate::{Answer, Decided, Gate, Outcome, Request};
use passage::way_back::WayBack;
use passage::{bodies, request_headers};
use request_id::RequestIds;

/// Seconds that an idle connection is kept for a client, if nobody says otherwise.
const IDLE_SECONDS: u64 = 60;

/// The data plane: what becomes of every request on every host.
pub struct Gateway {
    gate: Gate,
    pages: Router,
    way_back: WayBack,
    trusted: TrustedProxies,
    ids: RequestIds,
    /// How long a connection of HTTP/1.1 is kept without a request.
    idle_seconds: u64,
    watch: Watch,
}

impl Gateway {
    /// `pages` answers for the portal's host, and below `/.vestibule/` for the agencies'; `seed` is by chance.
    #[must_use]
    pub fn new(app: Arc<App>, pages: Router, trusted: TrustedProxies, seed: u64, watch: Watch) -> Self {
        Self::behind(Door::App(app), pages, trusted, seed, watch)
    }

    fn behind(door: Door, pages: Router, trusted: TrustedProxies, seed: u64, watch: Watch) -> Self {
        Self {
            gate: Gate::new(door.clone()),
            pages,
            way_back: WayBack::new(door),
            trusted,
            ids: RequestIds::new(seed),
            idle_seconds: IDLE_SECONDS,
            watch,
        }
    }

    /// Keeps connections for another time.
    #[must_use]
    pub fn keeping_idle(self, idle: Duration) -> Self {
        Self { idle_seconds: idle.as_secs(), ..self }
    }

    /// From where a request comes, and on whose trace it goes on.
    fn meet(&self, session: &Session, ctx: &mut Ctx) {
        let peer = session.client_addr().and_then(|address| address.as_inet()).map(std::net::SocketAddr::ip);
        let (peer, headers) = (peer.unwrap_or(ctx.source.client), &session.req_header().headers);
        ctx.source.client = self.trusted.client(peer, headers);
        if self.watch.traces.are_on() {
            ctx.trace = self.watch.traces.begin(self.trusted.trace_of(peer, headers));
        }
    }

    /// What becomes of a request: by its head, and by its body where that has to be looked at before anything is done.
    async fn admit(&self, session: &mut Session, ctx: &mut Ctx) -> Result<Outcome> {
        let directory = self.gate.directory();
        let asked = match Asked::read(session, &directory) {
            Ok(asked) => asked,
            Err(refusal) => return Ok(Outcome::refused(refusal)),
        };
        let request =
            Request { head: session.req_header(), asked, directory, source: ctx.source, trace: ctx.current() };
        let knock = match self.gate.decide(request).await? {
            Decided::Outright(outcome) => return Ok(outcome),
            Decided::ByBody(knock) => knock,
        };
        ctx.fate = Fate::Answered(knock.answered());
        let found = Box::pin(bodies::look(session, knock.looks_for())).await?;
        Ok(self.gate.settle(*knock, session.req_header(), found).await)
    }

    /// Writes an answer of ours. It is boxed, so that requests that are forwarded are not moved about with it.
    async fn write(&self, session: &mut Session, answer: Answer, ctx: &mut Ctx) -> Result<()> {
        let written = Box::pin(bridge::write(&self.pages, session, answer));
        let reason = traces::within(ctx.current(), written).await?;
        ctx.fault = ctx.fault.or(reason);
        Ok(())
    }

    /// Tells a client what went wrong, if it can still be told; the status, or 0.
    async fn tell(&self, session: &mut Session, error: &Error, ctx: &mut Ctx) -> u16 {
        let begun =
            session.response_written().is_some_and(|said| !said.status.is_informational() || said.status == 101);
        let Some((status, problem)) = fault::told(error).filter(|_| !begun) else { return 0 };
        session.set_keepalive(None);
        let answer = match &ctx.fate {
            Fate::Forward(forward) if forward.fetch == Fetch::Page => {
                let place = Place::Own(Host::House(forward.house.clone()));
                Answer::Problem(gate::arrival(ctx.source, place, &forward.directory), problem, status)
            }
            _ => Answer::Text(status, format!("{}\n{}", problem.text(), ctx.source.id)),
        };
        if self.write(session, answer, ctx).await.is_ok() { status } else { 0 }
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Ctx;

    fn new_ctx(&self) -> Ctx {
        Ctx::new(self.ids.next())
    }

    /// None: bodies go through as they are.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    /// Steps 1 to 4: read, visit, resolve, decide; answered here, or on its way.
    async fn request_filter(&self, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
        engine::set_up(session, self.idle_seconds);
        self.meet(session, ctx);
        match self.admit(session, ctx).await? {
            Outcome::Forward(forward) => {
                forward.set_out(session);
                ctx.fate = Fate::Forward(forward);
                Ok(false)
            }
            Outcome::Answer(answered, answer) => {
                ctx.fault = answered.fault;
                ctx.fate = Fate::Answered(answered);
                self.write(session, answer, ctx).await.map(|()| true)
            }
        }
    }

    /// Step 5: that agency's peer.
    async fn upstream_peer(&self, session: &mut Session, ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
        let once = (!engine::may_repeat(session)).then_some(ctx.source.id);
        let forward = ctx.forward()?;
        forward.sent_at = Some(steady::now());
        Ok(forward.extranet.backend.peer(forward.attempt, once).await?)
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
            error.set_retry(forward.has_another_address(&error, ctx.source.id));
        }
        error
    }

    /// Before anything is sent: is this the extranet itself?
    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        _reused: bool,
        _peer: &HttpPeer,
        _fd: std::os::unix::io::RawFd,
        digest: Option<&Digest>,
        ctx: &mut Ctx,
    ) -> Result<()> {
        Ok(ctx.forward()?.extranet.backend.check(digest)?)
    }

    /// Step 6: what the extranet is told.
    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Ctx,
    ) -> Result<()> {
        let source = ctx.source;
        let forward = ctx.forward()?;
        forward.sent.begin();
        if forward.signs(&request.method).is_some() {
            request.insert_header(ACCEPT_ENCODING, "identity")?;
        }
        request_headers::prepare(request, forward.told(source))?;
        ctx.trace.as_mut().map_or(Ok(()), |trace| request_headers::pass_trace(request, trace))
    }

    /// What of the body goes on.
    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Ctx,
    ) -> Result<()> {
        let forward = ctx.forward()?;
        forward.sent.pass(body, end_of_stream, &forward.extranet.metrics)
    }

    /// Step 7: what the browser is told.
    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Ctx,
    ) -> Result<()> {
        if response.status.is_informational() && response.status != 101 {
            return self.way_back.interim(response, ctx.forward()?).await;
        }
        if let Some(trace) = &mut ctx.trace {
            trace.answered(response.status.as_u16());
        }
        let source = ctx.source;
        self.way_back.head(session, response, ctx.forward()?, source).await
    }

    /// A client of HTTP/1.0 knows no chunks: its answer ends with the connection.
    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        _ctx: &mut Ctx,
    ) -> Result<()> {
        if let Some(about) = Wire::about_of(session) {
            about.secure(response)?;
        }
        if session.is_process_shutting_down() {
            session.set_keepalive(None);
        }
        if session.req_header().version == Version::HTTP_10 {
            response.remove_header(&TRANSFER_ENCODING);
        }
        Ok(())
    }

    /// Step 7, for the body.
    fn upstream_response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Ctx,
    ) -> Result<Option<Duration>> {
        self.way_back.body(session, body, end_of_stream, ctx.forward()?)?;
        Ok(None)
    }

    /// A calm page with the request's identifier.
    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Ctx) -> FailToProxy {
        ctx.note(error);
        if let Fate::Forward(forward) = &ctx.fate {
            self.way_back.fails(session, forward, ctx.source).await;
        }
        ctx.fault = Some(fault::reason(error));
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

    /// What went wrong has a line of ours where it deserves one: pingora has one for every request.
    fn suppress_error_log(&self, _session: &Session, _ctx: &Ctx, _error: &Error) -> bool {
        true
    }

    /// Another address is tried, or another connection.
    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _ctx: &Ctx,
        _error: &Error,
        _context: ProxyWarnLogContext,
    ) -> bool {
        true
    }

    /// pingora's own error lines name the request by its identifier, never by its path.
    fn request_summary(&self, _session: &Session, ctx: &Ctx) -> String {
        ctx.source.id.to_string()
    }
}
