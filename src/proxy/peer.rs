//! The extranets as requests are sent to them: addresses, timeouts, and every header value that is always the same.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue};
use lol_html::Selector;
use pingora::protocols::Digest;
use pingora::upstreams::peer::HttpPeer;
use quick_cache::sync::Cache;

use super::fault::Fault;
use super::tls;
use crate::domain::agency::{Agency, CookieMode};
use crate::domain::identity::AccountLabel;
use crate::domain::origin::{Origin, Scheme};
use crate::domain::routing::{Directory, House};
use crate::legacy::JarSite;
use crate::telemetry::metrics::{AgencyMetrics, METRICS};

/// How long a resolved name is used.
const RESOLVED_FOR: Duration = Duration::from_secs(30);
/// Old servers close idle connections after five seconds; a POST must not meet one that is just being closed.
const IDLE_FOR: Duration = Duration::from_secs(4);
/// Hosts of single accounts that are kept ready for an agency.
const MOST_ACCOUNTS: usize = 10_000;
/// Longest wait for an extranet to take the next bytes of a request.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// The extranet behind an agency, with all that each request to it needs, made once.
#[derive(Debug)]
pub struct Extranet {
    /// The agency.
    pub agency: Arc<Agency>,
    /// `Host` as the extranet expects it.
    pub host: HeaderValue,
    /// Its own origin, as it sees itself by that `Host`: what `Origin` is translated to.
    pub inner_origin: HeaderValue,
    /// What the extranet is to browsers on the agency's own host.
    public: Arc<Public>,
    /// The same on the hosts of single accounts.
    of_accounts: Cache<AccountLabel, Arc<Public>>,
    /// Every origin that the extranet could mean itself by; all are translated to the public one (a15).
    inner: Vec<Origin>,
    /// What only the gateway knows, ready to insert (a25).
    pub secret_header: Option<(HeaderName, HeaderValue)>,
    /// What a page shows when the session is over, where that is how the extranet says it (a12).
    pub marker: Option<Selector>,
    /// Where its cookies belong, when they live in the session (a13).
    pub jar: Option<JarSite>,
    /// What is counted for the agency.
    pub metrics: Arc<AgencyMetrics>,
    template: HttpPeer,
    pinned: Vec<[u8; 32]>,
    resolved: Option<Mutex<Resolved>>,
}

/// What an extranet is to browsers, on one host.
#[derive(Debug)]
pub struct Public {
    /// The origin.
    pub origin: Origin,
    /// The same, as browsers write it.
    pub text: String,
    /// `X-Forwarded-Host`.
    pub host: HeaderValue,
    /// `X-Forwarded-Proto`.
    pub scheme: HeaderValue,
    /// Where the public side has TLS, the same host without it: an extranet that does not know of the TLS in front writes
    /// such URLs.
    plain: Option<Origin>,
}

#[derive(Debug, Default)]
struct Resolved {
    addresses: Vec<SocketAddr>,
    at: Option<Instant>,
}

/// Every extranet of a directory; made anew when the directory is.
#[derive(Debug)]
pub struct Extranets(RwLock<Arc<Made>>);

#[derive(Debug)]
struct Made {
    of: Arc<Directory>,
    /// By where each agency of the directory lies in memory, which stays so as long as the directory is held.
    by_agency: HashMap<usize, Arc<Extranet>>,
}

impl Extranets {
    /// Prepares every extranet of the directory.
    #[must_use]
    pub fn new(directory: &Arc<Directory>) -> Self {
        Self(RwLock::new(Arc::new(Made::new(directory))))
    }

    /// The extranet of an agency in this directory, which is the one in force or one that was until just now.
    #[must_use]
    pub fn of(&self, directory: &Arc<Directory>, agency: &Arc<Agency>) -> Option<Arc<Extranet>> {
        let made = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(extranet) = made.by_agency.get(&place(agency)) {
            return Some(Arc::clone(extranet));
        }
        if Arc::ptr_eq(&made.of, directory) {
            return None;
        }
        let next = Arc::new(made.renewed(directory));
        let found = next.by_agency.get(&place(agency)).cloned();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
        found
    }
}

