//! Addresses that a mail server has refused for good (d07, REL-033).

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::email::EmailAddress;
use crate::domain::mail::LetterId;

/// What a mail server had against an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedAddress {
    /// The address, as it is compared.
    pub address: String,
    /// What the mail server said.
    pub answer: String,
    /// The letter that it did not take.
    pub letter: LetterId,
    /// When.
    pub at: Timestamp,
}

impl Tx {
    /// Marks an address as refused; what was said last counts.
    pub async fn mark_address(
        &mut self,
        address: &EmailAddress,
        letter: &LetterId,
        answer: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO refused_addresses (address, answer, letter_id, refused_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (address) DO UPDATE SET answer = $2, letter_id = $3, refused_at = $4",
        )
        .bind(address.key())
        .bind(answer)
        .bind(letter.as_str())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// A letter has arrived there: takes the mark away.
    pub async fn clear_address(&mut self, address: &EmailAddress) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM refused_addresses WHERE address = $1")
            .bind(address.key())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// What a mail server had against this address, if it was refused and nothing has arrived there since.
    pub async fn refusal_of(&mut self, address: &EmailAddress) -> Result<Option<RefusedAddress>, StoreError> {
        sqlx::query("SELECT address, answer, letter_id, refused_at FROM refused_addresses WHERE address = $1")
            .bind(address.key())
            .fetch_optional(self.conn())
            .await?
            .map(|row| {
                Ok(RefusedAddress {
                    address: row.text("address")?,
                    answer: row.text("answer")?,
                    letter: LetterId::stored(row.text("letter_id")?),
                    at: row.time("refused_at")?,
                })
            })
            .transpose()
    }
}
