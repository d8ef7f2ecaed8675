//! Acts on the gate's decision: what is answered here, and what may go on to an extranet.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_LENGTH, COOKIE, REFERER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pingora::Result;
use pingora::proxy::Session;

use super::asked::{self, Asked, Refusal};
use super::bodies::{self, Found, Sent, Wanted};
use super::bridge;
use super::door::Visited;
use super::engine;
use super::fault::{Fault, Problem};
use super::jar;
use super::left;
use super::line::About;
use super::lobby;
use super::session_over::{NOT_SENT, not_sent};
use super::wire::{Follows, Wire};
use super::{Answered, Ctx, Fate, Forward, Gateway};
use crate::app::visit::Unavailable;
use crate::domain::access::{self, Access, Fetch, Fields, Forbidden, Screen, Visitor};
use crate::domain::agency::Agency;
use crate::domain::leaving::speaks_of_leaving;
use crate::domain::logout::Logout;
use crate::domain::origin::{Origin, Scheme};
use crate::domain::path::{NormalisedPath, ReturnPath};
use crate::domain::routing::{Directory, Host, House, Place};
use crate::domain::secret::Secret;
use crate::telemetry::{RequestId, traces};
use crate::web::Arrival;
use crate::web::cookies::{self, Kind};
use crate::web::endings::endings;
use crate::web::guest::FETCH_DEST;

/// What a browser says of who follows a link or sends a form.
pub static FETCH_USER: HeaderName = HeaderName::from_static("sec-fetch-user");
static SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");

/// What a query value is written with: everything else is escaped.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Reads a request, decides on it, and answers it, or lets it go on to its extranet. True where it was answered.
///
/// # Errors
/// The client is gone, or a fault of ours.
pub async fn admit(gateway: &Gateway, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
    if session.get_keepalive().is_some() {
        session.set_keepalive(Some(gateway.idle_seconds));
    }
    engine::pin(session);
    if session.as_http2().is_some() {
        asked::level(session.req_header_mut())?;
    }
    let directory = gateway.door.directory();
    let peer = session.client_addr().and_then(|address| address.as_inet()).map(std::net::SocketAddr::ip);
    ctx.client = gateway.trusted.client(peer.unwrap_or(ctx.client), &session.req_header().headers);
    if gateway.watch.traces.are_on() {
        let parent = gateway.trusted.trace_of(peer.unwrap_or(ctx.client), &session.req_header().headers);
        ctx.trace = gateway.watch.traces.begin(parent);
    }
    let asked = match read(session, &directory) {
        Ok(asked) => asked,
        Err(refusal) => return refuse(session, ctx, refusal).await,
    };
    if let Some(about) = About::of(session) {
        // Where the way to https only begins, the promise to come by it has no place (RFC 6797, 7.2).
        about.is_asked_for_https(!about.is_redirect && scheme(&asked.place, &directory) == Scheme::Https);
        // What a client knows of another house's connection, such as its certificate, is nothing here (RFC 9110, 7.4).
        if about.name.as_ref().is_some_and(|name| *name != asked.host) {
            return elsewhere(session, ctx, &directory, "misdirected").await;
        }
        if about.is_redirect {
            return lead_to_https(session, ctx, &directory, &asked.place).await;
        }
    }
    let (agency, decision) = match &asked.place {
        Place::Extranet(host) => return knock(gateway, session, ctx, directory, &asked, host).await,
        Place::Own(host) => (open_here(gateway, session, host).await, "own-page"),
        Place::Portal => (None, "portal"),
        Place::Moved(to) => return lead_on(session, ctx, to).await,
        Place::Nowhere => (None, "unknown-host"),
    };
    ctx.fate = Fate::Answered(Answered { agency, decision });
    if matches!(asked.place, Place::Nowhere) {
        return elsewhere(session, ctx, &directory, decision).await;
    }
    // Boxed, like every answer of ours, so that requests that are forwarded are not moved about with it.
    let page = Box::pin(bridge::relay(&gateway.pages, session, arrival(ctx, asked.place, &directory)));
    ctx.fault = traces::within(ctx.current(), page).await?;
    Ok(true)
}

