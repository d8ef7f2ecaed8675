//! `vestibule.toml` as used: everything but the agencies.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::controller;
use super::document::Section;
use super::keys::{
    self, ARGON2, DATABASE, DKIM, GATEWAY, Itself, LIMITS, LOG, MAIL, PAGES, PORTAL, SERVER, SMTP, TLS, TRACES,
    Transports,
};
use super::problems::Wrong;
use super::secrets::{self, Given, Surroundings};
use super::settings::{
    Argon2Settings, ControlPlaces, DkimSettings, LogSettings, MailSettings, PortalSettings, ProxyProtocolSettings,
    ServerSettings, Settings, SmtpLogin, SmtpSettings, SmtpTls, TlsSettings, TraceSettings, TransportSettings,
};
use super::tls;
use super::values;
use crate::domain::mail::LetterLimits;
use crate::domain::origin::Scheme;
use crate::domain::secret::Secret;

/// Where systemd has a unit's `RuntimeDirectory=vestibule`, for who is not of the unit.
const UNITS_FOLDER: &str = "/run/vestibule";

/// Reads everything but the portal and the agencies; None where something is wrong, and then it has been noted.
pub(super) fn read(
    root: &Section<'_, keys::Gateway>,
    portal: Option<PortalSettings>,
    around: Surroundings<'_>,
) -> Option<Settings> {
    let server = root.section(GATEWAY.server).and_then(|section| server(&section));
    if let (Some(portal), Some(server)) = (&portal, &server)
        && portal.origin.scheme() == Scheme::Https
        && server.trusted_proxies.is_empty()
        && !root.has(GATEWAY.tls)
        && !root.has(GATEWAY.proxy_protocol)
    {
        let wrong =
            Wrong::new("every resident would come from the TLS terminator's address, and be throttled with all others");
        root.warning(GATEWAY.server, wrong.hint("server.trusted_proxies = [\"<address of the terminator>\"]"));
    }
    let (tls, proxy_protocol) = listeners(root, server.as_ref(), around);
    let database_url = root.section(GATEWAY.database).and_then(|section| {
        let url = database_url(&section, around)?;
        warn_of_plain_text(&section, &url);
        Some(url)
    });
    let redis = root.section(GATEWAY.redis).map(|section| super::redis::read(&section, around));
    if redis.is_some() && database_url.as_ref().is_some_and(|url| url.expose().starts_with("sqlite:")) {
        let wrong = Wrong::new(
            "is for several nodes, which share a PostgreSQL too: the database is a file of SQLite, which one node opens",
        );
        let hint =
            "database.url = \"postgres://…\" for several nodes, or no [redis] for one; `check` refuses both together";
        root.warning(GATEWAY.redis, wrong.hint(hint));
    }
    let vault = root.section(GATEWAY.vault).and_then(|section| secrets::vault(&section, around));
    let mail = root.section(GATEWAY.mail).and_then(|section| mail(&section, around).or_else(|| unread_mail(&section)));
    let argon2 = root.section(GATEWAY.argon2).and_then(|section| argon2(&section));
    let log = root.section(GATEWAY.log).and_then(|section| log(&section));
    let traces = root.section(GATEWAY.traces).map(|section| traces(&section));
    let pages = root.section(GATEWAY.pages).and_then(|section| {
        let folder = section.path(PAGES.folder)?;
        if !folder.is_dir() {
            section.error(PAGES.folder, Wrong::new(format!("there is no folder {}", folder.display())));
        }
        Some(folder)
    });
    let control = control(root, around);
    Some(Settings {
        server: ServerSettings { control, ..server? },
        tls,
        proxy_protocol,
        portal: portal?,
        // In the place of one that cannot be read, for who opens none; that it is wrong has been noted.
        database_url: database_url.unwrap_or_else(|| Secret::new(String::new())),
        redis: redis.flatten(),
        vault,
        mail: mail?,
        argon2: argon2?,
        log: log?,
        traces: traces.flatten(),
        pages,
        agencies: Vec::new(),
        origins: Vec::new(),
    })
}

