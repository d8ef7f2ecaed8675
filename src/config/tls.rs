//! `[tls]` and `[proxy_protocol]`: listeners of our own that speak TLS, with every certificate read and checked.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::document::Section;
use super::keys::{self, CERTIFICATE, Itself, Key, PROXY_PROTOCOL, TLS, Text};
use super::problems::Wrong;
use super::secrets::{self, Surroundings};
use super::settings::{Certificate, ProxyProtocolSettings, Settings, TlsSettings};
use super::values;
use crate::domain::accounts::Accounts;
use crate::domain::origin::Scheme;

/// Who renews certificates does so earlier than this.
pub const ENDS_SOON: SignedDuration = SignedDuration::from_hours(24 * 10);

/// Reads `[tls]`.
pub(super) fn read(section: &Section<'_, keys::Tls>, around: Surroundings<'_>) -> Option<TlsSettings> {
    let listen = section.list(TLS.listen, values::listener);
    let redirect = section.list(TLS.redirect, values::listener);
    let mut certificates = Vec::new();
    if let Some(folder) = section.path(TLS.folder) {
        match in_folder(&folder) {
            Ok(pairs) if pairs.is_empty() => {
                let wrong = Wrong::new(format!("there is no certificate with its key in {}", folder.display()));
                section.error(TLS.folder, wrong.hint("NAME.crt or NAME.pem beside NAME.key"));
            }
            Ok(pairs) => {
                let read = pairs
                    .iter()
                    .filter_map(|(chain, key)| certificate(section, TLS.folder, chain, TLS.folder, key, around));
                certificates.extend(read);
            }
            Err(error) => {
                section.error(TLS.folder, Wrong::new(format!("{} cannot be read: {error}", folder.display())));
            }
        }
    }
    for pair in section.sections(TLS.certificates) {
        let (Some(chain), Some(key)) = (pair.path(CERTIFICATE.cert), pair.path(CERTIFICATE.key)) else { continue };
        certificates.extend(certificate(&pair, CERTIFICATE.cert, &chain, CERTIFICATE.key, &key, around));
    }
    let certificates = shown(certificates);
    let is_broken = certificates.is_empty() && section.notes.has_flaws();
    if !listen.is_empty() && is_broken {
        section.error(TLS.listen, Wrong::new("no certificate is left for these listeners"));
    }
    if !listen.is_empty() && !section.has(TLS.folder) && !section.has(TLS.certificates) {
        let wrong = Wrong::new("there is no certificate for these listeners");
        section.error(TLS.listen, wrong.hint("folder = \"certificates\", or [[tls.certificates]] with cert and key"));
    }
    Some(TlsSettings {
        listen,
        redirect,
        certificates,
        unknown_name: section.choice(TLS.unknown_name)?,
        http2: section.flag(TLS.http2)?,
    })
}

/// Tells of public hosts that no certificate is for, once everything else is known.
pub(super) fn check_names(section: &Section<'_, keys::Tls>, settings: &Settings) {
    let Some(tls) = settings.tls.as_ref().filter(|tls| !tls.listen.is_empty() && !tls.certificates.is_empty()) else {
        return;
    };
    // An agency with a host for each account needs a certificate for every host below its own (a24).
    let below = settings.agencies.iter().filter(|agency| agency.accounts == Accounts::Labels);
    let below = below.map(|agency| (agency.public.scheme(), format!("*.{}", agency.public.host())));
    let former = settings.agencies.iter().flat_map(|agency| &agency.former).chain(&settings.portal.former);
    let origins = settings.agencies.iter().map(|agency| &agency.public).chain([&settings.portal.origin]).chain(former);
    let hosts = origins.map(|origin| (origin.scheme(), origin.host().to_owned())).chain(below);
    let is_covered = |host: &str| tls.certificates.iter().any(|certificate| certificate.covers(host));
    let missing = hosts.filter(|(scheme, host)| *scheme == Scheme::Https && !is_covered(host)).map(|(_, host)| host);
    let missing: Vec<String> = missing.take(5).collect();
    if !missing.is_empty() {
        let wrong = Wrong::new(format!("no certificate is for {}", missing.join(", ")));
        section.warning(Itself, wrong.hint("browsers will be refused there, unless another TLS terminator serves it"));
    }
}