/// This host is not served on this connection.
async fn elsewhere(
    session: &mut Session,
    ctx: &mut Ctx,
    directory: &Directory,
    decision: &'static str,
) -> Result<bool> {
    ctx.fate = Fate::Answered(Answered { agency: None, decision });
    let portal = directory.portal();
    let said = format!("Ce site n'est pas, ou plus, servi ici. / This site is not served here (any more).\n{portal}");
    bridge::text(session, 421, &said).await?;
    Ok(true)
}

/// Answers on a listener that only leads to https: what is read is led there, what was sent in the clear is refused.
async fn lead_to_https(session: &mut Session, ctx: &mut Ctx, directory: &Directory, place: &Place) -> Result<bool> {
    let public = match place {
        Place::Portal => Some(directory.portal().clone()),
        Place::Extranet(host) | Place::Own(host) => Some(host.origin()),
        Place::Moved(to) => Some(to.clone()),
        Place::Nowhere => None,
    };
    let Some(public) = public.filter(|public| public.scheme() == Scheme::Https) else {
        return elsewhere(session, ctx, directory, "unknown-host").await;
    };
    ctx.fate = Fate::Answered(Answered { agency: None, decision: "to-https" });
    if matches!(session.req_header().method, Method::GET | Method::HEAD) {
        let target = std::str::from_utf8(session.req_header().raw_path()).unwrap_or("/");
        bridge::redirect(session, 301, &format!("{public}{target}"), &[]).await?;
    } else {
        bridge::text(session, 403, "Connexion non chiffrée refusée. / Use https.").await?;
    }
    Ok(true)
}

/// Answers where something was before it moved: what is read is found there, and nothing is sent on.
async fn lead_on(session: &mut Session, ctx: &mut Ctx, to: &Origin) -> Result<bool> {
    ctx.fate = Fate::Answered(Answered { agency: None, decision: "moved" });
    if matches!(session.req_header().method, Method::GET | Method::HEAD) {
        let target = std::str::from_utf8(session.req_header().raw_path()).unwrap_or("/");
        bridge::redirect(session, 301, &format!("{to}{target}"), &[]).await?;
    } else {
        let said = format!(
            "Ce site a changé d'adresse ; rien n'a été transmis. / This site has moved; nothing was sent on.\n{to}"
        );
        bridge::text(session, 410, &said).await?;
    }
    Ok(true)
}

fn scheme(place: &Place, directory: &Directory) -> Scheme {
    match place {
        Place::Extranet(host) | Place::Own(host) => host.scheme(),
        Place::Moved(to) => to.scheme(),
        Place::Portal | Place::Nowhere => directory.portal().scheme(),
    }
}

/// What a page of ours is told of a request.
pub fn arrival(ctx: &Ctx, place: Place, directory: &Directory) -> Arrival {
    let scheme = scheme(&place, directory);
    Arrival { request_id: RequestId::named(&ctx.id.to_string()), client: ctx.client, place, scheme }
}

fn read(session: &Session, directory: &Directory) -> Result<Asked, Refusal> {
    if session.as_http2().is_some() {
        return Asked::read_streamed(session.req_header(), directory);
    }
    let (Some(wire), Some(http1)) = (Wire::of(session), session.as_http1()) else { return Err(Refusal::Framing) };
    let headers = &session.req_header().headers;
    let length = || asked::text(headers, &CONTENT_LENGTH).and_then(|length| length.parse().ok());
    // A length that is none is refused in a moment.
    let follows = if headers.contains_key(TRANSFER_ENCODING) {
        Follows::Chunks
    } else {
        length().map_or(Follows::Nothing, Follows::Bytes)
    };
    if !wire.head_was_read(follows) {
        return Err(Refusal::Target);
    }
    Asked::read(session.req_header(), &http1.get_headers_raw_bytes(), directory)
}

