//! The extranets as requests are prepared for them: each agency's, with what is the same in all of its requests.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use lol_html::Selector;
use quick_cache::sync::Cache;

use super::backend::Backend;
use super::marker::Signs;
use crate::domain::accounts::Accounts;
use crate::domain::agency::{Agency, CookieMode};
use crate::domain::identity::AccountLabel;
use crate::domain::net::Net;
use crate::domain::origin::Origin;
use crate::domain::routing::{Directory, House};
use crate::domain::upstream::Upstream;
use crate::legacy::Front;
use crate::proxy::fault::ProxyError;
use crate::telemetry::metrics::{AgencyMetrics, METRICS};

/// Hosts of single accounts that are kept ready for an agency.
const MOST_ACCOUNTS: usize = 10_000;

/// The extranet behind an agency, with all that each request to it needs, made once.
#[derive(Debug)]
pub struct Extranet {
    /// The agency.
    pub agency: Arc<Agency>,
    /// The server that its requests are sent to.
    pub backend: Arc<Backend>,
    /// What the extranet is to browsers on the agency's own host.
    public: Arc<Public>,
    /// The same on the hosts of single accounts, where these have their own.
    of_accounts: Option<Cache<AccountLabel, Arc<Public>>>,
    /// What a page shows when the session is over, or its resident has left, where that is how the extranet says it (a12).
    pub signs: Signs,
    /// What finds an old login in a request, where the fields of the login form are known (S1).
    pub net: Option<Arc<Net>>,
    /// What is counted for the agency.
    pub metrics: Arc<AgencyMetrics>,
}

/// What an extranet is to browsers, on one host.
#[derive(Debug)]
pub struct Public {
    /// The origin.
    pub origin: Origin,
    /// The same, as browsers write it.
    pub text: String,
    /// What the extranet is told of it.
    pub front: Front,
    /// Where the public side has TLS, the same host without it: an extranet that does not know of the TLS in front writes
    /// such URLs.
    plain: Option<Origin>,
}

/// An extranet, as it is reached from one host.
#[derive(Debug)]
pub struct Destination {
    /// The extranet.
    pub extranet: Arc<Extranet>,
    /// The host.
    pub house: House,
    /// What the extranet is to browsers there.
    pub public: Arc<Public>,
    /// Of which directory it is.
    pub directory: Arc<Directory>,
}

/// Every extranet of a directory; made anew when the directory is. What is in flight through the one before finds its
/// extranets as they were: to go back for it would make everything anew with each request.
#[derive(Debug)]
pub struct Extranets(RwLock<Both>);

#[derive(Debug)]
struct Both {
    now: Arc<Made>,
    /// Of the directory before, where there was one.
    before: Option<Arc<Made>>,
    /// How often everything was made.
    #[cfg(test)]
    made: usize,
}

#[derive(Debug)]
struct Made {
    of: Arc<Directory>,
    /// By where each agency of the directory lies in memory, which stays so as long as the directory is held.
    by_agency: HashMap<usize, Arc<Extranet>>,
    /// The same by the upstreams, which agencies of one server share.
    by_upstream: HashMap<usize, Arc<Backend>>,
}

impl Extranets {
    /// Prepares every extranet of the directory.
    #[must_use]
    pub fn new(directory: &Arc<Directory>) -> Self {
        let now = Arc::new(Made::new(directory));
        Self(RwLock::new(Both {
            now,
            before: None,
            #[cfg(test)]
            made: 1,
        }))
    }

    /// The extranet that is reached from this host.
    ///
    /// # Errors
    /// The agency has none.
    pub fn destination(&self, directory: &Arc<Directory>, house: House) -> Result<Destination, ProxyError> {
        let extranet = self.of(directory, &house.agency).ok_or(ProxyError::NoExtranet)?;
        let public = extranet.public_at(&house).ok_or(ProxyError::NoExtranet)?;
        Ok(Destination { extranet, house, public, directory: Arc::clone(directory) })
    }

    /// The extranet of an agency in this directory, which is the one in force or one that was until just now.
    #[must_use]
    pub fn of(&self, directory: &Arc<Directory>, agency: &Arc<Agency>) -> Option<Arc<Extranet>> {
        match self.0.read().unwrap_or_else(PoisonError::into_inner).find(directory, agency) {
            Found::Here(extranet) => return Some(extranet),
            Found::Nowhere => return None,
            Found::NotYet => {}
        }
        // One makes it, and whoever comes meanwhile waits for that instead of making it, too.
        let mut both = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Found::NotYet = both.find(directory, agency) {
            let next = Arc::new(both.now.renewed(directory));
            both.before = Some(std::mem::replace(&mut both.now, next));
            #[cfg(test)]
            {
                both.made += 1;
            }
        }
        match both.find(directory, agency) {
            Found::Here(extranet) => Some(extranet),
            Found::Nowhere | Found::NotYet => None,
        }
    }
}

/// Where an extranet is.
enum Found {
    Here(Arc<Extranet>),
    /// The directory has been made, without it.
    Nowhere,
    NotYet,
}

