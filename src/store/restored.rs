//! A database that was brought back from a backup knows nothing of what came after that.

use std::collections::HashMap;

use jiff::Timestamp;

use super::rows::{Columns as _, corrupt, millis};
use super::{Store, StoreError, Tx};
use crate::domain::audit::AuditLine;
use crate::domain::identity::IdentityId;
use crate::domain::mail::{LetterId, LetterState};

/// The database from before, as far as it can still be read.
#[derive(Debug)]
pub struct OldDatabase {
    /// Its trace, from a number on.
    pub lines: Vec<AuditLine>,
    /// What had become of its letters.
    pub letters: LettersBefore,
}

/// What had become of letters, by their ids: the state, and what the mail server said.
pub type LettersBefore = HashMap<LetterId, (LetterState, Option<String>)>;

/// Lines that are read at once.
const PORTION: u32 = 1000;

impl OldDatabase {
    /// Reads the trace behind this number, and what became of the letters. Nothing is changed there.
    ///
    /// # Errors
    /// There is no such database, or it cannot be read.
    pub async fn read(url: &str, behind: i64) -> Result<Self, StoreError> {
        let store = Store::connect_to_existing(url).await?;
        let read = Self::read_from(&store, behind).await;
        store.close().await;
        read
    }

    async fn read_from(store: &Store, behind: i64) -> Result<Self, StoreError> {
        let mut tx = store.read().await?;
        let (mut lines, mut last) = (Vec::new(), behind);
        loop {
            let portion = tx.audit_behind(last, None, None, PORTION).await?;
            let Some(line) = portion.last() else { break };
            last = line.seq;
            lines.extend(portion);
        }
        let letters = tx.letter_states().await?;
        Ok(Self { lines, letters })
    }
}

impl Tx {
    /// The number of the last line of the trace; 0 where there is none.
    pub async fn last_audit_number(&mut self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS last FROM audit").fetch_one(self.conn()).await?;
        row.int("last")
    }

    async fn letter_states(&mut self) -> Result<LettersBefore, StoreError> {
        let rows = sqlx::query("SELECT id, state, answer FROM letters").fetch_all(self.unhurried()).await?;
        rows.iter()
            .map(|row| {
                let state = LetterState::parse(&row.text("state")?).ok_or_else(|| corrupt("state"))?;
                Ok((LetterId::stored(row.text("id")?), (state, row.opt_text("answer")?)))
            })
            .collect()
    }

    /// The letters that wait to be sent.
    pub async fn letters_that_wait(&mut self) -> Result<Vec<LetterId>, StoreError> {
        let rows = sqlx::query("SELECT id FROM letters WHERE state = 'queued'").fetch_all(self.unhurried()).await?;
        rows.iter().map(|row| Ok(LetterId::stored(row.text("id")?))).collect()
    }

    /// Keeps a letter that waits from going out until an operator sends it; `why` stands in its row.
    pub async fn hold_letter(&mut self, id: &LetterId, why: &str) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE letters SET state = 'held', answer = $1, lease_until = 0 WHERE id = $2 AND state = 'queued'",
        )
        .bind(why)
        .bind(id.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Gives up a letter that waits; `why` stands in its row.
    pub async fn give_up_letter(&mut self, id: &LetterId, why: &str, now: Timestamp) -> Result<bool, StoreError> {
        let updated = sqlx::query(
            "UPDATE letters SET state = 'abandoned', answer = $1, ended_at = $2, lease_until = 0
             WHERE id = $3 AND state IN ('queued', 'held')",
        )
        .bind(why)
        .bind(millis(now))
        .bind(id.as_str())
        .execute(self.conn())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Ends every reset that somebody has asked for: which of them were used since the backup, nobody knows.
    pub async fn supersede_all_recoveries(&mut self) -> Result<u64, StoreError> {
        let statement = "UPDATE recoveries SET superseded = 1 WHERE superseded = 0 AND used_at IS NULL";
        Ok(sqlx::query(statement).execute(self.unhurried()).await?.rows_affected())
    }

    /// Ends every session of everybody, wherever they are; how many people there are. Epochs jump to a number that none
    /// had before, also not in a database that was brought back: one more would be what another one was already.
    pub async fn raise_every_session_epoch(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let raised = sqlx::query(
            "UPDATE identities SET spared_session = NULL,
                 session_epoch = CASE WHEN session_epoch < $1 THEN $1 ELSE session_epoch + 1 END",
        )
        .bind(millis(now))
        .execute(self.unhurried())
        .await?;
        for statement in ["DELETE FROM sessions", "DELETE FROM handovers", "DELETE FROM open_accounts"] {
            sqlx::query(statement).execute(self.unhurried()).await?;
        }
        Ok(raised.rows_affected())
    }

    /// Everybody's ids.
    pub async fn everybody(&mut self) -> Result<Vec<IdentityId>, StoreError> {
        let rows = sqlx::query("SELECT id FROM identities").fetch_all(self.unhurried()).await?;
        rows.iter().map(|row| Ok(IdentityId::stored(row.text("id")?))).collect()
    }
}
