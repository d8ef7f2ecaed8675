//! From settings to a gateway that can run.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderValue;
use tokio::net::TcpListener;
use tokio::sync::{RwLock, watch};
use tokio_util::sync::CancellationToken;

use crate::app::enter_extranet::SignInTurns;
use crate::app::hasher::{HashCost, Hasher};
use crate::app::visit::Passage;
use crate::app::{self, App};
use crate::config::{ControlPlaces, MailSettings, Settings, SmtpSettings, SmtpTls, TransportSettings, VaultKeys};
use crate::domain::agency_code::AgencyCode;
use crate::domain::removal::Consent;
use crate::domain::secret::Dice;
use crate::edition::{Current, Edition};
use crate::legacy::Legacy;
use crate::mail::{Dkim, Mailer, SmtpSecurity, SmtpServer, Transport};
use crate::pages::Pages;
use crate::portal;
use crate::proxy::{Balancers, Certificates, Gateway, Listener, ProxyServer, ServerSettings, Speaks, TrustedProxies};
use crate::sessions::Sessions;
use crate::store::{self, Held as StoreHeld, Store, StoreError, Tables, Use, Vault};
use crate::telemetry::traces::Traces;
use crate::telemetry::{Clock, SystemDice, Watch, access_log};
use crate::web::Web;

use super::ageing;
use super::configured::{known_as, to_type};
use super::control::{self, Control};
use super::descriptors;
use super::health;
use super::lost_secrets::{UNCONFIGURED, lost_secrets, names_of};
use super::operated::{Operated, Successor};
use super::readable::{Account, UNITS_USER};
use super::reading::{self, Reading};
use super::reload::Reloader;
use super::said::Said;
use super::served;
use super::terminal::tell;
use super::upgrade::{Held, Inherited};

/// Why a gateway cannot be put together; the text is for the operator.
pub(super) type Reason = String;

/// How often what is past its time is thrown away (LAW-024).
const PURGE_EVERY: Duration = Duration::from_hours(1);
/// How long a stop waits for answers on the control socket.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How often memory of decided sessions is freed; what is kept there is not used for longer than `server.cache_seconds`.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// What becomes of a database that is not there (decision 79).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// It is made: for who serves from it, and for a first roster.
    Made,
    /// That is told, and nothing is made.
    Told,
}

/// Does something with the use cases over a database that is there, for commands that serve nobody. Nothing is left beside
/// it.
pub(super) async fn with_app<T>(
    settings: &Settings,
    absent: Absent,
    work: impl AsyncFnOnce(&App) -> Result<T, Reason>,
) -> Result<T, Reason> {
    with_app_over(settings, open_for_a_tool(settings, absent).await?, work).await
}

/// The same over a database that is open.
pub(super) async fn with_app_over<T>(
    settings: &Settings,
    store: Store,
    work: impl AsyncFnOnce(&App) -> Result<T, Reason>,
) -> Result<T, Reason> {
    // Own pages that are broken are shown to nobody by a command.
    let pages = Pages::load(settings.pages.as_deref()).or_else(|_| Pages::load(None));
    let edition = reading::edition(&mut settings.clone(), pages.map_err(|error| error.to_string())?, 0, None);
    let app = app_of(settings, edition, store.clone())?;
    let done = work(&app).await;
    close(&store).await;
    done
}

/// The same with the store alone.
pub(super) async fn with_store<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Store) -> Result<T, Reason>,
) -> Result<T, Reason> {
    let store = open_for_a_tool(settings, Absent::Told).await?;
    let done = work(&store).await;
    close(&store).await;
    done
}

/// What is not written down by then is written down by who opens it next.
async fn close(store: &Store) {
    let _ = tokio::time::timeout(LAST_WORDS, store.close()).await;
}

async fn open_for_a_tool(settings: &Settings, absent: Absent) -> Result<Store, Reason> {
    let url = settings.database_url.expose();
    served::refuse_another(settings).await.map_err(|error| error.to_string())?;
    if absent == Absent::Made {
        let found = store::reach(url).await.map_err(|error| error.to_string())?;
        if found.tables == Tables::None && !is_missed(settings).await {
            let store = Store::open(url).await.map_err(|error| error.to_string())?;
            tell!("vestibule: there was no database yet: a new one was made, {}", found.place);
            tell_closed(url);
            return Ok(store);
        }
    }
    match Store::open_beside(url).await {
        Ok(store) => {
            if let Some(told) = doubt(&settings.server.control, &store).await {
                tell!("warning: {told}");
            }
            Ok(store)
        }
        Err(error) => Err(explained(settings, error).await),
    }
}