impl Both {
    fn find(&self, directory: &Arc<Directory>, agency: &Arc<Agency>) -> Found {
        let made = || std::iter::once(&self.now).chain(&self.before);
        if let Some(extranet) = made().find_map(|made| made.by_agency.get(&place(agency))) {
            return Found::Here(Arc::clone(extranet));
        }
        if made().any(|made| Arc::ptr_eq(&made.of, directory)) { Found::Nowhere } else { Found::NotYet }
    }
}

impl Made {
    fn new(of: &Arc<Directory>) -> Self {
        Self { of: Arc::clone(of), by_agency: HashMap::new(), by_upstream: HashMap::new() }.renewed(of)
    }

    /// Extranets whose agency is the same stay, and servers keep what they know of their addresses.
    fn renewed(&self, directory: &Arc<Directory>) -> Self {
        let mut next = Self { of: Arc::clone(directory), by_agency: HashMap::new(), by_upstream: HashMap::new() };
        for agency in directory.agencies() {
            let known = self.by_agency.get(&place(agency)).cloned();
            let Some(extranet) = known.or_else(|| self.prepared(&next, agency)) else {
                tracing::error!(agency = %agency.code, "the extranet cannot be prepared");
                continue;
            };
            next.by_upstream.insert(place(&agency.upstream), Arc::clone(&extranet.backend));
            next.by_agency.insert(place(agency), extranet);
        }
        next
    }

    fn prepared(&self, next: &Self, agency: &Arc<Agency>) -> Option<Arc<Extranet>> {
        let at = place(&agency.upstream);
        let known = next.by_upstream.get(&at).or_else(|| self.by_upstream.get(&at)).cloned();
        let backend = known.or_else(|| Some(Arc::new(Backend::new(Arc::clone(&agency.upstream))?)))?;
        Some(Arc::new(Extranet::new(Arc::clone(agency), backend)?))
    }
}

/// Where a value lies: its key, without hashing the whole of it for each request. What is made for it holds it, so that
/// nothing else can lie there as long as the key is in use.
fn place<T>(value: &Arc<T>) -> usize {
    Arc::as_ptr(value).addr()
}

impl Extranet {
    /// None where something cannot be written in a header; it was checked before.
    fn new(agency: Arc<Agency>, backend: Arc<Backend>) -> Option<Self> {
        Some(Self {
            public: Arc::new(Public::new(agency.public.clone(), &agency.upstream)?),
            of_accounts: (agency.accounts == Accounts::Labels).then(|| Cache::new(MOST_ACCOUNTS)),
            net: agency.login_fields().and_then(Net::of).map(Arc::new),
            signs: Signs {
                over: selector(agency.session_over.element.as_ref())?,
                left: selector(agency.logout.element.as_ref())?,
            },
            metrics: METRICS.agency(&agency.code),
            backend,
            agency,
        })
    }

    /// Whether its cookies live in the session (a13).
    #[must_use]
    pub fn keeps_cookies(&self) -> bool {
        self.agency.cookies == CookieMode::Jar
    }

    /// What it is to browsers on a host of its agency.
    #[must_use]
    pub fn public_at(&self, house: &House) -> Option<Arc<Public>> {
        let (Some(account), Some(known)) = (&house.account, &self.of_accounts) else {
            return Some(Arc::clone(&self.public));
        };
        if let Some(public) = known.get(account) {
            return Some(public);
        }
        let public = Arc::new(Public::new(house.origin(), &self.agency.upstream)?);
        known.insert(account.clone(), Arc::clone(&public));
        Some(public)
    }

    /// Whether the extranet could mean itself by this origin.
    #[must_use]
    pub fn is_inner(&self, origin: &Origin, public: &Public) -> bool {
        self.backend.is_itself(origin) || public.plain.as_ref() == Some(origin)
    }
}

/// None where it cannot be looked for.
#[expect(clippy::option_option, reason = "a selector that is wrong, and none at all")]
fn selector(written: Option<&String>) -> Option<Option<Selector>> {
    match written {
        Some(written) => written.parse().ok().map(Some),
        None => Some(None),
    }
}

impl Public {
    fn new(origin: Origin, upstream: &Upstream) -> Option<Self> {
        let front = Front::of(upstream, &origin)?;
        Some(Self { text: origin.to_string(), front, plain: origin.plain(), origin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::tests::cast::{agency, origin};

    fn directory(port: u16) -> (Arc<Directory>, Arc<Agency>) {
        let directory = Arc::new(Directory::new(origin("https://www.test"), [agency(port)]));
        let agency = directory.agencies().next().expect("an agency").clone();
        (directory, agency)
    }

    #[test]
    fn review_b22_requests_in_flight_through_the_directory_before_make_nothing_anew() {
        let [(old, in_old), (new, in_new)] = [directory(1), directory(2)];
        let extranets = Extranets::new(&old);
        for _ in 0..50 {
            let port =
                |directory, agency| extranets.of(directory, agency).expect("an extranet").agency.upstream.origin.port();
            assert_eq!((port(&new, &in_new), port(&old, &in_old)), (2, 1));
        }
        assert_eq!(extranets.0.read().expect("no panic").made, 2, "once for each directory");
        // The one before that is made again only by who still comes through it.
        let (newest, in_newest) = directory(3);
        assert!(extranets.of(&newest, &in_newest).is_some() && extranets.of(&new, &in_new).is_some());
        assert_eq!(extranets.0.read().expect("no panic").made, 3);
    }
}
