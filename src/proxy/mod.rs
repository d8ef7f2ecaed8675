//! The only place that knows pingora: request, decision, forward.
//!
//! `impl ProxyHttp` below is the table of contents of a request's path; each step has its file.

mod access_log;
mod bridge;
mod door;
mod fault;
mod front;
mod gate;
mod passage;
mod request_id;
mod server;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderValue, Version};
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
use crate::app::sign_out::Upstream as LeftUpstream;
use crate::app::visit::Passage;
use crate::domain::access::{Fetch, Visitor};
use crate::domain::agency::Agency;
use crate::domain::decision::Decision;
use crate::domain::routing::{Directory, Host, House, Place};
use crate::domain::secret::Secret;
use crate::telemetry::traces::{self, RequestTrace};
use crate::telemetry::{Clock, Watch};
use door::Door;
use fault::{Fault, Whose};
use front::wire::Wire;
use front::{asked, engine};
use passage::bodies::{Answer, Sent};
use passage::extranets::{Extranet, Extranets, Public};
use passage::jar::Carried;
use passage::lasting::Lasting;
use passage::left::Sure;
use passage::request_headers::Told;
use passage::{jar, left, request_headers, response_headers, session_over};
use request_id::{RequestIds, RequestNumber};

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
    /// Who was surely signed in upstream just now.
    sure: Sure,
}

/// What is known of one request.
pub struct Ctx {
    id: RequestNumber,
    start: Instant,
    /// From where it came; the unspecified address until the head is read.
    client: IpAddr,
    fate: Fate,
    /// Why it failed, where it did.
    fault: Option<&'static str>,
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
    decision: Decision,
}

/// On its way to an extranet.
struct Forward {
    extranet: Arc<Extranet>,
    /// The host that was asked, and what the extranet is to browsers there.
    house: House,
    public: Arc<Public>,
    directory: Arc<Directory>,
    /// Nobody on public paths.
    resident: Option<Arc<Passage>>,
    /// By which cookie.
    cookie: Option<Secret>,
    fetch: Fetch,
    /// Whether it says itself that its resident wants to leave.
    leaves: bool,
    /// Whether it is a declared logout that a script asks for: the session ends with the answer, whatever that says.
    ends: bool,
    /// How many addresses of the extranet were tried before.
    attempt: usize,
    sent_at: Option<Instant>,
    /// Until the extranet's answer began.
    upstream: Option<Duration>,
    /// What becomes of its body.
    sent: Sent,
    /// What becomes of the answer's.
    answer: Answer,
    /// The extranet's cookies, where they live in the session.
    carried: Option<Carried>,
    /// What takes the cookies of a sign-in that has ended out of the browser.
    ended: Vec<HeaderValue>,
    /// Interim answers (1xx) so far.
    interim: u32,
    /// Ends it with the session, where it lasts long.
    lasting: Option<Lasting>,
}

/// Interim answers that an extranet may give to one request (SEC-133).
const MOST_INTERIM: u32 = 20;

impl Gateway {
    /// `pages` answers for the portal's host, and below `/.vestibule/` for the agencies'; `seed` is by chance.
    #[must_use]
    pub fn new(app: Arc<App>, pages: Router, trusted: TrustedProxies, seed: u64, watch: Watch) -> Self {
        Self::behind(Door::App(app), pages, trusted, seed, watch)
    }

    fn behind(door: Door, pages: Router, trusted: TrustedProxies, seed: u64, watch: Watch) -> Self {
        let extranets = Extranets::new(&door.directory());
        Self {
            door,
            pages,
            trusted,
            extranets,
            ids: RequestIds::new(seed),
            idle_seconds: IDLE_SECONDS,
            watch,
            sure: Sure::new(),
        }
    }

    /// Keeps connections for another time.
    #[must_use]
    pub fn keeping_idle(self, idle: Duration) -> Self {
        Self { idle_seconds: idle.as_secs(), ..self }
    }

    /// Whether the account that asked is still the one that is open on this host: cookies that an extranet sets for an
    /// account which was closed meanwhile must not meet the next one's (b17).
    async fn is_still_here(&self, forward: &Forward) -> bool {
        let Some(resident) = &forward.resident else { return true };
        match self.door.visit(&forward.house, forward.cookie.as_ref().map(Secret::expose)).await {
            Ok(Visitor::Resident(now)) => now.link == resident.link,
            Ok(Visitor::Stranger | Visitor::OwesTerms | Visitor::OwesPassword | Visitor::Unnamed) | Err(_) => false,
        }
    }

