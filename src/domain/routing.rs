//! Which house a request is for, by its host; and an agency by its codes (001, a02).

use std::collections::HashMap;
use std::sync::Arc;

use super::accounts::{Accounts, Remembered};
use super::agency::Agency;
use super::agency_code::AgencyCode;
use super::common::Common;
use super::identity::AccountLabel;
use super::origin::{Origin, Scheme};
use super::policy::AgencyPolicy;
use super::retention::AuditRetention;

/// Our own paths on an agency's host; everything else there is the extranet's.
pub const OWN_PREFIX: &str = "/.vestibule/";
/// Where browsers and password managers ask for the page on which a password is changed (W3C), on every host.
pub const CHANGE_PASSWORD: &str = "/.well-known/change-password";
/// They believe a host only if this is not there.
const SURELY_MISSING: &str = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";

/// Every host and every agency.
#[derive(Debug, Clone)]
pub struct Directory {
    portal: Origin,
    by_host: HashMap<String, Served>,
    by_code: HashMap<AgencyCode, Arc<Agency>>,
}

/// Where a request goes.
#[derive(Debug, Clone)]
pub enum Place {
    /// The residents' own pages.
    Portal,
    /// An agency's extranet.
    Extranet(Host),
    /// Our own paths on an agency's host.
    Own(Host),
    /// A host where something was before it moved to this origin.
    Moved(Origin),
    /// No host of ours: 421.
    Nowhere,
}

impl Place {
    /// The host of extranets that this is on.
    #[must_use]
    pub const fn host(&self) -> Option<&Host> {
        match self {
            Self::Extranet(host) | Self::Own(host) => Some(host),
            Self::Portal | Self::Moved(_) | Self::Nowhere => None,
        }
    }
}

/// A host on which extranets are served (a24).
#[derive(Debug, Clone)]
pub enum Host {
    /// One agency's.
    House(House),
    /// Several agencies': which one is meant is said by the account that is open there in a browser, never by the host.
    Shared(Arc<SharedHost>),
}

/// The host of several agencies, for installations that cannot have more names.
#[derive(Debug)]
pub struct SharedHost {
    public: Origin,
    /// By their codes.
    agencies: Vec<Arc<Agency>>,
}

/// What is served on a host.
#[derive(Debug, Clone)]
enum Served {
    One(Arc<Agency>),
    Several(Arc<SharedHost>),
    /// What was this agency's host.
    Formerly(Arc<Agency>),
    /// What was the portal's.
    FormerPortal,
}

/// A host on which one agency's extranet is served: the agency's, or that of one account below it; or a shared one, once
/// it is known which agency a request there is for.
#[derive(Debug, Clone)]
pub struct House {
    /// Whose extranet.
    pub agency: Arc<Agency>,
    /// Whose account's host it is; None on the agency's own.
    pub account: Option<AccountLabel>,
}

impl House {
    /// The public origin.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.account.as_ref().map_or_else(|| self.agency.public.clone(), |account| self.agency.origin_of(account))
    }

    /// Whether an account of the agency is entered here: a cookie of one host is nobody's on another.
    #[must_use]
    pub fn is_home_of(&self, account: &AccountLabel) -> bool {
        match self.agency.accounts {
            Accounts::OneAtATime | Accounts::SharedHost => self.account.is_none(),
            Accounts::Labels => self.account.as_ref() == Some(account),
        }
    }
}

impl SharedHost {
    /// The public origin.
    #[must_use]
    pub const fn public(&self) -> &Origin {
        &self.public
    }

    /// Every agency that is served here, by their codes.
    #[must_use]
    pub fn agencies(&self) -> &[Arc<Agency>] {
        &self.agencies
    }

    /// The house of an agency here, if it is one of these.
    #[must_use]
    pub fn house(&self, agency: &AgencyCode) -> Option<House> {
        let at = self.agencies.binary_search_by(|other| other.code.cmp(agency)).ok()?;
        Some(House { agency: Arc::clone(&self.agencies[at]), account: None })
    }
}

