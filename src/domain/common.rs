//! What agencies have in common, kept once.
//!
//! Of ten thousand agencies nearly all follow a few presets and live on a few servers. What is the same is then one value
//! in memory: smaller, prepared once (`proxy::passage::backend`), and still in the processor's cache when the next request is for
//! another agency.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::agency::Agency;
use super::identity_headers::{IdentityHeader, ReservedNames};
use super::path::PathRules;
use super::upstream::Upstream;

/// Each part that an agency has had so far.
#[derive(Debug, Default)]
pub(super) struct Common {
    upstreams: HashSet<Arc<Upstream>>,
    headers: HashSet<Arc<[IdentityHeader]>>,
    reserved: HashSet<Arc<ReservedNames>>,
    paths: HashSet<Arc<PathRules>>,
}

impl Common {
    /// The parts of these agencies, which share them already.
    pub(super) fn of<'a>(agencies: impl Iterator<Item = &'a Arc<Agency>>) -> Self {
        let mut common = Self::default();
        for agency in agencies {
            common.upstreams.insert(Arc::clone(&agency.upstream));
            common.headers.insert(Arc::clone(&agency.headers));
            common.reserved.insert(Arc::clone(&agency.reserved));
            common.paths.insert(Arc::clone(&agency.paths));
        }
        common
    }

    /// The same agency, with the parts of those before it where they are equal.
    pub(super) fn share(&mut self, agency: Agency) -> Agency {
        Agency {
            upstream: once(&mut self.upstreams, agency.upstream),
            headers: once(&mut self.headers, agency.headers),
            reserved: once(&mut self.reserved, agency.reserved),
            paths: once(&mut self.paths, agency.paths),
            ..agency
        }
    }
}

fn once<T: Eq + Hash + ?Sized>(known: &mut HashSet<Arc<T>>, part: Arc<T>) -> Arc<T> {
    if let Some(same) = known.get(&part) {
        return Arc::clone(same);
    }
    known.insert(Arc::clone(&part));
    part
}
