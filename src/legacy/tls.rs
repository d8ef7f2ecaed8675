//! TLS towards an extranet: whose certificate is believed, and the gateway's own (a25).

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use hyper_rustls::ConfigBuilderExt as _;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::LegacyError;
use crate::domain::trust::{Believed, Certificate, Trust};

/// TLS with this machine's certificate authorities.
///
/// Without any of them, extranets over plain HTTP still work; the others are unreachable.
///
/// # Errors
/// TLS cannot be set up at all.
pub(super) fn of_this_machine() -> Result<Arc<ClientConfig>, LegacyError> {
    let builder = || builder().map_err(|error| LegacyError(error.to_string()));
    let config = match builder()?.with_native_roots() {
        Ok(config) => config.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "extranets over TLS cannot be reached: no certificate authority to trust");
            builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
        }
    };
    Ok(Arc::new(config))
}

/// TLS as this extranet is believed; `machine` where nothing is declared.
///
/// # Errors
/// A certificate or the key cannot be used; the configuration has been checked for that.
pub(super) fn towards(machine: &Arc<ClientConfig>, trust: &Trust) -> Result<Arc<ClientConfig>, Error> {
    if trust.believed == Believed::System && trust.identity.is_none() {
        return Ok(Arc::clone(machine));
    }
    let builder = match &trust.believed {
        Believed::System => builder()?.with_native_roots().map_err(|error| Error::General(error.to_string()))?,
        Believed::Authorities(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                roots.add(CertificateDer::from(authority.as_slice()))?;
            }
            builder()?.with_root_certificates(roots)
        }
        Believed::Pinned(certificates) => {
            let provider = Arc::new(ring::default_provider());
            let pinned = Pinned { certificates: certificates.clone(), provider };
            builder()?.dangerous().with_custom_certificate_verifier(Arc::new(pinned))
        }
    };
    let config = match &trust.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = identity.chain.iter().map(|certificate| CertificateDer::from(certificate.clone())).collect();
            let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes());
            builder.with_client_auth_cert(chain, key.map_err(|error| Error::General(error.to_string()))?)?
        }
    };
    Ok(Arc::new(config))
}

/// The header that only the gateway knows, ready to be sent and never printed.
pub(super) fn secret_header(trust: &Trust) -> Option<(HeaderName, HeaderValue)> {
    let header = trust.secret_header.as_ref()?;
    let mut value = HeaderValue::from_str(header.value.expose()).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_bytes(header.name.as_bytes()).ok()?, value))
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()
}

/// Believes some very certificates. That the other side has the key is proven by its signature, as ever.
#[derive(Debug)]
struct Pinned {
    certificates: Vec<Certificate>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.certificates.iter().any(|pinned| pinned.as_slice() == end_entity.as_ref()) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
