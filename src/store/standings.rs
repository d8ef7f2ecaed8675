//! Which sessions have ended, whatever keeps the sessions: the truth about every revocation. Only `sessions` asks.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::identity::{IdentityId, Link, LinkId};
use crate::domain::session::{SessionId, Standing};

impl Tx {
    /// How often the person's sessions have been ended all at once. A sign-in asks before it looks at the password: one
    /// that was right until a moment ago opens nothing.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn session_epoch(&mut self, identity: &IdentityId) -> Result<i64, StoreError> {
        sqlx::query("SELECT session_epoch FROM identities WHERE id = $1")
            .bind(identity.as_str())
            .fetch_optional(self.conn())
            .await?
            .ok_or(StoreError::Missing("the person"))?
            .int("session_epoch")
    }

    /// The same for who is about to write something for this person: whoever else does so waits until this transaction
    /// is over, so that what was read stays true.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn hold_person(&mut self, identity: &IdentityId) -> Result<i64, StoreError> {
        sqlx::query("UPDATE identities SET session_epoch = session_epoch WHERE id = $1 RETURNING session_epoch")
            .bind(identity.as_str())
            .fetch_optional(self.conn())
            .await?
            .ok_or(StoreError::Missing("the person"))?
            .int("session_epoch")
    }

    /// Ends every session of the person but the one that is spared, wherever they are. Gives how often that has happened
    /// now.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn raise_session_epoch(
        &mut self,
        identity: &IdentityId,
        except: Option<&SessionId>,
    ) -> Result<i64, StoreError> {
        let epoch = sqlx::query(
            "UPDATE identities SET session_epoch = session_epoch + 1, spared_session = $2 WHERE id = $1
             RETURNING session_epoch",
        )
        .bind(identity.as_str())
        .bind(except.map(SessionId::as_str))
        .fetch_optional(self.conn())
        .await?
        .ok_or(StoreError::Missing("the person"))?
        .int("session_epoch")?;
        if let Some(spared) = except {
            // It goes on as one of now, if it stood: the next time it is spared again.
            sqlx::query("UPDATE sessions SET epoch = $1 WHERE id = $2 AND identity_id = $3 AND epoch = $1 - 1")
                .bind(epoch)
                .bind(spared.as_str())
                .bind(identity.as_str())
                .execute(self.conn())
                .await?;
        }
        Ok(epoch)
    }

    /// What is known about the end of a session that lives elsewhere; none if the person is gone.
    pub async fn standing(
        &mut self,
        session: &SessionId,
        identity: &IdentityId,
    ) -> Result<Option<Standing>, StoreError> {
        let row = sqlx::query(
            "SELECT i.session_epoch AS session_epoch, i.spared_session AS spared_session,
                 m.generation AS generation, m.ended AS ended
             FROM identities i LEFT JOIN session_marks m ON m.session_id = $1 WHERE i.id = $2",
        )
        .bind(session.as_str())
        .bind(identity.as_str())
        .fetch_optional(self.conn())
        .await?;
        row.map(|row| {
            Ok(Standing {
                epoch: row.int("session_epoch")?,
                spared: row.opt_text("spared_session")?.map(SessionId::stored),
                generation: row.opt_int("generation")?.unwrap_or(0),
                ended: row.opt_int("ended")?.unwrap_or(0) != 0,
            })
        })
        .transpose()
    }

    /// An account, if it still is this person's.
    pub async fn link_of(&mut self, link: &LinkId, identity: &IdentityId) -> Result<Option<Link>, StoreError> {
        Ok(self.link(link).await?.filter(|link| link.identity == *identity))
    }

    /// Ends one session that lives elsewhere; `until` is when it could not last any longer.
    pub async fn mark_ended(&mut self, session: &SessionId, until: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO session_marks (session_id, generation, ended, until) VALUES ($1, 0, 1, $2)
             ON CONFLICT (session_id) DO UPDATE SET ended = 1",
        )
        .bind(session.as_str())
        .bind(millis(until))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// How often the cookies of a session that lives elsewhere were renewed.
    pub async fn generation(&mut self, session: &SessionId) -> Result<i64, StoreError> {
        sqlx::query("SELECT generation FROM session_marks WHERE session_id = $1")
            .bind(session.as_str())
            .fetch_optional(self.conn())
            .await?
            .map_or(Ok(0), |row| row.int("generation"))
    }

    /// Makes every cookie so far of a session that lives elsewhere worth nothing: those of the generation after this one
    /// are worth something now. False, and nothing changed, if it is not at this one any more.
    pub async fn raise_generation(
        &mut self,
        session: &SessionId,
        generation: i64,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let raised = sqlx::query(
            "INSERT INTO session_marks (session_id, generation, ended, until) VALUES ($1, $2 + 1, 0, $3)
             ON CONFLICT (session_id) DO UPDATE SET generation = session_marks.generation + 1
                 WHERE session_marks.generation = $2",
        )
        .bind(session.as_str())
        .bind(generation)
        .bind(millis(until))
        .execute(self.conn())
        .await?;
        Ok(raised.rows_affected() == 1)
    }
}