/// Reads `[portal]`; the agencies take from it what they do not say.
pub(super) fn portal(section: &Section<'_, keys::Portal>) -> Option<PortalSettings> {
    let origin = section.parsed(PORTAL.url, values::public_origin);
    let name = section.parsed(PORTAL.name, values::line);
    let colour = section.parsed(PORTAL.colour, values::colour);
    let support_email = section.parsed(PORTAL.support_email, values::email);
    let support_phone = section.parsed(PORTAL.support_phone, values::line);
    let support_url = section.parsed(PORTAL.support_url, values::web_address);
    let controller = section.section(PORTAL.controller).and_then(|section| controller::read(&section));
    let former = section.list(PORTAL.former_urls, values::public_origin);
    Some(PortalSettings {
        origin: origin?,
        former,
        name: name?,
        colour: colour?,
        support_email,
        support_phone,
        support_url,
        controller,
    })
}

fn server(section: &Section<'_, keys::Server>) -> Option<ServerSettings> {
    let listen = section.list(SERVER.listen, values::listener);
    let health = section.parsed(SERVER.health, values::listener);
    if health.is_some_and(|health| listen.contains(&health)) {
        section
            .error(SERVER.health, Wrong::new("is also one of the public addresses").hint("give it a port of its own"));
    }
    let trusted_proxies = section.list(SERVER.trusted_proxies, values::trusted_network);
    let workers = match section.number(SERVER.workers)? {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        workers => workers,
    };
    Some(ServerSettings {
        listen,
        health: health?,
        trusted_proxies,
        workers,
        cache_age: Duration::from_secs(section.number(SERVER.cache_seconds)?),
        failure_floor: Duration::from_millis(section.number(SERVER.failure_floor_ms)?),
        reload_on_change: section.flag(SERVER.reload_on_change)?,
        reload_removes: section.number(SERVER.reload_removes)?,
        control: ControlPlaces::default(),
        max_connections: section.number(SERVER.max_connections)?,
        idle: Duration::from_secs(section.number(SERVER.idle_seconds)?),
        hsts: Duration::from_secs(section.number(SERVER.hsts_seconds)?),
        grace: Duration::from_secs(section.number(SERVER.grace_seconds)?),
        upgrade_grace: Duration::from_secs(section.number(SERVER.upgrade_grace_seconds)?),
    })
}

fn database_url(section: &Section<'_, keys::Database>, around: Surroundings<'_>) -> Option<Secret> {
    let url = secrets::secret(
        section,
        &[Given::Here(DATABASE.url), Given::File(DATABASE.url_file), Given::Variable(DATABASE.url_env)],
        true,
        around,
    )?;
    let text = url.expose();
    if let Some(rest) = text.strip_prefix("sqlite:") {
        let file = rest.strip_prefix("//").unwrap_or(rest);
        if file.starts_with('/') || file.starts_with(":memory:") {
            return Some(url);
        }
        // As the database driver will decode it.
        let folder = section.folder().to_string_lossy().replace('%', "%25").replace('?', "%3F");
        return Some(Secret::new(format!("sqlite:{}", Path::new(&folder).join(file).display())));
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Some(url);
    }
    // The text itself may hold a password: it is not repeated.
    section.error(Itself, Wrong::new("the URL begins with neither sqlite: nor postgres://"));
    None
}

/// A database on another machine is spoken to in plain text wherever it does not insist on TLS: the driver asks for it,
/// and takes a no.
fn warn_of_plain_text(section: &Section<'_, keys::Database>, url: &Secret) {
    let Ok(url) = url::Url::parse(url.expose()) else { return };
    if !url.scheme().starts_with("postgres") {
        return;
    }
    let said =
        |name: &str| url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).last();
    let host = said("host").or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default();
    let is_socket = host.is_empty() || ["/", "%2F", "%2f"].iter().any(|begin| host.starts_with(begin));
    let mode = said("sslmode").or_else(|| said("ssl-mode")).unwrap_or_default();
    if is_socket || values::is_this_machine(&host) || matches!(mode.as_str(), "require" | "verify-ca" | "verify-full") {
        return;
    }
    let wrong = Wrong::new(format!("everything that is kept, and the password, may go to {host} in plain text"));
    section.warning(DATABASE.url, wrong.hint("add ?sslmode=verify-full&sslrootcert=…, or at least ?sslmode=require"));
}

