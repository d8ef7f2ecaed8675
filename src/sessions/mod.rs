//! Who is signed in on which browser, behind one in-process cache.
//!
//! What is decided about a cookie is kept for seconds; whatever ends or changes a session drops it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use tokio::time::Instant;

use crate::domain::access::Visitor;
use crate::domain::agency::AgencyCode;
use crate::domain::identity::IdentityId;
use crate::domain::secret::Secret;
use crate::domain::session::{Session, SessionId};
use crate::store::{Store, StoreError};

/// Where sessions live; Redis joins when several nodes share them.
#[derive(Clone)]
enum Truth {
    Sql(Store),
}

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

/// What was decided, and when.
struct Kept<P> {
    seen: Seen<P>,
    at: Instant,
}

/// Sessions, and what was decided about their cookies; `P` is what a resident is forwarded with.
pub struct Sessions<P> {
    truth: Truth,
    cache: Cache<Box<str>, Arc<Kept<P>>>,
    age: Duration,
    generation: AtomicU64,
}

/// The state of the cache before something was looked up: what was decided on older ground is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64);

/// Decided cookies in memory at most; beyond it the least used go.
const MOST_COOKIES: usize = 100_000;

/// A session's `seen_at` is written again only after this time, so that browsing is not writing.
const TOUCH_AFTER: SignedDuration = SignedDuration::from_secs(60);

impl<P: Clone> Sessions<P> {
    /// Sessions in SQL; what is decided about a cookie is kept for `age`.
    #[must_use]
    pub fn sql(store: Store, age: Duration) -> Self {
        Self { truth: Truth::Sql(store), cache: Cache::new(MOST_COOKIES), age, generation: AtomicU64::new(0) }
    }

    /// What was decided about a cookie at this agency, if it is fresh enough; nothing is allocated. A cookie of another
    /// agency's host is a stranger's.
    #[must_use]
    pub fn visitor(&self, cookie: &str, agency: &AgencyCode) -> Option<Visitor<P>> {
        let kept = self.cache.get(cookie)?;
        if kept.at.elapsed() >= self.age {
            return None;
        }
        Some(if kept.seen.agency == *agency { kept.seen.visitor.clone() } else { Visitor::Stranger })
    }

    /// To be asked before looking up what [`Sessions::remember`] is to keep.
    #[must_use]
    pub fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::Acquire))
    }

    /// Keeps what was decided, unless something ended in the meantime.
    pub fn remember(&self, cookie: &str, seen: Seen<P>, generation: Generation) {
        if generation != self.generation() {
            return;
        }
        self.cache.insert(cookie.into(), Arc::new(Kept { seen, at: Instant::now() }));
        // Something may have ended between the question above and the insertion.
        if generation != self.generation() {
            self.cache.remove(cookie);
        }
    }

    /// Drops what was decided about a sign-in: it has ended, or what it may do has changed.
    pub fn forget_session(&self, session: &SessionId) {
        self.forget(|seen| seen.session == *session);
    }

    /// Drops what was decided about a person.
    pub fn forget_identity(&self, identity: &IdentityId) {
        self.forget(|seen| seen.identity == *identity);
    }

    /// Drops what was decided at the agencies of which this is true.
    pub fn forget_agencies(&self, is_concerned: impl Fn(&AgencyCode) -> bool) {
        self.forget(|seen| is_concerned(&seen.agency));
    }

    fn forget(&self, is_concerned: impl Fn(&Seen<P>) -> bool) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.cache.retain(|_, kept| !is_concerned(&kept.seen));
    }

    /// The sign-in that the portal's cookie leads to, if it still lasts.
    ///
    /// # Errors
    /// The store fails.
    pub async fn of_portal(&self, cookie: &Secret, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let Truth::Sql(store) = &self.truth;
        let session = store.read().await?.session_by_cookie(cookie.digest()).await?;
        let Some(session) = session.filter(|session| session.lasts(now)) else { return Ok(None) };
        self.touch(&session, now).await?;
        Ok(Some(session))
    }

    /// Writes down that the person was seen, at most once in a while.
    ///
    /// # Errors
    /// The store fails.
    pub async fn touch(&self, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        if now.duration_since(session.seen_at) < TOUCH_AFTER {
            return Ok(());
        }
        let Truth::Sql(store) = &self.truth;
        let mut tx = store.write().await?;
        tx.touch_session(&session.id, now).await?;
        tx.commit().await
    }

    /// Gives the portal's session a new cookie: the old one is worth nothing from now on, and neither are those of the
    /// agencies' hosts, which the next page load there replaces (SEC-058).
    ///
    /// # Errors
    /// The store fails.
    pub async fn rotate(&self, session: &SessionId, cookie: &Secret) -> Result<(), StoreError> {
        let Truth::Sql(store) = &self.truth;
        let mut tx = store.write().await?;
        tx.replace_cookie(session, cookie.digest()).await?;
        tx.forget_agency_cookies(session).await?;
        tx.commit().await?;
        self.forget_session(session);
        Ok(())
    }
}