impl Made {
    fn new(of: &Arc<Directory>) -> Self {
        Self { of: Arc::clone(of), by_agency: HashMap::new() }.renewed(of)
    }

    /// Extranets whose agency is the same keep what they know of their addresses.
    fn renewed(&self, directory: &Arc<Directory>) -> Self {
        let made = directory.agencies().filter_map(|agency| {
            if let Some(known) = self.by_agency.get(&place(agency)) {
                return Some((place(agency), Arc::clone(known)));
            }
            let extranet = Extranet::new(Arc::clone(agency));
            if extranet.is_none() {
                tracing::error!(agency = %agency.code, "the extranet cannot be prepared");
            }
            Some((place(agency), Arc::new(extranet?)))
        });
        let by_agency = made.collect();
        Self { of: Arc::clone(directory), by_agency }
    }
}

/// Where an agency lies: its key, without hashing its codes for each request. What is made for it holds it, so that
/// nothing else can lie there as long as the key is in use.
fn place(agency: &Agency) -> usize {
    std::ptr::from_ref(agency).addr()
}

impl Extranet {
    /// None where something cannot be written in a header, or a certificate cannot be used; both were checked before.
    #[must_use]
    pub fn new(agency: Arc<Agency>) -> Option<Self> {
        let (upstream, public) = (&agency.upstream, &agency.public);
        let encrypted = upstream.origin.scheme() == Scheme::Https;
        let literal: Option<IpAddr> = upstream.origin.host().trim_matches(['[', ']']).parse().ok();
        let placeholder = SocketAddr::new(literal.unwrap_or(IpAddr::from([0, 0, 0, 0])), upstream.origin.port());
        let mut template = HttpPeer::new(placeholder, encrypted, upstream.server_name());
        let pinned = tls::prepare(&mut template, &upstream.trust)?;
        let connect = Duration::from_millis(upstream.connect_timeout_ms);
        template.options.connection_timeout = Some(connect);
        template.options.total_connection_timeout = Some(connect);
        template.options.read_timeout = Some(Duration::from_millis(upstream.read_timeout_ms));
        template.options.write_timeout = Some(WRITE_TIMEOUT);
        template.options.idle_timeout = Some(IDLE_FOR);
        let inner_origin = format!("{}://{}", upstream.origin.scheme().as_str(), upstream.host_header);
        Some(Self {
            host: HeaderValue::from_str(&upstream.host_header).ok()?,
            inner_origin: HeaderValue::from_str(&inner_origin).ok()?,
            public: Arc::new(Public::new(public.clone())?),
            of_accounts: Cache::new(MOST_ACCOUNTS),
            inner: inner_origins(&agency),
            secret_header: match &upstream.trust.secret_header {
                Some(header) => Some(tls::sensitive(&header.name, header.value.expose())?),
                None => None,
            },
            marker: match &agency.session_over.element {
                Some(element) => Some(element.parse().ok()?),
                None => None,
            },
            jar: match agency.cookies {
                CookieMode::Jar => Some(JarSite::of(upstream)?),
                CookieMode::Relay => None,
            },
            metrics: METRICS.agency(&agency.code),
            template,
            pinned,
            resolved: literal.is_none().then(Mutex::default),
            agency,
        })
    }

    /// What it is to browsers on a host of its agency.
    #[must_use]
    pub fn public_at(&self, house: &House) -> Option<Arc<Public>> {
        let Some(account) = &house.account else { return Some(Arc::clone(&self.public)) };
        if let Some(public) = self.of_accounts.get(account) {
            return Some(public);
        }
        let public = Arc::new(Public::new(house.origin())?);
        self.of_accounts.insert(account.clone(), Arc::clone(&public));
        Some(public)
    }

    /// Whether the extranet could mean itself by this origin.
    #[must_use]
    pub fn is_inner(&self, origin: &Origin, public: &Public) -> bool {
        self.inner.contains(origin) || public.plain.as_ref() == Some(origin)
    }

