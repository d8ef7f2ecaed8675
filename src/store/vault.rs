//! A legacy secret at rest: sealed under a key that is never in the database, opened for one call. And what may be kept
//! of a code: a digest under such a key.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use data_encoding::BASE64;
use zeroize::{Zeroize as _, Zeroizing};

use crate::domain::challenge::CodeDigest;
use crate::domain::secret::{Dice, Secret, SecretDigest};

/// Seals and opens secrets with XChaCha20-Poly1305: one key for sealing, older ones for opening only.
pub struct Vault {
    current: VaultKey,
    old: Vec<VaultKey>,
}

/// A sealed secret, bound to the place that it was sealed for. Shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(super) key_id: String,
    pub(super) nonce: [u8; 24],
    pub(super) ciphertext: Vec<u8>,
}

/// Why a sealed secret does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// No key of that name is configured.
    #[error("the vault has no key named \"{0}\"")]
    UnknownKey(String),
    /// Another key of the same name, another place, or a changed row.
    #[error("the sealed secret does not open")]
    Refused,
}

struct VaultKey {
    id: String,
    key: Zeroizing<[u8; 32]>,
    /// Another one, made from it, for the digests of codes: no key has two uses.
    for_codes: Zeroizing<[u8; 32]>,
}

impl Sealed {
    /// The name of the key that sealed it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// As one line of text, for a store that keeps text.
    #[must_use]
    pub fn to_line(&self) -> String {
        format!("{} {} {}", BASE64.encode(&self.nonce), BASE64.encode(&self.ciphertext), self.key_id)
    }

    /// Reads what [`Sealed::to_line`] wrote.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let mut fields = line.splitn(3, ' ');
        let mut bytes = || BASE64.decode(fields.next()?.as_bytes()).ok();
        let (nonce, ciphertext) = (bytes()?.try_into().ok()?, bytes()?);
        Some(Self { key_id: fields.next()?.to_owned(), nonce, ciphertext })
    }
}

impl Vault {
    /// A vault that seals with this key; `key_id` is its name, kept beside every secret and no secret itself.
    #[must_use]
    pub fn new(key_id: String, key: [u8; 32]) -> Self {
        Self { current: VaultKey::new(key_id, key), old: Vec::new() }
    }

    /// Adds a key that only opens what was sealed with it (rotation without downtime).
    #[must_use]
    pub fn with_old(mut self, key_id: String, key: [u8; 32]) -> Self {
        self.old.push(VaultKey::new(key_id, key));
        self
    }

    /// The name of the key that seals.
    #[must_use]
    pub fn current_id(&self) -> &str {
        &self.current.id
    }

    /// The names of all its keys, the one that seals first.
    #[must_use]
    pub fn key_ids(&self) -> Vec<String> {
        std::iter::once(&self.current).chain(&self.old).map(|key| key.id.clone()).collect()
    }

    /// Seals a secret for one place, such as `link:<id>`: it opens nowhere else.
    ///
    /// # Panics
    /// Never: the cipher refuses only what is longer than 256 GiB.
    pub fn seal(&self, dice: &dyn Dice, context: &str, secret: &Secret) -> Sealed {
        let mut nonce = [0; 24];
        dice.fill(&mut nonce);
        let bound = bound_to(context, &self.current.id);
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &bound };
        let ciphertext =
            self.current.cipher().encrypt(&XNonce::from(nonce), payload).expect("a secret is shorter than 256 GiB");
        Sealed { key_id: self.current.id.clone(), nonce, ciphertext }
    }

    /// Opens what was sealed for this very place.
    ///
    /// # Errors
    /// The key is unknown, or the secret was sealed for another place, or it was changed.
    pub fn open(&self, context: &str, sealed: &Sealed) -> Result<Secret, VaultError> {
        let key = self.key(&sealed.key_id).ok_or_else(|| VaultError::UnknownKey(sealed.key_id.clone()))?;
        let bound = bound_to(context, &key.id);
        let payload = Payload { msg: &sealed.ciphertext, aad: &bound };
        let opened = key.cipher().decrypt(&XNonce::from(sealed.nonce), payload).map_err(|_| VaultError::Refused)?;
        String::from_utf8(opened).map(Secret::new).map_err(|error| {
            error.into_bytes().zeroize();
            VaultError::Refused
        })
    }

    /// What may be kept of a code (SEC-260): who reads it without the key cannot find the code by trying all of them.
    /// `asked` is the id of the proof or of the reset that it belongs to.
    #[must_use]
    pub fn code_digest(&self, asked: &str, code: &Secret) -> CodeDigest {
        CodeDigest { digest: self.current.code_digest(asked, code), key_id: self.current.id.clone() }
    }

    /// Whether this was kept of the code, under whatever key. One whose key is configured no more is nobody's.
    #[must_use]
    pub fn is_code(&self, asked: &str, kept: &CodeDigest, typed: &Secret) -> bool {
        let digest = match kept.key_id.as_str() {
            // Of a program before this one, which may be sending still while this one takes over.
            "" => Some(typed.digest()),
            id => self.key(id).map(|key| key.code_digest(asked, typed)),
        };
        digest == Some(kept.digest)
    }

    fn key(&self, id: &str) -> Option<&VaultKey> {
        std::iter::once(&self.current).chain(&self.old).find(|key| key.id == id)
    }

    /// Whether a secret should be sealed again, since its key is an old one.
    #[must_use]
    pub fn is_stale(&self, sealed: &Sealed) -> bool {
        sealed.key_id != self.current.id
    }
}

