//! The configuration as used: domain types, with nothing optional that has a default.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::origins::ValueOrigin;
use crate::domain::agency::Agency;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;

/// Everything that the gateway was told, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Listeners and the limits of the proxy.
    pub server: ServerSettings,
    /// Listeners that speak TLS.
    pub tls: Option<TlsSettings>,
    /// Listeners behind balancers.
    pub proxy_protocol: Option<ProxyProtocolSettings>,
    /// The residents' own pages.
    pub portal: PortalSettings,
    /// `sqlite:…` or `postgres://…`; may hold a password.
    pub database_url: Secret,
    /// The key that seals legacy secrets; there whenever an adapter replays them.
    pub vault: Option<VaultKeys>,
    /// How letters leave.
    pub mail: MailSettings,
    /// The cost of a password hash, and how many are made at once.
    pub argon2: Argon2Settings,
    /// The log's form.
    pub log: LogSettings,
    /// Where traces go, if anywhere.
    pub traces: Option<TraceSettings>,
    /// An own copy of `pages/`, instead of the built-in one.
    pub pages: Option<PathBuf>,
    /// Every agency, sorted by its codes.
    pub agencies: Vec<Agency>,
    /// Where each value comes from, for `check`; no secret is in it (SEC-260).
    pub origins: Vec<ValueOrigin>,
}

/// Listeners and the limits of the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Plain HTTP listeners.
    pub listen: Vec<SocketAddr>,
    /// Where `/healthz` and `/readyz` answer.
    pub health: SocketAddr,
    /// Whose forwarding headers are believed; nobody's by default (SEC-011).
    pub trusted_proxies: Vec<IpNet>,
    /// Threads of the proxy, at least one.
    pub workers: usize,
    /// How long a decided session may be kept in memory; a minute at most.
    pub cache_age: Duration,
    /// Every failed sign-in is answered after the same time (f03).
    pub failure_floor: Duration,
    /// Whether a change of a file is put in force by itself.
    pub reload_on_change: bool,
    /// The socket that `vestibule status` and its like speak to.
    pub control: PathBuf,
    /// Connections of clients at a time.
    pub max_connections: usize,
    /// How long a connection is kept without a request.
    pub idle: Duration,
    /// For how long browsers are told to come by https only; zero for nothing.
    pub hsts: Duration,
    /// How long a stop waits for requests that are under way.
    pub grace: Duration,
    /// The same, where another process has taken the listeners over.
    pub upgrade_grace: Duration,
}

/// Listeners that speak TLS.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Where HTTPS is spoken.
    pub listen: Vec<SocketAddr>,
    /// Where plain HTTP leads to https.
    pub redirect: Vec<SocketAddr>,
    /// Certificates with their keys, in the order in which they were found.
    pub certificates: Vec<Certificate>,
    /// What happens to a name without a certificate.
    pub unknown_name: UnknownName,
    /// Whether HTTP/2 is offered.
    pub http2: bool,
}

/// A certificate with its chain and its key, which belong together and hold now.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The hosts that it is for, in small letters; `*.` stands for one label.
    pub names: Vec<String>,
    /// When it ends to hold.
    pub ends: Timestamp,
    /// As rustls shows it; its `Debug` tells no private key.
    pub key: Arc<CertifiedKey>,
}

/// What a client gets that asks for a name without a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownName {
    /// No connection.
    Refuse,
    /// The first certificate.
    Default,
}

/// Listeners behind balancers that speak the PROXY protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyProtocolSettings {
    /// Which listeners.
    pub listen: Vec<SocketAddr>,
    /// Where the balancers are.
    pub from: Vec<IpNet>,
}

/// The residents' own pages: where they are, and how they look where no agency is known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalSettings {
    /// The public origin.
    pub origin: Origin,
    /// The name in headings and letters.
    pub name: String,
    /// The colour, `#rrggbb`, readable on white.
    pub colour: String,
    /// Where residents write to.
    pub support_email: Option<String>,
    /// Where residents call.
    pub support_phone: Option<String>,
    /// Where residents read on.
    pub support_url: Option<String>,
}

/// The key that seals legacy secrets.
#[derive(Clone)]
pub struct VaultKeys {
    /// Stored beside each sealed secret: the first eight hexadecimal digits of the key's SHA-256.
    pub id: String,
    /// The key, wiped when dropped.
    pub key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for VaultKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultKeys").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How letters leave.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `Name <address>` or an address alone.
    pub from: String,
    /// Where letters go.
    pub transport: TransportSettings,
}

/// Where letters go.
#[derive(Debug, Clone)]
pub enum TransportSettings {
    /// Into a folder, one file a letter.
    Folder(PathBuf),
    /// To a mail server.
    Smtp(SmtpSettings),
}

/// A mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its name, as its certificate has it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// How to sign in, if at all.
    pub login: Option<SmtpLogin>,
    /// Certificates (PEM) to believe besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmtpTls {
    /// STARTTLS, required.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// Not at all.
    None,
}

/// The name and password for a mail server.
#[derive(Debug, Clone)]
pub struct SmtpLogin {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// The cost of a password hash, and how many are made at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Settings {
    /// Memory for one hash, KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Threads that hash.
    pub threads: usize,
    /// Hashes that may wait; beyond it people are asked to try again.
    pub queue: usize,
}

/// The log's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// One JSON object a line, or text.
    pub format: LogFormat,
    /// A level, or levels by target: `info,vestibule=debug`.
    pub level: String,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSettings {
    /// The collector's address for traces.
    pub endpoint: String,
    /// One request in so many is traced.
    pub one_in: u32,
}

/// One JSON object a line, or text for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Text,
}
