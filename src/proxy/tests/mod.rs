//! The proxy on the wire: a real gateway on a port of its own, raw sockets on both sides of it.

mod answers;
mod bodies;
pub mod cast;
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
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use http::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::door::Door;
use super::{Gateway, Listener, ProxyServer, ServerSettings, Speaks, TrustedProxies};
use crate::domain::agency::{Agency, CookieMode};
use crate::domain::path::PathRule;
use crate::domain::routing::Directory;
use crate::telemetry::{AccessLog, LogFormat, Watch};
use crate::web::Arrival;
use cast::{agency, cast, form_replay, origin};

/// No step of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The cookie of a resident who is signed in at the agency.
const RESIDENT: &str = "Cookie: vestibule=resident\r\n";

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
        let cast = cast(directory);
        let (directory, is_out) = (Arc::clone(&cast.directory), Arc::clone(&cast.is_out));
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
