//! Which house a request is for, by its host; and an agency by its codes (001, a02).

use std::collections::HashMap;
use std::sync::Arc;

use super::accounts::Accounts;
use super::agency::{Agency, AgencyCode};
use super::identity::AccountLabel;
use super::origin::Origin;

/// Our own paths on an agency's host; everything else there is the extranet's.
pub const OWN_PREFIX: &str = "/.vestibule/";

/// Every host and every agency.
#[derive(Debug, Clone)]
pub struct Directory {
    portal: Origin,
    by_host: HashMap<String, Arc<Agency>>,
    by_code: HashMap<AgencyCode, Arc<Agency>>,
}

/// Where a request goes.
#[derive(Debug, Clone)]
pub enum Place {
    /// The residents' own pages.
    Portal,
    /// An agency's extranet.
    Extranet(House),
    /// Our own paths on an agency's host.
    Own(House),
    /// No host of ours: 421.
    Nowhere,
}

/// A host on which an extranet is served: an agency's, or that of one account below it (a24).
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
            Accounts::OneAtATime => self.account.is_none(),
            Accounts::Labels => self.account.as_ref() == Some(account),
        }
    }
}

impl Directory {
    /// Lists the agencies; hosts and codes are unique (the configuration has seen to it).
    #[must_use]
    pub fn new(portal: Origin, agencies: impl IntoIterator<Item = Agency>) -> Self {
        Self::of(portal, &agencies.into_iter().map(Arc::new).collect::<Vec<_>>())
    }

    fn of(portal: Origin, agencies: &[Arc<Agency>]) -> Self {
        let by_host = agencies.iter().map(|agency| (agency.public.host().to_owned(), Arc::clone(agency))).collect();
        let by_code = agencies.iter().map(|agency| (agency.code.clone(), Arc::clone(agency))).collect();
        Self { portal, by_host, by_code }
    }

    /// What comes after this directory: an agency that is the same as before is the same `Arc`, so that what was made
    /// for it stays good.
    #[must_use]
    pub fn renewed(&self, portal: Origin, agencies: impl IntoIterator<Item = Agency>) -> Self {
        let agencies = agencies.into_iter().map(|agency| match self.by_code.get(&agency.code) {
            Some(known) if **known == agency => Arc::clone(known),
            _ => Arc::new(agency),
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

    /// The agency with these codes.
    #[must_use]
    pub fn agency(&self, code: &AgencyCode) -> Option<&Arc<Agency>> {
        self.by_code.get(code)
    }

    /// Where a request for this host (as [`super::origin::host_of_authority`] reads it) and path goes.
    #[must_use]
    pub fn resolve(&self, host: &str, path: &str) -> Place {
        if host == self.portal.host() {
            return Place::Portal;
        }
        match self.house(host) {
            Some(house) if path.starts_with(OWN_PREFIX) => Place::Own(house),
            Some(house) => Place::Extranet(house),
            None => Place::Nowhere,
        }
    }

    fn house(&self, host: &str) -> Option<House> {
        if let Some(agency) = self.by_host.get(host) {
            return Some(House { agency: Arc::clone(agency), account: None });
        }
        let (label, below) = host.split_once('.')?;
        let agency = self.by_host.get(below).filter(|agency| agency.accounts == Accounts::Labels)?;
        Some(House { agency: Arc::clone(agency), account: Some(AccountLabel::parse(label)?) })
    }
}
