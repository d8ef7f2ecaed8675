//! The proxy on the wire: a real gateway on a port of its own, raw sockets on both sides of it.

mod answers;
mod bodies;
mod engine;
mod framing;
mod gate;
mod http2;
mod identity;
mod leading;
mod net;
mod operation;
mod streams;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::door::Door;
use super::{Gateway, Listener, ProxyServer, ServerSettings, Speaks, TrustedProxies};
use crate::app::visit::{Passage, Settled, Unavailable};
use crate::domain::access::Visitor;
use crate::domain::accounts::Accounts;
use crate::domain::adapter::{Adapter, Verifier};
use crate::domain::agency::{Agency, AgencyBrand, AgencyMode, CookieMode, SessionOver};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{AccountLabel, LinkId};
use crate::domain::identity_headers::ReservedNames;
use crate::domain::language::Language;
use crate::domain::logout::Logout;
use crate::domain::origin::Origin;
use crate::domain::path::{PathRule, PathRules};
use crate::domain::policy::AgencyPolicy;
use crate::domain::routing::{Directory, SharedHost};
use crate::domain::session::SessionId;
use crate::domain::spelling::IdentifierCase;
use crate::domain::trust::Trust;
use crate::domain::upstream::{FormLogin, Forwarded, LoginButton, Upstream};
use crate::legacy::{Credentials, Signer};
use crate::telemetry::{AccessLog, LogFormat, Watch};
use crate::web::Arrival;

/// No step of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The cookie of a resident who is signed in at the agency.
const RESIDENT: &str = "Cookie: vestibule=resident\r\n";

/// Who is who, by the session cookie's value.
#[derive(Clone)]
pub struct Cast {
    directory: Arc<Mutex<Arc<Directory>>>,
    passage: Arc<Passage>,
    /// Whether the resident has signed out, once somebody looks again.
    is_out: Arc<AtomicBool>,
}

impl Cast {
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.lock().expect("the directory"))
    }

    pub fn visit(&self, cookie: Option<&str>) -> Result<Visitor<Arc<Passage>>, Unavailable> {
        match cookie {
            Some("resident") => Ok(Visitor::Resident(Arc::clone(&self.passage))),
            Some("signed") => Ok(Visitor::Resident(Arc::new(self.signed()))),
            Some("owes-terms") => Ok(Visitor::OwesTerms),
            Some("unnamed") => Ok(Visitor::Unnamed),
            Some("store-is-down") => Err(Unavailable("the database is away")),
            _ => Ok(Visitor::Stranger),
        }
    }

    /// The resident at an extranet that wants each request signed.
    fn signed(&self) -> Passage {
        let Passage { session, link, account, headers, .. } = &*self.passage;
        let (session, link, account, headers) = (session.clone(), link.clone(), account.clone(), headers.clone());
        let credentials = Credentials::PerRequest(Arc::new(FirstLine));
        Passage { session, link, account, headers, credentials, by_secret: None }
    }

    pub fn lets_in(&self, cookie: &str) -> bool {
        cookie == "resident" && !self.is_out.load(Ordering::SeqCst)
    }

    /// Everybody whose account is known has it at the first of the agencies.
    pub fn visit_shared(&self, shared: &SharedHost, cookie: Option<&str>) -> Result<Option<Settled>, Unavailable> {
        Ok(match self.visit(cookie)? {
            Visitor::Stranger => None,
            visitor => shared.house(&shared.agencies()[0].code).map(|house| (house, visitor)),
        })
    }
}

/// Signs what is asked, and to whom it is said; what ends in `unsigned` cannot be signed.
#[derive(Debug)]
struct FirstLine;

impl Signer for FirstLine {
    fn sign(&self, request: &Parts) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let host = request.headers.get("host")?.to_str().ok()?;
        let user = request.headers.get("x-extranet-user")?.to_str().ok()?;
        let text = format!("{} {} {host} {user}", request.method, request.uri);
        let signature = HeaderValue::from_str(&text).ok()?;
        (!text.contains("unsigned")).then(|| vec![(HeaderName::from_static("authorization"), signature)])
    }
}

/// What an extranet was sent: the head as text, and the body.
#[derive(Debug, Clone)]
struct Seen {
    head: String,
    body: Vec<u8>,
}

impl Seen {
    fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Every value of a header, by the name that CGI would fold it to.
    fn folded(&self, name: &str) -> Vec<String> {
        values(&self.head, name, true)
    }
}

