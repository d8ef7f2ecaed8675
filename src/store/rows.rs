//! Rows <-> domain values: columns read by name, times as Unix milliseconds.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Sealed, StoreError};
use crate::domain::agency_code::AgencyCode;
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, Kind, LegacyAccount, LegacyLogin, Link, LinkId};
use crate::domain::lockout::Attempts;
use crate::domain::password::PasswordHash;
use crate::domain::secret::SecretDigest;

/// A time as a column holds it.
pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A value as the JSON that a column holds.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Reads the columns of a row as domain values; what cannot be one is told with the column's name, never its content.
pub(super) trait Columns {
    fn text(&self, column: &str) -> Result<String, StoreError>;
    fn opt_text(&self, column: &str) -> Result<Option<String>, StoreError>;
    fn int(&self, column: &str) -> Result<i64, StoreError>;
    fn opt_int(&self, column: &str) -> Result<Option<i64>, StoreError>;
    fn opt_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError>;

    fn count(&self, column: &str) -> Result<u32, StoreError> {
        u32::try_from(self.int(column)?).map_err(|_| corrupt(column))
    }

    fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        Timestamp::from_millisecond(self.int(column)?).map_err(|_| corrupt(column))
    }

    fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        self.opt_int(column)?.map(|ms| Timestamp::from_millisecond(ms).map_err(|_| corrupt(column))).transpose()
    }

    fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| corrupt(column))
    }

    fn digest(&self, column: &str) -> Result<SecretDigest, StoreError> {
        SecretDigest::from_hex(&self.text(column)?).ok_or_else(|| corrupt(column))
    }

    fn hash(&self, column: &str) -> Result<PasswordHash, StoreError> {
        self.text(column).map(PasswordHash::phc)
    }

    fn opt_hash(&self, column: &str) -> Result<Option<PasswordHash>, StoreError> {
        Ok(self.opt_text(column)?.map(PasswordHash::phc))
    }

    fn email(&self, column: &str) -> Result<EmailAddress, StoreError> {
        EmailAddress::parse(&self.text(column)?).map_err(|_| corrupt(column))
    }

    fn opt_email(&self, column: &str) -> Result<Option<EmailAddress>, StoreError> {
        self.opt_text(column)?.map(|text| EmailAddress::parse(&text).map_err(|_| corrupt(column))).transpose()
    }

    fn agency(&self, column: &str) -> Result<AgencyCode, StoreError> {
        AgencyCode::stored(&self.text(column)?).ok_or_else(|| corrupt(column))
    }

    fn opt_agency(&self, column: &str) -> Result<Option<AgencyCode>, StoreError> {
        self.opt_text(column)?.map(|text| AgencyCode::stored(&text).ok_or_else(|| corrupt(column))).transpose()
    }

    fn login(&self, column: &str) -> Result<LegacyLogin, StoreError> {
        LegacyLogin::parse(&self.text(column)?).ok_or_else(|| corrupt(column))
    }

    fn kind(&self, column: &str) -> Result<Kind, StoreError> {
        Kind::parse(&self.text(column)?).ok_or_else(|| corrupt(column))
    }

    /// From columns named `key_id`, `nonce` and `ciphertext`, all there or none.
    fn opt_sealed(&self) -> Result<Option<Sealed>, StoreError> {
        match (self.opt_text("key_id")?, self.opt_bytes("nonce")?, self.opt_bytes("ciphertext")?) {
            (Some(key_id), Some(nonce), Some(ciphertext)) => {
                Ok(Some(Sealed { key_id, nonce: nonce.try_into().map_err(|_| corrupt("nonce"))?, ciphertext }))
            }
            (None, None, None) => Ok(None),
            _ => Err(corrupt("ciphertext")),
        }
    }

    fn sealed(&self) -> Result<Sealed, StoreError> {
        self.opt_sealed()?.ok_or_else(|| corrupt("ciphertext"))
    }

    /// From columns named `streak`, `today`, `day_start` and `last_at`.
    fn attempts(&self) -> Result<Attempts, StoreError> {
        Ok(Attempts {
            streak: self.count("streak")?,
            today: self.count("today")?,
            day_start: self.opt_time("day_start")?,
            last: self.opt_time("last_at")?,
        })
    }

    /// From columns named `link_id`, `link_identity_id`, `agency`, `login`, `name` and `kind`.
    fn link(&self) -> Result<Link, StoreError> {
        Ok(Link {
            id: LinkId::stored(self.text("link_id")?),
            identity: IdentityId::stored(self.text("link_identity_id")?),
            account: LegacyAccount {
                agency: self.agency("agency")?,
                login: self.login("login")?,
                name: self.opt_text("name")?,
                kind: self.kind("kind")?,
            },
        })
    }
}

impl Columns for AnyRow {
    fn text(&self, column: &str) -> Result<String, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn opt_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn int(&self, column: &str) -> Result<i64, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn opt_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn opt_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.try_get(column)?)
    }
}

/// The error for a column that does not hold what it should.
pub(super) fn corrupt(column: &str) -> StoreError {
    StoreError::Corrupt(format!("column {column}"))
}
