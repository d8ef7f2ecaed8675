//! From SQL to Redis: sign-ins that began before `[redis]` stood in the configuration go on there (decision 76).
//!
//! Each is carried when somebody asks for it, so that a process that goes over to a new one may begin some to its end.

use jiff::Timestamp;

use super::redis::{Pointer, Redis};
use super::{Change, Sessions, SessionsError};
use crate::domain::identity::IdentityId;
use crate::domain::secret::SecretDigest;
use crate::domain::session::Session;

/// The cookies of a session that is carried: the first there, so that none counts before the row in SQL is gone.
const GENERATION: i64 = 1;

impl<P: Clone> Sessions<P> {
    /// Where a portal's cookie leads to.
    pub(super) async fn portal_pointer(
        &self,
        redis: &Redis,
        cookie: SecretDigest,
        now: Timestamp,
    ) -> Result<Option<Pointer>, SessionsError> {
        if let Some(known) = redis.pointer(cookie).await? {
            return Ok(Some(known));
        }
        let Some(session) = self.store.read().await?.session_by_cookie(cookie).await? else { return Ok(None) };
        self.carry(redis, &session, now).await?;
        Ok(redis.pointer(cookie).await?)
    }

    /// Where a cookie on an agency's host leads to.
    pub(super) async fn agency_pointer(
        &self,
        redis: &Redis,
        cookie: SecretDigest,
        now: Timestamp,
    ) -> Result<Option<Pointer>, SessionsError> {
        if let Some(known) = redis.pointer(cookie).await? {
            return Ok(Some(known));
        }
        let Some((session, _)) = self.store.read().await?.agency_cookie(cookie).await? else { return Ok(None) };
        self.carry(redis, &session, now).await?;
        Ok(redis.pointer(cookie).await?)
    }

    /// Carries every sign-in of the person.
    pub(super) async fn carry_all_of(
        &self,
        redis: &Redis,
        identity: &IdentityId,
        now: Timestamp,
    ) -> Result<(), SessionsError> {
        let sessions = self.store.read().await?.sessions_of(identity).await?;
        for session in &sessions {
            self.carry(redis, session, now).await?;
        }
        Ok(())
    }

    /// Writes all of it to Redis, where it is worth nothing yet, and then, in one transaction, takes it out of SQL and
    /// lets it count. Where it has ended in between, or somebody else carried it, what was written here stays worthless,
    /// or is the same.
    async fn carry(&self, redis: &Redis, session: &Session, now: Timestamp) -> Result<(), SessionsError> {
        let mut tx = self.store.read().await?;
        let Some(portal) = tx.portal_cookie(&session.id).await? else { return Ok(()) };
        let (cookies, jars) = (tx.agency_cookies(&session.id).await?, tx.jars(&session.id).await?);
        drop(tx);

        let until = session.ends_at_latest();
        redis.begin(session, portal, GENERATION, now).await?;
        for (cookie, link, opening) in cookies {
            let pointer = Pointer::Agency { generation: GENERATION, session: session.id.clone(), link, opening };
            redis.point(cookie, &pointer, until, now).await?;
        }
        for (link, jar) in jars {
            redis.put_jar(&session.id, &link.id, None, &jar.sealed, jar.signed_in_at).await?;
        }

        let mut tx = self.store.write().await?;
        if tx.take_session(session, portal).await? && tx.raise_generation(&session.id, GENERATION - 1, until).await? {
            self.commit(tx, &Change::Session(session.id.clone())).await?;
        }
        Ok(())
    }
}
