//! DKIM: a signature under each letter, by which receivers know that it comes from us (RFC 6376, Ed25519: RFC 8463).
//!
//! Our own, because the ready-made signers bring the `rsa` crate with its open advisory, or a second cryptographic
//! library (docs/decisions/0025-dkim-by-ring.md); another implementation checks every signature in the tests.

use data_encoding::BASE64;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use crate::domain::secret::Secret;

/// Signs letters in the name of a domain.
pub struct Dkim {
    domain: String,
    selector: String,
    key: Key,
}

/// Why a key cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum DkimError {
    /// It is no private key in PEM.
    #[error("the DKIM key is no private key in PEM (PKCS#8, or PKCS#1 for RSA)")]
    Pem,
    /// It is one, of a kind that is not taken.
    #[error("the DKIM key is neither Ed25519 nor RSA of 2048 bits or more")]
    Kind,
}

enum Key {
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

/// The header fields that are signed. Those of the first list are signed once more than they occur, so that nobody can
/// add another one.
const SEALED: [&str; 5] = ["From", "To", "Subject", "Date", "Reply-To"];
const SIGNED: [&str; 5] = ["Message-ID", "MIME-Version", "Content-Type", "Content-Language", "Auto-Submitted"];

impl Dkim {
    /// A signer for a domain, with the private key as PEM.
    ///
    /// # Errors
    /// The key is none that can sign.
    pub fn new(domain: &str, selector: &str, key: &Secret) -> Result<Self, DkimError> {
        let der = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|_| DkimError::Pem)?;
        let key = match &der {
            PrivateKeyDer::Pkcs8(der) => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
                .map(Key::Ed25519)
                .or_else(|_| RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map(|key| Key::Rsa(Box::new(key)))),
            PrivateKeyDer::Pkcs1(der) => {
                RsaKeyPair::from_der(der.secret_pkcs1_der()).map(|key| Key::Rsa(Box::new(key)))
            }
            _ => return Err(DkimError::Kind),
        };
        let key = key.map_err(|_| DkimError::Kind)?;
        Ok(Self { domain: domain.to_ascii_lowercase(), selector: selector.to_owned(), key })
    }

    /// Where the public key has to be published, and what has to stand there, as a TXT record.
    #[must_use]
    pub fn record(&self) -> (String, String) {
        let (kind, key) = match &self.key {
            Key::Ed25519(key) => ("ed25519", key.public_key().as_ref().to_vec()),
            Key::Rsa(key) => ("rsa", subject_public_key_info(key.public_key().as_ref())),
        };
        let name = format!("{}._domainkey.{}", self.selector, self.domain);
        (name, format!("v=DKIM1; k={kind}; p={}", BASE64.encode(&key)))
    }

    /// The letter with a signature on top.
    ///
    /// # Errors
    /// The key does not sign.
    pub(super) fn sign(&self, message: &[u8], now: Timestamp) -> Result<Vec<u8>, DkimError> {
        let (head, body) = split(message);
        let fields = fields(head);
        let mut names: Vec<&str> = Vec::new();
        for (list, sealed) in [(&SEALED, true), (&SIGNED, false)] {
            for name in list {
                let there = fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).count();
                names.extend(std::iter::repeat_n(*name, there + usize::from(sealed)));
            }
        }
        let algorithm = match &self.key {
            Key::Ed25519(_) => "ed25519-sha256",
            Key::Rsa(_) => "rsa-sha256",
        };
        let unsigned = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed; d={};\r\n\ts={}; t={};\r\n\th={};\r\n\tbh={};\r\n\tb=",
            self.domain,
            self.selector,
            now.as_second(),
            names.join(":\r\n\t"),
            BASE64.encode(&Sha256::digest(relaxed_body(body))),
        );
        let mut signed = signed_fields(&fields, &names);
        signed.extend_from_slice(relaxed_field("DKIM-Signature", &unsigned).as_bytes());
        let signature = BASE64.encode(&self.signature(&signed)?);
        let mut out = format!("DKIM-Signature: {unsigned}").into_bytes();
        // Lines stay short: blanks in a signature count for nothing.
        for (number, piece) in signature.as_bytes().chunks(70).enumerate() {
            if number > 0 {
                out.extend_from_slice(b"\r\n\t");
            }
            out.extend_from_slice(piece);
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(message);
        Ok(out)
    }

    fn signature(&self, signed: &[u8]) -> Result<Vec<u8>, DkimError> {
        match &self.key {
            // RFC 8463: the digest is what is signed.
            Key::Ed25519(key) => Ok(key.sign(&Sha256::digest(signed)).as_ref().to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature)
                    .map_err(|_| DkimError::Kind)?;
                Ok(signature)
            }
        }
    }
}