/// Why the database that answers may not be the right one: by what is written down, or by the gateway that runs.
pub(super) async fn doubt(places: &ControlPlaces, store: &Store) -> Option<String> {
    let by_the_gateway = async {
        match control::ask(places, "doubt").await {
            Ok(Said::Done(doubt)) if !doubt.is_empty() => Some(doubt),
            _ => None,
        }
    };
    let doubt = match store.doubt_written_down().await {
        Some(doubt) => Some(doubt.to_string()),
        None => by_the_gateway.await,
    };
    doubt.map(|doubt| format!("the database may not be the right one: {doubt}"))
}

/// What root has made, the service may not be able to open.
fn tell_closed(url: &str) {
    let account = Account::find(UNITS_USER).filter(|_| rustix::process::geteuid().is_root());
    if let Some(told) = account.and_then(|account| account.keeps_from_serving(&store::files_of(url))) {
        tell!("warning: {told}");
    }
}

/// An error, and where there is no database, what makes one or what brings one back.
pub(super) async fn explained(settings: &Settings, error: StoreError) -> Reason {
    let StoreError::NotBegun(_) = error else { return error.to_string() };
    if is_missed(settings).await {
        return format!(
            "{error} (hint: a gateway has served from one there: put it, or its backup, back, and run nothing else \
             meanwhile: operations.md, Going back)"
        );
    }
    let (serve, import) = (to_type("serve"), to_type("import ROSTER.csv --agency CLIENT/SOCIETE"));
    format!(
        "{error} (hint: {serve} makes it at its first start, and a first {import} without --dry-run does; if there should be one, put it or its backup back before \
         anything is started: operations.md, Going back)"
    )
}

/// Whether something tells that there should be a database: a gateway has served from it, or runs now.
async fn is_missed(settings: &Settings) -> bool {
    store::was_served(settings.database_url.expose()) || control::runs(&settings.server.control).await
}

fn app_of(settings: &Settings, edition: Edition, store: Store) -> Result<App, Reason> {
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let argon2 = settings.argon2;
    let cost = HashCost { memory_kib: argon2.memory_kib, iterations: argon2.iterations };
    let hasher = Hasher::start(cost, argon2.threads, argon2.queue, Arc::clone(&dice))
        .map_err(|error| format!("the hashing threads: {error}"))?;
    Ok(App {
        current: Current::new(edition),
        sessions: sessions(settings, &store),
        store,
        hasher,
        vault: settings.vault.as_ref().map(vault).map(Arc::new),
        legacy: Legacy::new().map_err(|error| error.to_string())?,
        clock: Clock,
        dice,
        failure_floor: settings.server.failure_floor,
        letter_limits: settings.mail.limits,
        tries: crate::app::throttle::Tries::default(),
        agency_codes: crate::app::agency_codes::Typed::default(),
        turns: SignInTurns::default(),
        landings: crate::app::enter_extranet::Landings::default(),
        jar_turns: crate::app::jar::Turns::default(),
        owed: crate::app::throttle::Owed::default(),
    })
}

fn sessions(settings: &Settings, store: &Store) -> Sessions<Arc<Passage>> {
    let age = settings.server.cache_age;
    match &settings.redis {
        Some(redis) => Sessions::redis(store.clone(), redis.clone(), age),
        None => Sessions::sql(store.clone(), age),
    }
}

/// A gateway that listens and waits to be run.
pub(super) struct Assembled {
    server: ProxyServer,
    mailer: Mailer,
    health: TcpListener,
    operated: Arc<Operated>,
    control: PathBuf,
    upgrade_grace: Duration,
    traces: Traces,
    held: Option<StoreHeld>,
}

/// From where the settings come: what a reload reads again.
pub(super) struct ReadFrom<'o> {
    pub(super) path: &'o Path,
    pub(super) files: Vec<PathBuf>,
}

/// A gateway that is put together, and has no listeners yet.
pub(super) struct Prepared {
    settings: Settings,
    gateway: Gateway,
    mailer: Mailer,
    app: Arc<App>,
    reloader: Arc<Reloader>,
    certificates: Arc<Certificates>,
    traces: Traces,
    held: Option<StoreHeld>,
}