/// Reads `[tls]` and `[proxy_protocol]`, and sees to it that each address is listened on once.
fn listeners(
    root: &Section<'_, keys::Gateway>,
    server: Option<&ServerSettings>,
    around: Surroundings<'_>,
) -> (Option<TlsSettings>, Option<ProxyProtocolSettings>) {
    let section = root.section(GATEWAY.tls);
    let tls = section.as_ref().and_then(|section| tls::read(section, around));
    let own = tls.iter().flat_map(|tls| tls.listen.iter().chain(&tls.redirect));
    let mut all: Vec<SocketAddr> = server.iter().flat_map(|server| &server.listen).chain(own).copied().collect();
    if all.is_empty()
        && server.is_some()
        && let Some(section) = root.section(GATEWAY.server)
    {
        section.error(SERVER.listen, Wrong::new("nobody could reach the gateway: no address to listen on"));
    }
    let listed = all.clone();
    all.extend(server.map(|server| server.health));
    let mut seen = HashSet::new();
    if let Some(twice) = all.iter().find(|address| !seen.insert(**address))
        && let Some(section) = section.filter(|_| server.is_none_or(|server| !server.listen.contains(&server.health)))
    {
        section.error(TLS.listen, Wrong::new(format!("{twice} is listened on twice")));
    }
    let proxy_protocol = root.section(GATEWAY.proxy_protocol).map(|section| tls::proxy_protocol(&section, &listed));
    (tls, proxy_protocol)
}

/// Where the control socket is, and where else one may be that a gateway on this file has opened.
pub(super) fn control(root: &Section<'_, keys::Gateway>, around: Surroundings<'_>) -> ControlPlaces {
    let file = root.document.file.to_owned();
    let beside = file.with_extension("sock");
    if let Some(own) = root.section(GATEWAY.server).and_then(|section| section.place(SERVER.control)) {
        // A file that is broken may have lost its line, and a gateway keeps the socket that it has opened.
        return ControlPlaces { own, is_written: true, others: vec![beside], units: None, file };
    }
    let name = Path::new(beside.file_name().unwrap_or_default());
    let given = (around.variable)("RUNTIME_DIRECTORY");
    let given = given.as_deref().and_then(|folders| folders.split(':').find(|folder| !folder.is_empty()));
    let given = given.map(|folder| Path::new(folder).join(name));
    let database = root.section(GATEWAY.database).and_then(|section| database_url(&section, around));
    let beside_database = database.as_ref().and_then(beside_database);
    let units = Path::new(UNITS_FOLDER).join(name);
    let is_told = given.is_some();
    let mut places: Vec<PathBuf> = given.into_iter().chain(beside_database).chain([beside.clone()]).collect();
    let own = places.remove(0);
    places.push(units.clone());
    places.retain(|place| *place != own);
    ControlPlaces { own, is_written: false, others: places, units: (!is_told).then_some(units), file }
}

/// Where the control socket is if nobody says: beside `SQLite`'s file, since that folder is the gateway's own.
fn beside_database(url: &Secret) -> Option<PathBuf> {
    let file = url.expose().strip_prefix("sqlite:")?.split('?').next()?;
    let file = percent_encoding::percent_decode_str(file.strip_prefix("//").unwrap_or(file)).decode_utf8().ok()?;
    (!file.starts_with(":memory:")).then(|| Path::new(file.as_ref()).with_extension("sock"))
}

fn mail(section: &Section<'_, keys::Mail>, around: Surroundings<'_>) -> Option<MailSettings> {
    let from = section.parsed(MAIL.from, values::sender);
    let smtp = section.section(MAIL.smtp).map(|section| smtp(&section, around));
    let transport = match section.choice(MAIL.transport) {
        Some(Transports::Folder) => {
            let folder = section.place(MAIL.folder);
            if folder.is_none() {
                section.error(
                    MAIL.folder,
                    Wrong::new("missing; expected the folder for letters").hint("folder = \"letters\""),
                );
            }
            folder.map(TransportSettings::Folder)
        }
        Some(Transports::Smtp) => {
            if smtp.is_none() {
                section.error(MAIL.smtp, Wrong::new("missing; expected [mail.smtp] with at least a host"));
            }
            smtp.flatten().map(TransportSettings::Smtp)
        }
        None => None,
    };
    let dkim = section.section(MAIL.dkim).map(|section| dkim(&section, from.as_deref(), around));
    let limits = section.section(MAIL.limits).and_then(|section| limits(&section));
    let dkim = match dkim {
        Some(dkim) => Some(dkim?),
        None => None,
    };
    Some(MailSettings { from: from?, transport: transport?, dkim, limits: limits? })
}

/// In the place of `[mail]` where something in it is wrong, for who sends nothing.
fn unread_mail(section: &Section<'_, keys::Mail>) -> Option<MailSettings> {
    let limits = section.section(MAIL.limits).and_then(|section| limits(&section))?;
    Some(MailSettings { from: String::new(), transport: TransportSettings::Unread, dkim: None, limits })
}