    /// Interim answers (1xx) are translated as the last one is (SEC-235). They leave nothing in a jar: browsers need not
    /// look at their cookies (RFC 6265, 3).
    async fn pass_interim(&self, response: &mut ResponseHeader, forward: &Forward) -> Result<()> {
        let sets = response.headers.contains_key(SET_COOKIE);
        if sets && (forward.extranet.keeps_cookies() || !self.is_still_here(forward).await) {
            response.remove_header(&SET_COOKIE);
        }
        response_headers::translate(response, &forward.extranet, &forward.public)
    }

    /// The head of an extranet's answer on its way to the browser.
    async fn pass_answer(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        forward: &mut Forward,
        asked: (IpAddr, RequestNumber),
    ) -> Result<()> {
        forward.is_answered();
        response_headers::say_length_once(response)?;
        let now = Clock.now();
        let is_over = session_over::is_over(session, response, forward, &self.sure);
        if forward.ends
            || left::is_said(session, response, forward, (&self.sure, now))
            || left::is_meant(session, response, (forward, is_over), (&self.sure, now))
        {
            if forward.fetch == Fetch::Page {
                session_over::lead(response, 303, &left::way_out(forward.cookie.as_ref()))?;
                forward.answer = Answer::Left;
                return Ok(());
            }
            // A script's own logout: what it asked for is passed on, and nothing is renewed for it.
            let upstream = if response.status.as_u16() < 400 { LeftUpstream::Over } else { LeftUpstream::Open };
            Box::pin(self.door.left(session, forward, asked, upstream)).await;
            forward.ends = false;
        } else if is_over && Box::pin(session_over::act(&self.door, session, response, forward, asked)).await? {
            forward.answer = Answer::Replaced;
            return Ok(());
        }
        if response.headers.contains_key(SET_COOKIE) && !self.is_still_here(forward).await {
            response.remove_header(&SET_COOKIE);
        }
        if forward.extranet.keeps_cookies() {
            Box::pin(jar::keep(&self.door, session, response, forward)).await;
        }
        if !session_over::hold(session, response, forward)? && left::is_sure(response, forward) {
            self.sure.is_shown(forward, now);
        }
        Lasting::begin_with(&self.door, session, response, forward);
        response_headers::translate(response, &forward.extranet, &forward.public)?;
        session_over::end_cookies(response, forward)
    }