impl Host {
    /// The public origin.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::House(house) => house.origin(),
            Self::Shared(shared) => shared.public.clone(),
        }
    }

    /// The scheme that browsers see.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::House(house) => house.agency.public.scheme(),
            Self::Shared(shared) => shared.public.scheme(),
        }
    }

    /// The house in which this account of an agency is entered here; None where it is not.
    #[must_use]
    pub fn house_of(&self, agency: &AgencyCode, account: &AccountLabel) -> Option<House> {
        let house = match self {
            Self::House(house) => Some(house.clone()).filter(|house| house.agency.code == *agency),
            Self::Shared(shared) => shared.house(agency),
        };
        house.filter(|house| house.is_home_of(account))
    }

    /// The house in which a browser that is nobody's is here: on a shared host that of the agency which it had open last,
    /// by what it holds of that; None where nobody knows.
    #[must_use]
    pub fn remembered(&self, held: Option<&str>) -> Option<House> {
        match self {
            Self::House(house) => Some(house.clone()),
            Self::Shared(shared) => match &*shared.agencies {
                [only] => Some(House { agency: Arc::clone(only), account: None }),
                _ => shared.house(&Remembered::parse(held?)?.agency?),
            },
        }
    }
}

impl Directory {
    /// Lists the agencies; hosts and codes are unique (the configuration has seen to it).
    #[must_use]
    pub fn new(portal: Origin, agencies: impl IntoIterator<Item = Agency>) -> Self {
        let mut common = Common::default();
        let agencies = agencies.into_iter().map(|agency| Arc::new(common.share(agency)));
        Self::of(portal, &agencies.collect::<Vec<_>>())
    }

    fn of(portal: Origin, agencies: &[Arc<Agency>]) -> Self {
        let mut by_host = HashMap::new();
        for agency in agencies.iter().filter(|agency| !agency.shares_host()) {
            by_host.insert(agency.public.host().to_owned(), Served::One(Arc::clone(agency)));
        }
        by_host.extend(shared_hosts(agencies));
        for agency in agencies {
            let former = agency.former.iter().map(|origin| origin.host().to_owned());
            by_host.extend(former.map(|host| (host, Served::Formerly(Arc::clone(agency)))));
        }
        let by_code = agencies.iter().map(|agency| (agency.code.clone(), Arc::clone(agency))).collect();
        Self { portal, by_host, by_code }
    }

    /// The same, and these were the portal's origins before.
    #[must_use]
    pub fn after(mut self, former: &[Origin]) -> Self {
        self.by_host.extend(former.iter().map(|origin| (origin.host().to_owned(), Served::FormerPortal)));
        self
    }

    /// What comes after this directory: an agency that is the same as before is the same `Arc`, so that what was made
    /// for it stays good.
    #[must_use]
    pub fn renewed(&self, portal: Origin, agencies: impl IntoIterator<Item = Agency>) -> Self {
        let mut common = Common::of(self.agencies());
        let agencies = agencies.into_iter().map(|agency| match self.by_code.get(&agency.code) {
            Some(known) if **known == agency => Arc::clone(known),
            _ => Arc::new(common.share(agency)),
        });
        Self::of(portal, &agencies.collect::<Vec<_>>())
    }

    /// Whether this very agency, in every value, is listed.
    #[must_use]
    pub fn holds(&self, agency: &Arc<Agency>) -> bool {
        self.by_code.get(&agency.code).is_some_and(|known| Arc::ptr_eq(known, agency))
    }

    /// The portal's origin.
    #[must_use]
    pub const fn portal(&self) -> &Origin {
        &self.portal
    }

    /// Every agency, in no order.
    pub fn agencies(&self) -> impl Iterator<Item = &Arc<Agency>> {
        self.by_code.values()
    }

    /// The agency of an installation that has only one.
    #[must_use]
    pub fn only_agency(&self) -> Option<&Arc<Agency>> {
        self.by_code.values().next().filter(|_| self.by_code.len() == 1)
    }

    /// For how long the trace is kept.
    #[must_use]
    pub fn audit_retention(&self) -> AuditRetention {
        let months = self.agencies().map(|agency| (agency.code.clone(), agency.policy.audit_months));
        AuditRetention::of(months, AgencyPolicy::default().audit_months)
    }

