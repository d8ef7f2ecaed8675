//! Where an extranet is reached, and how both sides make sure of each other: `[upstream]` of an agency's file.

use std::path::Path;

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::document::Section;
use super::headers;
use super::keys::{self, Itself, Key, SECRET_HEADER, Text, UPSTREAM, UPSTREAM_TLS};
use super::origins::{ValueOrigin, derive, quoted};
use super::problems::Wrong;
use super::secrets::{self, Surroundings};
use super::tls::ENDS_SOON;
use super::values;
use crate::domain::identity_headers::{IdentityHeader, common_name};
use crate::domain::origin::{Origin, Scheme};
use crate::domain::secret::Secret;
use crate::domain::trust::{Believed, Certificate, ClientIdentity, SecretHeader, Trust};
use crate::domain::upstream::Upstream;

/// Reads the table; `identity` are the headers that tell who is there, among which the secret one cannot be.
pub(super) fn read(
    section: &Section<'_, keys::Upstream>,
    identity: &[IdentityHeader],
    around: Surroundings<'_>,
    origins: &mut Vec<ValueOrigin>,
) -> Option<Upstream> {
    let origin = section.parsed(UPSTREAM.url, values::origin);
    let aliases = section.list(UPSTREAM.aliases, values::origin);
    let written = section.parsed(UPSTREAM.host, values::host_header);
    let host_header = match &origin {
        Some(origin) if !section.has(UPSTREAM.host) => Some(origin.authority()),
        _ => written,
    };
    let trust = trust(section, origin.as_ref(), identity, around);
    let upstream = Upstream {
        origin: origin?,
        host_header: host_header?,
        aliases,
        connect_timeout_ms: section.number(UPSTREAM.connect_timeout_ms)?,
        read_timeout_ms: section.number(UPSTREAM.read_timeout_ms)?,
        trust: trust?,
        forwarded: section.choice(UPSTREAM.forwarded)?,
    };
    if !section.has(UPSTREAM.host) {
        derive(origins, "upstream.host", quoted(&upstream.host_header), "from upstream.url");
    }
    Some(upstream)
}

fn trust(
    section: &Section<'_, keys::Upstream>,
    origin: Option<&Origin>,
    identity: &[IdentityHeader],
    around: Surroundings<'_>,
) -> Option<Trust> {
    let plain = origin.is_some_and(|origin| origin.scheme() == Scheme::Http);
    let tls = section.section(UPSTREAM.tls);
    if plain && let Some(tls) = &tls {
        let wrong = Wrong::new("has no effect: upstream.url is plain http");
        tls.error(Itself, wrong.hint("upstream.url = \"https://…\""));
    }
    let secret_header = match section.section(UPSTREAM.secret_header) {
        Some(header) => Some(secret_header(&header, identity, around)?),
        None => None,
    };
    if plain && secret_header.is_some() && !origin.is_some_and(|origin| values::is_this_machine(origin.host())) {
        let wrong = Wrong::new("the secret travels in the clear: upstream.url is plain http");
        section.warning(
            UPSTREAM.secret_header,
            wrong.hint("upstream.url = \"https://…\", or a network that nobody listens on"),
        );
    }
    let Some(tls) = tls else { return Some(Trust { secret_header, ..Trust::default() }) };
    let (believed, own) = (believed(&tls), own_certificate(&tls, around));
    let server_name =
        if tls.has(UPSTREAM_TLS.server_name) { Some(tls.parsed(UPSTREAM_TLS.server_name, server_name)?) } else { None };
    Some(Trust { believed: believed?, server_name, identity: own?, secret_header })
}

fn server_name(text: &str) -> Result<String, Wrong> {
    match ServerName::try_from(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(Wrong::new(format!("\"{text}\" is not a name that a certificate can have"))
            .hint("the extranet's host, without scheme and port")),
    }
}

/// Whose certificate is believed; None where something is wrong.
fn believed(tls: &Section<'_, keys::UpstreamTls>) -> Option<Believed> {
    match (tls.has(UPSTREAM_TLS.ca_file), tls.has(UPSTREAM_TLS.pinned_file)) {
        (false, false) => Some(Believed::System),
        (true, false) => Some(Believed::Authorities(authorities(tls, UPSTREAM_TLS.ca_file)?)),
        (false, true) => Some(Believed::Pinned(authorities(tls, UPSTREAM_TLS.pinned_file)?)),
        (true, true) => {
            let wrong = Wrong::new("only one of ca_file and pinned_file can be given");
            tls.error(
                UPSTREAM_TLS.pinned_file,
                wrong.hint("ca_file believes what it has signed, pinned_file itself only"),
            );
            None
        }
    }
}

fn authorities(tls: &Section<'_, keys::UpstreamTls>, key: Key<keys::UpstreamTls, Text>) -> Option<Vec<Certificate>> {
    let certificates = certificates(tls, key)?;
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        if let Err(error) = roots.add(CertificateDer::from(certificate.as_slice())) {
            tls.error(key, Wrong::new(format!("holds a certificate that cannot be believed: {error}")));
            return None;
        }
    }
    Some(certificates)
}

