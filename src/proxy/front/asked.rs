//! Reading a request, and refusing what no browser sends, before anything is decided on it.
//!
//! pingora parses leniently and tidies up what it parsed: it drops fragments, and a `Content-Length` that stands beside
//! a `Transfer-Encoding`; so the head is compared with its raw bytes. What passes here reads the same for everybody.

use http::header::{
    ACCEPT, CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::PathAndQuery;
use http::{Method, Uri, Version};
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::refusal::{MAX_HEAD, Refusal};
use super::wire::{Follows, Wire};
use crate::domain::access::{self, AskedFrom, Fetch};
use crate::domain::origin::{Origin, Scheme, host_of_authority};
use crate::domain::path::NormalisedPath;
use crate::domain::routing::{Directory, Place};

/// What a browser says of who follows a link or sends a form.
pub static FETCH_USER: HeaderName = HeaderName::from_static("sec-fetch-user");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Most header fields.
const MAX_FIELDS: usize = 100;
/// Longest request target, bytes.
const MAX_TARGET: usize = 8 * 1024;
/// Longest method, bytes.
const MAX_METHOD: usize = 32;

/// What is forwarded beside the methods that HTTP itself names: those of `WebDAV` (RFC 4918, 3253, 3648, 5842) and
/// `CalDAV` (RFC 4791), and SEARCH.
const WEBDAV: [&str; 22] = [
    "ACL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNLOCK",
    "UPDATE",
];

/// Whether a connection is one for what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It is.
    Fits,
    /// It is in the clear, and only leads to https.
    OnlyLeads,
    /// It was made for another host: what a client knows of that one, such as its certificate, is nothing here
    /// (RFC 9110, 7.4).
    ForAnother,
}

/// A request that reads the same for everybody.
#[derive(Debug)]
pub struct Asked {
    /// Where it goes.
    pub place: Place,
    /// The host that is asked for, without its port.
    pub host: String,
    /// Whether it came by a connection that is for that.
    pub connection: Connection,
    /// Its path, decoded and normalised.
    pub path: NormalisedPath,
    /// Whether it can change something, or opens a WebSocket.
    pub changes: bool,
    /// How the answer is going to be used.
    pub fetch: Fetch,
}

impl Asked {
    /// Reads the request that a session has begun with.
    ///
    /// # Errors
    /// Tells which rule refuses it.
    pub fn read(session: &mut Session, directory: &Directory) -> Result<Self, Refusal> {
        if session.as_http2().is_some() {
            level(session.req_header_mut()).map_err(|_| Refusal::Framing)?;
            return Self::of_stream(session, directory);
        }
        let (Some(wire), Some(http1)) = (Wire::of(session), session.as_http1()) else { return Err(Refusal::Framing) };
        let head = session.req_header();
        if !wire.head_was_read(follows(&head.headers)) {
            return Err(Refusal::Target);
        }
        let raw = &http1.get_headers_raw_bytes();
        let target = target(head, raw)?;
        if raw.len() > MAX_HEAD || head.headers.len() > MAX_FIELDS {
            return Err(Refusal::HeadTooLarge);
        }
        framing(head, raw)?;
        Self::of(session, target, directory)
    }

    /// Reads a head that came over HTTP/2, where nothing can be framed in two ways, and which [`level`] has made look
    /// like any other.
    fn of_stream(session: &Session, directory: &Directory) -> Result<Self, Refusal> {
        let head = session.req_header();
        let sent = head.raw_path();
        if sent.len() > MAX_TARGET {
            return Err(Refusal::TargetTooLong);
        }
        let target = std::str::from_utf8(sent).ok().filter(|_| is_plain(sent)).ok_or(Refusal::Target)?;
        let size: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if sent.len() + size > MAX_HEAD || head.headers.len() > MAX_FIELDS {
            return Err(Refusal::HeadTooLarge);
        }
        if head.headers.contains_key(TRANSFER_ENCODING) {
            return Err(Refusal::Framing);
        }
        lengths(head)?;
        Self::of(session, target, directory)
    }

    fn of(session: &Session, target: &str, directory: &Directory) -> Result<Self, Refusal> {
        let mut asked = Self::said(session.req_header(), target, directory)?;
        if let Some(about) = Wire::about_of(session) {
            asked.connection = match about.name.as_ref() {
                Some(name) if *name != asked.host => Connection::ForAnother,
                _ if about.is_redirect => Connection::OnlyLeads,
                _ => Connection::Fits,
            };
            // Where the way to https only begins, the promise to come by it has no place (RFC 6797, 7.2).
            about.is_asked_for_https(!about.is_redirect && directory.scheme(&asked.place) == Scheme::Https);
        }
        Ok(asked)
    }

