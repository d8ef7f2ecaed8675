//! Which account is open on which host in a session.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::identity::{Link, LinkId};
use crate::domain::session::SessionId;

/// An account that is open on a host in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAccount {
    /// On which host.
    pub host: String,
    /// The account.
    pub link: Link,
    /// How often another one was opened there before: an account that was closed and is open again is at a later one.
    pub opening: i64,
}

impl Tx {
    /// The accounts that are open in a session.
    pub async fn open_accounts(&mut self, session: &SessionId) -> Result<Vec<OpenAccount>, StoreError> {
        sqlx::query(
            "SELECT o.host AS host, o.opening AS opening, l.id AS link_id, l.identity_id AS link_identity_id, l.agency AS agency,
                 l.login AS login, l.name AS name, l.kind AS kind
             FROM open_accounts o JOIN links l ON l.id = o.link_id WHERE o.session_id = $1 ORDER BY o.host",
        )
        .bind(session.as_str())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| Ok(OpenAccount { host: row.text("host")?, link: row.link()?, opening: row.int("opening")? }))
        .collect()
    }

    /// An account of a session, if it is open and at this opening still.
    pub async fn open_link(
        &mut self,
        session: &SessionId,
        link: &LinkId,
        opening: i64,
    ) -> Result<Option<Link>, StoreError> {
        sqlx::query(
            "SELECT l.id AS link_id, l.identity_id AS link_identity_id, l.agency AS agency, l.login AS login,
                 l.name AS name, l.kind AS kind
             FROM open_accounts o JOIN links l ON l.id = o.link_id
             WHERE o.session_id = $1 AND o.link_id = $2 AND o.opening = $3",
        )
        .bind(session.as_str())
        .bind(link.as_str())
        .bind(opening)
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.link())
        .transpose()
    }

    /// Opens an account on a host, unless another one is open there: false, and nothing changed.
    ///
    /// # Errors
    /// The link is gone, or the database failed.
    pub async fn open_account(
        &mut self,
        session: &SessionId,
        host: &str,
        link: &LinkId,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let opened = sqlx::query(
            "INSERT INTO open_accounts (session_id, host, link_id, until) VALUES ($1, $2, $3, $4)
             ON CONFLICT (session_id, host) DO UPDATE SET until = excluded.until
                 WHERE open_accounts.link_id = excluded.link_id",
        )
        .bind(session.as_str())
        .bind(host)
        .bind(link.as_str())
        .bind(millis(until))
        .execute(self.conn())
        .await?;
        Ok(opened.rows_affected() == 1)
    }

    /// Opens an account in place of the one that is open on the host, which is closed: hand-overs and cookies for it are
    /// worth nothing. Gives that one.
    ///
    /// # Errors
    /// The link is gone, or the database failed.
    pub async fn switch_account(
        &mut self,
        session: &SessionId,
        host: &str,
        link: &LinkId,
        until: Timestamp,
    ) -> Result<Option<Link>, StoreError> {
        let open = self.open_accounts(session).await?.into_iter().find(|open| open.host == host);
        let before = open.map(|open| open.link).filter(|open| open.id != *link);
        if let Some(before) = &before {
            sqlx::query("DELETE FROM handovers WHERE session_id = $1 AND link_id = $2")
                .bind(session.as_str())
                .bind(before.id.as_str())
                .execute(self.conn())
                .await?;
        }
        sqlx::query(
            "INSERT INTO open_accounts (session_id, host, link_id, until) VALUES ($1, $2, $3, $4)
             ON CONFLICT (session_id, host) DO UPDATE SET link_id = excluded.link_id, until = excluded.until,
                 opening = open_accounts.opening
                     + CASE WHEN open_accounts.link_id = excluded.link_id THEN 0 ELSE 1 END",
        )
        .bind(session.as_str())
        .bind(host)
        .bind(link.as_str())
        .bind(millis(until))
        .execute(self.conn())
        .await?;
        Ok(before)
    }
}