    /// Tells a client what went wrong, if it can still be told; the status, or 0.
    async fn tell(&self, session: &mut Session, error: &Error, ctx: &Ctx) -> u16 {
        let begun =
            session.response_written().is_some_and(|said| !said.status.is_informational() || said.status == 101);
        let Some((status, problem)) = fault::told(error).filter(|_| !begun) else { return 0 };
        session.set_keepalive(None);
        let told = match &ctx.fate {
            Fate::Forward(forward) if forward.fetch == Fetch::Page => {
                let place = Place::Own(Host::House(forward.house.clone()));
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

    /// Writes down what went wrong, once, where somebody has to look at it: a client's own doing stands in its access line.
    fn note(&self, error: &Error) {
        match (&self.fate, fault::whose(error)) {
            (Fate::Forward(forward), Whose::Extranets) => forward.extranet.backend.has_failed(error, self.id),
            (_, Whose::Clients) => tracing::debug!(request = %self.id, %error, "a client went away or was refused"),
            (_, Whose::Extranets | Whose::Ours) => {
                tracing::error!(request_id = %self.id, fault = %error, "a request failed");
            }
        }
    }

    /// What its pieces of work hang below, where it is traced.
    fn current(&self) -> Option<traces::Current> {
        self.trace.as_ref()?.current()
    }
}

impl Forward {
    fn new(
        (house, public): (House, Arc<Public>),
        extranet: Arc<Extranet>,
        directory: Arc<Directory>,
        (resident, cookie): (Option<Arc<Passage>>, Option<Secret>),
        fetch: Fetch,
    ) -> Self {
        Self {
            extranet,
            house,
            public,
            directory,
            resident,
            cookie,
            fetch,
            leaves: false,
            ends: false,
            attempt: 0,
            sent_at: None,
            upstream: None,
            sent: Sent::AsIs,
            answer: Answer::AsIs,
            carried: None,
            ended: Vec::new(),
            interim: 0,
            lasting: None,
        }
    }

    /// Turns to its extranet's next address, if there is one.
    fn has_another_address(&mut self, error: &Error, id: RequestNumber) -> bool {
        self.attempt += 1;
        let backend = &self.extranet.backend;
        let goes_on = self.attempt < backend.addresses();
        if goes_on {
            backend.has_failed(error, id);
        }
        goes_on
    }

    /// What the extranet is told about it.
    fn told(&self, client: IpAddr, id: RequestNumber) -> Told<'_> {
        let (extranet, public, resident) = (&*self.extranet, &*self.public, self.resident.as_deref());
        let cookies = self.carried.as_ref().and_then(|carried| carried.line.as_ref());
        Told { extranet, public, resident, cookies, client, id, portal: self.directory.portal() }
    }

    /// One more interim answer (1xx).
    const fn go_on_waiting(&mut self) -> Result<(), Fault> {
        self.interim += 1;
        if self.interim > MOST_INTERIM { Err(Fault::Interim) } else { Ok(()) }
    }

    /// The extranet's answer has begun.
    fn is_answered(&mut self) {
        if let Some(sent_at) = self.sent_at {
            let took = now().duration_since(sent_at);
            self.extranet.metrics.upstream.observe(took);
            self.extranet.backend.has_answered();
            self.upstream = Some(took);
        }
    }

    const fn decision(&self) -> Decision {
        match (&self.sent, &self.answer, &self.resident) {
            (Sent::Caught, _, _) => Decision::CredentialsPost,
            (_, Answer::Left, _) => Decision::Left,
            (_, Answer::Replaced, _) => Decision::SessionOver,
            (_, _, Some(_)) => Decision::SignedIn,
            (_, _, None) => Decision::PublicPath,
        }
    }
}

/// The extranet changes the protocol: it may, where it was asked to.
fn open_tunnel(session: &Session) -> Result<()> {
    if !asked::opens_websocket(session.req_header()) {
        return Err(Fault::Unasked.into());
    }
    if let Some(wire) = Wire::of(session) {
        wire.is_tunnel();
    }
    Ok(())
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
            fault: None,
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
    async fn upstream_peer(&self, session: &mut Session, ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
        let once = (!engine::may_repeat(session)).then_some(ctx.id);
        let forward = ctx.forward()?;
        forward.sent_at = Some(now());
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
            error.set_retry(forward.has_another_address(&error, ctx.id));
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
        let (id, client) = (ctx.id, ctx.client);
        let forward = ctx.forward()?;
        forward.sent.begin();
        if forward.signs(&request.method).is_some() {
            request.insert_header(ACCEPT_ENCODING, "identity")?;
        }
        request_headers::prepare(request, forward.told(client, id))?;
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
        let (id, client) = (ctx.id, ctx.client);
        let forward = ctx.forward()?;
        if response.status.is_informational() && response.status != 101 {
            forward.go_on_waiting()?;
            return self.pass_interim(response, forward).await;
        }
        if let Some(trace) = &mut ctx.trace {
            trace.answered(response.status.as_u16());
        }
        if response.status == 101 {
            open_tunnel(session)?;
        }
        self.pass_answer(session, response, ctx.forward()?, (client, id)).await
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

    /// The body of an answer that was replaced goes nowhere; one that is looked at waits.
    fn upstream_response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Ctx,
    ) -> Result<Option<Duration>> {
        let forward = ctx.forward()?;
        Lasting::go_on(&self.door, session, forward)?;
        session_over::pass(session, forward, (body, end_of_stream), (&self.sure, Clock.now()));
        Ok(None)
    }

    /// A calm page with the request's identifier.
    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Ctx) -> FailToProxy {
        ctx.note(error);
        if let Fate::Forward(forward) = &ctx.fate
            && forward.ends
        {
            Box::pin(self.door.left(session, forward, (ctx.client, ctx.id), LeftUpstream::Open)).await;
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