    /// What a head says, by a connection that is for it.
    ///
    /// # Errors
    /// Tells which rule refuses it.
    pub fn said(head: &RequestHeader, target: &str, directory: &Directory) -> Result<Self, Refusal> {
        method(&head.method)?;
        let path = NormalisedPath::read(target.split('?').next().unwrap_or_default()).map_err(|_| Refusal::Target)?;
        let mut hosts = head.headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Refusal::Host) };
        let host = host.to_str().ok().and_then(host_of_authority).ok_or(Refusal::Host)?;
        let reads = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let changes = !reads || opens_websocket(head);
        let mode = text(&head.headers, &SEC_FETCH_MODE);
        let (accept, requested_with) = (text(&head.headers, &ACCEPT), text(&head.headers, &X_REQUESTED_WITH));
        let fetch = match head.method {
            Method::GET | Method::HEAD | Method::OPTIONS | Method::POST => {
                access::fetch_kind(mode, accept, requested_with, changes)
            }
            // No link and no form has such a method.
            _ => Fetch::Part,
        };
        Ok(Self {
            place: directory.resolve(&host, path.as_str()),
            host,
            connection: Connection::Fits,
            path,
            changes,
            fetch,
        })
    }
}

/// What comes behind a head; a length that is none is refused in a moment.
fn follows(headers: &HeaderMap) -> Follows {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Follows::Chunks;
    }
    let length = text(headers, &CONTENT_LENGTH).and_then(|length| length.parse().ok());
    length.map_or(Follows::Nothing, Follows::Bytes)
}

/// Makes a head that came over HTTP/2 look like one of HTTP/1.1: the authority is its `Host`, the target begins with the
/// path, and cookies that came in pieces (RFC 9113, 8.2.3) are one line again.
///
/// # Errors
/// The head cannot be put together.
fn level(head: &mut RequestHeader) -> pingora::Result<()> {
    if let Some(authority) = head.uri.authority().map(ToString::to_string) {
        // One that says something else stays beside it, and two are refused (RFC 9113, 8.3.1).
        if head.headers.get_all(HOST).iter().all(|host| host.as_bytes() == authority.as_bytes()) {
            head.remove_header(&HOST);
        }
        head.append_header(HOST, authority)?;
    }
    if head.uri.authority().is_some() {
        let path = head.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        head.set_uri(Uri::from(path));
    }
    let pieces: Vec<&[u8]> = head.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if pieces.len() > 1 {
        let line = pieces.join(&b"; "[..]);
        head.insert_header(COOKIE, line)?;
    }
    Ok(())
}

/// Whether a request is a WebSocket handshake; no other upgrade is known (SEC-085).
#[must_use]
pub fn opens_websocket(head: &RequestHeader) -> bool {
    let mut upgrades = head.headers.get_all(UPGRADE).iter();
    head.version == Version::HTTP_11
        && head.method == Method::GET
        && upgrades.next().is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
        && upgrades.next().is_none()
}

/// From where the browser says it asks. An `Origin` that is there twice, or is no text, comes from elsewhere.
#[must_use]
pub fn asked_from(headers: &HeaderMap, here: &Origin) -> AskedFrom {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => None,
        (Some(one), None) => Some(one.to_str().unwrap_or_default()),
        (Some(_), Some(_)) => Some(""),
    };
    access::asked_from(origin, text(headers, &SEC_FETCH_SITE), here)
}

/// The first value of a header, if it is text.
#[must_use]
pub fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The target, if what was parsed is what was sent: in origin-form, without a fragment, in plain ASCII.
fn target<'r>(head: &RequestHeader, raw: &'r [u8]) -> Result<&'r str, Refusal> {
    // Empty lines before a request are allowed (RFC 9112, 2.2).
    let start = raw.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let mut words = raw[start..].split(|byte| *byte == b' ');
    let (Some(_method), Some(sent)) = (words.next(), words.next()) else { return Err(Refusal::Target) };
    if sent.len() > MAX_TARGET {
        return Err(Refusal::TargetTooLong);
    }
    match std::str::from_utf8(sent) {
        Ok(text) if is_plain(sent) && sent == head.raw_path() => Ok(text),
        _ => Err(Refusal::Target),
    }
}

/// Whether a target is plain ASCII without a fragment.
fn is_plain(target: &[u8]) -> bool {
    target.iter().all(|byte| (b'!'..=b'~').contains(byte) && *byte != b'#')
}

fn method(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::OPTIONS => {
            Ok(())
        }
        Method::TRACE | Method::CONNECT => Err(Refusal::MethodNotAllowed),
        _ if method.as_str().len() <= MAX_METHOD && WEBDAV.contains(&method.as_str()) => Ok(()),
        _ => Err(Refusal::MethodUnknown),
    }
}

