//! Values that must not be shown, and what may be kept of them.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A text that is neither printed nor serialised, and that is wiped when dropped.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text; from here on it is only seen through [`Secret::expose`].
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; every call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store may keep of a secret with at least 128 bits of chance.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.0.as_bytes()).into())
    }

    /// What may be kept of a secret that could be found by trying them all: worth nothing without the key. The same
    /// secret has another digest in every place.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn digest_under(&self, key: &[u8; 32], place: &str) -> SecretDigest {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        // The length first, so that no two pairs of place and secret read the same.
        mac.update(&(place.len() as u64).to_le_bytes());
        mac.update(place.as_bytes());
        mac.update(self.0.as_bytes());
        SecretDigest(mac.finalize().into_bytes().into())
    }

    /// Equal, in a time that does not tell where the difference is.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// SHA-256 of a random secret, or HMAC-SHA-256 of one that is easily guessed: enough to recognise it, worth nothing to who steals it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest as lower-case hexadecimal, as it is stored.
    #[must_use]
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The digest itself, for who makes a key of it.
    #[must_use]
    pub const fn into_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Reads back what [`SecretDigest::to_hex`] wrote.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl Serialize for SecretDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for SecretDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not a digest"))
    }
}

/// Where chance comes from; the operating system's generator outside tests.
pub trait Dice: Send + Sync {
    /// Fills the bytes with chance that nobody can foresee.
    fn fill(&self, bytes: &mut [u8]);
}

/// A secret of 256 bits for links, cookies and one-time codes between hosts: 43 characters, safe in URLs.
#[must_use]
pub fn long_secret(dice: &dyn Dice) -> Secret {
    let mut bytes = [0; 32];
    dice.fill(&mut bytes);
    Secret::new(BASE64URL_NOPAD.encode(&bytes))
}

/// A uniform code of eight digits, leading zeros kept (004, SEC-222).
#[must_use]
pub fn eight_digits(dice: &dyn Dice) -> Secret {
    const RANGE: u32 = 100_000_000;
    // The largest multiple of RANGE below 2^32: what lies above would make small codes likelier.
    const LIMIT: u32 = u32::MAX - u32::MAX % RANGE;
    loop {
        let mut bytes = [0; 4];
        dice.fill(&mut bytes);
        let number = u32::from_le_bytes(bytes);
        if number < LIMIT {
            return Secret::new(format!("{:08}", number % RANGE));
        }
    }
}

/// A random identifier of 128 bits as 26 lower-case characters.
#[must_use]
pub fn random_id(dice: &dyn Dice) -> String {
    let mut bytes = [0; 16];
    dice.fill(&mut bytes);
    data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Chance that tests can foresee: a counter run through SHA-256.
    #[derive(Default)]
    pub(crate) struct CountingDice(AtomicU64);

    impl Dice for CountingDice {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(32) {
                let block = Sha256::digest(self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes());
                chunk.copy_from_slice(&block[..chunk.len()]);
            }
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(..)");
    }

    #[test]
    fn codes_have_eight_digits_and_are_spread_evenly() {
        let dice = CountingDice::default();
        let mut first_digit = [0_u32; 10];
        for _ in 0..10_000 {
            let code = eight_digits(&dice);
            assert_eq!(code.expose().len(), 8);
            first_digit[usize::from(code.expose().as_bytes()[0] - b'0')] += 1;
        }
        assert!(first_digit.iter().all(|count| (800..1200).contains(count)), "{first_digit:?}");
    }

    #[test]
    fn a_digest_survives_its_way_through_the_store() {
        let digest = long_secret(&CountingDice::default()).digest();
        assert_eq!(SecretDigest::from_hex(&digest.to_hex()), Some(digest));
        assert_eq!(SecretDigest::from_hex("zz"), None);
    }
}
