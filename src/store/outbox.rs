//! The outbox as people look at it (d07): what waits and why, and sending again.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, corrupt, millis};
use super::{StoreError, Tx};
use crate::domain::mail::{LetterId, LetterState};

/// A letter as the outbox has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxLine {
    /// Itself.
    pub id: LetterId,
    /// `CLIENT/SOCIETE`, for letters in an agency's name.
    pub agency: Option<String>,
    /// To whom.
    pub recipient: String,
    /// Which letter; of one that this version does not know, what can be read.
    pub kind: String,
    /// Where it is on its way.
    pub state: LetterState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, if it waits.
    pub not_before: Timestamp,
    /// What was said to the last try.
    pub answer: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was sent or given up.
    pub ended_at: Option<Timestamp>,
    /// Whether the address is marked: no letter has arrived there since one was refused for good.
    pub address_refused: bool,
}

impl Tx {
    /// The newest letters, of one state or of all, to an address or to all (an empty one).
    pub async fn outbox(
        &mut self,
        state: Option<LetterState>,
        to: &str,
        most: u32,
    ) -> Result<Vec<OutboxLine>, StoreError> {
        sqlx::query(
            "SELECT l.id AS id, l.agency AS agency, l.recipient AS recipient, l.kind AS kind, l.state AS state,
                 l.attempts AS attempts, l.not_before AS not_before, l.answer AS answer, l.created_at AS created_at,
                 l.ended_at AS ended_at, a.refused_at AS refused_at
             FROM letters l LEFT JOIN refused_addresses a ON a.address = lower(l.recipient)
             WHERE ($1 = '' OR l.state = $1) AND ($2 = '' OR lower(l.recipient) = lower($2))
             ORDER BY l.created_at DESC, l.id LIMIT $3",
        )
        .bind(state.map_or("", LetterState::name))
        .bind(to.to_owned())
        .bind(i64::from(most))
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(line)
        .collect()
    }

    /// One letter.
    pub async fn outbox_letter(&mut self, id: &LetterId) -> Result<Option<OutboxLine>, StoreError> {
        sqlx::query(
            "SELECT l.id AS id, l.agency AS agency, l.recipient AS recipient, l.kind AS kind, l.state AS state,
                 l.attempts AS attempts, l.not_before AS not_before, l.answer AS answer, l.created_at AS created_at,
                 l.ended_at AS ended_at, a.refused_at AS refused_at
             FROM letters l LEFT JOIN refused_addresses a ON a.address = lower(l.recipient) WHERE l.id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.conn())
        .await?
        .as_ref()
        .map(line)
        .transpose()
    }

    /// A letter that waits, is held or was given up is due now, with all its tries before it. False if it is neither, or
    /// somebody is sending it.
    pub async fn requeue_letter(&mut self, id: &LetterId, now: Timestamp) -> Result<bool, StoreError> {
        let updated = sqlx::query(
            "UPDATE letters SET state = 'queued', attempts = 0, not_before = $1, lease_until = 0, ended_at = NULL,
                 created_at = $1
             WHERE id = $2 AND state IN ('queued', 'held', 'abandoned') AND lease_until <= $1",
        )
        .bind(millis(now))
        .bind(id.as_str())
        .execute(self.conn())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Writes a letter that was sent once more, as another one: under the same Message-ID it would be taken for the
    /// one that is there. False if it was not sent.
    pub async fn copy_letter(&mut self, id: &LetterId, copy: &LetterId, now: Timestamp) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO letters
                 (id, agency, recipient, domain, language, kind, state, attempts, claim, not_before, lease_until,
                  created_at)
             SELECT $1, agency, recipient, domain, language, kind, 'queued', 0, 0, $2, 0, $2
             FROM letters WHERE id = $3 AND state = 'sent'",
        )
        .bind(copy.as_str())
        .bind(millis(now))
        .bind(id.as_str())
        .execute(self.conn())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }
}

fn line(row: &AnyRow) -> Result<OutboxLine, StoreError> {
    let kind = row.text("kind")?;
    let named: Option<serde_json::Value> = serde_json::from_str(&kind).ok();
    let named = named.as_ref().and_then(|kind| kind.get("letter")?.as_str());
    Ok(OutboxLine {
        id: LetterId::stored(row.text("id")?),
        agency: row.opt_text("agency")?,
        recipient: row.text("recipient")?,
        kind: named.unwrap_or("unreadable").to_owned(),
        state: LetterState::parse(&row.text("state")?).ok_or_else(|| corrupt("state"))?,
        attempts: row.count("attempts")?,
        not_before: row.time("not_before")?,
        answer: row.opt_text("answer")?,
        created_at: row.time("created_at")?,
        ended_at: row.opt_time("ended_at")?,
        address_refused: row.opt_int("refused_at")?.is_some(),
    })
}