impl VaultKey {
    fn new(id: String, key: [u8; 32]) -> Self {
        let key = Zeroizing::new(key);
        let for_codes = Secret::new("vestibule: digests of codes").digest_under(&key, "");
        Self { id, key, for_codes: Zeroizing::new(for_codes.into_bytes()) }
    }

    fn code_digest(&self, asked: &str, code: &Secret) -> SecretDigest {
        code.digest_under(&self.for_codes, asked)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.key))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

/// Context and key id with the length of the first, so that no two pairs read the same.
fn bound_to(context: &str, key_id: &str) -> Vec<u8> {
    let mut bound = (context.len() as u64).to_le_bytes().to_vec();
    bound.extend_from_slice(context.as_bytes());
    bound.extend_from_slice(key_id.as_bytes());
    bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::tests::CountingDice;

    #[test]
    fn a_sealed_secret_opens_only_in_the_place_that_it_was_sealed_for() {
        let vault = Vault::new("2026".into(), [1; 32]);
        let sealed = vault.seal(&CountingDice::default(), "link:a", &Secret::new("Été-1998"));
        assert_eq!(vault.open("link:a", &sealed).expect("opens").expose(), "Été-1998");
        assert_eq!(vault.open("link:b", &sealed).err(), Some(VaultError::Refused));
        assert_eq!(vault.open("", &sealed).err(), Some(VaultError::Refused));
        let renamed = Sealed { ciphertext: sealed.ciphertext.iter().map(|byte| byte ^ 1).collect(), ..sealed };
        assert_eq!(vault.open("link:a", &renamed).err(), Some(VaultError::Refused));
    }

    #[test]
    fn an_old_key_opens_what_it_sealed_and_seals_nothing_more() {
        let dice = CountingDice::default();
        let sealed = Vault::new("old".into(), [1; 32]).seal(&dice, "link:a", &Secret::new("s"));
        let rotated = Vault::new("new".into(), [2; 32]).with_old("old".into(), [1; 32]);
        assert_eq!(rotated.open("link:a", &sealed).expect("opens").expose(), "s");
        assert!(rotated.is_stale(&sealed));
        assert!(!rotated.is_stale(&rotated.seal(&dice, "link:a", &Secret::new("s"))));
        let without = Vault::new("new".into(), [2; 32]);
        assert_eq!(without.open("link:a", &sealed).err(), Some(VaultError::UnknownKey("old".into())));
    }

    #[test]
    fn sec_260_a_code_is_recognised_only_with_the_key_and_in_its_own_proof() {
        let (one, other) = ("c", "d");
        let code = Secret::new("86991277");
        let vault = Vault::new("old".into(), [1; 32]);
        let kept = vault.code_digest(one, &code);
        assert!(vault.is_code(one, &kept, &code) && !vault.is_code(one, &kept, &Secret::new("86991278")));
        assert!(!vault.is_code(other, &kept, &code), "of another proof");
        assert_ne!(kept.digest, code.digest(), "whoever tries them all finds none");
        let rotated = Vault::new("new".into(), [2; 32]).with_old("old".into(), [1; 32]);
        assert!(rotated.is_code(one, &kept, &code), "a code outlives the change of the key");
        assert!(!Vault::new("new".into(), [2; 32]).is_code(one, &kept, &code));
        assert!(!Vault::new("old".into(), [2; 32]).is_code(one, &kept, &code), "the name is not the key");
        let before = CodeDigest { digest: code.digest(), key_id: String::new() };
        assert!(vault.is_code(one, &before, &code), "what the version before has sent");
    }

    #[test]
    fn the_same_secret_sealed_twice_looks_different_and_shows_nothing() {
        let (vault, dice) = (Vault::new("k".into(), [1; 32]), CountingDice::default());
        let [a, b] = [(); 2].map(|()| vault.seal(&dice, "link:a", &Secret::new("hunter2")));
        assert!(a != b);
        assert_eq!(format!("{a:?} {vault:?}"), "Sealed(..) Vault(..)");
    }
}
