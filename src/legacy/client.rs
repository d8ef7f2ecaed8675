//! One conversation with an extranet over HTTP: its cookies, its redirects, and the limits of patience (SEC-080).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tower::util::{BoxCloneSyncService, ServiceExt as _, service_fn};
use url::Url;
use zeroize::Zeroizing;

use super::charset;
use super::coding::{self, Codings};
use super::form::{Method, Submission};
use super::leads;
use super::offers;
use super::page::{self, Page, Redirect};
use super::site::Site;
use super::{Behalf, Front, Jar, REQUEST_ID, Taken, tls};
use crate::domain::agency_code::AgencyCode;
use crate::domain::cookie::Octets;
use crate::domain::leading;
use crate::domain::upstream::Upstream;
use crate::telemetry::{Clock, seldom, traces};

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const MOST_BODY: usize = 2 * 1024 * 1024;
const MOST_HEAD: usize = 64 * 1024;
const MOST_FIELDS: usize = 200;
const MOST_REQUESTS: u8 = 25;
const MOST_STEPS: u8 = 10;

/// A form's type and its fields.
type Posted = (HeaderValue, Zeroizing<Vec<u8>>);
type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// Why there is no page; what that means depends on which page was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection, or it broke.
    Broken,
    /// The head or the body is larger than any honest one, or is not in the coding that it names.
    TooLarge,
    /// More requests or redirects than any honest sign-in needs, or a redirect to another server.
    Astray,
}

/// A conversation with its own cookies, and a connection for each request: some old servers close theirs without a word,
/// and a form with a password is not sent again to find that out.
pub(super) struct Conversation {
    http: Client<Connector, Full<Bytes>>,
    site: Site,
    agency: Option<AgencyCode>,
    jar: Jar,
    constant: HeaderMap,
    referer: Option<HeaderValue>,
    /// A URL that holds what was filled in.
    untold: Option<Url>,
    requests_left: u8,
}

impl Conversation {
    /// Begins one; nothing is sent yet.
    pub(super) fn new(
        tls: Arc<rustls::ClientConfig>,
        upstream: &Upstream,
        site: Site,
        jar: Jar,
        behalf: &Behalf<'_>,
    ) -> Self {
        let http = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .http1_max_headers(MOST_FIELDS)
            .http1_max_buf_size(MOST_HEAD)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            // As a forward reads heads: what is no header in one is a header in neither (decision 64).
            .http1_allow_spaces_after_header_name_in_responses(true)
            .build(connector(tls, upstream));
        let constant = constant_headers(&site, behalf, upstream);
        Self {
            http,
            site,
            agency: behalf.agency.cloned(),
            jar,
            constant,
            referer: None,
            untold: None,
            requests_left: MOST_REQUESTS,
        }
    }

    /// The extranet's URLs.
    pub(super) const fn site(&self) -> &Site {
        &self.site
    }

    /// The cookies gathered.
    pub(super) fn into_jar(self) -> Jar {
        self.jar
    }

    /// From now on every request carries these credentials.
    pub(super) fn authorize(&mut self, value: HeaderValue) {
        self.constant.insert(header::AUTHORIZATION, value);
    }

    /// Opens a page and goes where it leads; what is sent next comes from there.
    pub(super) async fn open(&mut self, url: Url) -> Result<Page, Failure> {
        let page = self.ask(url, None).await?;
        let page = self.follow(page).await?;
        self.referer = HeaderValue::from_str(page.url.as_str()).ok();
        Ok(page)
    }

    /// Opens a page and goes nowhere.
    pub(super) async fn get(&mut self, url: Url) -> Result<Page, Failure> {
        self.ask(url, None).await
    }

    /// Opens a page only to see whether anybody answers: the status, or what went wrong in words.
    pub(super) async fn knock(&mut self, url: &Url) -> Result<u16, String> {
        let request = self.request(url, None).ok_or("it cannot be asked")?;
        let answer = self.http.request(request).await.map_err(|error| in_words(&error))?;
        Ok(answer.status().as_u16())
    }

    /// Sends a form once, and goes nowhere.
    pub(super) async fn send(&mut self, submission: Submission) -> Result<Page, Failure> {
        let Submission { mut url, method, fields, .. } = submission;
        match method {
            Method::Post(content_type) => self.ask(url, Some((content_type, fields))).await,
            Method::Get => {
                url.set_query(Some(&String::from_utf8_lossy(&fields)));
                self.untold = Some(url.clone());
                self.ask(url, None).await
            }
        }
    }

