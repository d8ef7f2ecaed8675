//! The outbox (« centre d'envoi »): a letter is a row, written in the transaction that caused it.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, corrupt, json, millis};
use super::{Note, StoreError, Tx};
use crate::domain::language::Language;
use crate::domain::mail::{LetterId, Mail};

/// How many letters are where on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxCounts {
    /// To be sent.
    pub queued: i64,
    /// Waiting for a person.
    pub held: i64,
    /// Taken over by the mail server.
    pub sent: i64,
    /// Given up.
    pub abandoned: i64,
}

impl Tx {
    /// Puts a letter into the outbox.
    ///
    /// # Errors
    /// The database failed.
    pub async fn enqueue(&mut self, mail: &Mail, not_before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO letters
                 (id, agency, recipient, language, kind, state, attempts, not_before, lease_until, created_at)
             VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, 0, $8)",
        )
        .bind(mail.id.as_str())
        .bind(mail.agency.as_ref().map(ToString::to_string))
        .bind(mail.to.as_str())
        .bind(mail.language.code())
        .bind(json(&mail.kind)?)
        .bind(i64::from(mail.attempts))
        .bind(millis(not_before))
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Takes the letter that is due the longest, for so many milliseconds; nobody else gets it until then. The try is
    /// counted here, so that a letter that kills its sender is given up one day: `attempts` is 1 at the first try.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim_letter(&mut self, lease_ms: i64, now: Timestamp) -> Result<Option<Mail>, StoreError> {
        loop {
            // The outer conditions matter on PostgreSQL, where another sender may take the same row in between.
            let claimed = sqlx::query(
                "UPDATE letters SET lease_until = $1, attempts = attempts + 1
                 WHERE id = (SELECT id FROM letters WHERE state = 'queued' AND not_before <= $2 AND lease_until <= $2
                             ORDER BY not_before, id LIMIT 1)
                     AND state = 'queued' AND not_before <= $2 AND lease_until <= $2
                 RETURNING id, agency, recipient, language, kind, attempts",
            )
            .bind(millis(now).saturating_add(lease_ms))
            .bind(millis(now))
            .fetch_optional(self.conn())
            .await?;
            if let Some(row) = claimed {
                return mail(&row).map(Some);
            }
            let more = sqlx::query(
                "SELECT id FROM letters WHERE state = 'queued' AND not_before <= $1 AND lease_until <= $1 LIMIT 1",
            )
            .bind(millis(now))
            .fetch_optional(self.conn())
            .await?;
            if more.is_none() {
                return Ok(None);
            }
        }
    }

    /// The mail server took the letter over; `answer` is what it said.
    ///
    /// # Errors
    /// There is no such letter, or the database failed.
    pub async fn letter_sent(&mut self, id: &LetterId, answer: &str, now: Timestamp) -> Result<(), StoreError> {
        let updated =
            sqlx::query("UPDATE letters SET state = 'sent', answer = $1, ended_at = $2, lease_until = 0 WHERE id = $3")
                .bind(answer)
                .bind(millis(now))
                .bind(id.as_str())
                .execute(self.conn())
                .await?;
        self.note(Note::Letter("sent"));
        if updated.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Missing("the letter")) }
    }

    /// The letter could not be sent; it is tried again at `next`, or given up. One that somebody else has sent since
    /// stays sent.
    ///
    /// # Errors
    /// The database failed.
    pub async fn letter_failed(
        &mut self,
        id: &LetterId,
        answer: &str,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.note(Note::Letter(match next {
            Some(_) => "deferred",
            None if answer == "superseded" => "superseded",
            None => "abandoned",
        }));
        match next {
            Some(next) => {
                sqlx::query(
                    "UPDATE letters SET answer = $1, not_before = $2, lease_until = 0
                     WHERE id = $3 AND state = 'queued'",
                )
                .bind(answer)
                .bind(millis(next))
                .bind(id.as_str())
                .execute(self.conn())
                .await?;
            }
            None => {
                sqlx::query(
                    "UPDATE letters SET state = 'abandoned', answer = $1, lease_until = 0
                     WHERE id = $2 AND state = 'queued'",
                )
                .bind(answer)
                .bind(id.as_str())
                .execute(self.conn())
                .await?;
            }
        }
        Ok(())
    }

    /// When the next letter can be claimed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next_letter_at(&mut self) -> Result<Option<Timestamp>, StoreError> {
        sqlx::query(
            "SELECT min(CASE WHEN lease_until > not_before THEN lease_until ELSE not_before END) AS due
             FROM letters WHERE state = 'queued'",
        )
        .fetch_one(self.conn())
        .await?
        .opt_time("due")
    }

    /// When the oldest of the letters that are to be sent was written.
    ///
    /// # Errors
    /// The database failed.
    pub async fn oldest_letter_at(&mut self) -> Result<Option<Timestamp>, StoreError> {
        sqlx::query("SELECT min(created_at) AS oldest FROM letters WHERE state = 'queued'")
            .fetch_one(self.conn())
            .await?
            .opt_time("oldest")
    }

    /// How many letters are where on their way.
    ///
    /// # Errors
    /// The database failed.
    pub async fn outbox_counts(&mut self) -> Result<OutboxCounts, StoreError> {
        let mut counts = OutboxCounts::default();
        for row in
            sqlx::query("SELECT state, count(*) AS letters FROM letters GROUP BY state").fetch_all(self.conn()).await?
        {
            let letters = row.int("letters")?;
            match row.text("state")?.as_str() {
                "queued" => counts.queued = letters,
                "held" => counts.held = letters,
                "sent" => counts.sent = letters,
                "abandoned" => counts.abandoned = letters,
                _ => return Err(corrupt("state")),
            }
        }
        Ok(counts)
    }
}

fn mail(row: &AnyRow) -> Result<Mail, StoreError> {
    Ok(Mail {
        id: LetterId::stored(row.text("id")?),
        agency: row.opt_agency("agency")?,
        to: row.email("recipient")?,
        language: Language::parse(&row.text("language")?).ok_or_else(|| corrupt("language"))?,
        kind: row.json("kind")?,
        attempts: row.count("attempts")?,
    })
}