/// A request that could be read in two ways ends its connection: nobody knows where the next one begins.
async fn refuse(session: &mut Session, ctx: &mut Ctx, refusal: Refusal) -> Result<bool> {
    ctx.fate = Fate::Answered(Answered { agency: None, decision: refusal.reason() });
    session.set_keepalive(None);
    bridge::text(session, refusal.status(), "Requête refusée. / Request refused.").await?;
    Ok(true)
}

/// Whose agency's host this is for a browser, as far as its session says so: for the access line.
async fn open_here(gateway: &Gateway, session: &Session, host: &Host) -> Option<Arc<Agency>> {
    match host {
        Host::House(house) => Some(Arc::clone(&house.agency)),
        Host::Shared(shared) => {
            let cookie = session_cookie(session, host);
            let known = gateway.door.visit_shared(shared, cookie.as_ref().map(Secret::expose)).await.ok()?;
            known.map(|(house, _)| house.agency)
        }
    }
}

fn session_cookie(session: &Session, host: &Host) -> Option<Secret> {
    cookies::find(&session.req_header().headers, cookies::session_name(host.scheme())).map(Secret::new)
}

/// Somebody asks for an extranet: who is it, and, on a host that several agencies share, which one is meant? That is said
/// by the session alone; a browser that has none is led back to the agency that it had open last (a24).
async fn knock(
    gateway: &Gateway,
    session: &mut Session,
    ctx: &mut Ctx,
    directory: Arc<Directory>,
    asked: &Asked,
    host: &Host,
) -> Result<bool> {
    let cookie = session_cookie(session, host);
    let shared = match host {
        Host::House(house) => {
            let visit = gateway.door.visit(house, cookie.as_ref().map(Secret::expose));
            let visited = traces::within(ctx.current(), visit).await;
            let gate = Gate { gateway, directory, house: house.clone() };
            return gate.decide(session, ctx, asked, (cookie, visited)).await;
        }
        Host::Shared(shared) => shared,
    };
    let visit = gateway.door.visit_shared(shared, cookie.as_ref().map(Secret::expose));
    let visited = traces::within(ctx.current(), visit).await;
    let held = || cookies::find(&session.req_header().headers, Kind::Account.name(host.scheme()));
    let (house, visited) = match visited {
        Ok(Some((house, visitor))) => (Some(house), Ok(visitor)),
        Ok(None) => (host.remembered(held()), Ok(Visitor::Stranger)),
        Err(unavailable) => (host.remembered(held()), Err(unavailable)),
    };
    if let Some(house) = house {
        return Gate { gateway, directory, house }.decide(session, ctx, asked, (cookie, visited)).await;
    }
    let unknown = visited.err().map(|Unavailable(reason)| reason);
    lobby::receive((gateway, &directory), shared, session, ctx, asked, unknown).await
}

/// Tells of a problem on this host: as a page, or as a line where a part of one was asked for.
pub async fn tell(
    (gateway, directory): (&Gateway, &Directory),
    session: &mut Session,
    ctx: &Ctx,
    (host, fetch): (Host, Fetch),
    (problem, status): (Problem, u16),
) -> Result<bool> {
    match fetch {
        Fetch::Page => {
            let arrival = arrival(ctx, Place::Own(host), directory);
            Box::pin(bridge::problem(&gateway.pages, session, arrival, problem, status)).await?;
        }
        Fetch::Part if status >= 500 => {
            bridge::text(session, status, &format!("{}\n{}", problem.text(), ctx.id)).await?;
        }
        Fetch::Part => bridge::text(session, status, problem.text()).await?,
    }
    Ok(true)
}

/// The way back to what was asked for, as a part of a query.
#[must_use]
pub fn back(session: &Session) -> String {
    let target = std::str::from_utf8(session.req_header().raw_path()).unwrap_or("/");
    return_to(&ReturnPath::parse_or_home(target))
}

fn return_to(page: &ReturnPath) -> String {
    format!("&return={}", utf8_percent_encode(page.as_str(), QUERY_VALUE))
}

/// Whether a frame asks.
#[must_use]
pub fn in_a_frame(session: &Session) -> bool {
    access::is_in_a_frame(asked::text(&session.req_header().headers, &FETCH_DEST))
}