/// Puts everything together.
///
/// Who upgrades takes over from a gateway that has a database: where that is away just now, none is put in its place.
pub(super) async fn prepare(
    reading: Reading,
    from: ReadFrom<'_>,
    upgrade: Option<Consent<'_>>,
) -> Result<Prepared, Reason> {
    let Reading { mut settings, pages, digest, sources, flaws, .. } = reading;
    let edition = reading::edition(&mut settings, pages, digest, None);
    let url = settings.database_url.expose();
    let opened = match upgrade {
        None => Store::open(url).await,
        Some(_) => Store::open_existing(url).await,
    };
    let opened = match opened {
        Ok(store) => store,
        Err(error) => return Err(explained(&settings, error).await),
    };
    let app = Arc::new(app_of(&settings, edition, opened)?);
    let held = hold(&app.store, upgrade.is_some()).await?;
    // Those who have nothing sealed under a key that is missing are served all the same.
    if let Some(lost) = lost_secrets(&app.store, &names_of(settings.vault.as_ref()), UNCONFIGURED).await {
        tracing::error!("{lost}");
    }
    let (listed, shows_default) = reading::certificates(&settings);
    let certificates = Arc::new(Certificates::new(listed, shows_default));
    let from = (from.path, from.files);
    let known = known_agencies(&app).await;
    let reloader = Reloader::new(from, (&settings, sources), Arc::clone(&app), Arc::clone(&certificates));
    let reloader = Arc::new(reloader.knowing(known, upgrade.unwrap_or(Consent::None)).going_on_with(flaws));
    // Nobody asks for them any more, and of ten thousand agencies they are many.
    settings.origins = Vec::new();
    let web = Arc::new(Web { app: Arc::clone(&app) });
    let mailer = Mailer {
        store: app.store.clone(),
        current: app.current.clone(),
        transport: transport(&settings.mail)?,
        vault: app.vault.clone(),
        clock: app.clock,
        dice: Arc::clone(&app.dice),
    };
    let mut seed = [0; 8];
    app.dice.fill(&mut seed);
    let trusted = TrustedProxies::new(settings.server.trusted_proxies.clone());
    let seed = u64::from_le_bytes(seed);
    let traces = settings.traces.as_ref().map(Traces::start).transpose().map_err(|error| error.to_string())?;
    let watch = Watch { log: access_log(), traces: traces.unwrap_or_default() };
    let gateway = Gateway::new(Arc::clone(&app), portal::router(web), trusted, seed, watch.clone());
    Ok(Prepared { settings, gateway, mailer, app, reloader, certificates, traces: watch.traces, held })
}

/// The agencies that were in force before this start. Not to know them keeps nobody from serving the others.
async fn known_agencies(app: &App) -> Vec<AgencyCode> {
    let asked = async { app.store.read().await?.agencies_in_force().await };
    asked.await.unwrap_or_else(|error| {
        tracing::warn!(%error, "which agencies were in force before this start is not known");
        Vec::new()
    })
}

impl Prepared {
    /// Opens the listeners, or takes those that another process has opened.
    pub(super) async fn listen(self, inherited: &mut Inherited) -> Result<Assembled, Reason> {
        let Self { settings, gateway, mailer, app, reloader, certificates, traces, held: store_held } = self;
        let Settings { server: settings, tls, proxy_protocol, .. } = settings;
        let explain = |error: std::io::Error| format!("cannot listen on {error}");
        let mut wanted: Vec<(SocketAddr, Speaks)> =
            settings.listen.iter().map(|address| (*address, Speaks::Plain)).collect();
        if let Some(tls) = &tls {
            let config = certificates.server_config(tls.http2).map_err(|error| format!("TLS: {error}"))?;
            wanted.extend(tls.listen.iter().map(|address| (*address, Speaks::Tls(Arc::clone(&config)))));
            wanted.extend(tls.redirect.iter().map(|address| (*address, Speaks::Redirect)));
        }
        let mut listeners = Vec::with_capacity(wanted.len());
        for (address, speaks) in wanted {
            let behind = proxy_protocol.as_ref().filter(|proxied| proxied.listen.contains(&address));
            let balancers = behind.map(|proxied| Balancers(proxied.from.clone().into()));
            listeners.push(Listener { socket: inherited.listen(address).await.map_err(explain)?, speaks, balancers });
        }
        let health = inherited.listen(settings.health).await.map_err(explain)?;
        let held = Held::new(listeners.iter().map(|listener| &listener.socket).chain([&health]).map(AsFd::as_fd))
            .map_err(explain)?;
        let hsts = settings.hsts.as_secs();
        let serving = ServerSettings {
            workers: settings.workers,
            grace: settings.grace,
            max_connections: descriptors::affordable(descriptors::raise_limit(), settings.max_connections),
            idle: settings.idle,
            transport_security: HeaderValue::from_str(&format!("max-age={hsts}")).ok().filter(|_| hsts > 0),
        };
        let server = ProxyServer::new(listeners, &serving, gateway.keeping_idle(settings.idle));
        let operated = Operated {
            started: app.now(),
            app,
            file: known_as(reloader.path()),
            reloader,
            stop: CancellationToken::new(),
            is_replaced: AtomicBool::new(false),
            held,
            answering: RwLock::default(),
            successor: Successor::new(),
            health: settings.health,
            most_connections: serving.max_connections,
        };
        let (control, upgrade_grace) = (settings.control.own, settings.upgrade_grace);
        let operated = Arc::new(operated);
        Ok(Assembled { server, mailer, health, operated, control, upgrade_grace, traces, held: store_held })
    }
}

