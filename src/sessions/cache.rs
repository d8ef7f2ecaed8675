//! What was decided about the cookies of the agencies' hosts, in memory for seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::Change;
use crate::domain::access::Visitor;
use crate::domain::agency::AgencyCode;
use crate::domain::identity::IdentityId;
use crate::domain::session::SessionId;

/// What was decided about an agency host's cookie.
#[derive(Debug, Clone)]
pub struct Seen<P> {
    /// On whose host.
    pub agency: AgencyCode,
    /// The sign-in.
    pub session: SessionId,
    /// The person.
    pub identity: IdentityId,
    /// What the gate is told.
    pub visitor: Visitor<P>,
}

/// The state of the cache before something was looked up: what was decided on older ground is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64);

/// What was decided, and when.
struct Kept<P> {
    seen: Seen<P>,
    at: Instant,
}

/// The cache; `P` is what a resident is forwarded with.
pub(super) struct Decided<P> {
    cache: Cache<Box<str>, Arc<Kept<P>>>,
    age: Duration,
    generation: AtomicU64,
}

/// Decided cookies in memory at most; beyond it the least used go.
const MOST_COOKIES: usize = 100_000;

impl<P: Clone> Decided<P> {
    pub(super) fn new(age: Duration) -> Self {
        Self { cache: Cache::new(MOST_COOKIES), age, generation: AtomicU64::new(0) }
    }

    pub(super) fn visitor(&self, cookie: &str, agency: &AgencyCode) -> Option<Visitor<P>> {
        let kept = self.cache.get(cookie)?;
        if kept.at.elapsed() >= self.age {
            return None;
        }
        Some(if kept.seen.agency == *agency { kept.seen.visitor.clone() } else { Visitor::Stranger })
    }

    /// The same on a host of several agencies: `find` knows those of the host.
    pub(super) fn visitor_at<T>(
        &self,
        cookie: &str,
        find: impl FnOnce(&AgencyCode) -> Option<T>,
    ) -> Option<(Option<T>, Visitor<P>)> {
        let kept = self.cache.get(cookie)?;
        if kept.at.elapsed() >= self.age {
            return None;
        }
        let found = find(&kept.seen.agency);
        let visitor = if found.is_some() { kept.seen.visitor.clone() } else { Visitor::Stranger };
        Some((found, visitor))
    }

    pub(super) fn count(&self) -> usize {
        self.cache.len()
    }

    pub(super) fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::Acquire))
    }

    pub(super) fn remember(&self, cookie: &str, seen: Seen<P>, generation: Generation) {
        if generation != self.generation() {
            return;
        }
        self.cache.insert(cookie.into(), Arc::new(Kept { seen, at: Instant::now() }));
        // Something may have ended between the question above and the insertion.
        if generation != self.generation() {
            self.cache.remove(cookie);
        }
    }

    pub(super) fn forget(&self, change: &Change) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        match change {
            Change::Session(session) => self.cache.retain(|_, kept| kept.seen.session != *session),
            Change::Identity(identity) => self.cache.retain(|_, kept| kept.seen.identity != *identity),
            Change::Everything => self.cache.clear(),
        }
    }

    pub(super) fn forget_agencies(&self, is_concerned: impl Fn(&AgencyCode) -> bool) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.cache.retain(|_, kept| !is_concerned(&kept.seen.agency));
    }
}
