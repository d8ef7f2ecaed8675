//! The extranets' cookies of each session in SQL, sealed. Only `sessions` asks for them.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, millis};
use super::{Sealed, StoreError, Tx};
use crate::domain::identity::{Link, LinkId};
use crate::domain::session::SessionId;

/// An extranet's cookies in one session, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJar {
    /// The cookies; the vault opens them.
    pub sealed: Sealed,
    /// Which state it is: who wants to write the next one says which one was read. Never the same twice.
    pub version: i64,
    /// When the session last signed in there.
    pub signed_in_at: Timestamp,
}

impl Tx {
    /// The extranet's cookies of a session and account.
    pub async fn jar(&mut self, session: &SessionId, link: &LinkId) -> Result<Option<StoredJar>, StoreError> {
        sqlx::query(
            "SELECT version, key_id, nonce, ciphertext, signed_in_at FROM upstream_cookies
             WHERE session_id = $1 AND link_id = $2",
        )
        .bind(session.as_str())
        .bind(link.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| jar(&row))
        .transpose()
    }

    /// The extranets that a session is signed in to, with their cookies.
    pub async fn jars(&mut self, session: &SessionId) -> Result<Vec<(Link, StoredJar)>, StoreError> {
        sqlx::query(
            "SELECT l.id AS link_id, l.identity_id AS link_identity_id, l.agency AS agency, l.login AS login,
                 l.name AS name, l.kind AS kind, u.version AS version, u.key_id AS key_id, u.nonce AS nonce,
                 u.ciphertext AS ciphertext, u.signed_in_at AS signed_in_at
             FROM upstream_cookies u JOIN links l ON l.id = u.link_id
             WHERE u.session_id = $1 ORDER BY u.signed_in_at, l.id",
        )
        .bind(session.as_str())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| Ok((row.link()?, jar(row)?)))
        .collect()
    }

    /// Puts the cookies of a new sign-in in place of whatever is there, and gives the version that they have now.
    ///
    /// # Errors
    /// The session has ended, the link is gone, or the database failed.
    pub async fn put_jar(
        &mut self,
        session: &SessionId,
        link: &LinkId,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        // A jar that was dropped and filled again begins with the time, so that its versions are none of the first's.
        sqlx::query(
            "INSERT INTO upstream_cookies (session_id, link_id, version, key_id, nonce, ciphertext, signed_in_at)
             VALUES ($1, $2, $3, $4, $5, $6, $3)
             ON CONFLICT (session_id, link_id) DO UPDATE SET
                 version = upstream_cookies.version + 1, key_id = excluded.key_id, nonce = excluded.nonce,
                 ciphertext = excluded.ciphertext, signed_in_at = excluded.signed_in_at
             RETURNING version",
        )
        .bind(session.as_str())
        .bind(link.as_str())
        .bind(millis(now))
        .bind(sealed.key_id.as_str())
        .bind(sealed.nonce.as_slice())
        .bind(sealed.ciphertext.as_slice())
        .fetch_one(self.conn())
        .await?
        .int("version")
    }

    /// Keeps the next state of a jar; false, and nothing changed, if it is not at this version any more.
    pub async fn keep_jar(
        &mut self,
        session: &SessionId,
        link: &LinkId,
        version: i64,
        sealed: &Sealed,
    ) -> Result<bool, StoreError> {
        let updated = sqlx::query(
            "UPDATE upstream_cookies SET version = version + 1, key_id = $4, nonce = $5, ciphertext = $6
             WHERE session_id = $1 AND link_id = $2 AND version = $3",
        )
        .bind(session.as_str())
        .bind(link.as_str())
        .bind(version)
        .bind(sealed.key_id.as_str())
        .bind(sealed.nonce.as_slice())
        .bind(sealed.ciphertext.as_slice())
        .execute(self.conn())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Forgets the extranet's cookies of a session and account.
    pub async fn drop_jar(&mut self, session: &SessionId, link: &LinkId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM upstream_cookies WHERE session_id = $1 AND link_id = $2")
            .bind(session.as_str())
            .bind(link.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

fn jar(row: &AnyRow) -> Result<StoredJar, StoreError> {
    Ok(StoredJar { sealed: row.sealed()?, version: row.int("version")?, signed_in_at: row.time("signed_in_at")? })
}
