//! The outbox (« centre d'envoi »): a letter is a row, written in the transaction that caused it.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, corrupt, json, millis};
use super::{Note, StoreError, Tx};
use crate::domain::language::Language;
use crate::domain::mail::{LetterId, LetterState, Mail};

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

/// The right to send a letter, until its lease is over. Who takes the letter afterwards has another one, and what the
/// first then says about it is not heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The letter.
    pub id: LetterId,
    number: i64,
}

/// A letter that was taken to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The right to send it.
    pub claim: Claim,
    /// How often it was taken, this time included, but for the times that were not counted.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Timestamp,
    /// What it is, or what in its row this version cannot read: a newer one may.
    pub mail: Result<Mail, String>,
}

impl Tx {
    /// Puts a letter into the outbox.
    pub async fn enqueue(&mut self, mail: &Mail, not_before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO letters
                 (id, agency, recipient, domain, language, kind, state, attempts, claim, not_before, lease_until,
                  created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, 0, $8, 0, $9)",
        )
        .bind(mail.id.as_str())
        .bind(mail.agency.as_ref().map(ToString::to_string))
        .bind(mail.to.as_str())
        .bind(mail.to.domain().to_ascii_lowercase())
        .bind(mail.language.code())
        .bind(json(&mail.kind)?)
        .bind(i64::from(mail.attempts))
        .bind(millis(not_before))
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Takes the letter that is due the longest, for so many milliseconds; nobody else gets it until then. One to the
    /// domain `except` is passed over. The try is counted here, so that a letter that kills its sender is given up one
    /// day: `attempts` is 1 at the first try.
    pub async fn claim_letter(
        &mut self,
        lease_ms: i64,
        except: &[&str],
        now: Timestamp,
    ) -> Result<Option<Claimed>, StoreError> {
        loop {
            // The outer conditions matter on PostgreSQL, where another sender may take the same row in between.
            let claimed = sqlx::query(
                "UPDATE letters SET lease_until = $1, attempts = attempts + 1, claim = claim + 1
                 WHERE id = (SELECT id FROM letters
                             WHERE state = 'queued' AND not_before <= $2 AND lease_until <= $2
                                 AND $3 NOT LIKE '%,' || domain || ',%'
                             ORDER BY not_before, id LIMIT 1)
                     AND state = 'queued' AND not_before <= $2 AND lease_until <= $2
                 RETURNING id, agency, recipient, language, kind, attempts, claim, created_at",
            )
            .bind(millis(now).saturating_add(lease_ms))
            .bind(millis(now))
            .bind(listed(except))
            .fetch_optional(self.conn())
            .await?;
            if let Some(row) = claimed {
                return Ok(Some(Claimed {
                    claim: Claim { id: LetterId::stored(row.text("id")?), number: row.int("claim")? },
                    attempts: row.count("attempts")?,
                    created_at: row.time("created_at")?,
                    mail: mail(&row).map_err(|error| error.to_string()),
                }));
            }
            if !self.is_letter_due(except, now).await? {
                return Ok(None);
            }
        }
    }

    /// Whether a letter could be taken now.
    pub async fn is_letter_due(&mut self, except: &[&str], now: Timestamp) -> Result<bool, StoreError> {
        let due = sqlx::query(
            "SELECT id FROM letters
             WHERE state = 'queued' AND not_before <= $1 AND lease_until <= $1
                 AND $2 NOT LIKE '%,' || domain || ',%' LIMIT 1",
        )
        .bind(millis(now))
        .bind(listed(except))
        .fetch_optional(self.conn())
        .await?;
        Ok(due.is_some())
    }

    /// Keeps a letter for so many milliseconds more; false if somebody else has it, or it is over.
    pub async fn renew_lease(&mut self, claim: &Claim, lease_ms: i64, now: Timestamp) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE letters SET lease_until = $1 WHERE id = $2 AND claim = $3 AND state = 'queued'")
                .bind(millis(now).saturating_add(lease_ms))
                .bind(claim.id.as_str())
                .bind(claim.number)
                .execute(self.conn())
                .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// The mail server took the letter over; `answer` is what it said. That is true whoever has the letter now.
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

    /// The letter could not be sent; it is tried again at `next`. Nothing happens if somebody else has taken it since.
    pub async fn letter_put_off(&mut self, claim: &Claim, answer: &str, next: Timestamp) -> Result<(), StoreError> {
        self.note(Note::Letter("deferred"));
        sqlx::query(
            "UPDATE letters SET answer = $1, not_before = $2, lease_until = 0
             WHERE id = $3 AND claim = $4 AND state = 'queued'",
        )
        .bind(answer)
        .bind(millis(next))
        .bind(claim.id.as_str())
        .bind(claim.number)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The letter goes back to where it was, and the try is not counted: nothing was tried with it. `answer` says why;
    /// without one, what was said before stays.
    pub async fn letter_put_back(&mut self, claim: &Claim, answer: Option<&str>) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE letters SET answer = COALESCE($1, answer), attempts = attempts - 1, lease_until = 0
             WHERE id = $2 AND claim = $3 AND state = 'queued'",
        )
        .bind(answer)
        .bind(claim.id.as_str())
        .bind(claim.number)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The letter is given up. False if somebody else has taken it since.
    pub async fn letter_abandoned(&mut self, claim: &Claim, answer: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.note(Note::Letter(if answer == "superseded" { "superseded" } else { "abandoned" }));
        let updated = sqlx::query(
            "UPDATE letters SET state = 'abandoned', answer = $1, ended_at = $2, lease_until = 0
             WHERE id = $3 AND claim = $4 AND state = 'queued'",
        )
        .bind(answer)
        .bind(millis(now))
        .bind(claim.id.as_str())
        .bind(claim.number)
        .execute(self.conn())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// When the oldest of the letters that are to be sent was written.
    pub async fn oldest_letter_at(&mut self) -> Result<Option<Timestamp>, StoreError> {
        sqlx::query("SELECT min(created_at) AS oldest FROM letters WHERE state = 'queued'")
            .fetch_one(self.conn())
            .await?
            .opt_time("oldest")
    }

    /// How many letters are where on their way.
    pub async fn outbox_counts(&mut self) -> Result<OutboxCounts, StoreError> {
        let mut counts = OutboxCounts::default();
        for row in
            sqlx::query("SELECT state, count(*) AS letters FROM letters GROUP BY state").fetch_all(self.conn()).await?
        {
            let letters = row.int("letters")?;
            match LetterState::parse(&row.text("state")?).ok_or_else(|| corrupt("state"))? {
                LetterState::Queued => counts.queued = letters,
                LetterState::Held => counts.held = letters,
                LetterState::Sent => counts.sent = letters,
                LetterState::Abandoned => counts.abandoned = letters,
            }
        }
        Ok(counts)
    }

    /// Whether at least so many letters wait to be sent.
    pub async fn is_outbox_full(&mut self, most: u32) -> Result<bool, StoreError> {
        let waiting = sqlx::query(
            "SELECT count(*) AS letters FROM (SELECT id FROM letters WHERE state = 'queued' LIMIT $1) AS waiting",
        )
        .bind(i64::from(most))
        .fetch_one(self.conn())
        .await?
        .count("letters")?;
        Ok(waiting >= most)
    }
}

/// Domains as one text that each of them is looked for in.
fn listed(domains: &[&str]) -> String {
    domains.iter().fold(",".to_owned(), |listed, domain| listed + domain + ",")
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
