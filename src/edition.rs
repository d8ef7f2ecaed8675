//! What one reading of the configuration gave, held together so that a reload replaces it as a whole (e05).
//!
//! What cannot change while the gateway runs (listeners, database, keys) is not in it.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::controller::Controller;
use crate::domain::routing::Directory;
use crate::pages::{Brand, Pages};

/// Hosts, agencies, pages and the portal's look, from one reading of the configuration.
#[derive(Clone)]
pub struct Edition {
    /// Counts the readings since the start, from 1.
    pub number: u64,
    /// Of agencies, portal and policies as they were read; the same on every node that read the same.
    pub digest: u32,
    /// Hosts and agencies, with their policies and terms.
    pub directory: Arc<Directory>,
    /// Templates and translations.
    pub pages: Arc<Pages>,
    /// The portal's own name and colour.
    pub portal: Brand,
    /// Who answers for residents' data where no agency says it.
    pub controller: Option<Controller>,
}

/// The edition that is in force; every clone of this shows the same.
#[derive(Clone)]
pub struct Current(Arc<ArcSwap<Edition>>);

impl Current {
    /// Begins with this edition.
    #[must_use]
    pub fn new(edition: Edition) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(edition)))
    }

    /// The edition in force; what is begun with it may be ended with it.
    #[must_use]
    pub fn edition(&self) -> Arc<Edition> {
        self.0.load_full()
    }

    /// Hosts and agencies in force.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.0.load().directory)
    }

    /// Puts an edition in force for everything that begins from now on.
    pub fn replace(&self, edition: Edition) {
        self.0.store(Arc::new(edition));
    }
}