/// One length, or one `chunked`, or neither; every line ends with CR LF.
fn framing(head: &RequestHeader, raw: &[u8]) -> Result<(), Refusal> {
    if has_bare_line_end(raw) {
        return Err(Refusal::Framing);
    }
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next() {
        let chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked") && codings.next().is_none();
        let alone = !names_a_length(raw) && head.version == Version::HTTP_11;
        return if chunked && alone { Ok(()) } else { Err(Refusal::Framing) };
    }
    // A body of HTTP/1.0 without a length would end with the connection (RFC 1945, 8.3; SEC-112).
    let carries = matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
    if head.version == Version::HTTP_10 && carries && !head.headers.contains_key(CONTENT_LENGTH) {
        return Err(Refusal::Framing);
    }
    lengths(head)
}

/// One length as everybody writes it, or none.
fn lengths(head: &RequestHeader) -> Result<(), Refusal> {
    let mut lengths = head.headers.get_all(CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(()),
        (Some(length), None) if is_length(length.as_bytes()) => Ok(()),
        _ => Err(Refusal::Framing),
    }
}

/// Whether a line ends with LF alone. Looks to the end even where one is found early: without a way out of the loop, the
/// compiler compares many bytes at a time.
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch for each byte")]
fn has_bare_line_end(raw: &[u8]) -> bool {
    let pairs = raw.iter().zip(raw.get(1..).unwrap_or_default());
    pairs.fold(false, |found, (before, byte)| found | ((*byte == b'\n') & (*before != b'\r')))
}

/// Whether the raw head has a `Content-Length` line; pingora takes it out of the parsed one (SEC-101).
fn names_a_length(raw: &[u8]) -> bool {
    const NAME: &[u8] = b"content-length";
    raw.split(|byte| *byte == b'\n')
        .any(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))
}

/// Digits as everybody writes them: no sign, no leading zero (SEC-104).
fn is_length(value: &[u8]) -> bool {
    let digits = !value.is_empty() && value.len() <= 18 && value.iter().all(u8::is_ascii_digit);
    digits && (value.len() == 1 || value[0] != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(lines: &[(&'static str, &str)], raw: &str) -> Result<(), Refusal> {
        let mut head = RequestHeader::build("POST", b"/", None).expect("a head");
        head.set_version(Version::HTTP_11);
        for (name, value) in lines {
            head.append_header(*name, *value).expect("a header");
        }
        framing(&head, raw.as_bytes())
    }

    #[test]
    fn sec_104_only_plain_lengths_are_lengths() {
        for right in ["0", "5", "10", "123456789012345678"] {
            assert!(is_length(right.as_bytes()), "{right}");
        }
        for wrong in ["", "+5", " 0x5", "5_0", "1Z", "010", "00", "-1", "5,5", "1234567890123456789"] {
            assert!(!is_length(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn sec_108_only_chunked_alone_is_a_coding() {
        assert_eq!(framed(&[("Transfer-Encoding", "Chunked")], "POST / HTTP/1.1\r\n"), Ok(()));
        for wrong in ["chunked, chunked", "identity, chunked", ",chunked", "chunked;x", "\"chunked\"", "xchunked", ""] {
            assert_eq!(
                framed(&[("Transfer-Encoding", wrong)], "POST / HTTP/1.1\r\n"),
                Err(Refusal::Framing),
                "{wrong}"
            );
        }
        let twice = [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")];
        assert_eq!(framed(&twice, "POST / HTTP/1.1\r\n"), Err(Refusal::Framing));
    }

    #[test]
    fn sec_101_a_length_beside_a_coding_is_seen_in_the_raw_head() {
        let raw = "POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(framed(&[("Transfer-Encoding", "chunked")], raw), Err(Refusal::Framing));
    }

    #[test]
    fn sec_118_a_bare_line_feed_ends_nothing() {
        assert_eq!(framed(&[], "POST / HTTP/1.1\nHost: a\r\n\r\n"), Err(Refusal::Framing));
    }

    #[test]
    fn sec_024_a_fragment_is_seen_in_the_raw_target() {
        let head = RequestHeader::build("GET", b"/private#/public/a.png", None).expect("a head");
        assert_eq!(target(&head, b"GET /private#/public/a.png HTTP/1.1\r\n"), Err(Refusal::Target));
        let head = RequestHeader::build("GET", b"/private?a=1", None).expect("a head");
        assert_eq!(target(&head, b"\r\nGET /private?a=1 HTTP/1.1\r\n"), Ok("/private?a=1"));
    }

    #[test]
    fn sec_126_only_methods_that_are_known_pass() {
        let check = |name: &str| method(&Method::from_bytes(name.as_bytes()).expect("a token"));
        assert_eq!(check("PROPFIND"), Ok(()));
        assert_eq!(check("get"), Err(Refusal::MethodUnknown));
        assert_eq!(check("TRACE"), Err(Refusal::MethodNotAllowed));
        assert_eq!(check(&"A".repeat(10_000)), Err(Refusal::MethodUnknown));
    }
}
