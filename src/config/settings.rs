//! The configuration as used: domain types, with nothing optional that has a default.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
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