impl Assembled {
    /// The use cases, for what has to be done before the doors open.
    pub(super) fn app(&self) -> &App {
        &self.operated.app
    }

    /// What ends the gateway.
    pub(super) fn stop(&self) -> CancellationToken {
        self.operated.stop.clone()
    }

    /// Reads the configuration again.
    pub(super) fn reloader(&self) -> Arc<Reloader> {
        Arc::clone(&self.operated.reloader)
    }

    /// Runs until it is stopped, and then ends in good order. `accepting` is called when connections are accepted.
    pub(super) async fn run(self, accepting: impl FnOnce()) {
        let Self { mut server, mailer, health, operated, control, upgrade_grace, traces, held } = self;
        let stop = operated.stop.clone();
        let (stopping, stopped) = watch::channel(false);
        let (ending, ended) = watch::channel(server.grace());
        server.wait_at_most(ended);
        let health_ends = CancellationToken::new();
        let health = tokio::spawn(health::serve(health, Arc::clone(&operated), health_ends.clone()));
        let server = tokio::spawn(server.run(stopped));
        // Before the process that is replaced hears of it: whoever asks meets its socket or this one, but never none.
        let control = match Control::bind(&control) {
            Ok(control) => Some(tokio::spawn(control.serve(Arc::clone(&operated)))),
            Err(error) => {
                let path = control.display().to_string();
                tracing::warn!(%error, path, "the control socket cannot be opened: no status, no upgrade, reload by SIGHUP");
                None
            }
        };
        operated.reloader.remember().await;
        accepting();
        let mail = tokio::spawn(mailer.run(stop.clone()));
        let purge = tokio::spawn(purge(Arc::clone(&operated.app), stop.clone()));
        let notices = tokio::spawn(listen(Arc::clone(&operated.app), stop.clone()));
        let holding = tokio::spawn(hold_on(operated.app.store.clone(), held, stop.clone()));
        let clock = tokio::spawn(watch_clock(Arc::clone(&operated.app), stop.clone()));
        let outages = tokio::spawn(tell_outages(Arc::clone(&operated.app), stop.clone()));
        let ageing = tokio::spawn(watch_certificates(Arc::clone(&operated), stop.clone()));
        let tries = tokio::spawn(tell_refused(Arc::clone(&operated.app), stop.clone()));
        let reloader = Arc::clone(&operated.reloader);
        let until = stop.clone();
        let watch = tokio::spawn(async move { reloader.watch(until).await });
        stop.cancelled().await;
        operated.held.close();
        if operated.is_replaced.load(Ordering::Relaxed) {
            // The new process tells its own health, and downloads may take their time.
            health_ends.cancel();
            let _ = ending.send(upgrade_grace);
        }
        // The receivers are in the server; without one there is nothing to tell.
        let _ = stopping.send(true);
        let parts = [server, mail, purge, notices, holding, clock, outages, ageing, tries, watch];
        for task in parts.into_iter().chain(control) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the gateway did not end in good order");
            }
        }
        // Who has asked for an upgrade hears how it ended.
        let _ = tokio::time::timeout(LAST_WORDS, operated.answering.write()).await;
        health_ends.cancel();
        if let Err(error) = health.await {
            tracing::error!(%error, "the health listener did not end in good order");
        }
        operated.app.store.close().await;
        // Waits for the collector, on a thread that may.
        let _ = tokio::task::spawn_blocking(move || traces.stop()).await;
    }
}

/// Hears what other nodes have ended, and frees what was decided about sessions that are not used any more.
async fn listen(app: Arc<App>, stop: CancellationToken) {
    let sweep = async {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            app.sessions.sweep();
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        ((), ()) = async { tokio::join!(app.sessions.listen(), sweep) } => {}
    }
}

