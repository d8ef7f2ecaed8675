//! Resets of forgotten passwords, and the count of letters that one can cause.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rows::{Columns as _, corrupt, millis};
use super::{StoreError, Tx};
use crate::domain::challenge::{CodeDigest, SentCode};
use crate::domain::identity::IdentityId;
use crate::domain::policy::ProofMethod;
use crate::domain::recovery::{Asked, Recovery, RecoveryTerms, TypedFor};
use crate::domain::secret::SecretDigest;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Tx {
    /// Keeps a reset that is asked for; the person's older ones are superseded. Without `asked_by` no code is typed for it.
    ///
    /// # Errors
    /// There is no such person, or the database failed.
    pub async fn insert_recovery(
        &mut self,
        id: &str,
        identity: &IdentityId,
        terms: RecoveryTerms,
        asked_by: Option<SecretDigest>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.supersede_recoveries(identity).await?;
        sqlx::query(
            "INSERT INTO recoveries
                 (id, identity_id, link_minutes, requested_at, sent_at, superseded, used_at, method, code_minutes,
                  asked_by, tries)
             VALUES ($1, $2, $3, $4, NULL, 0, NULL, $5, $6, $7, 0)",
        )
        .bind(id)
        .bind(identity.as_str())
        .bind(i64::from(terms.link_minutes))
        .bind(millis(now))
        .bind(method_name(terms.method))
        .bind(i64::from(terms.code_minutes))
        .bind(asked_by.map(SecretDigest::to_hex))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps that a reset was asked for by an address, so that it is for everybody who reads there.
    pub async fn ask_whose_recovery(&mut self, id: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE recoveries SET by_address = 1 WHERE id = $1").bind(id).execute(self.conn()).await?;
        Ok(())
    }

    /// Whether a reset was asked for by an address.
    pub async fn is_by_address(&mut self, id: &str) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT id FROM recoveries WHERE id = $1 AND by_address = 1").bind(id);
        Ok(found.fetch_optional(self.conn()).await?.is_some())
    }

    /// Makes every open link of a person worth nothing: a newer one was asked for, or what it could change has changed.
    pub async fn supersede_recoveries(&mut self, identity: &IdentityId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE recoveries SET superseded = 1 WHERE identity_id = $1 AND superseded = 0 AND used_at IS NULL",
        )
        .bind(identity.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// How a reset goes; none if it is gone.
    pub async fn recovery_terms(&mut self, id: &str) -> Result<Option<RecoveryTerms>, StoreError> {
        sqlx::query("SELECT method, code_minutes, link_minutes FROM recoveries WHERE id = $1")
            .bind(id)
            .fetch_optional(self.conn())
            .await?
            .map(|row| {
                Ok(RecoveryTerms {
                    method: method(&row.text("method")?)?,
                    code_minutes: row.count("code_minutes")?,
                    link_minutes: row.count("link_minutes")?,
                })
            })
            .transpose()
    }

    /// Keeps the digests of a letter's secrets as it is sent; those of an earlier copy stay good in their own time. False
    /// if the reset is superseded or used: then the letter must not go.
    pub async fn mark_recovery_sent(
        &mut self,
        id: &str,
        code: Option<&CodeDigest>,
        link: Option<SecretDigest>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE recoveries SET sent_at = $1 WHERE id = $2 AND superseded = 0 AND used_at IS NULL")
                .bind(millis(now))
                .bind(id)
                .execute(self.conn())
                .await?;
        if updated.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(code) = code {
            sqlx::query(
                "INSERT INTO recovery_codes (recovery_id, digest, key_id, sent_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (recovery_id, digest) DO UPDATE SET sent_at = $4",
            )
            .bind(id)
            .bind(code.digest.to_hex())
            .bind(code.key_id.as_str())
            .bind(millis(now))
            .execute(self.conn())
            .await?;
        }
        if let Some(link) = link {
            self.insert_recovery_link(id, link, now).await?;
        }
        Ok(true)
    }

    /// Keeps a link to a reset: one in a letter, or the one that a right code leads to.
    pub async fn insert_recovery_link(
        &mut self,
        id: &str,
        link: SecretDigest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO recovery_links (digest, recovery_id, sent_at) VALUES ($1, $2, $3)")
            .bind(link.to_hex())
            .bind(id)
            .bind(millis(now))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The newest reset that was asked for there.
    pub async fn recovery_asked_by(&mut self, asked_by: SecretDigest) -> Result<Option<Asked>, StoreError> {
        sqlx::query(
            "SELECT id, identity_id, requested_at, superseded, used_at FROM recoveries WHERE asked_by = $1
             ORDER BY superseded, requested_at DESC, id LIMIT 1",
        )
        .bind(asked_by.to_hex())
        .fetch_optional(self.conn())
        .await?
        .map(|row| {
            Ok(Asked {
                id: row.text("id")?,
                identity: IdentityId::stored(row.text("identity_id")?),
                asked_at: row.time("requested_at")?,
                is_open: row.int("superseded")? == 0 && row.opt_int("used_at")?.is_none(),
            })
        })
        .transpose()
    }

    /// Where the person asked for the reset that is open, if there is one for which a code can be typed.
    pub async fn open_recovery_asked_by(&mut self, identity: &IdentityId) -> Result<Option<SecretDigest>, StoreError> {
        sqlx::query(
            "SELECT asked_by FROM recoveries
             WHERE identity_id = $1 AND superseded = 0 AND used_at IS NULL AND asked_by IS NOT NULL
             ORDER BY requested_at DESC, id LIMIT 1",
        )
        .bind(identity.as_str())
        .fetch_optional(self.conn())
        .await?
        .map(|row| row.digest("asked_by"))
        .transpose()
    }

    /// Counts a typed code before it is judged, and gives the reset as it stands after counting: of parallel tries each
    /// sees another number.
    pub async fn count_recovery_try(&mut self, id: &str) -> Result<Option<TypedFor>, StoreError> {
        let row = sqlx::query(
            "UPDATE recoveries SET tries = tries + 1 WHERE id = $1
             RETURNING code_minutes, tries, superseded, used_at",
        )
        .bind(id)
        .fetch_optional(self.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut typed_for = TypedFor {
            code_minutes: row.count("code_minutes")?,
            codes: Vec::new(),
            tries: row.count("tries")?,
            superseded: row.int("superseded")? != 0,
            used_at: row.opt_time("used_at")?,
        };
        let codes = sqlx::query("SELECT digest, sent_at, key_id FROM recovery_codes WHERE recovery_id = $1")
            .bind(id)
            .fetch_all(self.conn())
            .await?;
        for code in codes {
            let kept = CodeDigest { digest: code.digest("digest")?, key_id: code.text("key_id")? };
            typed_for.codes.push(SentCode { kept, sent_at: code.time("sent_at")? });
        }
        Ok(Some(typed_for))
    }

    /// Adds the codes with which a password can still be reset at this time to those of each key.
    pub(super) async fn add_living_reset_codes(
        &mut self,
        living: &mut BTreeMap<String, u64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT k.key_id AS key_id, COUNT(*) AS codes
             FROM recovery_codes k JOIN recoveries r ON r.id = k.recovery_id
             WHERE r.superseded = 0 AND r.used_at IS NULL AND k.sent_at + r.code_minutes * 60000 >= $1
             GROUP BY k.key_id",
        )
        .bind(millis(now))
        .fetch_all(self.unhurried())
        .await?;
        for row in rows {
            *living.entry(row.text("key_id")?).or_default() += u64::from(row.count("codes")?);
        }
        Ok(())
    }

    /// The reset that a link belongs to, as of the copy of the letter that it stood in, with its id.
    pub async fn recovery_by_link(&mut self, link: SecretDigest) -> Result<Option<(String, Recovery)>, StoreError> {
        sqlx::query(
            "SELECT r.id AS id, r.identity_id AS identity_id, r.link_minutes AS link_minutes, l.sent_at AS sent_at,
                 r.superseded AS superseded, r.used_at AS used_at
             FROM recovery_links l JOIN recoveries r ON r.id = l.recovery_id WHERE l.digest = $1",
        )
        .bind(link.to_hex())
        .fetch_optional(self.conn())
        .await?
        .map(|row| {
            let recovery = Recovery {
                identity: IdentityId::stored(row.text("identity_id")?),
                sent_at: row.opt_time("sent_at")?,
                link_minutes: row.count("link_minutes")?,
                superseded: row.int("superseded")? != 0,
                used_at: row.opt_time("used_at")?,
            };
            Ok((row.text("id")?, recovery))
        })
        .transpose()
    }

    /// Takes the one use that a reset has: exactly one caller is told true, and none once it is superseded.
    pub async fn use_recovery(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let updated =
            sqlx::query("UPDATE recoveries SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND superseded = 0")
                .bind(millis(now))
                .bind(id)
                .execute(self.conn())
                .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Letters counted for a person, an address or a place in the last hour (f04).
    pub async fn letters_in_last_hour(&mut self, key: &str, now: Timestamp) -> Result<u32, StoreError> {
        self.letters_since(key, millis(now) - HOUR_MS).await
    }

    /// The same in the last day, which is as long as they are kept.
    pub async fn letters_in_last_day(&mut self, key: &str, now: Timestamp) -> Result<u32, StoreError> {
        self.letters_since(key, millis(now) - DAY_MS).await
    }

    async fn letters_since(&mut self, key: &str, since: i64) -> Result<u32, StoreError> {
        sqlx::query("SELECT count(*) AS letters FROM letter_counts WHERE subject = $1 AND counted_at > $2")
            .bind(key)
            .bind(since)
            .fetch_one(self.conn())
            .await?
            .count("letters")
    }

    /// Counts one letter for a person, an address or a place.
    pub async fn count_letter(&mut self, key: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO letter_counts (subject, counted_at) VALUES ($1, $2)")
            .bind(key)
            .bind(millis(now))
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

const fn method_name(method: ProofMethod) -> &'static str {
    match method {
        ProofMethod::Link => "link",
        ProofMethod::Code => "code",
        ProofMethod::Both => "both",
    }
}

fn method(name: &str) -> Result<ProofMethod, StoreError> {
    match name {
        "link" => Ok(ProofMethod::Link),
        "code" => Ok(ProofMethod::Code),
        "both" => Ok(ProofMethod::Both),
        _ => Err(corrupt("method")),
    }
}
