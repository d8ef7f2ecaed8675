//! Sessions in SQL: sign-ins and their cookies on the portal's and the agencies' hosts. Only `sessions` asks for them.
//!
//! What is known about the end of sessions is in `standings`, wherever the sessions are.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, millis};
use super::{OpenAccount, StoreError, Tx};
use crate::domain::identity::{IdentityId, Link, LinkId};
use crate::domain::secret::SecretDigest;
use crate::domain::session::{Session, SessionId, SessionLifetime, Standing};

impl Tx {
    /// Keeps a sign-in and the digest of the cookie that leads to it.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn insert_session(&mut self, session: &Session, portal_cookie: SecretDigest) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sessions (id, identity_id, portal_cookie, started_at, seen_at, idle_minutes, hours, kept,
                 epoch)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(session.id.as_str())
        .bind(session.identity.as_str())
        .bind(portal_cookie.to_hex())
        .bind(millis(session.started_at))
        .bind(millis(session.seen_at))
        .bind(i64::from(session.lifetime.idle_minutes))
        .bind(i64::from(session.lifetime.hours))
        .bind(i64::from(session.lifetime.keep))
        .bind(session.epoch)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The sign-in that a portal cookie leads to, unless it was ended. Whether its time is over is for the caller to
    /// see.
    pub async fn session_by_cookie(&mut self, portal_cookie: SecretDigest) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(
            "SELECT s.id AS id, s.identity_id AS identity_id, s.started_at AS started_at, s.seen_at AS seen_at,
                 s.idle_minutes AS idle_minutes, s.hours AS hours, s.kept AS kept, s.epoch AS epoch,
                 i.session_epoch AS session_epoch, i.spared_session AS spared_session
             FROM sessions s JOIN identities i ON i.id = s.identity_id WHERE s.portal_cookie = $1",
        )
        .bind(portal_cookie.to_hex())
        .fetch_optional(self.conn())
        .await?;
        row.map_or(Ok(None), |row| standing_session(&row))
    }

    /// One sign-in, unless it was ended.
    pub async fn session(&mut self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(
            "SELECT s.id AS id, s.identity_id AS identity_id, s.started_at AS started_at, s.seen_at AS seen_at,
                 s.idle_minutes AS idle_minutes, s.hours AS hours, s.kept AS kept, s.epoch AS epoch,
                 i.session_epoch AS session_epoch, i.spared_session AS spared_session
             FROM sessions s JOIN identities i ON i.id = s.identity_id WHERE s.id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.conn())
        .await?;
        row.map_or(Ok(None), |row| standing_session(&row))
    }

    /// Keeps that a request came; never an earlier time than is there, and nothing if the session has ended.
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

    /// Ends a session, with every cookie of it; false if it was not there.
    pub async fn end_session(&mut self, id: &SessionId) -> Result<bool, StoreError> {
        let ended = sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id.as_str()).execute(self.conn()).await?;
        Ok(ended.rows_affected() == 1)
    }

    /// Takes a session out that goes on elsewhere, if it still is as it was read.
    pub async fn take_session(&mut self, read: &Session, portal_cookie: SecretDigest) -> Result<bool, StoreError> {
        let taken = sqlx::query("DELETE FROM sessions WHERE id = $1 AND portal_cookie = $2 AND epoch = $3")
            .bind(read.id.as_str())
            .bind(portal_cookie.to_hex())
            .bind(read.epoch)
            .execute(self.conn())
            .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// The digest of the portal cookie that leads to a session.
    pub async fn portal_cookie(&mut self, id: &SessionId) -> Result<Option<SecretDigest>, StoreError> {
        let row = sqlx::query("SELECT portal_cookie FROM sessions WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.conn())
            .await?;
        row.map(|row| row.digest("portal_cookie")).transpose()
    }

    /// The digests of a session's cookies on agencies' hosts, each with its account and which of its openings it is for.
    pub async fn agency_cookies(&mut self, id: &SessionId) -> Result<Vec<(SecretDigest, LinkId, i64)>, StoreError> {
        sqlx::query("SELECT digest, link_id, opening FROM agency_cookies WHERE session_id = $1 ORDER BY digest")
            .bind(id.as_str())
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| Ok((row.digest("digest")?, LinkId::stored(row.text("link_id")?), row.int("opening")?)))
            .collect()
    }

    /// The person's sessions that were not ended, the last used first.
    pub async fn sessions_of(&mut self, identity: &IdentityId) -> Result<Vec<Session>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.id AS id, s.identity_id AS identity_id, s.started_at AS started_at, s.seen_at AS seen_at,
                 s.idle_minutes AS idle_minutes, s.hours AS hours, s.kept AS kept, s.epoch AS epoch,
                 i.session_epoch AS session_epoch, i.spared_session AS spared_session
             FROM sessions s JOIN identities i ON i.id = s.identity_id WHERE s.identity_id = $1
             ORDER BY s.seen_at DESC, s.id",
        )
        .bind(identity.as_str())
        .fetch_all(self.conn())
        .await?;
        rows.iter().filter_map(|row| standing_session(row).transpose()).collect()
    }

    /// Removes the person's sessions but the one that is spared. That they have ended is told by
    /// [`Tx::raise_session_epoch`]; this only makes room.
    pub async fn remove_sessions_of(
        &mut self,
        identity: &IdentityId,
        except: Option<&SessionId>,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE identity_id = $1 AND id <> $2")
            .bind(identity.as_str())
            .bind(except.map_or("", SessionId::as_str))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Makes the agency hosts' cookies of a sign-in worth nothing.
    pub async fn forget_agency_cookies(&mut self, session: &SessionId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM agency_cookies WHERE session_id = $1")
            .bind(session.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Keeps the digest of a cookie on an agency's host: worth something for as long as the account stays open.
    ///
    /// # Errors
    /// The session has ended, the link is gone, or the database failed.
    pub async fn insert_agency_cookie(
        &mut self,
        cookie: SecretDigest,
        session: &SessionId,
        open: &OpenAccount,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO agency_cookies (digest, session_id, link_id, opening, created_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(cookie.to_hex())
        .bind(session.as_str())
        .bind(open.link.id.as_str())
        .bind(open.opening)
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The session and the account that an agency host's cookie leads to, unless the session was ended or the account was
    /// closed since, whoever wrote first.
    pub async fn agency_cookie(&mut self, cookie: SecretDigest) -> Result<Option<(Session, Link)>, StoreError> {
        let row = sqlx::query(
            "SELECT s.id AS id, s.identity_id AS identity_id, s.started_at AS started_at, s.seen_at AS seen_at,
                 s.idle_minutes AS idle_minutes, s.hours AS hours, s.kept AS kept, s.epoch AS epoch,
                 i.session_epoch AS session_epoch, i.spared_session AS spared_session, l.id AS link_id,
                 l.identity_id AS link_identity_id, l.agency AS agency, l.login AS login, l.name AS name,
                 l.kind AS kind
             FROM agency_cookies c JOIN sessions s ON s.id = c.session_id JOIN identities i ON i.id = s.identity_id
                 JOIN links l ON l.id = c.link_id AND l.identity_id = s.identity_id
                 JOIN open_accounts o ON o.session_id = s.id AND o.link_id = l.id AND o.opening = c.opening
             WHERE c.digest = $1",
        )
        .bind(cookie.to_hex())
        .fetch_optional(self.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(session) = standing_session(&row)? else { return Ok(None) };
        Ok(Some((session, row.link()?)))
    }
}

/// The session of a row, unless it was ended with others of that person.
fn standing_session(row: &AnyRow) -> Result<Option<Session>, StoreError> {
    let session = Session {
        id: SessionId::stored(row.text("id")?),
        identity: IdentityId::stored(row.text("identity_id")?),
        started_at: row.time("started_at")?,
        seen_at: row.time("seen_at")?,
        lifetime: SessionLifetime {
            idle_minutes: row.count("idle_minutes")?,
            hours: row.count("hours")?,
            keep: row.int("kept")? != 0,
        },
        epoch: row.int("epoch")?,
    };
    let standing = Standing {
        epoch: row.int("session_epoch")?,
        spared: row.opt_text("spared_session")?.map(SessionId::stored),
        ..Standing::default()
    };
    Ok(standing.allows(&session, 0).then_some(session))
}
