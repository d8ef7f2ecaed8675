//! What was decided about the cookies of the agencies' hosts, in memory for seconds.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::Change;
use crate::domain::access::Visitor;
use crate::domain::agency_code::AgencyCode;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Generation(u64);

/// What was decided, and when.
struct Kept<P> {
    seen: Seen<P>,
    at: Instant,
    /// The marks of its session and of its person.
    stands_by: [Mark; 2],
}

/// The cache; `P` is what a resident is forwarded with.
pub(super) struct Decided<P> {
    cache: Cache<Box<str>, Arc<Kept<P>>>,
    age: Duration,
    generation: AtomicU64,
    endings: Endings,
    doubts: Mutex<Vec<Doubtful>>,
}

/// A change of which nobody knows whether it has happened, and since when.
struct Doubtful {
    change: Change,
    since: Instant,
}

/// A change that is under way. Unless it is resolved, what is about it is not remembered for the age of the cache: the
/// database may let it happen after the answer was lost, and nobody would hear of it.
#[must_use = "a change that is under way happens, or is in doubt"]
pub(super) struct Doubt<'d, P: Clone> {
    decided: &'d Decided<P>,
    change: &'d Change,
    is_resolved: bool,
}

/// How often something ended, by session and by person: to forget one of them is to count on, however much is in memory.
/// Several share a count, so that now and then something is looked up again that had not ended.
struct Endings {
    counts: Box<[AtomicU32]>,
    hashing: BuildHasherDefault<DefaultHasher>,
}

/// A count, and what it was when something was kept.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: usize,
    count: u32,
}

/// Counts of endings: with the cache full, one ending costs some six lookups.
const COUNTS: usize = 1 << 15;

/// Decided cookies in memory at most; beyond it the least used go.
const MOST_COOKIES: usize = 100_000;

impl<P: Clone> Decided<P> {
    pub(super) fn new(age: Duration) -> Self {
        let (cache, endings) = (Cache::new(MOST_COOKIES), Endings::none());
        Self { cache, age, generation: AtomicU64::new(0), endings, doubts: Mutex::default() }
    }

    pub(super) fn visitor(&self, cookie: &str, agency: &AgencyCode) -> Option<Visitor<P>> {
        let kept = self.standing(cookie)?;
        Some(if kept.seen.agency == *agency { kept.seen.visitor.clone() } else { Visitor::Stranger })
    }

    /// The same on a host of several agencies: `find` knows those of the host.
    pub(super) fn visitor_at<T>(
        &self,
        cookie: &str,
        find: impl FnOnce(&AgencyCode) -> Option<T>,
    ) -> Option<(Option<T>, Visitor<P>)> {
        let kept = self.standing(cookie)?;
        let found = find(&kept.seen.agency);
        let visitor = if found.is_some() { kept.seen.visitor.clone() } else { Visitor::Stranger };
        Some((found, visitor))
    }

    /// What holds still, about a cookie.
    fn standing(&self, cookie: &str) -> Option<Arc<Kept<P>>> {
        self.cache.get(cookie).filter(|kept| self.stands(kept))
    }

    fn stands(&self, kept: &Kept<P>) -> bool {
        kept.at.elapsed() < self.age && kept.stands_by.iter().all(|mark| self.endings.stands(*mark))
    }

    /// Frees what is not used any more, and the secrets in it.
    pub(super) fn sweep(&self) {
        self.cache.retain(|_, kept| self.stands(kept));
    }

    pub(super) fn age(&self) -> Duration {
        self.age
    }

    pub(super) fn count(&self) -> usize {
        self.cache.len()
    }

    pub(super) fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::Acquire))
    }

    pub(super) fn remember(&self, cookie: &str, seen: Seen<P>, generation: Generation) {
        if generation != self.generation() || self.is_doubtful(&seen) {
            return;
        }
        let stands_by = [self.endings.mark(&seen.session), self.endings.mark(&seen.identity)];
        self.cache.insert(cookie.into(), Arc::new(Kept { seen, at: Instant::now(), stands_by }));
        // Something may have ended between the question above and the insertion.
        if generation != self.generation() {
            self.cache.remove(cookie);
        }
    }

    pub(super) fn forget(&self, change: &Change) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        match change {
            Change::Session(session) => self.endings.ended(session),
            Change::Identity(identity) => self.endings.ended(identity),
            Change::Everything => self.cache.clear(),
        }
    }

    /// To be asked before a change happens.
    pub(super) fn doubt<'d>(&'d self, change: &'d Change) -> Doubt<'d, P> {
        Doubt { decided: self, change, is_resolved: false }
    }

    fn is_doubtful(&self, seen: &Seen<P>) -> bool {
        let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner);
        doubts.retain(|doubtful| doubtful.since.elapsed() < self.age);
        doubts.iter().any(|doubtful| match &doubtful.change {
            Change::Session(session) => *session == seen.session,
            Change::Identity(identity) => *identity == seen.identity,
            Change::Everything => true,
        })
    }

    pub(super) fn forget_agencies(&self, is_concerned: impl Fn(&AgencyCode) -> bool) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.cache.retain(|_, kept| !is_concerned(&kept.seen.agency));
    }
}