/// What a client was answered.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn parse(raw: &[u8]) -> Self {
        let end = raw.windows(4).position(|part| part == b"\r\n\r\n").map_or(raw.len(), |end| end + 4);
        let head = String::from_utf8_lossy(&raw[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head, body: raw[end..].to_vec() }
    }

    fn header(&self, name: &str) -> Option<String> {
        values(&self.head, name, false).into_iter().next()
    }

    fn headers(&self, name: &str) -> Vec<String> {
        values(&self.head, name, false)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn values(head: &str, name: &str, fold: bool) -> Vec<String> {
    let same = |written: &str| {
        let written = if fold { written.replace('_', "-") } else { written.to_owned() };
        written.eq_ignore_ascii_case(name)
    };
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(written, _)| same(written))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

/// How an extranet answers.
type Script = dyn Fn(&Seen) -> Vec<u8> + Send + Sync;

/// Where access lines are kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the lines").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A gateway, the extranet behind it, and its own pages.
struct House {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    directory: Arc<Mutex<Arc<Directory>>>,
    log: AccessLog,
    lines: Lines,
    is_out: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    run: Option<tokio::task::JoinHandle<()>>,
}

impl House {
    /// A house whose extranet answers every request in the same way.
    async fn answering(answer: &'static str) -> Self {
        Self::with(|_| {}, move |_| answer.as_bytes().to_vec()).await
    }

    /// A house whose extranet says `hello`.
    async fn plain() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await
    }

    /// A house whose agency is changed a little, and whose extranet answers by this function.
    async fn with(change: impl FnOnce(&mut Agency), answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(extranet(listener, Arc::clone(&seen), Arc::new(answer)));
        Self::in_front_of(port, change, seen, TrustedProxies::default()).await
    }

    /// A house in front of whatever listens on this port.
    async fn in_front_of(
        port: u16,
        change: impl FnOnce(&mut Agency),
        seen: Arc<Mutex<Vec<Seen>>>,
        trusted: TrustedProxies,
    ) -> Self {
        Self::speaking(Speaks::Plain, port, change, seen, trusted).await
    }

    /// The same, on a listener that speaks something else.
    async fn speaking(
        speaks: Speaks,
        port: u16,
        change: impl FnOnce(&mut Agency),
        seen: Arc<Mutex<Vec<Seen>>>,
        trusted: TrustedProxies,
    ) -> Self {
        let mut agency = agency(port);
        change(&mut agency);
        let directory = Directory::new(origin("https://www.test"), [agency]);
        let headers = vec![
            (HeaderName::from_static("x-extranet-user"), HeaderValue::from_static("durand")),
            (HeaderName::from_static("x-extranet-client"), HeaderValue::from_static("SPI31")),
        ];
        let passage = Passage {
            session: SessionId::stored("s"),
            link: LinkId::stored("l"),
            account: AccountLabel::of(&LinkId::stored("l")),
            headers,
            credentials: Credentials::default(),
            by_secret: None,
        };
        let directory = Arc::new(Mutex::new(Arc::new(directory)));
        let is_out = Arc::new(AtomicBool::new(false));
        let cast = Cast { directory: Arc::clone(&directory), passage: Arc::new(passage), is_out: Arc::clone(&is_out) };
        let lines = Lines::default();
        let log = AccessLog::into(lines.clone(), LogFormat::Json).expect("a thread");
        let gateway =
            Gateway::behind(Door::Rehearsal(cast), pages(), trusted, 7, Watch { log: log.clone(), ..Watch::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let listener = Listener { socket: listener, speaks, balancers: None };
        let settings = ServerSettings {
            workers: 2,
            grace: PATIENCE,
            max_connections: 1000,
            idle: PATIENCE,
            transport_security: Some(HeaderValue::from_static("max-age=60")),
        };
        let server = ProxyServer::new(vec![listener], &settings, gateway);
        let (stop, stopped) = watch::channel(false);
        let run = tokio::spawn(server.run(stopped));
        Self { address, seen, directory, log, lines, is_out, stop, run: Some(run) }
    }

    /// The access lines so far.
    fn access(&self) -> String {
        assert!(self.log.flush(), "the lines are not written");
        String::from_utf8(self.lines.0.lock().expect("the lines").clone()).expect("text")
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("what was seen").clone()
    }

    /// The only request that the extranet got.
    fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:#?}");
        seen[0].clone()
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// Sends bytes on a new connection and reads until it is closed.
    async fn send(&self, raw: impl AsRef<[u8]>) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(raw.as_ref()).await.expect("to write");
        Answer::parse(&read_to_end(&mut stream).await)
    }

    /// A GET on a connection of its own, with these further header lines.
    async fn get(&self, path: &str, lines: &str) -> Answer {
        self.send(request("GET", path, lines, "")).await
    }
}

fn request(method: &str, path: &str, lines: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nHost: a.test:8080\r\nConnection: close\r\n{length}{lines}\r\n{body}")
}

async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut raw = Vec::new();
    // A reset after the answer is an end, too.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut raw)).await.expect("an end in time");
    raw
}

