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
use crate::domain::controller::Controller;
use crate::domain::mail::LetterLimits;
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
    /// Where sessions live, if not in the database.
    pub redis: Option<RedisSettings>,
    /// The keys that seal legacy secrets; there whenever an adapter replays them.
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
    /// How many agencies may go by themselves.
    pub reload_removes: usize,
    /// The socket that `vestibule status` and its like speak to.
    pub control: ControlPlaces,
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

/// The control socket, and where else one may be of a gateway that runs on the same file: systemd's folder is not named
/// to who types a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlPlaces {
    /// Where a gateway opens it.
    pub own: PathBuf,
    /// Whether the file names that place.
    pub is_written: bool,
    /// Where it may be besides.
    pub others: Vec<PathBuf>,
    /// Where systemd's unit has it, if neither the file nor the environment says: who types a command is not told.
    pub units: Option<PathBuf>,
    /// The file that the gateway runs on.
    pub file: PathBuf,
}

/// Listeners that speak TLS.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Where HTTPS is spoken.
    pub listen: Vec<SocketAddr>,
    /// Where plain HTTP leads to https.
    pub redirect: Vec<SocketAddr>,
    /// Certificates with their keys, in the order in which they were found; those that do not hold now come last, for names
    /// that nothing else is for.
    pub certificates: Vec<Certificate>,
    /// What happens to a name without a certificate.
    pub unknown_name: UnknownName,
    /// Whether HTTP/2 is offered.
    pub http2: bool,
}

/// A certificate with its chain and its key, which belong together.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The hosts that it is for, in small letters; `*.` stands for one label.
    pub names: Vec<String>,
    /// When it begins to hold.
    pub begins: Timestamp,
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
    /// The origins where it was before.
    pub former: Vec<Origin>,
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
    /// Who answers for residents' data where an agency's file does not say it.
    pub controller: Option<Controller>,
}

/// The keys that seal legacy secrets.
#[derive(Debug, Clone)]
pub struct VaultKeys {
    /// The one that seals.
    pub current: VaultKey,
    /// Others that only open: those before it, or the one after it.
    pub old: Vec<VaultKey>,
}

/// One key of the vault.
#[derive(Clone)]
pub struct VaultKey {
    /// Stored beside each sealed secret: the first eight hexadecimal digits of the key's SHA-256.
    pub id: String,
    /// The key, wiped when dropped.
    pub key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Redis, where several nodes share their sessions.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// One server, or some of the Sentinels or of the cluster's nodes; no password is in them.
    pub urls: Vec<String>,
    /// Which of these they are.
    pub mode: RedisMode,
    /// The user whose password it is.
    pub username: Option<String>,
    /// The password, if one is asked.
    pub password: Option<Secret>,
    /// The user at the Sentinels.
    pub sentinel_username: Option<String>,
    /// The password that the Sentinels ask, which is not the data's.
    pub sentinel_password: Option<Secret>,
    /// Certificates (PEM) to believe in place of the system's.
    pub ca: Option<Vec<u8>>,
    /// No answer is waited for any longer.
    pub timeout: Duration,
}

/// How many servers Redis is, and who says which of them is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisMode {
    /// One.
    Single,
    /// The one that the Sentinels call the master.
    Sentinel {
        /// The name by which they know it.
        master: String,
    },
    /// A cluster.
    Cluster,
}

/// How letters leave.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `Name <address>` or an address alone.
    pub from: String,
    /// Where letters go.
    pub transport: TransportSettings,
    /// What signs them.
    pub dkim: Option<DkimSettings>,
    /// How many can be caused.
    pub limits: LetterLimits,
}

/// What signs letters.
#[derive(Debug, Clone)]
pub struct DkimSettings {
    /// The domain that signs.
    pub domain: String,
    /// The name of the key in the DNS.
    pub selector: String,
    /// The private key, PEM.
    pub key: Secret,
}

/// Where letters go.
#[derive(Debug, Clone)]
pub enum TransportSettings {
    /// Nobody can tell: the table is broken. No gateway runs on that.
    Unread,
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
    /// What the gateway calls itself.
    pub hello: Option<String>,
    /// Letters on their way at once.
    pub connections: usize,
    /// The longest wait for the answer to one command.
    pub timeout: Duration,
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