    /// Goes where a page leads, by GET whatever the status: a form with a password is sent once, never again. Where pages
    /// lead on without an end by what they say, the last one counts.
    ///
    /// As in browsers, the page left at first stays the referer on the way of redirects, and a page that leads on by what
    /// it says becomes it. A form sent by GET has its fields in its URL, which is told to nobody.
    pub(super) async fn follow(&mut self, mut page: Page) -> Result<Page, Failure> {
        for _ in 0..MOST_STEPS {
            page = match page.redirect {
                None => return Ok(page),
                Some(Redirect::Own(url)) => self.ask(url, None).await?,
                Some(Redirect::Refreshed(url)) => {
                    if self.untold.as_ref() != Some(&page.url) {
                        self.referer = HeaderValue::from_str(page.url.as_str()).ok();
                    }
                    self.ask(url, None).await?
                }
                Some(Redirect::Elsewhere) => return Err(Failure::Astray),
            };
        }
        match page.redirect {
            None | Some(Redirect::Refreshed(_)) => Ok(page),
            Some(Redirect::Own(_) | Redirect::Elsewhere) => Err(Failure::Astray),
        }
    }

    /// Holds a cookie that is declared, as if a script of the page had set it.
    pub(super) fn hold(&mut self, name: &str, value: &str) {
        self.jar.take_of_script(&format!("{name}={value}; path=/"), b"/", Clock.now());
    }

    async fn ask(&mut self, url: Url, posted: Option<Posted>) -> Result<Page, Failure> {
        self.requests_left = self.requests_left.checked_sub(1).ok_or(Failure::Astray)?;
        let request = self.request(&url, posted).ok_or(Failure::Astray)?;
        let response = self.http.request(request).await.map_err(|error| fault(&error))?;
        tracing::debug!(path = url.path(), status = response.status().as_u16(), "the extranet answered");
        let page = self.read(url, response).await?;
        Ok(self.look(page).await)
    }

    fn request(&self, url: &Url, posted: Option<Posted>) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::builder().uri(self.site.dialled(url)).body(Full::default()).ok()?;
        let headers = request.headers_mut();
        headers.extend(self.constant.clone());
        let from = if self.referer.is_some() { "same-origin" } else { "none" };
        headers.insert(&SEC_FETCH_SITE, HeaderValue::from_static(from));
        if let Some(referer) = &self.referer {
            headers.insert(header::REFERER, referer.clone());
        }
        if let Some(told) = traces::traceparent() {
            headers.insert(&TRACEPARENT, HeaderValue::from_str(&told).ok()?);
        }
        if let Some(cookies) = self.jar.header(url.path().as_bytes(), Clock.now()) {
            headers.insert(header::COOKIE, cookies);
        }
        if let Some((content_type, fields)) = posted {
            headers.insert(header::CONTENT_TYPE, content_type);
            headers.insert(header::ORIGIN, HeaderValue::from_str(&self.site.origin_header()).ok()?);
            *request.method_mut() = http::Method::POST;
            *request.body_mut() = Full::new(Bytes::from_owner(fields));
        }
        Some(request)
    }

    async fn read(&mut self, url: Url, response: Response<Incoming>) -> Result<Page, Failure> {
        let (head, body) = response.into_parts();
        let cookies = self.take_cookies(&head.headers, &url);
        let redirect = redirect(&head, &url, &self.site);
        let codings = Codings::of(&head.headers);
        self.tell_of_coding(&codings);
        let (body, is_whole) = collected(body).await?;
        // What a redirect shows besides is for nobody.
        let leads_on = matches!(redirect, Some(Redirect::Own(_) | Redirect::Elsewhere));
        let body = match coding::decoded(&codings, body, MOST_BODY) {
            Err(_) if leads_on => Vec::new(),
            body => body.map_err(|_| Failure::TooLarge)?,
        };
        if !is_whole && !leads_on && !has_an_end(&body) {
            return Err(Failure::Broken);
        }
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (text, encoding) = charset::decode(content_type, &body);
        let wants_other_than_basic = offers::wants_another(&head.headers);
        Ok(Page { url, status: head.status.as_u16(), wants_other_than_basic, redirect, cookies, text, encoding })
    }

    /// Takes the cookies that a page's scripts set, and sees where it leads.
    async fn look(&mut self, page: Page) -> Page {
        if matches!(page.redirect, Some(Redirect::Own(_) | Redirect::Elsewhere)) {
            return page;
        }
        let site = self.site.clone();
        let (mut page, found) = page::apart(move || {
            let found = leads::of(&page, &site);
            (page, found)
        })
        .await;
        for line in &found.cookies {
            self.jar.take_of_script(line, page.url.path().as_bytes(), Clock.now());
        }
        if page.redirect.is_none() {
            page.redirect = found.to.map(Redirect::Refreshed);
        }
        page
    }

    fn tell_of_coding(&self, codings: &Codings) {
        if let (Some(agency), Some(coding)) = (&self.agency, codings.unknown())
            && seldom::is_due(agency, coding, Clock.now())
        {
            tracing::warn!(%agency, coding, "a page of an extranet is in a coding that cannot be read");
        }
    }

    /// Keeps what an answer set; gives the names of the cookies that live after it.
    fn take_cookies(&mut self, headers: &HeaderMap, url: &Url) -> Vec<Octets> {
        let now = Clock.now();
        let lines = headers.get_all(header::SET_COOKIE).iter().map(HeaderValue::as_bytes);
        let Taken { live, dropped } = self.jar.take(lines, url.path().as_bytes(), now);
        if let Some(agency) = &self.agency {
            seldom::tell_of_cookies(agency, &dropped, now);
        }
        live
    }
}

