//! Who is signed in where: the portal's cookie, the agency hosts' cookies, and the extranets' own.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns, millis};
use super::{Sealed, StoreError, Tx};
use crate::domain::identity::{IdentityId, Link, LinkId};
use crate::domain::secret::SecretDigest;
use crate::domain::session::{Session, SessionId, SessionLifetime};

impl Tx {
    /// Keeps a sign-in and the digest of the cookie that leads to it.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn insert_session(&mut self, session: &Session, portal_cookie: SecretDigest) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sessions (id, identity_id, portal_cookie, started_at, seen_at, idle_minutes, hours)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(session.id.as_str())
        .bind(session.identity.as_str())
        .bind(portal_cookie.to_hex())
        .bind(millis(session.started_at))
        .bind(millis(session.seen_at))
        .bind(i64::from(session.lifetime.idle_minutes))
        .bind(i64::from(session.lifetime.hours))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The sign-in that a portal cookie leads to. Whether it still lasts is for the caller to see.
    ///
    /// # Errors
    /// The database failed.
    pub async fn session_by_cookie(&mut self, portal_cookie: SecretDigest) -> Result<Option<Session>, StoreError> {
        sqlx::query(
            "SELECT id, identity_id, started_at, seen_at, idle_minutes, hours FROM sessions WHERE portal_cookie = $1",
        )
        .bind(portal_cookie.to_hex())
        .fetch_optional(self.conn())
        .await?
        .map(|row| session(&row))
        .transpose()
    }

    /// One sign-in.
    ///
    /// # Errors
    /// The database failed.
    pub async fn session(&mut self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        sqlx::query("SELECT id, identity_id, started_at, seen_at, idle_minutes, hours FROM sessions WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.conn())
            .await?
            .map(|row| session(&row))
            .transpose()
    }

    /// Keeps that a request came; never an earlier time than is there, and nothing if the session has ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn touch_session(&mut self, id: &SessionId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET seen_at = $1 WHERE id = $2 AND seen_at < $1")
            .bind(millis(now))
            .bind(id.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Gives the session another portal cookie; the one before leads nowhere.
    ///
    /// # Errors
    /// The session has ended, or the database failed.
    pub async fn replace_cookie(&mut self, id: &SessionId, portal_cookie: SecretDigest) -> Result<(), StoreError> {
        let updated = sqlx::query("UPDATE sessions SET portal_cookie = $1 WHERE id = $2")
            .bind(portal_cookie.to_hex())
            .bind(id.as_str())
            .execute(self.conn())
            .await?;
        if updated.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Missing("the session")) }
    }