fn dkim(section: &Section<'_, keys::Dkim>, from: Option<&str>, around: Surroundings<'_>) -> Option<DkimSettings> {
    let domain = section.parsed(DKIM.domain, values::domain);
    let selector = section.parsed(DKIM.selector, values::domain);
    let key = secrets::required(section, DKIM.key_file, DKIM.key_env, around);
    if let (Some(from), Some(domain)) = (from, &domain) {
        let sender = from.trim_end_matches('>').rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        if sender != *domain && !sender.ends_with(&format!(".{domain}")) {
            let wrong =
                Wrong::new(format!("letters come from {sender}: receivers will not count this signature for it"));
            section.warning(DKIM.domain, wrong.hint("the domain of mail.from, or one above it"));
        }
    }
    Some(DkimSettings { domain: domain?, selector: selector?, key: key? })
}

fn limits(section: &Section<'_, keys::Limits>) -> Option<LetterLimits> {
    Some(LetterLimits {
        per_address: section.number(LIMITS.per_address)?,
        per_client: section.number(LIMITS.per_client)?,
        per_agency: section.number(LIMITS.per_agency)?,
        per_hour: section.number(LIMITS.per_hour)?,
        queue: section.number(LIMITS.queue)?,
    })
}

fn smtp(section: &Section<'_, keys::Smtp>, around: Surroundings<'_>) -> Option<SmtpSettings> {
    let host = section.parsed(SMTP.host, values::host_header);
    let username = section.parsed(SMTP.username, values::line);
    let password = secrets::optional(section, SMTP.password_file, SMTP.password_env, around);
    let wants_password = section.has(SMTP.password_file) || section.has(SMTP.password_env);
    if username.is_some() != wants_password {
        let wrong = Wrong::new("username and password belong together");
        section.error(SMTP.username, wrong.hint("give username and password_file or password_env, or neither"));
    }
    let tls: Option<SmtpTls> = section.choice(SMTP.tls);
    if tls == Some(SmtpTls::None) && !host.as_deref().is_some_and(values::is_this_machine) {
        let what = if username.is_some() { "the mail server's password and every letter" } else { "every letter" };
        let wrong = Wrong::new(format!("{what}, with its links and codes, travels in the clear"));
        section.warning(SMTP.tls, wrong.hint("tls = \"starttls\", or a mail server on this machine"));
    }
    let ca_file = section.path(SMTP.ca_file);
    if let Some(file) = &ca_file {
        check_authorities(section, file);
    }
    let login = username.zip(password).map(|(username, password)| SmtpLogin { username, password });
    let hello = section.parsed(SMTP.hello, values::domain);
    Some(SmtpSettings {
        host: host?,
        port: section.number(SMTP.port)?,
        tls: tls?,
        login,
        ca_file,
        hello,
        connections: section.number(SMTP.connections)?,
        timeout: Duration::from_secs(section.number(SMTP.timeout_seconds)?),
    })
}

/// Whether the mail server's authorities can be read: what the transport is made of later.
fn check_authorities(section: &Section<'_, keys::Smtp>, file: &Path) {
    let read = std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()));
    let wrong = read.and_then(|text| {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match found {
            Ok(found) if found.is_empty() => Err(format!("{} holds no certificate", file.display())),
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{} is not PEM: {error}", file.display())),
        }
    });
    if let Err(message) = wrong {
        section.error(SMTP.ca_file, Wrong::new(message).hint("certificates in PEM, “-----BEGIN CERTIFICATE-----”"));
    }
}

fn argon2(section: &Section<'_, keys::Argon2>) -> Option<Argon2Settings> {
    Some(Argon2Settings {
        memory_kib: section.number(ARGON2.memory_kib)?,
        iterations: section.number(ARGON2.iterations)?,
        threads: section.number(ARGON2.threads)?,
        queue: section.number(ARGON2.queue)?,
    })
}

fn log(section: &Section<'_, keys::Log>) -> Option<LogSettings> {
    let level = section.parsed(LOG.level, values::log_level);
    Some(LogSettings { format: section.choice(LOG.format)?, level: level? })
}

fn traces(section: &Section<'_, keys::Traces>) -> Option<TraceSettings> {
    Some(TraceSettings {
        endpoint: section.parsed(TRACES.endpoint, values::web_address)?,
        one_in: section.number(TRACES.one_in)?,
    })
}