/// The page around the frame that asks, where it tells.
fn page_around(session: &Session, here: &Origin) -> Option<ReturnPath> {
    let head = session.req_header();
    let target = std::str::from_utf8(head.raw_path()).unwrap_or("/");
    let is_followed = head.headers.contains_key(&FETCH_USER);
    access::page_around(here, asked::text(&head.headers, &REFERER), target, is_followed)
}

/// Whether a page of ours would have to stand in a frame, which it is never shown in. The extranet's own logout button is
/// pressed all the same.
fn leaves_a_frame(screen: Screen, asked: &Asked, session: &Session) -> bool {
    let is_pressed = screen == Screen::SignOut && asked.changes;
    asked.fetch == Fetch::Page && !is_pressed && in_a_frame(session)
}

/// What who is refused is told.
const fn problem(why: Forbidden) -> Problem {
    match why {
        Forbidden::Unnamed => Problem::Unnamed,
        Forbidden::LegacyLogin => Problem::OldLogin,
        Forbidden::ForeignOrigin | Forbidden::LegacyAccount | Forbidden::ServiceWorker => Problem::BadRequest,
    }
}

/// A request for an extranet, on its way through the gate.
struct Gate<'g> {
    gateway: &'g Gateway,
    directory: Arc<Directory>,
    house: House,
}