    /// Where to send a request: the address for this attempt.
    ///
    /// # Errors
    /// The name cannot be resolved.
    pub async fn peer(&self, attempt: usize) -> Result<Box<HttpPeer>, Fault> {
        let mut peer = Box::new(self.template.clone());
        if let Some(resolved) = &self.resolved {
            let known = known_addresses(resolved);
            let addresses = if known.is_empty() { self.resolve(resolved).await? } else { known };
            let address = addresses[attempt % addresses.len()];
            peer._address = pingora::protocols::l4::socket::SocketAddr::Inet(address);
        }
        Ok(peer)
    }

    /// Whether a connection leads to the extranet itself, where its very certificate is declared: pingora does not
    /// look at names and signatures of authorities then, and this does, before the first byte of a request.
    ///
    /// # Errors
    /// It does not, or nothing is known of its certificate.
    pub fn check(&self, connection: Option<&Digest>) -> Result<(), Fault> {
        if self.pinned.is_empty() {
            return Ok(());
        }
        let shown = connection.and_then(|digest| digest.ssl_digest.as_ref()).map(|tls| tls.cert_digest.as_slice());
        let believed = shown.is_some_and(|shown| self.pinned.iter().any(|pinned| pinned.as_slice() == shown));
        if believed { Ok(()) } else { Err(Fault::NotItself) }
    }

    /// How many addresses can be tried.
    #[must_use]
    pub fn addresses(&self) -> usize {
        let count = |resolved: &Mutex<Resolved>| lock(resolved).addresses.len();
        self.resolved.as_ref().map_or(1, count)
    }

    /// Asks for the name again; if nobody answers, the old addresses are kept in use.
    async fn resolve(&self, resolved: &Mutex<Resolved>) -> Result<Vec<SocketAddr>, Fault> {
        let origin = &self.agency.upstream.origin;
        let wait = Duration::from_millis(self.agency.upstream.connect_timeout_ms);
        let asked = tokio::time::timeout(wait, tokio::net::lookup_host((origin.host(), origin.port()))).await;
        let found: Vec<SocketAddr> = asked.ok().and_then(Result::ok).map(Iterator::collect).unwrap_or_default();
        let mut resolved = lock(resolved);
        if !found.is_empty() {
            *resolved = Resolved { addresses: found, at: Some(super::now()) };
        }
        if resolved.addresses.is_empty() { Err(Fault::Unresolved) } else { Ok(resolved.addresses.clone()) }
    }
}

impl Public {
    fn new(origin: Origin) -> Option<Self> {
        let plain = match origin.scheme() {
            Scheme::Https => Origin::parse(&format!("http://{}", origin.host())),
            Scheme::Http => None,
        };
        Some(Self {
            text: origin.to_string(),
            host: HeaderValue::from_str(&origin.authority()).ok()?,
            scheme: HeaderValue::from_static(origin.scheme().as_str()),
            plain,
            origin,
        })
    }
}

fn known_addresses(resolved: &Mutex<Resolved>) -> Vec<SocketAddr> {
    let resolved = lock(resolved);
    let fresh = resolved.at.is_some_and(|at| super::now().duration_since(at) < RESOLVED_FOR);
    if fresh { resolved.addresses.clone() } else { Vec::new() }
}

fn lock(resolved: &Mutex<Resolved>) -> std::sync::MutexGuard<'_, Resolved> {
    resolved.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The upstream's origin, its declared aliases, and the `Host` that we send in both schemes.
fn inner_origins(agency: &Agency) -> Vec<Origin> {
    let by_host = ["http", "https"].map(|scheme| Origin::parse(&format!("{scheme}://{}", agency.upstream.host_header)));
    let declared = std::iter::once(&agency.upstream.origin).chain(&agency.upstream.aliases).cloned();
    let mut origins: Vec<Origin> = declared.chain(by_host.into_iter().flatten()).collect();
    let mut seen = std::collections::HashSet::new();
    origins.retain(|origin| seen.insert(origin.clone()));
    origins
}