pub(super) fn origin(text: &str) -> Origin {
    Origin::parse(text).expect("an origin")
}

fn rule(text: &str) -> Vec<PathRule> {
    vec![PathRule::parse(text).expect("a rule")]
}

pub(super) fn agency(port: u16) -> Agency {
    let brand = AgencyBrand {
        name: "Agence du Port".into(),
        colour: "#7a1f3d".into(),
        mail_from: None,
        support_email: None,
        support_phone: None,
        support_url: None,
    };
    Agency {
        code: AgencyCode::parse("SPI31", "01").expect("codes"),
        brand,
        language: Language::default(),
        public: origin("http://a.test:8080"),
        former: Vec::new(),
        accounts: Accounts::OneAtATime,
        start: None,
        upstream: Arc::new(Upstream {
            origin: origin(&format!("http://127.0.0.1:{port}")),
            host_header: format!("127.0.0.1:{port}"),
            aliases: vec![origin("https://extranet.old.test")],
            connect_timeout_ms: 2000,
            read_timeout_ms: 5000,
            trust: Trust::default(),
            forwarded: Forwarded::default(),
        }),
        mode: AgencyMode::Require,
        policy: AgencyPolicy::default(),
        adapter: Adapter::TrustedHeaders,
        login_names: None,
        verifier: Verifier::Roster,
        may_be_email: false,
        identifier_case: IdentifierCase::Learn,
        cookies: CookieMode::Relay,
        headers: Arc::default(),
        reserved: Arc::new(ReservedNames::of(["x-eXTRANET-user", "X-Extranet-Client", "X-Extranet-Name"])),
        keep_authorization: false,
        paths: Arc::new(PathRules {
            public: rule("/public/"),
            login: rule("/login.php"),
            logout: rule("/logout.php"),
            account: rule("/password.php"),
            ..PathRules::default()
        }),
        session_over: SessionOver { login_redirect: true, statuses: vec![401], element: None },
        logout: Logout::default(),
        terms: None,
    }
}

fn form_replay() -> Adapter {
    Adapter::FormReplay(Box::new(FormLogin {
        page: "/login.php".into(),
        form: None,
        login_field: "login".into(),
        password_field: "password".into(),
        button: LoginButton::default(),
        posts: false,
        extra: Vec::new(),
        set_cookies: Vec::new(),
        charset: None,
        success: Vec::new(),
        failure: Vec::new(),
        locked: Vec::new(),
        must_change: Vec::new(),
        profile: None,
        logout: None,
        timeout_ms: 1000,
    }))
}

/// Our own pages, as the portal would answer: they tell what they were asked.
fn pages() -> Router {
    Router::new().fallback(|request: Request| async move {
        let arrival = request.extensions().get::<Arrival>().cloned().expect("an arrival");
        let (head, body) = request.into_parts();
        assert_ne!(head.uri.path(), "/.vestibule/panic", "as asked");
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        format!(
            "page {} {} from {} id {} body {}",
            head.method,
            head.uri,
            arrival.client,
            arrival.request_id,
            String::from_utf8_lossy(&body)
        )
    })
}

/// A server as old as extranets are: it reads a request, notes it, answers, and goes on while the answer is framed.
async fn extranet(listener: TcpListener, seen: Arc<Mutex<Vec<Seen>>>, answer: Arc<Script>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
        tokio::spawn(async move {
            while let Some(request) = read_request(&mut stream).await {
                seen.lock().expect("what was seen").push(request.clone());
                let said = answer(&request);
                let framed = String::from_utf8_lossy(&said).to_ascii_lowercase();
                if stream.write_all(&said).await.is_err() {
                    return;
                }
                if !framed.contains("content-length:") && !framed.contains("chunked") && !framed.contains(" 304 ") {
                    return;
                }
            }
        });
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut raw = Vec::new();
    let head_end = loop {
        if let Some(at) = raw.windows(4).position(|part| part == b"\r\n\r\n") {
            break at + 4;
        }
        read_more(stream, &mut raw).await?;
    };
    let head = String::from_utf8_lossy(&raw[..head_end]).into_owned();
    let mut body = raw.split_off(head_end);
    let lower = head.to_ascii_lowercase();
    if lower.contains("transfer-encoding: chunked") {
        while !body.ends_with(b"0\r\n\r\n") {
            read_more(stream, &mut body).await?;
        }
    } else if let Some(length) = values(&head, "content-length", false).first() {
        let length: usize = length.parse().expect("a length");
        while body.len() < length {
            read_more(stream, &mut body).await?;
        }
    }
    Some(Seen { head, body })
}

async fn read_more(stream: &mut TcpStream, into: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(into).await.ok()?;
    (read > 0).then_some(())
}