impl<P: Clone> Doubt<'_, P> {
    /// It has happened.
    pub(super) fn resolve(mut self) {
        self.is_resolved = true;
    }
}

impl<P: Clone> Drop for Doubt<'_, P> {
    fn drop(&mut self) {
        if !self.is_resolved {
            let doubtful = Doubtful { change: self.change.clone(), since: Instant::now() };
            self.decided.doubts.lock().unwrap_or_else(PoisonError::into_inner).push(doubtful);
        }
        // After the doubt is known: what was looked up before it is not remembered either.
        self.decided.forget(self.change);
    }
}

impl Endings {
    fn none() -> Self {
        Self { counts: (0..COUNTS).map(|_| AtomicU32::new(0)).collect(), hashing: BuildHasherDefault::new() }
    }

    fn place(&self, what: &impl Hash) -> usize {
        usize::try_from(self.hashing.hash_one(what) % COUNTS as u64).unwrap_or(0)
    }

    fn mark(&self, what: &impl Hash) -> Mark {
        let at = self.place(what);
        Mark { at, count: self.counts[at].load(Ordering::Acquire) }
    }

    fn stands(&self, mark: Mark) -> bool {
        self.counts[mark.at].load(Ordering::Acquire) == mark.count
    }

    fn ended(&self, what: &impl Hash) {
        self.counts[self.place(what)].fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(session: &str, identity: &str) -> Seen<()> {
        Seen {
            agency: agency(),
            session: SessionId::stored(session),
            identity: IdentityId::stored(identity),
            visitor: Visitor::Resident(()),
        }
    }

    fn agency() -> AgencyCode {
        AgencyCode::parse("SPI31", "01").expect("codes")
    }

    fn filled() -> Decided<()> {
        let decided = Decided::new(Duration::from_secs(30));
        for (cookie, session, identity) in [("a", "s1", "anne"), ("b", "s2", "anne"), ("c", "s3", "bruno")] {
            decided.remember(cookie, seen(session, identity), decided.generation());
        }
        decided
    }

    fn known(decided: &Decided<()>) -> Vec<&'static str> {
        ["a", "b", "c"].into_iter().filter(|cookie| decided.visitor(cookie, &agency()).is_some()).collect()
    }

    #[test]
    fn what_ended_is_forgotten_and_nothing_else_is() {
        let decided = filled();
        assert_eq!(known(&decided), ["a", "b", "c"]);
        decided.forget(&Change::Session(SessionId::stored("s1")));
        assert_eq!(known(&decided), ["b", "c"]);
        decided.forget(&Change::Identity(IdentityId::stored("anne")));
        assert_eq!(known(&decided), ["c"]);
        decided.forget(&Change::Everything);
        assert_eq!(known(&decided), [""; 0]);
    }

    #[test]
    fn what_was_decided_before_something_ended_is_not_kept() {
        let decided = filled();
        let before = decided.generation();
        decided.forget(&Change::Session(SessionId::stored("another")));
        decided.remember("d", seen("s4", "zoe"), before);
        assert!(decided.visitor("d", &agency()).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn review_b16_what_may_have_ended_is_asked_each_time_for_the_age_of_the_cache() {
        let decided = filled();
        let again = |cookie, session, identity| {
            decided.remember(cookie, seen(session, identity), decided.generation());
            decided.visitor(cookie, &agency()).is_some()
        };
        drop(decided.doubt(&Change::Session(SessionId::stored("s1"))));
        assert_eq!(known(&decided), ["b", "c"]);
        assert!(!again("a", "s1", "anne") && again("b", "s2", "anne"));
        tokio::time::advance(Duration::from_secs(20)).await;
        drop(decided.doubt(&Change::Identity(IdentityId::stored("bruno"))));
        assert!(!again("c", "s3", "bruno") && !again("a", "s1", "anne"));
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(again("a", "s1", "anne") && !again("c", "s3", "bruno"));
        decided.doubt(&Change::Session(SessionId::stored("s1"))).resolve();
        assert!(again("a", "s1", "anne"), "what has happened is not in doubt");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_of_what_ended_or_is_too_old_is_freed() {
        let decided = filled();
        decided.forget(&Change::Session(SessionId::stored("s1")));
        decided.sweep();
        assert_eq!(decided.count(), 2);
        tokio::time::advance(Duration::from_secs(31)).await;
        decided.sweep();
        assert_eq!(decided.count(), 0);
    }
}