/// Holds the database for who serves from it. One that cannot be held for another reason than somebody who wants it alone
/// is served from all the same.
async fn hold(store: &Store, is_upgrade: bool) -> Result<Option<StoreHeld>, Reason> {
    match store.hold(Use::Serving).await {
        Ok(held) => {
            if held.among_others && !is_upgrade {
                tracing::warn!(
                    "another gateway serves from the same file of SQLite: neither hears of it when the other one signs \
                     somebody out (several nodes need PostgreSQL; a new version takes over with vestibule upgrade)"
                );
            }
            Ok(Some(held))
        }
        Err(error @ StoreError::HeldAlone) => Err(format!("the database: {error}")),
        Err(error) => {
            tracing::error!(
                reason = %error,
                "the database cannot be held: a copy or a restore beside this gateway is not refused, and another database in its \
                 place is not noticed"
            );
            Ok(None)
        }
    }
}

/// Goes on holding it.
async fn hold_on(store: Store, held: Option<StoreHeld>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = store.hold_on(held) => {}
    }
}

/// Notices that the clock was set.
async fn watch_clock(app: Arc<App>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = app::clock::watch(&app) => {}
    }
}

/// Tells of certificates that age.
async fn watch_certificates(operated: Arc<Operated>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        operated.reloader.ageing.tell(operated.app.now());
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(ageing::LOOK_EVERY) => {}
        }
    }
}

/// Tells that the database is away, and that it is back.
async fn tell_outages(app: Arc<App>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = app.store.tell_outages() => {}
    }
}

/// Tells of what was refused while somebody was locked, and at the end of what is left of it.
async fn tell_refused(app: Arc<App>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = app::throttle::watch(&app) => {}
    }
    if let Err(error) = app::throttle::tell_all(&app).await {
        tracing::warn!(%error, "what was refused in locks is not told");
    }
}

async fn purge(app: Arc<App>, stop: CancellationToken) {
    loop {
        match purge_once(&app).await {
            Ok(purged) => tracing::info!(?purged, "what was past its time was thrown away"),
            // An outage is told where it begins.
            Err(_) if app.store.is_away() => {}
            Err(error) => tracing::error!(%error, "what is past its time could not be thrown away"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PURGE_EVERY) => {}
        }
    }
}

async fn purge_once(app: &App) -> Result<crate::store::Purged, crate::store::StoreError> {
    // A clock that jumps ahead on one node throws nothing of the others away.
    let now = app.store.time(app.now()).await?;
    app.store.purge(now, &app.directory().audit_retention()).await
}

fn vault(keys: &VaultKeys) -> Vault {
    let sealing = Vault::new(keys.current.id.clone(), *keys.current.key);
    keys.old.iter().fold(sealing, |vault, key| vault.with_old(key.id.clone(), *key.key))
}

/// The transport of letters.
pub(super) fn transport(mail: &MailSettings) -> Result<Transport, Reason> {
    let made = match &mail.transport {
        TransportSettings::Unread => {
            return Err("the configuration does not say how letters leave: see [mail]".to_owned());
        }
        TransportSettings::Folder(folder) => Transport::folder(folder.clone(), &mail.from),
        TransportSettings::Smtp(smtp) => Transport::smtp(&mail_server(smtp)?, &mail.from),
    };
    let transport = made.map_err(|error| error.to_string())?;
    Ok(match signer(mail)? {
        Some(signer) => transport.signed(signer),
        None => transport,
    })
}

/// What signs letters.
pub(super) fn signer(mail: &MailSettings) -> Result<Option<Dkim>, Reason> {
    let signer = mail.dkim.as_ref().map(|dkim| Dkim::new(&dkim.domain, &dkim.selector, &dkim.key));
    signer.transpose().map_err(|error| error.to_string())
}

fn mail_server(smtp: &SmtpSettings) -> Result<SmtpServer, Reason> {
    let ca = match &smtp.ca_file {
        Some(file) => Some(std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?),
        None => None,
    };
    Ok(SmtpServer {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.tls {
            SmtpTls::Starttls => SmtpSecurity::StartTls,
            SmtpTls::Tls => SmtpSecurity::Tls,
            SmtpTls::None => SmtpSecurity::None,
        },
        login: smtp.login.as_ref().map(|login| (login.username.clone(), login.password.clone())),
        ca,
        hello: smtp.hello.clone(),
        connections: smtp.connections,
        patience: smtp.timeout,
    })
}