    /// The agency with these codes.
    #[must_use]
    pub fn agency(&self, code: &AgencyCode) -> Option<&Arc<Agency>> {
        self.by_code.get(code)
    }

    /// The host of several agencies with this name.
    #[must_use]
    pub fn shared(&self, host: &str) -> Option<&Arc<SharedHost>> {
        match self.by_host.get(host)? {
            Served::Several(shared) => Some(shared),
            Served::One(_) | Served::Formerly(_) | Served::FormerPortal => None,
        }
    }

    /// Where a request for this host (as [`super::origin::host_of_authority`] reads it) and path goes.
    #[must_use]
    pub fn resolve(&self, host: &str, path: &str) -> Place {
        if host == self.portal.host() {
            return Place::Portal;
        }
        match self.host(host) {
            Some(host) if is_own(path) => Place::Own(host),
            Some(host) => Place::Extranet(host),
            None => self.moved(host).map_or(Place::Nowhere, Place::Moved),
        }
    }

    /// The public origin there.
    #[must_use]
    pub fn origin(&self, place: &Place) -> Option<Origin> {
        match place {
            Place::Portal => Some(self.portal.clone()),
            Place::Extranet(host) | Place::Own(host) => Some(host.origin()),
            Place::Moved(to) => Some(to.clone()),
            Place::Nowhere => None,
        }
    }

    /// The scheme that browsers see there.
    #[must_use]
    pub fn scheme(&self, place: &Place) -> Scheme {
        match place {
            Place::Extranet(host) | Place::Own(host) => host.scheme(),
            Place::Moved(to) => to.scheme(),
            Place::Portal | Place::Nowhere => self.portal.scheme(),
        }
    }

    /// Where what was served on this host is now; an account's host below an agency's former one has its own below the
    /// new one.
    fn moved(&self, host: &str) -> Option<Origin> {
        match self.by_host.get(host) {
            Some(Served::Formerly(agency)) => return Some(agency.public.clone()),
            Some(Served::FormerPortal) => return Some(self.portal.clone()),
            Some(Served::One(_) | Served::Several(_)) => return None,
            None => {}
        }
        let (label, below) = host.split_once('.')?;
        let Served::Formerly(agency) = self.by_host.get(below)? else { return None };
        (agency.accounts == Accounts::Labels).then(|| Some(agency.origin_of(&AccountLabel::parse(label)?)))?
    }

    fn host(&self, host: &str) -> Option<Host> {
        match self.by_host.get(host) {
            Some(Served::One(agency)) => {
                return Some(Host::House(House { agency: Arc::clone(agency), account: None }));
            }
            Some(Served::Several(shared)) => return Some(Host::Shared(Arc::clone(shared))),
            Some(Served::Formerly(_) | Served::FormerPortal) => return None,
            None => {}
        }
        let (label, below) = host.split_once('.')?;
        let Served::One(agency) = self.by_host.get(below)? else { return None };
        if agency.accounts != Accounts::Labels {
            return None;
        }
        Some(Host::House(House { agency: Arc::clone(agency), account: Some(AccountLabel::parse(label)?) }))
    }
}

/// The agencies that share hosts, by host.
fn shared_hosts(agencies: &[Arc<Agency>]) -> HashMap<String, Served> {
    let mut by_host: HashMap<&Origin, Vec<Arc<Agency>>> = HashMap::new();
    for agency in agencies.iter().filter(|agency| agency.shares_host()) {
        by_host.entry(&agency.public).or_default().push(Arc::clone(agency));
    }
    let served = by_host.into_iter().map(|(public, mut agencies)| {
        agencies.sort_by(|one, other| one.code.cmp(&other.code));
        (public.host().to_owned(), Served::Several(Arc::new(SharedHost { public: public.clone(), agencies })))
    });
    served.collect()
}
/// Whether a path on an agency's host is answered by a page of ours, whatever the extranet has there.
fn is_own(path: &str) -> bool {
    path.starts_with(OWN_PREFIX) || path == CHANGE_PASSWORD || path == SURELY_MISSING
}
