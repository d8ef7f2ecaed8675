//! How pingora makes sure of an extranet, and an extranet of the gateway (a25).

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use pingora::upstreams::peer::HttpPeer;
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use crate::domain::trust::{Believed, Certificate, Trust};

/// Makes a peer connect as declared; gives the digests of the certificates of which one has to be shown.
///
/// The configuration has been checked: pingora would panic on a certificate that it cannot read.
pub(super) fn prepare(peer: &mut HttpPeer, trust: &Trust) -> Option<Vec<[u8; 32]>> {
    // pingora's pool does not tell connections apart by what was believed when they were made.
    peer.group_key = trust.fingerprint();
    if let Some(identity) = &trust.identity {
        let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes()).ok()?;
        peer.client_cert_key = Some(Arc::new(CertKey::new(identity.chain.clone(), key.secret_der().to_vec())));
    }
    Some(match &trust.believed {
        Believed::System => Vec::new(),
        Believed::Authorities(authorities) => {
            peer.options.ca = Some(believed(authorities));
            Vec::new()
        }
        Believed::Pinned(certificates) => {
            // Only that the other side has the key of its certificate is looked at; which one it is, `check` does.
            peer.options.ca = Some(believed(certificates));
            peer.options.verify_cert = false;
            certificates.iter().map(|certificate| Sha256::digest(certificate).into()).collect()
        }
    })
}

/// A header that is never printed.
pub(super) fn sensitive(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
}

fn believed(certificates: &[Certificate]) -> Arc<[WrappedX509]> {
    certificates.iter().map(|certificate| WrappedX509::new(certificate.clone(), parse_x509)).collect()
}
