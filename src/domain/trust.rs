//! How the gateway makes sure of an extranet, and an extranet of the gateway (a25).

use std::fmt;
use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::secret::Secret;

/// What the connection to an extranet is made sure of by, in both directions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// Whose certificate is believed.
    pub believed: Believed,
    /// The name that is asked for (SNI) and that the certificate must have, where it is not the one that is dialled.
    pub server_name: Option<String>,
    /// The gateway's own certificate.
    pub identity: Option<ClientIdentity>,
    /// A header that only the gateway knows the value of.
    pub secret_header: Option<SecretHeader>,
}

/// A certificate, DER.
pub type Certificate = Vec<u8>;

/// Whose certificate is believed.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Believed {
    /// Those that this machine believes.
    #[default]
    System,
    /// What one of these has signed, and nothing else.
    Authorities(Vec<Certificate>),
    /// One of these very certificates, whatever its name, its dates and who signed it.
    Pinned(Vec<Certificate>),
}

/// The gateway's own certificate towards an extranet (mTLS).
#[derive(Clone)]
pub struct ClientIdentity {
    /// The certificate, and those that lead from it to its authority.
    pub chain: Vec<Certificate>,
    /// Its key, PEM.
    pub key: Secret,
    /// When the first of the chain ends.
    pub ends: Timestamp,
}

/// A header by which an extranet knows the gateway.
#[derive(Clone)]
pub struct SecretHeader {
    /// Its name; the same from outside is dropped, in every spelling.
    pub name: String,
    /// Its value.
    pub value: Secret,
}

impl Trust {
    /// A number that differs where anything differs that a TLS connection was made with: what one agency believes
    /// must not serve another that believes something else. 0 for the machine's own authorities and no certificate.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        if self.believed == Believed::System && self.server_name.is_none() && self.identity.is_none() {
            return 0;
        }
        let mut digest = Sha256::new();
        let mut add = |kind: &str, bytes: &[u8]| {
            digest.update(kind);
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        let (kind, certificates): (_, &[Certificate]) = match &self.believed {
            Believed::System => ("system", &[]),
            Believed::Authorities(certificates) => ("authority", certificates),
            Believed::Pinned(certificates) => ("pinned", certificates),
        };
        for certificate in certificates {
            add(kind, certificate);
        }
        add("name", self.server_name.as_deref().unwrap_or_default().as_bytes());
        if let Some(identity) = &self.identity {
            for certificate in &identity.chain {
                add("own", certificate);
            }
            add("key", identity.key.expose().as_bytes());
        }
        digest.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)).max(1)
    }
}

impl fmt::Debug for Believed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::Authorities(certificates) => write!(f, "Authorities({})", certificates.len()),
            Self::Pinned(certificates) => write!(f, "Pinned({})", certificates.len()),
        }
    }
}

/// By what connections are told apart by; a secret header is not hashed, and compared in constant time.
impl Hash for Trust {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fingerprint().hash(state);
    }
}

impl PartialEq for ClientIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain && self.key.matches(&other.key)
    }
}

impl Eq for ClientIdentity {}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity(..)")
    }
}

impl PartialEq for SecretHeader {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value.matches(&other.value)
    }
}

impl Eq for SecretHeader {}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretHeader").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a25_connections_of_different_trust_are_told_apart() {
        let believing = |believed| Trust { believed, ..Trust::default() };
        let own = |key: &str| Trust {
            identity: Some(ClientIdentity { chain: vec![vec![1]], key: Secret::new(key), ends: Timestamp::UNIX_EPOCH }),
            ..Trust::default()
        };
        let all = [
            Trust::default(),
            believing(Believed::Authorities(vec![vec![1]])),
            believing(Believed::Authorities(vec![vec![1], vec![2]])),
            believing(Believed::Pinned(vec![vec![1]])),
            Trust { server_name: Some("a".into()), ..Trust::default() },
            own("a"),
            own("b"),
        ];
        let mut fingerprints: Vec<u64> = all.iter().map(Trust::fingerprint).collect();
        assert_eq!(fingerprints[0], 0, "what most extranets have shares its connections");
        fingerprints.sort_unstable();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), all.len());
    }

    #[test]
    fn sec_260_neither_key_nor_header_is_printed() {
        let trust = Trust {
            identity: Some(ClientIdentity {
                chain: Vec::new(),
                key: Secret::new("hunter2"),
                ends: Timestamp::UNIX_EPOCH,
            }),
            secret_header: Some(SecretHeader { name: "X-Gate".into(), value: Secret::new("hunter2") }),
            ..Trust::default()
        };
        assert!(!format!("{trust:?}").contains("hunter2"));
    }
}