/// Head and body, without the empty line between them.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    match message.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(end) => (&message[..end + 2], &message[end + 4..]),
        None => (message, &[]),
    }
}

/// Names and values, folds included, in the order of the head.
fn fields(head: &[u8]) -> Vec<(String, String)> {
    let head = String::from_utf8_lossy(head);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n").filter(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push_str("\r\n");
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.to_owned(), value.to_owned()));
        }
    }
    fields
}

/// What is signed of the head: of fields that occur often the last one first; one that is not there is empty.
fn signed_fields(fields: &[(String, String)], names: &[&str]) -> Vec<u8> {
    let mut left: Vec<&(String, String)> = fields.iter().collect();
    let mut signed = Vec::new();
    for name in names {
        if let Some(at) = left.iter().rposition(|(field, _)| field.eq_ignore_ascii_case(name)) {
            let (field, value) = left.remove(at);
            signed.extend_from_slice(relaxed_field(field, value).as_bytes());
            signed.extend_from_slice(b"\r\n");
        }
    }
    signed
}

/// RFC 6376, 3.4.2: small letters, unfolded, one blank for many, none at the ends.
fn relaxed_field(name: &str, value: &str) -> String {
    let words: Vec<&str> = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name.trim().to_ascii_lowercase(), words.join(" "))
}

/// RFC 6376, 3.4.4: one blank for many, none at a line's end, no empty lines at the end.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut blank = false;
        for byte in line {
            if matches!(byte, b' ' | b'\t') {
                blank = true;
            } else {
                if blank {
                    out.push(b' ');
                }
                blank = false;
                out.push(*byte);
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    while out.ends_with(b"\r\n\r\n") {
        out.truncate(out.len() - 2);
    }
    if out == b"\r\n" { Vec::new() } else { out }
}

/// An RSA key as the DNS has it: with the name of the algorithm around it.
fn subject_public_key_info(pkcs1: &[u8]) -> Vec<u8> {
    const RSA_ENCRYPTION: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let mut bits = vec![0];
    bits.extend_from_slice(pkcs1);
    let mut inner = RSA_ENCRYPTION.to_vec();
    inner.extend(der(0x03, &bits));
    der(0x30, &inner)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut out = vec![tag];
    match (length, u8::try_from(length.len())) {
        ([short @ 0..=0x7f], _) => out.push(*short),
        (_, Ok(bytes)) => {
            out.push(0x80 | bytes);
            out.extend_from_slice(length);
        }
        (_, Err(_)) => {}
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6376, 3.4.5.
    #[test]
    fn head_and_body_are_made_uniform_as_the_rfc_shows() {
        let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let (head, body) = split(message);
        let fields: Vec<String> = fields(head).iter().map(|(name, value)| relaxed_field(name, value)).collect();
        assert_eq!(fields, ["a:X", "b:Y Z"]);
        assert_eq!(relaxed_body(body), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b"no end"), b"no end\r\n");
    }

    #[test]
    fn what_is_no_key_is_told() {
        assert!(matches!(Dkim::new("a.example", "s", &Secret::new("nonsense")), Err(DkimError::Pem)));
        let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(matches!(Dkim::new("a.example", "s", &Secret::new(pem)), Err(DkimError::Kind)));
    }
}
