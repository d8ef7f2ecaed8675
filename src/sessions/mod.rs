//! Who is signed in on which browser, behind one in-process cache.
//!
//! What is decided about a cookie is kept for seconds; whatever ends or changes a session drops it at once. That a
//! session has ended is always written in SQL (decision 20), whatever keeps the session itself; no use case knows
//! what does.

mod cache;
mod carrying;
mod change;
mod clients;
mod notices;
mod redis;
mod resealing;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use cache::{Generation, Seen};
pub use change::Change;

pub use redis::{Outage, reach};
pub use resealing::JarsElsewhere;

use crate::config::RedisSettings;
use crate::domain::access::Visitor;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{IdentityId, Link, LinkId};
use crate::domain::secret::{Secret, SecretDigest};
use crate::domain::session::{Session, SessionId};
use crate::store::{OpenAccount, Sealed, Store, StoreError, StoredJar, Tx};
use crate::telemetry::seldom::Spell;

use cache::Decided;
use redis::{Pointer, Redis};

/// Sessions, and what was decided about their cookies; `P` is what a resident is forwarded with.
pub struct Sessions<P> {
    truth: Truth,
    store: Store,
    decided: Decided<P>,
    /// That somebody was seen could not be written.
    unseen: Spell,
}

/// Where sessions live.
enum Truth {
    /// Beside everything else.
    Sql,
    /// Shared by several nodes.
    Redis(Redis),
}

/// Why the sessions cannot be asked, or not be written.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Redis.
    #[error(transparent)]
    Redis(#[from] Outage),
}

/// A sign-in that is about to begin, to be kept in the transaction that tells of it.
#[derive(Debug)]
#[must_use = "a session begins when it is kept"]
pub enum Begun {
    /// It is to be written where everything else is.
    ToKeep(Session, SecretDigest),
    /// It is written already.
    Kept,
}

/// A session's `seen_at` is written again only after this time, so that browsing is not writing.
const TOUCH_AFTER: SignedDuration = SignedDuration::from_secs(60);

impl<P: Clone> Sessions<P> {
    /// Sessions in SQL; what is decided about a cookie is kept for `age`.
    #[must_use]
    pub fn sql(store: Store, age: Duration) -> Self {
        Self { truth: Truth::Sql, store, decided: Decided::new(age), unseen: Spell::default() }
    }

    /// Sessions in Redis, and that they have ended in SQL. Whether Redis answers shows when something is asked.
    #[must_use]
    pub fn redis(store: Store, settings: RedisSettings, age: Duration) -> Self {
        Self { truth: Truth::Redis(Redis::open(settings)), store, decided: Decided::new(age), unseen: Spell::default() }
    }

    /// Asks Redis for a sign of life; none where sessions do not live there.
    ///
    /// # Errors
    /// It gave none.
    pub async fn ping(&self) -> Option<Result<(), Outage>> {
        match &self.truth {
            Truth::Sql => None,
            Truth::Redis(redis) => Some(redis.ping().await),
        }
    }

    /// What was decided about a cookie at this agency, if it is fresh enough; nothing is allocated. A cookie of another
    /// agency's host is a stranger's.
    #[must_use]
    pub fn visitor(&self, cookie: &str, agency: &AgencyCode) -> Option<Visitor<P>> {
        self.decided.visitor(cookie, agency)
    }

    /// The same on a host of several agencies, with what `find` gives for the cookie's agency: none where it is not one
    /// of the host's.
    #[must_use]
    pub fn visitor_at<T>(
        &self,
        cookie: &str,
        find: impl FnOnce(&AgencyCode) -> Option<T>,
    ) -> Option<(Option<T>, Visitor<P>)> {
        self.decided.visitor_at(cookie, find)
    }

