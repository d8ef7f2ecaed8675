//! A server with TLS in front of an extranet, as many old ones stand behind: its own authority, and, where it is told
//! so, only for who has a certificate of that authority.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicUsize, atomic::Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::{RUNTIME, echo::Echo, wait};

/// A running front; it ends with this value.
pub struct TlsFront {
    port: u16,
    shown: Arc<Mutex<Arc<ServerConfig>>>,
    /// The names that were asked for, one for each connection.
    asked: Arc<Mutex<Vec<Option<String>>>>,
    refused: Arc<AtomicUsize>,
    breaking_off: Arc<Notify>,
    task: AbortHandle,
}

/// An authority with its files, for configurations.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    files: TempDir,
}

/// A certificate with its key.
pub struct Certified {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let files = TempDir::new().expect("a folder");
        fs::write(files.path().join("ca.pem"), issuer.pem()).expect("its certificate");
        Self { issuer, files }
    }

    /// The file with its certificate.
    pub fn file(&self) -> String {
        path(&self.files.path().join("ca.pem"))
    }

    /// A certificate for a server, or for the gateway, of this name; its files are `{name}.pem` and `{name}.key`.
    pub fn certify(&self, name: &str) -> Certified {
        self.certify_with(name, &CertificateParams::new(vec![name.to_owned()]).expect("a name"))
    }

    /// The same, until a day.
    pub fn certify_until(&self, name: &str, (year, month, day): (i32, u8, u8)) -> Certified {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_after = rcgen::date_time_ymd(year, month, day);
        self.certify_with(name, &params)
    }

    fn certify_with(&self, name: &str, params: &CertificateParams) -> Certified {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        fs::write(self.path_of(name, "pem"), certificate.pem()).expect("its file");
        fs::write(self.path_of(name, "key"), key.serialize_pem()).expect("its file");
        Certified {
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        }
    }

    /// Where [`Authority::certify`] wrote: `pem` or `key`.
    pub fn path_of(&self, name: &str, kind: &str) -> String {
        path(&self.files.path().join(format!("{name}.{kind}")))
    }
}

fn path(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// A certificate that signed itself, as `openssl req -x509` makes them: it calls itself an authority, and it is over.
pub fn self_signed(name: &str, file: &Path) -> Certified {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(2009, 1, 1);
    params.not_after = rcgen::date_time_ymd(2019, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    fs::write(file, certificate.pem()).expect("its file");
    Certified {
        chain: vec![certificate.der().clone()],
        key: PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
    }
}

impl TlsFront {
    /// A front for an extranet that shows this certificate.
    pub fn start(echo: &Echo, certified: Certified) -> Self {
        Self::serving(echo, server(certified, None))
    }

    /// The same, for those only whom this authority has certified.
    pub fn start_for(echo: &Echo, certified: Certified, clients: &Authority) -> Self {
        Self::serving(echo, server(certified, Some(clients)))
    }

    fn serving(echo: &Echo, config: Arc<ServerConfig>) -> Self {
        let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shown = Arc::new(Mutex::new(config));
        let (asked, refused) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicUsize>::default());
        let breaking_off = Arc::<Notify>::default();
        let front = (Arc::clone(&shown), Arc::clone(&asked), Arc::clone(&refused), Arc::clone(&breaking_off));
        let task = RUNTIME.spawn(serve(listener, front, echo.port())).abort_handle();
        Self { port, shown, asked, refused, breaking_off, task }
    }

    /// Where it is, for the gateway only.
    pub fn origin(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// From now on another certificate is shown, and no connection stays open from before.
    pub fn show(&self, certified: Certified) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = server(certified, None);
        self.breaking_off.notify_waiters();
    }

    /// The names that were asked for (SNI).
    pub fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many handshakes came to nothing.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn server(certified: Certified, clients: Option<&Authority>) -> Arc<ServerConfig> {
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().expect("versions of TLS");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    Arc::new(builder.with_single_cert(certified.chain, certified.key).expect("a certificate and its key"))
}

type Front = (Arc<Mutex<Arc<ServerConfig>>>, Arc<Mutex<Vec<Option<String>>>>, Arc<AtomicUsize>, Arc<Notify>);

async fn serve(listener: TcpListener, (shown, asked, refused, breaking_off): Front, behind: u16) {
    // Ends with this task, and every connection with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let config = Arc::clone(&shown.lock().unwrap_or_else(PoisonError::into_inner));
        let (asked, refused, breaking_off) = (Arc::clone(&asked), Arc::clone(&refused), Arc::clone(&breaking_off));
        connections.spawn(async move {
            let Ok(mut inner) = TlsAcceptor::from(config).accept(stream).await else {
                refused.fetch_add(1, Ordering::SeqCst);
                return;
            };
            let name = inner.get_ref().1.server_name().map(str::to_owned);
            asked.lock().unwrap_or_else(PoisonError::into_inner).push(name);
            if let Ok(mut extranet) = TcpStream::connect(("127.0.0.1", behind)).await {
                // Either side may go away at any time.
                tokio::select! {
                    _ = copy_bidirectional(&mut inner, &mut extranet) => {}
                    () = breaking_off.notified() => {}
                }
            }
        });
    }
}
