//! One-time proofs by mail, and the changes of address that wait for one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, corrupt, json, millis};
use super::{StoreError, Tx};
use crate::domain::challenge::{Challenge, ChallengeId, CodeDigest, SentCode, SentLink};
use crate::domain::email::EmailAddress;
use crate::domain::identity::IdentityId;
use crate::domain::secret::SecretDigest;

/// What a proof is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The wizard; the owner is a flow.
    Migration,
    /// Another address; the owner is a person.
    EmailChange,
}

impl Purpose {
    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Migration => "migration",
            Self::EmailChange => "email-change",
        }
    }
}

impl Tx {
    /// Keeps a new proof that is asked for; `owner` is the id of the flow or of the person.
    pub async fn insert_challenge(
        &mut self,
        challenge: &Challenge,
        purpose: Purpose,
        owner: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO challenges
                 (id, purpose, owner, address, terms, issue, requested_at, sent_at, wrong_now, wrong_in_all,
                  answered_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(challenge.id.as_str())
        .bind(purpose.name())
        .bind(owner)
        .bind(challenge.address.as_str())
        .bind(json(&challenge.terms)?)
        .bind(i64::from(challenge.issue))
        .bind(millis(challenge.requested_at))
        .bind(challenge.sent_at.map(millis))
        .bind(i64::from(challenge.wrong_now))
        .bind(i64::from(challenge.wrong_in_all))
        .bind(challenge.answered_at.map(millis))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// One proof.
    pub async fn challenge(&mut self, id: &ChallengeId) -> Result<Option<Challenge>, StoreError> {
        let row = sqlx::query(
            "SELECT id, address, terms, issue, requested_at, sent_at, wrong_now, wrong_in_all, answered_at,
                 held_at
             FROM challenges WHERE id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.conn())
        .await?;
        self.with_codes(row.as_ref()).await
    }

    /// What a proof is for, and the id of the flow or of the person.
    pub async fn owner_of(&mut self, id: &ChallengeId) -> Result<Option<(Purpose, String)>, StoreError> {
        sqlx::query("SELECT purpose, owner FROM challenges WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.conn())
            .await?
            .map(|row| {
                let purpose = match row.text("purpose")?.as_str() {
                    "migration" => Purpose::Migration,
                    "email-change" => Purpose::EmailChange,
                    _ => return Err(corrupt("purpose")),
                };
                Ok((purpose, row.text("owner")?))
            })
            .transpose()
    }

    /// Counts a typed code before it is judged, and gives the proof as it stands after counting: of parallel tries each
    /// sees another number.
    pub async fn count_code_try(&mut self, id: &ChallengeId) -> Result<Option<Challenge>, StoreError> {
        let row = sqlx::query(
            "UPDATE challenges SET wrong_now = wrong_now + 1, wrong_in_all = wrong_in_all + 1 WHERE id = $1
             RETURNING id, address, terms, issue, requested_at, sent_at, wrong_now, wrong_in_all, answered_at, held_at",
        )
        .bind(id.as_str())
        .fetch_optional(self.conn())
        .await?;
        self.with_codes(row.as_ref()).await
    }

    /// Keeps that another letter was asked for; false if somebody asked at the same moment, or it was answered.
    /// Wrong codes in all stay as the store has counted them.
    pub async fn save_resend(&mut self, challenge: &Challenge) -> Result<bool, StoreError> {
        let updated = sqlx::query(
            "UPDATE challenges SET issue = $1, requested_at = $2, sent_at = NULL, wrong_now = 0
             WHERE id = $3 AND issue = $1 - 1 AND answered_at IS NULL",
        )
        .bind(i64::from(challenge.issue))
        .bind(millis(challenge.requested_at))
        .bind(challenge.id.as_str())
        .execute(self.conn())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Keeps the digests of a letter's secrets as it is sent; their time counts from now. Those of an earlier copy of the
    /// same letter stay good: it may have arrived. False if a newer letter was asked for or the proof was answered: then
    /// this one must not go.
    pub async fn mark_sent(
        &mut self,
        id: &ChallengeId,
        issue: u32,
        code: Option<&CodeDigest>,
        link: Option<SecretDigest>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE challenges SET sent_at = $1 WHERE id = $2 AND issue = $3 AND answered_at IS NULL")
                .bind(millis(now))
                .bind(id.as_str())
                .bind(i64::from(issue))
                .execute(self.conn())
                .await?;
        if updated.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(code) = code {
            sqlx::query(
                "INSERT INTO challenge_codes (challenge_id, issue, digest, sent_at, key_id) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (challenge_id, issue, digest) DO UPDATE SET sent_at = $4",
            )
            .bind(id.as_str())
            .bind(i64::from(issue))
            .bind(code.digest.to_hex())
            .bind(millis(now))
            .bind(code.key_id.as_str())
            .execute(self.conn())
            .await?;
        }
        if let Some(link) = link {
            sqlx::query("INSERT INTO challenge_links (digest, challenge_id, issue, sent_at) VALUES ($1, $2, $3, $4)")
                .bind(link.to_hex())
                .bind(id.as_str())
                .bind(i64::from(issue))
                .bind(millis(now))
                .execute(self.conn())
                .await?;
        }
        Ok(true)
    }

    /// How many codes can still be answered with at this time, by the key that their digests were made under.
    pub async fn living_codes(&mut self, now: Timestamp) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.id AS id, c.address AS address, c.terms AS terms, c.issue AS issue,
                 c.requested_at AS requested_at, c.sent_at AS sent_at, c.wrong_now AS wrong_now,
                 c.wrong_in_all AS wrong_in_all, c.answered_at AS answered_at, c.held_at AS held_at,
                 k.digest AS digest, k.sent_at AS code_sent_at, k.key_id AS key_id
             FROM challenge_codes k JOIN challenges c ON c.id = k.challenge_id AND c.issue = k.issue
             WHERE c.answered_at IS NULL AND k.key_id <> ''",
        )
        .fetch_all(self.unhurried())
        .await?;
        let mut living = BTreeMap::new();
        for row in rows {
            let kept = CodeDigest { digest: row.digest("digest")?, key_id: row.text("key_id")? };
            let code = SentCode { kept, sent_at: row.time("code_sent_at")? };
            if challenge(&row)?.is_alive(&code, now) {
                *living.entry(code.kept.key_id).or_default() += 1;
            }
        }
        self.add_living_reset_codes(&mut living, now).await?;
        Ok(living)
    }

    /// The proof that a link belongs to, and the copy of the letter that it stood in.
    pub async fn challenge_by_link(&mut self, link: SecretDigest) -> Result<Option<(Challenge, SentLink)>, StoreError> {
        let row = sqlx::query(
            "SELECT c.id AS id, c.address AS address, c.terms AS terms, c.issue AS issue,
                 c.requested_at AS requested_at, c.sent_at AS sent_at, c.wrong_now AS wrong_now,
                 c.wrong_in_all AS wrong_in_all, c.answered_at AS answered_at, c.held_at AS held_at,
                 l.issue AS link_issue, l.sent_at AS link_sent_at
             FROM challenge_links l JOIN challenges c ON c.id = l.challenge_id WHERE l.digest = $1",
        )
        .bind(link.to_hex())
        .fetch_optional(self.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let link = SentLink { issue: row.count("link_issue")?, sent_at: row.time("link_sent_at")? };
        Ok(self.with_codes(Some(&row)).await?.map(|challenge| (challenge, link)))
    }

    /// Takes the one answer that a proof has: exactly one caller is told true.
    pub async fn mark_answered(&mut self, id: &ChallengeId, now: Timestamp) -> Result<bool, StoreError> {
        let updated = sqlx::query("UPDATE challenges SET answered_at = $1 WHERE id = $2 AND answered_at IS NULL")
            .bind(millis(now))
            .bind(id.as_str())
            .execute(self.conn())
            .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Holds a proof that is not answered; exactly one caller is told true, once.
    pub async fn hold_challenge(&mut self, id: &ChallengeId, now: Timestamp) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE challenges SET held_at = $1 WHERE id = $2 AND answered_at IS NULL AND held_at IS NULL")
                .bind(millis(now))
                .bind(id.as_str())
                .execute(self.conn())
                .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Keeps that a person asked for another address, to be proven by this challenge.
    ///
    /// # Errors
    /// There is no such challenge or person, or the database failed.
    pub async fn insert_email_change(
        &mut self,
        challenge: &ChallengeId,
        identity: &IdentityId,
        email: &EmailAddress,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO email_changes (challenge_id, identity_id, email) VALUES ($1, $2, $3)")
            .bind(challenge.as_str())
            .bind(identity.as_str())
            .bind(email.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The newest change of address that is not answered.
    pub async fn pending_email_change(
        &mut self,
        identity: &IdentityId,
    ) -> Result<Option<(ChallengeId, EmailAddress)>, StoreError> {
        sqlx::query(
            "SELECT e.challenge_id AS challenge_id, e.email AS email
             FROM email_changes e JOIN challenges c ON c.id = e.challenge_id
             WHERE e.identity_id = $1 AND c.answered_at IS NULL
             ORDER BY c.requested_at DESC, c.id LIMIT 1",
        )
        .bind(identity.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| Ok((ChallengeId::stored(row.text("challenge_id")?), row.email("email")?)))
        .transpose()
    }

    /// Forgets every change of address that the person asked for, with its proof: no letter of them is worth anything.
    pub async fn cancel_email_changes(&mut self, identity: &IdentityId) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM challenges WHERE purpose = 'email-change' AND answered_at IS NULL
                 AND id IN (SELECT challenge_id FROM email_changes WHERE identity_id = $1)",
        )
        .bind(identity.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// A proof as its row has it, with the codes of its newest letter.
    async fn with_codes(&mut self, row: Option<&AnyRow>) -> Result<Option<Challenge>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let mut challenge = challenge(row)?;
        let codes =
            sqlx::query("SELECT digest, sent_at, key_id FROM challenge_codes WHERE challenge_id = $1 AND issue = $2")
                .bind(challenge.id.as_str())
                .bind(i64::from(challenge.issue))
                .fetch_all(self.conn())
                .await?;
        for code in codes {
            let kept = CodeDigest { digest: code.digest("digest")?, key_id: code.text("key_id")? };
            challenge.codes.push(SentCode { kept, sent_at: code.time("sent_at")? });
        }
        Ok(Some(challenge))
    }
}

fn challenge(row: &AnyRow) -> Result<Challenge, StoreError> {
    Ok(Challenge {
        id: ChallengeId::stored(row.text("id")?),
        address: row.email("address")?,
        terms: row.json("terms")?,
        issue: row.count("issue")?,
        requested_at: row.time("requested_at")?,
        sent_at: row.opt_time("sent_at")?,
        codes: Vec::new(),
        wrong_now: row.count("wrong_now")?,
        wrong_in_all: row.count("wrong_in_all")?,
        answered_at: row.opt_time("answered_at")?,
        held_at: row.opt_time("held_at")?,
    })
}