    /// How old what was decided may be.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.decided.age()
    }

    /// How many decided cookies are in memory.
    #[must_use]
    pub fn cached(&self) -> usize {
        self.decided.count()
    }

    /// To be asked before looking up what [`Sessions::remember`] is to keep.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.decided.generation()
    }

    /// Keeps what was decided, unless something ended in the meantime.
    pub fn remember(&self, cookie: &str, seen: Seen<P>, generation: Generation) {
        self.decided.remember(cookie, seen, generation);
    }

    /// Drops what was decided, on this node only: for what another process has changed in the database.
    pub fn forget(&self, change: &Change) {
        self.decided.forget(change);
    }

    /// Frees the memory of what was decided and is not used any more; to be called now and then.
    pub fn sweep(&self) {
        self.decided.sweep();
    }

    /// Drops what was decided at the agencies of which this is true, on this node: its configuration has changed.
    pub fn forget_agencies(&self, is_concerned: impl Fn(&AgencyCode) -> bool) {
        self.decided.forget_agencies(is_concerned);
    }

    /// Makes a transaction happen that ends or changes what is told, and drops what was decided about it on every node
    /// before it is over.
    ///
    /// # Errors
    /// The database does not answer; then nothing has happened, as far as is known, and nothing of it is believed.
    pub async fn commit(&self, mut tx: Tx, change: &Change) -> Result<(), SessionsError> {
        tx.notify(&change.to_string()).await?;
        // Also where nobody waits for the answer any more: the transaction may happen all the same.
        let doubt = self.decided.doubt(change);
        tx.commit().await?;
        doubt.resolve();
        Ok(())
    }

    /// Begins a sign-in, to which this cookie leads on the portal.
    pub async fn begin(&self, session: &Session, cookie: &Secret) -> Result<Begun, SessionsError> {
        match &self.truth {
            Truth::Sql => Ok(Begun::ToKeep(session.clone(), cookie.digest())),
            // Before the transaction begins, so that none waits for Redis.
            Truth::Redis(redis) => {
                redis.begin(session, cookie.digest(), 0, session.started_at).await?;
                Ok(Begun::Kept)
            }
        }
    }

    /// The sign-in that the portal's cookie leads to, if it still lasts.
    pub async fn of_portal(&self, cookie: &Secret, now: Timestamp) -> Result<Option<Session>, SessionsError> {
        let session = match &self.truth {
            Truth::Sql => self.store.read().await?.session_by_cookie(cookie.digest()).await?,
            Truth::Redis(redis) => self.of_portal_in(redis, cookie.digest(), now).await?,
        };
        let Some(session) = session.filter(|session| session.lasts(now)) else { return Ok(None) };
        self.see(&session, now).await;
        Ok(Some(session))
    }

    /// The sign-in and the account that an agency host's cookie leads to, if both still last. That the account is one
    /// of this agency is for the caller to see.
    pub async fn of_agency(&self, cookie: &Secret, now: Timestamp) -> Result<Option<(Session, Link)>, SessionsError> {
        let known = match &self.truth {
            Truth::Sql => self.store.read().await?.agency_cookie(cookie.digest()).await?,
            Truth::Redis(redis) => self.of_agency_in(redis, cookie.digest(), now).await?,
        };
        Ok(known.filter(|(session, _)| session.lasts(now)))
    }

    /// Writes down that the person was seen, at most once in a while. Where it cannot be written, as on a full disk, the
    /// person reads on all the same.
    pub async fn see(&self, session: &Session, now: Timestamp) {
        match self.touch(session, now).await {
            Ok(()) => self.unseen.is_over("that residents are seen can be written again"),
            Err(error) if !self.store.is_away() && self.unseen.is_due() => {
                tracing::warn!(%error, "that residents are seen cannot be written");
            }
            Err(_) => {}
        }
    }

    /// The same, for who wants to know whether it was written.
    pub async fn touch(&self, session: &Session, now: Timestamp) -> Result<(), SessionsError> {
        if now.duration_since(session.seen_at) < TOUCH_AFTER {
            return Ok(());
        }
        match &self.truth {
            Truth::Sql => {
                let mut tx = self.store.write().await?;
                tx.touch_session(&session.id, now).await?;
                Ok(tx.commit().await?)
            }
            Truth::Redis(redis) => Ok(redis.touch(session, now).await?),
        }
    }

    /// Lets a cookie on an agency's host lead to an account in this sign-in, for as long as it stays open, and makes the
    /// transaction happen; false, and nothing led to, if the sign-in has ended. The transaction happens all the same: a
    /// code that was taken in it is spent.
    ///
    /// # Errors
    /// The account is gone, or the sessions cannot be written.
    pub async fn open_agency(
        &self,
        mut tx: Tx,
        session: &SessionId,
        open: &OpenAccount,
        cookie: &Secret,
        now: Timestamp,
    ) -> Result<bool, SessionsError> {
        match &self.truth {
            Truth::Sql => {
                let stands = tx.session(session).await?.is_some_and(|session| session.lasts(now));
                if stands {
                    tx.insert_agency_cookie(cookie.digest(), session, open, now).await?;
                }
                tx.commit().await?;
                Ok(stands)
            }
            Truth::Redis(redis) => {
                tx.commit().await?;
                let Some(session) = redis.session(session).await? else { return Ok(false) };
                let Some(generation) = self.standing_generation(&session).await? else { return Ok(false) };
                if !session.lasts(now) {
                    return Ok(false);
                }
                let until = session.ends_at_latest();
                let (link, opening) = (open.link.id.clone(), open.opening);
                let pointer = Pointer::Agency { generation, session: session.id, link, opening };
                redis.point(cookie.digest(), &pointer, until, now).await?;
                Ok(true)
            }
        }
    }

    /// Gives the portal's session a new cookie: the old one is worth nothing from now on, and neither are those of the
    /// agencies' hosts, which the next page load there replaces (SEC-058). False where the session has ended: then there
    /// is nothing to lead to.
    pub async fn rotate(&self, session: &Session, cookie: &Secret, now: Timestamp) -> Result<bool, SessionsError> {
        let change = Change::Session(session.id.clone());
        let Truth::Redis(redis) = &self.truth else {
            let mut tx = self.store.write().await?;
            if !self.stands(&mut tx, session, now).await? {
                return Ok(false);
            }
            tx.replace_cookie(&session.id, cookie.digest()).await?;
            tx.forget_agency_cookies(&session.id).await?;
            self.commit(tx, &change).await?;
            return Ok(true);
        };
        let until = session.ends_at_latest();
        loop {
            let generation = self.store.read().await?.generation(&session.id).await?;
            let pointer = Pointer::Portal { generation: generation + 1, session: session.id.clone() };
            // Before the old cookies are worth nothing: without the new one nobody could go on. And before the
            // transaction begins, so that none waits for Redis.
            redis.point(cookie.digest(), &pointer, until, now).await?;
            let mut tx = self.store.write().await?;
            if !self.stands(&mut tx, session, now).await? {
                return Ok(false);
            }
            if tx.raise_generation(&session.id, generation, until).await? {
                self.commit(tx, &change).await?;
                return Ok(true);
            }
        }
    }

    /// Ends a sign-in, with every cookie of it.
    pub async fn end(&self, session: &Session) -> Result<(), SessionsError> {
        let mut tx = self.store.write().await?;
        match &self.truth {
            // One that is not there was carried to Redis by a process that takes over.
            Truth::Sql if tx.end_session(&session.id).await? => {}
            Truth::Sql | Truth::Redis(_) => tx.mark_ended(&session.id, session.ends_at_latest()).await?,
        }
        self.commit(tx, &Change::Session(session.id.clone())).await?;
        if let Truth::Redis(redis) = &self.truth
            && let Err(outage) = redis.remove(session).await
        {
            tracing::debug!(%outage, "a session that has ended stays in Redis until its time is over");
        }
        Ok(())
    }

    /// Whether a sign-in that was looked up before still stands, for an act in this transaction; nobody ends it until that
    /// is over.
    ///
    /// # Errors
    /// The person is gone, or the database fails.
    pub async fn stands(&self, tx: &mut Tx, session: &Session, now: Timestamp) -> Result<bool, SessionsError> {
        tx.hold_person(&session.identity).await?;
        let stands = match &self.truth {
            Truth::Sql => tx.session(&session.id).await?.is_some_and(|kept| kept.identity == session.identity),
            Truth::Redis(_) => {
                let standing = tx.standing(&session.id, &session.identity).await?;
                standing.is_some_and(|standing| standing.allows(session, standing.generation))
            }
        };
        Ok(stands && session.lasts(now))
    }

    /// Ends the person's sign-ins but the one that is spared, in the transaction of the cause; [`Sessions::commit`] it
    /// with [`Change::Identity`]. Gives the epoch of those that go on.
    pub async fn end_all_of(
        &self,
        tx: &mut Tx,
        identity: &IdentityId,
        except: Option<&SessionId>,
    ) -> Result<i64, SessionsError> {
        let epoch = tx.raise_session_epoch(identity, except).await?;
        // Rows that are there although the sessions live elsewhere are of a time when they did not.
        tx.remove_sessions_of(identity, except).await?;
        Ok(epoch)
    }

    /// Ends everybody's sign-ins, wherever they live, in the transaction of the cause; [`Sessions::commit`] it with
    /// [`Change::Everything`]. How many people there are.
    pub async fn end_everybodys(&self, tx: &mut Tx, now: Timestamp) -> Result<u64, SessionsError> {
        Ok(tx.raise_every_session_epoch(now).await?)
    }

    /// Takes away what is left of the sign-ins of a person who is gone, ended ones among them, where they do not live in SQL:
    /// in Redis. Until then it opens nothing.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn take_away_all_of(&self, identity: &IdentityId) -> Result<(), Outage> {
        let Truth::Redis(redis) = &self.truth else { return Ok(()) };
        for session in redis.sessions_of(identity).await? {
            redis.remove(&session).await?;
        }
        redis.remove_list(identity).await
    }

    /// Keeps, once it has happened, that a sign-in was spared and is of this epoch now. Where that fails it stands all the
    /// same, until the others are ended once more.
    pub async fn go_on(&self, session: &Session, epoch: i64, now: Timestamp) {
        let session = Session { epoch, ..session.clone() };
        if let Truth::Redis(redis) = &self.truth
            && let Err(outage) = redis.touch(&session, now).await
        {
            tracing::warn!(%outage, "a session that was spared is kept as it was before");
        }
    }

    /// The person's sign-ins that last, the last used first.
    pub async fn sessions_of(&self, identity: &IdentityId, now: Timestamp) -> Result<Vec<Session>, SessionsError> {
        let mut sessions = match &self.truth {
            Truth::Sql => self.store.read().await?.sessions_of(identity).await?,
            Truth::Redis(redis) => {
                self.carry_all_of(redis, identity, now).await?;
                let mut standing = Vec::new();
                for session in redis.sessions_of(identity).await? {
                    if self.standing_generation(&session).await?.is_some() {
                        standing.push(session);
                    }
                }
                standing
            }
        };
        sessions.retain(|session| session.lasts(now));
        Ok(sessions)
    }

    /// The extranet's cookies of a sign-in and account.
    pub async fn jar(&self, session: &SessionId, link: &LinkId) -> Result<Option<StoredJar>, SessionsError> {
        match &self.truth {
            Truth::Sql => Ok(self.store.read().await?.jar(session, link).await?),
            Truth::Redis(redis) => Ok(redis.jar(session, link).await?),
        }
    }

    /// The extranets that a sign-in has entered, with their cookies.
    pub async fn jars(&self, session: &SessionId) -> Result<Vec<(Link, StoredJar)>, SessionsError> {
        match &self.truth {
            Truth::Sql => Ok(self.store.read().await?.jars(session).await?),
            Truth::Redis(redis) => {
                let kept = redis.jars(session).await?;
                let mut tx = self.store.read().await?;
                let mut jars = Vec::with_capacity(kept.len());
                for (link, jar) in kept {
                    jars.extend(tx.link(&link).await?.map(|link| (link, jar)));
                }
                Ok(jars)
            }
        }
    }

    /// Puts the cookies of a new sign-in upstream in place of whatever is there, and gives their version.
    ///
    /// # Errors
    /// The sign-in has ended, the account is gone, or the sessions cannot be written.
    pub async fn put_jar(
        &self,
        session: &SessionId,
        link: &LinkId,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<i64, SessionsError> {
        match &self.truth {
            Truth::Sql => {
                let mut tx = self.store.write().await?;
                let version = tx.put_jar(session, link, sealed, now).await?;
                tx.commit().await?;
                Ok(version)
            }
            Truth::Redis(redis) => match redis.put_jar(session, link, None, sealed, now).await? {
                ..=0 => Err(StoreError::Missing("the session").into()),
                version => Ok(version),
            },
        }
    }

    /// Keeps the next state of a jar, which is at `version + 1` then; false, and nothing changed, if it is not at this
    /// version any more: read it again, and put the change on top of that.
    pub async fn keep_jar(
        &self,
        session: &SessionId,
        link: &LinkId,
        version: i64,
        sealed: &Sealed,
    ) -> Result<bool, SessionsError> {
        match &self.truth {
            Truth::Sql => {
                let mut tx = self.store.write().await?;
                let kept = tx.keep_jar(session, link, version, sealed).await?;
                tx.commit().await?;
                Ok(kept)
            }
            Truth::Redis(redis) => {
                Ok(redis.put_jar(session, link, Some(version), sealed, Timestamp::UNIX_EPOCH).await? > 0)
            }
        }
    }

    /// Forgets the extranet's cookies of a sign-in and account.
    pub async fn drop_jar(&self, session: &SessionId, link: &LinkId) -> Result<(), SessionsError> {
        match &self.truth {
            Truth::Sql => {
                let mut tx = self.store.write().await?;
                tx.drop_jar(session, link).await?;
                Ok(tx.commit().await?)
            }
            Truth::Redis(redis) => Ok(redis.drop_jar(session, link).await?),
        }
    }

    async fn of_portal_in(
        &self,
        redis: &Redis,
        cookie: SecretDigest,
        now: Timestamp,
    ) -> Result<Option<Session>, SessionsError> {
        let Some(Pointer::Portal { generation, session }) = self.portal_pointer(redis, cookie, now).await? else {
            return Ok(None);
        };
        let Some(session) = redis.session(&session).await? else { return Ok(None) };
        let stands = self.standing_generation(&session).await? == Some(generation);
        Ok(stands.then_some(session))
    }

    async fn of_agency_in(
        &self,
        redis: &Redis,
        cookie: SecretDigest,
        now: Timestamp,
    ) -> Result<Option<(Session, Link)>, SessionsError> {
        let Some(Pointer::Agency { generation, session, link, opening }) =
            self.agency_pointer(redis, cookie, now).await?
        else {
            return Ok(None);
        };
        let Some(session) = redis.session(&session).await? else { return Ok(None) };
        let mut tx = self.store.read().await?;
        let Some(standing) = tx.standing(&session.id, &session.identity).await? else { return Ok(None) };
        if !standing.allows(&session, generation) {
            return Ok(None);
        }
        let link = tx.open_link(&session.id, &link, opening).await?.filter(|link| link.identity == session.identity);
        Ok(link.map(|link| (session, link)))
    }

    /// The generation of the session's cookies, unless it has ended.
    async fn standing_generation(&self, session: &Session) -> Result<Option<i64>, SessionsError> {
        let standing = self.store.read().await?.standing(&session.id, &session.identity).await?;
        Ok(standing
            .filter(|standing| standing.allows(session, standing.generation))
            .map(|standing| standing.generation))
    }
}

impl Begun {
    /// Keeps the sign-in, as far as that is the database's part.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn keep(self, tx: &mut Tx) -> Result<(), StoreError> {
        match self {
            Self::ToKeep(session, cookie) => tx.insert_session(&session, cookie).await,
            Self::Kept => Ok(()),
        }
    }
}
