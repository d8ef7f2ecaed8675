//! One-time codes that carry a sign-in from the portal to an agency's host.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::identity::LinkId;
use crate::domain::path::ReturnPath;
use crate::domain::secret::SecretDigest;
use crate::domain::session::SessionId;

/// What a hand-over carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The sign-in.
    pub session: SessionId,
    /// The account that is entered.
    pub link: LinkId,
    /// The browser that it is bound to.
    pub browser: SecretDigest,
    /// The page to go on to.
    pub return_to: ReturnPath,
}

impl Tx {
    /// Keeps a hand-over.
    ///
    /// # Errors
    /// The session has ended, the link is gone, or the database failed.
    pub async fn insert_handover(
        &mut self,
        code: SecretDigest,
        session: &SessionId,
        link: &LinkId,
        browser: SecretDigest,
        return_to: &ReturnPath,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO handovers (code, session_id, link_id, browser, return_to, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(code.to_hex())
        .bind(session.as_str())
        .bind(link.as_str())
        .bind(browser.to_hex())
        .bind(return_to.as_str())
        .bind(millis(expires_at))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Takes a hand-over: exactly one caller gets it, in its time. Who takes it with the wrong browser has used it up.
    pub async fn take_handover(&mut self, code: SecretDigest, now: Timestamp) -> Result<Option<Handover>, StoreError> {
        sqlx::query(
            "DELETE FROM handovers WHERE code = $1 AND expires_at > $2
             RETURNING session_id, link_id, browser, return_to",
        )
        .bind(code.to_hex())
        .bind(millis(now))
        .fetch_optional(self.conn())
        .await?
        .map(|row| {
            Ok(Handover {
                session: SessionId::stored(row.text("session_id")?),
                link: LinkId::stored(row.text("link_id")?),
                browser: row.digest("browser")?,
                return_to: ReturnPath::parse_or_home(&row.text("return_to")?),
            })
        })
        .transpose()
    }
}
