//! Which certificate a client is shown, by the name that it asks for (SNI).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The certificates in force; a reload replaces them as a whole, and connections that are open keep theirs.
pub struct Certificates(ArcSwap<Shown>);

/// What is shown, by name.
#[derive(Default)]
struct Shown {
    by_name: HashMap<String, Arc<CertifiedKey>>,
    /// By what follows the first label.
    by_wildcard: HashMap<String, Arc<CertifiedKey>>,
    /// Who asks for another name, or for none, is shown this one; refused without it.
    otherwise: Option<Arc<CertifiedKey>>,
}

impl Certificates {
    /// The first of several for one name counts. With `shows_default`, unknown names are shown the very first.
    #[must_use]
    pub fn new<'c>(
        listed: impl IntoIterator<Item = (&'c [String], &'c Arc<CertifiedKey>)>,
        shows_default: bool,
    ) -> Self {
        Self(ArcSwap::from_pointee(Shown::new(listed, shows_default)))
    }

    /// Shows these from now on.
    pub fn replace<'c>(
        &self,
        listed: impl IntoIterator<Item = (&'c [String], &'c Arc<CertifiedKey>)>,
        shows_default: bool,
    ) {
        self.0.store(Arc::new(Shown::new(listed, shows_default)));
    }

    /// Whether there is one for this host.
    #[must_use]
    pub fn has(&self, host: &str) -> bool {
        self.0.load().for_name(host).is_some()
    }

    /// How our listeners speak TLS: 1.2 and 1.3, HTTP/2 where it is wished for, no early data (it can be replayed).
    ///
    /// # Errors
    /// The system gives no randomness for the keys of session tickets.
    pub fn server_config(self: &Arc<Self>, http2: bool) -> Result<Arc<ServerConfig>, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let mut config =
            builder.with_no_client_auth().with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols =
            if http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
        config.ticketer = ring::Ticketer::new()?;
        Ok(Arc::new(config))
    }
}

impl Shown {
    fn new<'c>(listed: impl IntoIterator<Item = (&'c [String], &'c Arc<CertifiedKey>)>, shows_default: bool) -> Self {
        let mut shown = Self::default();
        for (names, key) in listed {
            if shows_default && shown.otherwise.is_none() {
                shown.otherwise = Some(Arc::clone(key));
            }
            for name in names {
                let (names, name) = match name.strip_prefix("*.") {
                    Some(rest) => (&mut shown.by_wildcard, rest),
                    None => (&mut shown.by_name, name.as_str()),
                };
                names.entry(name.to_owned()).or_insert_with(|| Arc::clone(key));
            }
        }
        shown
    }

    fn for_name(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let wildcard = || self.by_wildcard.get(name.split_once('.')?.1);
        self.by_name.get(name).or_else(wildcard)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.load();
        let name = hello.server_name().map(str::to_ascii_lowercase);
        name.and_then(|name| shown.for_name(&name)).or(shown.otherwise.as_ref()).cloned()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("names", &self.0.load().by_name.len()).finish_non_exhaustive()
    }
}