impl Gate<'_> {
    async fn decide(
        self,
        session: &mut Session,
        ctx: &mut Ctx,
        asked: &Asked,
        (cookie, visited): (Option<Secret>, Visited),
    ) -> Result<bool> {
        let agency = Arc::clone(&self.house.agency);
        let Some(extranet) = self.gateway.extranets.of(&self.directory, &agency) else {
            return Err(Fault::NoExtranet.into());
        };
        let Some(public) = extranet.public_at(&self.house) else { return Err(Fault::NoExtranet.into()) };
        let headers = &session.req_header().headers;
        let from = asked::asked_from(headers, &public.origin);
        let query = session.req_header().uri.query();
        let stays = agency.shares_host() && headers.contains_key(&SERVICE_WORKER);
        let (changes, fetch) = (asked.changes, asked.fetch);
        let scripted = access::is_scripted(fetch, changes, from, asked::text(headers, &FETCH_DEST));
        let question = access::Asked { path: &asked.path, query, changes, fetch, from, stays, scripted };
        let is_over = matches!(visited, Ok(Visitor::Stranger));
        let ended = if is_over { ended(session, &Host::House(self.house.clone())) } else { Vec::new() };
        let logout = Some(&agency.logout).filter(|logout| asked.changes && logout.may_be_sent_to(&asked.path));
        let logout = logout.map(|logout| (logout, &asked.path));
        let access = match visited {
            Ok(visitor) => access::decide(visitor, &agency, &question),
            Err(unavailable) => return self.unavailable(session, ctx, asked.fetch, unavailable).await,
        };
        self.answered(ctx, Access::reason(&access));
        let ends = matches!(access, Access::Leave(_));
        let resident = match access {
            Access::Forward(passage) | Access::Leave(passage) => Some(passage),
            Access::Public => {
                // Nor does an extranet see any more whose cookies these were.
                if !ended.is_empty() {
                    session.req_header_mut().remove_header(&COOKIE);
                }
                None
            }
            Access::Show(screen) if leaves_a_frame(screen, asked, session) => {
                let to = self.location_around(screen, session);
                let arrival = arrival(ctx, Place::Own(Host::House(self.house.clone())), &self.directory);
                Box::pin(bridge::lead_out(&self.gateway.pages, session, arrival, to, &ended)).await?;
                return Ok(true);
            }
            Access::Show(screen) => {
                let location = self.location(screen, session);
                // The extranet's own logout button is a logout; its link is only the way to ours (SEC-070).
                let status = if screen == Screen::SignOut && asked.changes { 307 } else { 303 };
                bridge::redirect(session, status, &location, &ended).await?;
                return Ok(true);
            }
            // Whose session is over may go all the same.
            Access::NotSent(_) if self.is_logout(session, logout).await? => {
                return self.sign_out(session, ctx, &ended).await;
            }
            Access::NotSent(fields) => {
                let status = if fields == Fields::Shown { not_sent(session) } else { 303 };
                bridge::redirect(session, status, NOT_SENT, &ended).await?;
                return Ok(true);
            }
            Access::Unauthorized => {
                let json = understands_json(session);
                bridge::unauthorized(session, &self.at_portal("login", ""), json, &ended).await?;
                return Ok(true);
            }
            Access::Forbidden(why) => {
                return self.problem(session, ctx, asked.fetch, problem(why), 403).await;
            }
        };
        let mut forward = Forward::new(
            (self.house.clone(), public),
            extranet,
            Arc::clone(&self.directory),
            (resident, cookie),
            asked.fetch,
        );
        forward.ends = ends;
        self.send_on(session, ctx, (asked, from, scripted), forward, (logout, ended)).await
    }

    /// Looks at what is to go on, and lets it, if nothing of it has to stay here.
    async fn send_on(
        self,
        session: &mut Session,
        ctx: &mut Ctx,
        (asked, from, scripted): (&Asked, access::From, bool),
        mut forward: Forward,
        (logout, ended): (Option<(&Logout, &NormalisedPath)>, Vec<HeaderValue>),
    ) -> Result<bool> {
        let may_post_credentials = self.house.agency.paths.may_post_credentials(&asked.path);
        let net = forward.extranet.net.clone().filter(|_| !may_post_credentials);
        let logout = logout.filter(|_| forward.resident.is_some());
        let may_leave = left::may_leave(&forward, asked.changes, from);
        forward.leaves = may_leave && speaks_of_leaving(&String::from_utf8_lossy(session.req_header().raw_path()));
        let looks_for_leaving = may_leave && asked.changes && !forward.leaves;
        forward.sent = match Wanted::new(net.as_ref(), logout, looks_for_leaving) {
            None => Sent::AsIs,
            Some(wanted) => match Box::pin(bodies::look(session, wanted)).await? {
                Found::Nothing(sent) => sent,
                Found::Leaving => {
                    forward.leaves = true;
                    Sent::AsIs
                }
                Found::Logout if scripted => {
                    forward.ends = true;
                    Sent::AsIs
                }
                Found::Logout => return self.sign_out(session, ctx, &ended).await,
                Found::Login => {
                    self.answered(ctx, "credentials-post");
                    return self.problem(session, ctx, asked.fetch, Problem::OldLogin, 403).await;
                }
                Found::TooSlow => return self.problem(session, ctx, asked.fetch, Problem::BadRequest, 408).await,
            },
        };
        forward.carried = match forward.resident.as_deref() {
            Some(resident) if forward.extranet.keeps_cookies() => {
                match Box::pin(jar::carried(&self.gateway.door, resident, session)).await {
                    Ok(carried) => Some(carried),
                    Err(unavailable) => return self.unavailable(session, ctx, asked.fetch, unavailable).await,
                }
            }
            _ => None,
        };
        self.let_through(session);
        forward.ended = if asked.fetch == Fetch::Page { ended } else { Vec::new() };
        ctx.fate = Fate::Forward(Box::new(forward));
        Ok(false)
    }

    async fn is_logout(&self, session: &mut Session, logout: Option<(&Logout, &NormalisedPath)>) -> Result<bool> {
        let Some(wanted) = Wanted::new(None, logout, false) else { return Ok(false) };
        Ok(matches!(Box::pin(bodies::look(session, wanted)).await?, Found::Logout))
    }

    /// The extranet's own logout button was pressed.
    async fn sign_out(&self, session: &mut Session, ctx: &mut Ctx, ended: &[HeaderValue]) -> Result<bool> {
        self.answered(ctx, Access::reason(&Access::<()>::Show(Screen::SignOut)));
        let location = self.location(Screen::SignOut, session);
        bridge::redirect(session, 307, &location, ended).await?;
        Ok(true)
    }

    fn answered(&self, ctx: &mut Ctx, decision: &'static str) {
        ctx.fate = Fate::Answered(Answered { agency: Some(Arc::clone(&self.house.agency)), decision });
    }

    /// Only a WebSocket upgrade goes on, and it may be silent as long as the extranet may.
    fn let_through(&self, session: &mut Session) {
        if asked::opens_websocket(session.req_header()) {
            let silence = Duration::from_millis(self.house.agency.upstream.read_timeout_ms);
            session.set_read_timeout(Some(silence));
        } else {
            session.req_header_mut().remove_header(&UPGRADE);
        }
    }

    fn location(&self, screen: Screen, session: &Session) -> String {
        match screen {
            Screen::SignIn => self.at_portal("login", &back(session)),
            Screen::SignInHome | Screen::Agency => self.at_portal("login", ""),
            Screen::Terms => self.at_portal("terms", &back(session)),
            Screen::ExtranetPassword => self.at_portal("account/extranet-password", &back(session)),
            Screen::SignOut => "/.vestibule/logout".to_owned(),
            Screen::Account => format!("{}/account", self.directory.portal()),
        }
    }

    /// The same for a frame: what is come back to is the page around it.
    fn location_around(&self, screen: Screen, session: &Session) -> String {
        let around =
            page_around(session, &self.house.origin()).filter(|page| self.house.agency.paths.closing(page).is_none());
        let back = around.map(|page| return_to(&page)).unwrap_or_default();
        match screen {
            Screen::SignIn => self.at_portal("login", &back),
            Screen::Terms => self.at_portal("terms", &back),
            Screen::ExtranetPassword => self.at_portal("account/extranet-password", &back),
            Screen::SignInHome | Screen::Agency | Screen::SignOut | Screen::Account => self.location(screen, session),
        }
    }

    fn at_portal(&self, page: &str, more: &str) -> String {
        let (portal, code): (&Origin, _) = (self.directory.portal(), &self.house.agency.code);
        let account = self.house.account.as_ref().map(|account| format!("&account={}", account.as_str()));
        let account = account.unwrap_or_default();
        format!("{portal}/{page}?client={}&societe={}{account}{more}", code.client(), code.societe())
    }

    /// Nobody says who that is.
    async fn unavailable(
        &self,
        session: &mut Session,
        ctx: &mut Ctx,
        fetch: Fetch,
        Unavailable(reason): Unavailable,
    ) -> Result<bool> {
        self.answered(ctx, "sessions-unavailable");
        ctx.fault = Some(reason);
        self.problem(session, ctx, fetch, Problem::Unavailable, 503).await
    }

    async fn problem(
        &self,
        session: &mut Session,
        ctx: &Ctx,
        fetch: Fetch,
        problem: Problem,
        status: u16,
    ) -> Result<bool> {
        let host = Host::House(self.house.clone());
        tell((self.gateway, &self.directory), session, ctx, (host, fetch), (problem, status)).await
    }
}

/// What takes away the cookies of a sign-in that has ended, wherever that was: ours, and the extranet's by their names
/// (SEC-251). Nothing where no cookie of ours came. What a browser remembers of its device and its last account stays.
#[must_use]
pub fn ended(session: &Session, host: &Host) -> Vec<HeaderValue> {
    let scheme = host.scheme();
    let head = session.req_header();
    let name = cookies::session_name(scheme);
    if cookies::find(&head.headers, name).is_none() {
        return Vec::new();
    }
    let sent = head.headers.get_all(COOKIE).iter().map(http::HeaderValue::as_bytes);
    let mut ended = endings(sent, head.raw_path(), scheme);
    ended.extend(HeaderValue::try_from(cookies::clear(Kind::Session, scheme)));
    ended
}

/// Whether JSON is asked for, or anything will do.
#[must_use]
pub fn understands_json(session: &Session) -> bool {
    let accept = asked::text(&session.req_header().headers, &ACCEPT);
    accept.is_none_or(|accept| accept.contains("json") || accept.trim() == "*/*")
}