/// The certificates of a PEM file, each of which can be read.
fn certificates(tls: &Section<'_, keys::UpstreamTls>, key: Key<keys::UpstreamTls, Text>) -> Option<Vec<Certificate>> {
    let file = tls.path(key)?;
    let told = |message: String| {
        tls.error(key, Wrong::new(message).hint("certificates in PEM, “-----BEGIN CERTIFICATE-----”"));
        None
    };
    let text = match std::fs::read(&file) {
        Ok(text) => text,
        Err(error) => return told(format!("{} cannot be read: {error}", file.display())),
    };
    let read: Result<Vec<Certificate>, _> =
        CertificateDer::pem_slice_iter(&text).map(|item| item.map(|certificate| certificate.to_vec())).collect();
    let certificates = match read {
        Ok(certificates) if certificates.is_empty() => return told(format!("{} holds no certificate", file.display())),
        Ok(certificates) => certificates,
        Err(error) => return told(format!("{} is not PEM: {error}", file.display())),
    };
    for certificate in &certificates {
        match X509Certificate::from_der(certificate) {
            Ok(([], read)) => warn_of_dates(tls, key, &file, &read),
            _ => return told(format!("{} holds something that is no certificate", file.display())),
        }
    }
    Some(certificates)
}

fn warn_of_dates(
    tls: &Section<'_, keys::UpstreamTls>,
    key: Key<keys::UpstreamTls, Text>,
    file: &Path,
    certificate: &X509Certificate<'_>,
) {
    // A pinned certificate is believed whatever its dates.
    if key.row.name != UPSTREAM_TLS.pinned_file.row.name && !certificate.validity().is_valid() {
        let validity = certificate.validity();
        let (from, to) = (validity.not_before, validity.not_after);
        tls.warning(key, Wrong::new(format!("{} is valid from {from} to {to} only", file.display())));
    }
}

/// When the first certificate of a chain ends.
fn end_of(chain: &[Certificate]) -> Timestamp {
    let ends = chain.iter().filter_map(|certificate| {
        let (_, read) = X509Certificate::from_der(certificate).ok()?;
        Timestamp::from_second(read.validity().not_after.timestamp()).ok()
    });
    ends.min().unwrap_or(Timestamp::MAX)
}

/// The gateway's own certificate; the outer None where something is wrong.
#[expect(clippy::option_option, reason = "wrong, and not declared, are two things")]
fn own_certificate(tls: &Section<'_, keys::UpstreamTls>, around: Surroundings<'_>) -> Option<Option<ClientIdentity>> {
    match (tls.has(UPSTREAM_TLS.client_cert_file), tls.has(UPSTREAM_TLS.client_key_file)) {
        (false, false) => return Some(None),
        (true, true) => {}
        (with_certificate, _) => {
            let written = if with_certificate { UPSTREAM_TLS.client_cert_file } else { UPSTREAM_TLS.client_key_file };
            tls.error(written, Wrong::new("client_cert_file and client_key_file belong together"));
            return None;
        }
    }
    let chain = certificates(tls, UPSTREAM_TLS.client_cert_file);
    let key = secrets::from_file(tls, UPSTREAM_TLS.client_key_file, around).filter(|key| is_key(tls, key));
    let (chain, key) = (chain?, key?);
    if let Err(error) = fit(&chain, &key) {
        let message = match error {
            Error::InconsistentKeys(_) => "is not the key of the certificate in client_cert_file".to_owned(),
            error => format!("cannot be used with the certificate in client_cert_file: {error}"),
        };
        tls.error(UPSTREAM_TLS.client_key_file, Wrong::new(message));
        return None;
    }
    let ends = end_of(&chain);
    if is_soon(ends) {
        tls.warning(UPSTREAM_TLS.client_cert_file, Wrong::new(format!("the gateway's own certificate ends {ends}")));
    }
    Some(Some(ClientIdentity { chain, key, ends }))
}

/// That it is over is told already.
#[expect(clippy::disallowed_methods, reason = "whether a certificate ends soon is a question of now")]
fn is_soon(ends: Timestamp) -> bool {
    let now = Timestamp::now();
    (now..now + ENDS_SOON).contains(&ends)
}

fn is_key(tls: &Section<'_, keys::UpstreamTls>, key: &Secret) -> bool {
    let read = PrivateKeyDer::from_pem_slice(key.expose().as_bytes());
    // pingora tells the kinds of keys apart by their bytes.
    let fits = read.is_ok_and(|key| PrivateKeyDer::try_from(key.secret_der().to_vec()).is_ok());
    if !fits {
        let wrong = Wrong::new("this is not a private key in PEM");
        tls.error(UPSTREAM_TLS.client_key_file, wrong.hint("without a password: openssl pkey -in … -out …"));
    }
    fits
}

fn fit(chain: &[Certificate], key: &Secret) -> Result<(), Error> {
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes());
    let key = key.map_err(|error| Error::General(error.to_string()))?;
    let chain = chain.iter().map(|certificate| CertificateDer::from(certificate.clone())).collect();
    CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider()).map(drop)
}

fn secret_header(
    section: &Section<'_, keys::SecretHeader>,
    identity: &[IdentityHeader],
    around: Surroundings<'_>,
) -> Option<SecretHeader> {
    /// Shorter ones can be guessed by who may ask often enough.
    const SHORTEST: usize = 16;
    let names: Vec<String> = identity.iter().map(|header| common_name(&header.name).into_owned()).collect();
    let name = section.parsed(SECRET_HEADER.name, |text| headers::header_name(text, &names));
    let value = secrets::required(section, SECRET_HEADER.value_file, SECRET_HEADER.value_env, around)?;
    let at = if section.has(SECRET_HEADER.value_file) { SECRET_HEADER.value_file } else { SECRET_HEADER.value_env };
    if !value.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        section.error(at, Wrong::new("holds blanks or signs that a header cannot carry"));
        return None;
    }
    if value.expose().len() < SHORTEST {
        let wrong = Wrong::new(format!("is shorter than {SHORTEST} characters, and can be guessed"));
        section.error(at, wrong.hint("head -c 24 /dev/urandom | base64"));
        return None;
    }
    Some(SecretHeader { name: name?, value })
}
