//! From settings to a gateway that can run.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::enter_extranet::SignInTurns;
use crate::app::hasher::{HashCost, Hasher};
use crate::app::visit::Passage;
use crate::config::{MailSettings, PortalSettings, Settings, SmtpTls, TransportSettings, VaultKeys};
use crate::domain::routing::Directory;
use crate::domain::secret::Dice;
use crate::edition::{Current, Edition};
use crate::legacy::Legacy;
use crate::mail::{Mailer, SmtpSecurity, SmtpServer, Transport};
use crate::pages::{Brand, Pages};
use crate::portal;
use crate::proxy::{Gateway, ProxyServer, ServerSettings, TrustedProxies};
use crate::sessions::Sessions;
use crate::store::{Store, Vault};
use crate::telemetry::traces::Traces;
use crate::telemetry::{Clock, SystemDice, Watch, access_log};
use crate::web::Web;

use super::health;

/// Why a gateway cannot be put together; the text is for the operator.
pub(super) type Reason = String;

/// Requests under way at a stop may take so long.
const GRACE: std::time::Duration = std::time::Duration::from_secs(20);

/// How often what is past its time is thrown away (LAW-024).
const PURGE_EVERY: std::time::Duration = std::time::Duration::from_hours(1);

/// What these settings say of hosts, agencies and pages, read whole before anything of it is in force.
fn edition(settings: &Settings) -> Result<Edition, Reason> {
    let pages = Pages::load(settings.pages.as_deref()).map_err(|error| error.to_string())?;
    let directory = Directory::new(settings.portal.origin.clone(), settings.agencies.iter().cloned());
    Ok(Edition { number: 1, directory: Arc::new(directory), pages: Arc::new(pages), portal: brand(&settings.portal) })
}

/// The use cases over an opened store.
pub(super) async fn app(settings: &Settings) -> Result<App, Reason> {
    let store = Store::open(settings.database_url.expose()).await.map_err(|error| format!("the database: {error}"))?;
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let argon2 = settings.argon2;
    let cost = HashCost { memory_kib: argon2.memory_kib, iterations: argon2.iterations };
    let hasher = Hasher::start(cost, argon2.threads, argon2.queue, Arc::clone(&dice))
        .map_err(|error| format!("the hashing threads: {error}"))?;
    Ok(App {
        current: Current::new(edition(settings)?),
        sessions: sessions(settings, &store),
        store,
        hasher,
        vault: settings.vault.as_ref().map(vault),
        legacy: Legacy::new().map_err(|error| error.to_string())?,
        clock: Clock,
        dice,
        failure_floor: settings.server.failure_floor,
        turns: SignInTurns::default(),
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
    app: Arc<App>,
    health: TcpListener,
    traces: Traces,
}

/// Puts everything together and binds the addresses.
pub(super) async fn gateway(settings: &Settings) -> Result<Assembled, Reason> {
    let app = Arc::new(app(settings).await?);
    let web = Arc::new(Web { app: Arc::clone(&app) });
    let mailer = Mailer {
        store: app.store.clone(),
        current: app.current.clone(),
        transport: transport(&settings.mail)?,
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
    let listening =
        ServerSettings { listen: settings.server.listen.clone(), workers: settings.server.workers, grace: GRACE };
    let server = ProxyServer::bind(&listening, gateway).await.map_err(|error| format!("cannot listen on {error}"))?;
    let health = TcpListener::bind(settings.server.health).await;
    let health = health.map_err(|error| format!("cannot listen on {}: {error}", settings.server.health))?;
    Ok(Assembled { server, mailer, app, health, traces: watch.traces })
}

impl Assembled {
    /// The use cases, for what has to be done before the doors open.
    pub(super) fn app(&self) -> &App {
        &self.app
    }

    /// Runs until `stop` is cancelled, and then ends in good order.
    pub(super) async fn run(self, stop: CancellationToken) {
        let (stopping, stopped) = watch::channel(false);
        let mail = tokio::spawn(self.mailer.run(stop.clone()));
        let health = tokio::spawn(health::serve(self.health, Arc::clone(&self.app), stop.clone()));
        let purge = tokio::spawn(purge(Arc::clone(&self.app), stop.clone()));
        let notices = tokio::spawn(listen(Arc::clone(&self.app), stop.clone()));
        let server = tokio::spawn(self.server.run(stopped));
        stop.cancelled().await;
        // The receivers are in the server; without one there is nothing to tell.
        let _ = stopping.send(true);
        for task in [server, mail, health, purge, notices] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the gateway did not end in good order");
            }
        }
        self.app.store.close().await;
        // Waits for the collector, on a thread that may.
        let _ = tokio::task::spawn_blocking(move || self.traces.stop()).await;
    }
}

/// Hears what other nodes have ended.
async fn listen(app: Arc<App>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = app.sessions.listen() => {}
    }
}

async fn purge(app: Arc<App>, stop: CancellationToken) {
    loop {
        match purge_once(&app).await {
            Ok(purged) => tracing::info!(?purged, "what was past its time was thrown away"),
            Err(error) => tracing::error!(%error, "what is past its time could not be thrown away"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PURGE_EVERY) => {}
        }
    }
}

async fn purge_once(app: &App) -> Result<crate::store::Purged, crate::store::StoreError> {
    let mut tx = app.store.write().await?;
    let purged = tx.purge(app.now()).await?;
    tx.commit().await?;
    Ok(purged)
}

fn vault(keys: &VaultKeys) -> Vault {
    let sealing = Vault::new(keys.current.id.clone(), *keys.current.key);
    keys.old.iter().fold(sealing, |vault, key| vault.with_old(key.id.clone(), *key.key))
}

fn brand(portal: &PortalSettings) -> Brand {
    Brand {
        name: portal.name.clone(),
        colour: portal.colour.clone(),
        logo_url: None,
        support_email: portal.support_email.clone(),
        support_phone: portal.support_phone.clone(),
        support_url: portal.support_url.clone(),
    }
}

fn transport(mail: &MailSettings) -> Result<Transport, Reason> {
    let made = match &mail.transport {
        TransportSettings::Folder(folder) => Transport::folder(folder.clone(), &mail.from),
        TransportSettings::Smtp(smtp) => {
            let ca = match &smtp.ca_file {
                Some(file) => Some(std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?),
                None => None,
            };
            let server = SmtpServer {
                host: smtp.host.clone(),
                port: smtp.port,
                security: match smtp.tls {
                    SmtpTls::Starttls => SmtpSecurity::StartTls,
                    SmtpTls::Tls => SmtpSecurity::Tls,
                    SmtpTls::None => SmtpSecurity::None,
                },
                login: smtp.login.as_ref().map(|login| (login.username.clone(), login.password.clone())),
                ca,
            };
            Transport::smtp(&server, &mail.from)
        }
    };
    made.map_err(|error| error.to_string())
}