    /// Ends a session, with every cookie and hand-over of it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_session(&mut self, id: &SessionId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id.as_str()).execute(self.conn()).await?;
        Ok(())
    }

    /// The person's sessions, the last used first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sessions_of(&mut self, identity: &IdentityId) -> Result<Vec<Session>, StoreError> {
        sqlx::query(
            "SELECT id, identity_id, started_at, seen_at, idle_minutes, hours FROM sessions WHERE identity_id = $1
             ORDER BY seen_at DESC, id",
        )
        .bind(identity.as_str())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(session)
        .collect()
    }

    /// Ends the person's sessions but the one that is spared, and tells which were ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_sessions_of(
        &mut self,
        identity: &IdentityId,
        except: Option<&SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        sqlx::query("DELETE FROM sessions WHERE identity_id = $1 AND id <> $2 RETURNING id")
            .bind(identity.as_str())
            .bind(except.map_or("", SessionId::as_str))
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| row.text("id").map(SessionId::stored))
            .collect()
    }

    /// Makes the agency hosts' cookies of a sign-in worth nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget_agency_cookies(&mut self, session: &SessionId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM agency_cookies WHERE session_id = $1")
            .bind(session.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Keeps the digest of a cookie on an agency's host.
    ///
    /// # Errors
    /// The session has ended, the link is gone, or the database failed.
    pub async fn insert_agency_cookie(
        &mut self,
        cookie: SecretDigest,
        session: &SessionId,
        link: &LinkId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO agency_cookies (digest, session_id, link_id, created_at) VALUES ($1, $2, $3, $4)")
            .bind(cookie.to_hex())
            .bind(session.as_str())
            .bind(link.as_str())
            .bind(millis(now))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The session and the account that an agency host's cookie leads to.
    ///
    /// # Errors
    /// The database failed.
    pub async fn agency_cookie(&mut self, cookie: SecretDigest) -> Result<Option<(Session, Link)>, StoreError> {
        sqlx::query(
            "SELECT s.id AS id, s.identity_id AS identity_id, s.started_at AS started_at, s.seen_at AS seen_at,
                 s.idle_minutes AS idle_minutes, s.hours AS hours, l.id AS link_id,
                 l.identity_id AS link_identity_id, l.agency AS agency, l.login AS login, l.name AS name,
                 l.kind AS kind
             FROM agency_cookies c JOIN sessions s ON s.id = c.session_id JOIN links l ON l.id = c.link_id
             WHERE c.digest = $1",
        )
        .bind(cookie.to_hex())
        .fetch_optional(self.conn())
        .await?
        .map(|row| Ok((session(&row)?, row.link()?)))
        .transpose()
    }

    /// Keeps the extranet's cookies of a sign-in there, in place of those before.
    ///
    /// # Errors
    /// The session has ended, the link is gone, or the database failed.
    pub async fn keep_upstream_cookies(
        &mut self,
        session: &SessionId,
        link: &LinkId,
        cookies: &Sealed,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO upstream_cookies (session_id, link_id, key_id, nonce, ciphertext, signed_in_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (session_id, link_id) DO UPDATE SET
                 key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext,
                 signed_in_at = excluded.signed_in_at",
        )
        .bind(session.as_str())
        .bind(link.as_str())
        .bind(cookies.key_id.as_str())
        .bind(cookies.nonce.as_slice())
        .bind(cookies.ciphertext.as_slice())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The extranets that a session is signed in to, with their cookies.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upstream_cookies(&mut self, session: &SessionId) -> Result<Vec<(Link, Sealed)>, StoreError> {
        sqlx::query(
            "SELECT l.id AS link_id, l.identity_id AS link_identity_id, l.agency AS agency, l.login AS login,
                 l.name AS name, l.kind AS kind, u.key_id AS key_id, u.nonce AS nonce, u.ciphertext AS ciphertext
             FROM upstream_cookies u JOIN links l ON l.id = u.link_id
             WHERE u.session_id = $1 ORDER BY u.signed_in_at, l.id",
        )
        .bind(session.as_str())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| Ok((row.link()?, row.sealed()?)))
        .collect()
    }

    /// The accounts that are open in a session: entered on their agency's host, or signed in to upstream.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_accounts(&mut self, session: &SessionId) -> Result<Vec<Link>, StoreError> {
        sqlx::query(
            "SELECT l.id AS link_id, l.identity_id AS link_identity_id, l.agency AS agency, l.login AS login,
                 l.name AS name, l.kind AS kind
             FROM links l
             WHERE l.id IN (SELECT link_id FROM agency_cookies WHERE session_id = $1)
                OR l.id IN (SELECT link_id FROM upstream_cookies WHERE session_id = $1)
             ORDER BY l.created_at, l.id",
        )
        .bind(session.as_str())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(Columns::link)
        .collect()
    }

    /// Closes an account in a session: its cookies and hand-overs are worth nothing. Gives the extranet's cookies, so that
    /// the session there can be ended too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn close_account(&mut self, session: &SessionId, link: &LinkId) -> Result<Option<Sealed>, StoreError> {
        for statement in [
            "DELETE FROM agency_cookies WHERE session_id = $1 AND link_id = $2",
            "DELETE FROM handovers WHERE session_id = $1 AND link_id = $2",
        ] {
            sqlx::query(statement).bind(session.as_str()).bind(link.as_str()).execute(self.conn()).await?;
        }
        sqlx::query(
            "DELETE FROM upstream_cookies WHERE session_id = $1 AND link_id = $2 RETURNING key_id, nonce, ciphertext",
        )
        .bind(session.as_str())
        .bind(link.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.sealed())
        .transpose()
    }

    /// When the session last signed in to the account's extranet.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_upstream_sign_in(
        &mut self,
        session: &SessionId,
        link: &LinkId,
    ) -> Result<Option<Timestamp>, StoreError> {
        sqlx::query("SELECT signed_in_at FROM upstream_cookies WHERE session_id = $1 AND link_id = $2")
            .bind(session.as_str())
            .bind(link.as_str())
            .fetch_optional(self.conn())
            .await?
            .map(|row| row.time("signed_in_at"))
            .transpose()
    }
}

pub(super) fn session(row: &AnyRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId::stored(row.text("id")?),
        identity: IdentityId::stored(row.text("identity_id")?),
        started_at: row.time("started_at")?,
        seen_at: row.time("seen_at")?,
        lifetime: SessionLifetime { idle_minutes: row.count("idle_minutes")?, hours: row.count("hours")? },
    })
}