/// Where an answer leads; a place that cannot be read is another server's.
fn redirect(head: &http::response::Parts, url: &Url, site: &Site) -> Option<Redirect> {
    let leads = matches!(
        head.status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = head.headers.get(header::LOCATION).filter(|location| leads && !location.is_empty());
    if let Some(location) = location {
        let own = site.resolve(url, &reference(location.as_bytes()));
        return Some(own.map_or(Redirect::Elsewhere, Redirect::Own));
    }
    let content = reference(head.headers.get(header::REFRESH)?.as_bytes());
    let (wait, to) = leading::refresh(&content)?;
    let to = site.resolve(url, to).filter(|_| wait <= leading::LONGEST_WAIT)?;
    Some(Redirect::Refreshed(to))
}

/// A reference in a header: bytes beyond ASCII are asked for as they are, whatever alphabet they are of.
fn reference(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii() {
            text.push(char::from(*byte));
        } else {
            text.push_str(percent_encoding::percent_encode_byte(*byte));
        }
    }
    text
}

/// A body, and whether it came to its end: some servers close the connection instead of saying so.
async fn collected(body: Incoming) -> Result<(Vec<u8>, bool), Failure> {
    let (mut body, mut whole) = (Limited::new(body, MOST_BODY), Vec::new());
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => whole.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(error) if error.is::<LengthLimitError>() => return Err(Failure::TooLarge),
            Err(_) => return Ok((whole, false)),
        }
    }
    Ok((whole, true))
}

/// Whether a page says itself where it ends: nothing that would be evidence is missing then.
fn has_an_end(body: &[u8]) -> bool {
    body.to_ascii_lowercase().windows(6).any(|tag| tag == b"</html")
}

/// What every request of a conversation says.
fn constant_headers(site: &Site, behalf: &Behalf<'_>, upstream: &Upstream) -> HeaderMap {
    let mut headers = HeaderMap::new();
    behalf.said.tell(&mut headers);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    // What cannot be said in a header is not said; the sign-in does not fail for it.
    if let Ok(host) = HeaderValue::from_str(site.host_header()) {
        headers.insert(header::HOST, host);
    }
    if let Some(front) = Front::of(upstream, behalf.public) {
        front.tell(&mut headers, behalf.client);
    }
    if let Some(Ok(id)) = behalf.request_id.map(HeaderValue::from_str) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    if let Some((name, value)) = tls::secret_header(&upstream.trust) {
        headers.insert(name, value);
    }
    headers
}

/// TCP and TLS within the upstream's time for both together.
fn connector(tls: Arc<rustls::ClientConfig>, upstream: &Upstream) -> Connector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let names = Arc::new(server_name(upstream));
    let https = HttpsConnector::new(tcp, tls, false, names);
    let patience = Duration::from_millis(upstream.connect_timeout_ms);
    BoxCloneSyncService::new(service_fn(move |uri: Uri| {
        let https = https.clone();
        async move { tokio::time::timeout(patience, https.oneshot(uri)).await? }
    }))
}

/// The name that the certificate must have, whatever address is dialled.
fn server_name(upstream: &Upstream) -> impl Fn(&Uri) -> Result<ServerName<'static>, BoxError> + Send + Sync + 'static {
    let name = upstream.server_name();
    move |_| Ok(ServerName::try_from(name.clone())?)
}

/// The innermost reason: "client error (Connect)" helps nobody.
fn in_words(error: &hyper_util::client::legacy::Error) -> String {
    let mut innermost: &(dyn std::error::Error + 'static) = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

fn fault(error: &hyper_util::client::legacy::Error) -> Failure {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large) {
            return Failure::TooLarge;
        }
        source = cause.source();
    }
    Failure::Broken
}