/// Reads `[proxy_protocol]`; `listeners` are all that there are.
pub(super) fn proxy_protocol(
    section: &Section<'_, keys::ProxyProtocol>,
    listeners: &[SocketAddr],
) -> ProxyProtocolSettings {
    let listen: Vec<SocketAddr> = section.list(PROXY_PROTOCOL.listen, |text| {
        let address = values::listener(text)?;
        if listeners.contains(&address) {
            return Ok(address);
        }
        Err(Wrong::new(format!("{address} is no listener")).hint("one of server.listen, tls.listen and tls.redirect"))
    });
    let from: Vec<IpNet> = section.list(PROXY_PROTOCOL.from, values::trusted_network);
    ProxyProtocolSettings { listen, from }
}

/// The certificates in the order in which they count. One that does not hold now is shown for a name that nothing else is for:
/// residents who are warned by their browsers are better served than those who reach nobody.
#[expect(clippy::disallowed_methods, reason = "whether a certificate holds is a question of now")]
fn shown(certificates: Vec<Certificate>) -> Vec<Certificate> {
    let now = Timestamp::now();
    let (mut shown, mut others): (Vec<_>, Vec<_>) =
        certificates.into_iter().partition(|certificate| certificate.holds(now));
    others.sort_by_key(|certificate| std::cmp::Reverse(certificate.ends));
    for certificate in &mut others {
        certificate.names.retain(|name| !shown.iter().any(|good| good.covers(name)));
    }
    others.retain(|certificate| !certificate.names.is_empty());
    shown.append(&mut others);
    shown
}

impl Certificate {
    /// Whether it holds at that time.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.begins <= at && at < self.ends
    }

    /// Whether it is for this host, by name or by a wildcard for one label.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let above = host.split_once('.').map(|(_, rest)| rest);
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(rest) => above == Some(rest),
            None => name == host,
        })
    }
}

/// Every chain in a folder that has its key beside it.
fn in_folder(folder: &Path) -> std::io::Result<Vec<(PathBuf, PathBuf)>> {
    let mut chains = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == "crt" || extension == "pem") {
            chains.push(path);
        }
    }
    chains.sort();
    Ok(chains
        .into_iter()
        .map(|chain| (chain.clone(), chain.with_extension("key")))
        .filter(|(_, key)| key.exists())
        .collect())
}

/// Reads a chain and its key; what is wrong is noted at the keys that name them, and keeps nobody from being served with the
/// others.
#[expect(clippy::disallowed_methods, reason = "whether a certificate holds is a question of now")]
fn certificate<K>(
    section: &Section<'_, K>,
    at_chain: Key<K, Text>,
    chain: &Path,
    at_key: Key<K, Text>,
    key: &Path,
    around: Surroundings<'_>,
) -> Option<Certificate> {
    let wrong = |at: Key<K, Text>, file: &Path, what: &str| {
        let wrong = Wrong::new(format!("{}: {what}", file.display()));
        section.flaw(at, wrong.hint("a start goes on with the others, a reload is refused"));
    };
    secrets::check_mode(section, at_key, key, around);
    let read = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates: Vec<CertificateDer<'static>> = match read {
        Ok(certificates) if certificates.is_empty() => {
            wrong(at_chain, chain, "there is no certificate in it (PEM)");
            return None;
        }
        Ok(certificates) => certificates,
        Err(error) => {
            wrong(at_chain, chain, &format!("cannot be read: {error}"));
            return None;
        }
    };
    let private = match PrivateKeyDer::from_pem_file(key) {
        Ok(private) => private,
        Err(error) => {
            wrong(at_key, key, &format!("there is no private key in it: {error}"));
            return None;
        }
    };
    let Some((names, begins, ends)) = said_by(&certificates[0]) else {
        wrong(at_chain, chain, "its first certificate cannot be read, or names no host (subjectAltName)");
        return None;
    };
    let now = Timestamp::now();
    if ends <= now || begins > now {
        wrong(at_chain, chain, &format!("the certificate holds from {begins} to {ends}, which is not now"));
    } else if ends.duration_since(now) < ENDS_SOON {
        section.warning(at_chain, Wrong::new(format!("{}: the certificate ends {ends}", chain.display())));
    }
    match CertifiedKey::from_der(certificates, private, &ring::default_provider()) {
        Ok(certified) => Some(Certificate { names, begins, ends, key: Arc::new(certified) }),
        Err(error) => {
            wrong(at_key, key, &format!("does not belong to {}: {error}", chain.display()));
            None
        }
    }
}

/// The hosts that a certificate is for, and when it begins and ends to hold.
fn said_by(certificate: &CertificateDer<'_>) -> Option<(Vec<String>, Timestamp, Timestamp)> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let alternatives = parsed.subject_alternative_name().ok()??;
    let names = alternatives.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    let at = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
    let (begins, ends) = (at(parsed.validity().not_before)?, at(parsed.validity().not_after)?);
    (!names.is_empty()).then_some((names, begins, ends))
}
