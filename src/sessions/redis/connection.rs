//! The line to Redis: one connection that is opened again whenever it breaks, by a task of its own.
//!
//! Whatever Redis answers but an answer (`LOADING`, `READONLY`, `NOAUTH`, `CLUSTERDOWN`, nothing at all) is an outage:
//! told once to the operator, and tried again until it is over (REL-021). While it lasts, nobody waits for it. Only who has
//! no room, in memory or on its disk, is still read from: nobody signs in then, and who is signed in goes on.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, FromRedisValue, IntoConnectionInfo as _, Pipeline, RedisError,
    RedisFuture, RedisResult, ServerErrorKind, TlsCertificates, Value,
};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::config::{RedisMode, RedisSettings};

/// Redis cannot be asked; why, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Redis is not available: {0}")]
pub struct Outage(String);

/// The line; cheap to clone.
#[derive(Clone)]
pub(super) struct RedisConnection {
    state: watch::Receiver<State>,
    broken: mpsc::UnboundedSender<Broken>,
    patience: Duration,
}

/// How the line is.
#[derive(Clone)]
enum State {
    /// It is being opened, for the first time or after it broke: that takes no longer than the time-out.
    Opening,
    Open(Open),
    /// It could not be opened; nobody waits until it can.
    Down(Outage),
}

#[derive(Clone)]
struct Open {
    /// Which connection it is, so that one that broke is replaced once.
    number: u64,
    connection: Connection,
}

struct Broken {
    number: u64,
    outage: Outage,
}

/// A connection to one server, or to a cluster.
#[derive(Clone)]
enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// How often an idle line is tried, so that an outage is known before somebody needs it.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Waits between attempts to open it.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// What is written to see that it can be.
const ALIVE: &str = "vestibule:alive";

/// Opens a connection once, to see whether it can be, and closes it again.
///
/// # Errors
/// Why it cannot be.
pub async fn reach(settings: &RedisSettings) -> Result<(), Outage> {
    match connect(settings).await {
        Ok((_, Room::Some)) => Ok(()),
        Ok((_, Room::None(outage))) => Err(outage),
        Err(error) => Err(told(&error)),
    }
}

impl RedisConnection {
    /// Opens the line, and keeps it open until the last clone of it is dropped. Whether it could be opened shows when
    /// it is used.
    pub(super) fn open(settings: RedisSettings) -> Self {
        let (opened, state) = watch::channel(State::Opening);
        let (broken, reports) = mpsc::unbounded_channel();
        let patience = settings.timeout;
        tokio::spawn(keep_open(settings, opened, reports));
        Self { state, broken, patience }
    }

    /// Asks one thing, within the time-out, whatever happens; a second time where the connection had broken before it was
    /// used. Everything that is asked may be asked twice.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Outage> {
        let deadline = Instant::now() + self.patience;
        let silent = || Outage(format!("no answer within {} ms", self.patience.as_millis()));
        let mut again = true;
        loop {
            let mut open = timeout_at(deadline, self.opened()).await.map_err(|_| silent())??;
            let outage = match timeout_at(deadline, command.query_async(&mut open.connection)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if has_no_room(&error) => return Err(told(&error)),
                Ok(Err(error)) => told(&error),
                Err(_) => silent(),
            };
            // Nobody hears it where the line is being closed.
            let _ = self.broken.send(Broken { number: open.number, outage: outage.clone() });
            if !again || Instant::now() >= deadline {
                return Err(outage);
            }
            again = false;
            let number = open.number;
            let mut state = self.state.clone();
            let replaced = state.wait_for(|state| !matches!(state, State::Open(open) if open.number == number));
            if !matches!(timeout_at(deadline, replaced).await, Ok(Ok(_))) {
                return Err(outage);
            }
        }
    }

    async fn opened(&self) -> Result<Open, Outage> {
        let mut state = self.state.clone();
        let closing = || Outage("the gateway stops".to_owned());
        let state = state.wait_for(|state| !matches!(state, State::Opening)).await.map_err(|_| closing())?;
        match &*state {
            State::Open(open) => Ok(open.clone()),
            State::Down(outage) => Err(outage.clone()),
            State::Opening => Err(closing()),
        }
    }
}

/// Opens the connection again and again, until nobody holds the line any more.
async fn keep_open(settings: RedisSettings, state: watch::Sender<State>, mut reports: mpsc::UnboundedReceiver<Broken>) {
    let (mut number, mut wait) = (0, FIRST_WAIT);
    let mut told: Option<Outage> = None;
    loop {
        let opening = tokio::select! {
            opening = connect(&settings) => opening,
            () = state.closed() => return,
        };
        match opening {
            Ok((connection, room)) => {
                if told.take().is_some() {
                    tracing::info!("Redis answers again");
                }
                wait = FIRST_WAIT;
                number += 1;
                state.send_replace(State::Open(Open { number, connection: connection.clone() }));
                let Some(outage) = until_broken(&settings, number, connection, room, &state, &mut reports).await else {
                    return;
                };
                tracing::warn!(reason = %outage.0, "the connection to Redis is opened again");
                state.send_replace(State::Opening);
            }
            Err(error) => {
                let outage = self::told(&error);
                if told.as_ref() != Some(&outage) {
                    tracing::error!(reason = %outage.0, "Redis is not available; nobody is signed in or recognised");
                    told = Some(outage.clone());
                }
                state.send_replace(State::Down(outage));
                tokio::select! {
                    () = sleep(wait) => {}
                    () = state.closed() => return,
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
}

/// Waits until the connection is of no use any more and tells why; none if nobody needs it.
async fn until_broken(
    settings: &RedisSettings,
    number: u64,
    mut connection: Connection,
    mut room: Room,
    state: &watch::Sender<State>,
    reports: &mut mpsc::UnboundedReceiver<Broken>,
) -> Option<Outage> {
    if let Room::None(outage) = &room {
        tell_no_room(outage);
    }
    loop {
        tokio::select! {
            report = reports.recv() => match report {
                Some(report) if report.number == number => return Some(report.outage),
                Some(_) => {}
                None => return None,
            },
            () = sleep(HEARTBEAT) => match timeout(settings.timeout, prove(&mut connection)).await {
                Ok(Ok(now)) => {
                    match (&room, &now) {
                        (Room::Some, Room::None(outage)) => tell_no_room(outage),
                        (Room::None(_), Room::Some) => tracing::info!("Redis takes writes again"),
                        (Room::Some, Room::Some) | (Room::None(_), Room::None(_)) => {}
                    }
                    room = now;
                }
                Ok(Err(error)) => return Some(told(&error)),
                Err(_) => return Some(Outage(format!("no answer within {} ms", settings.timeout.as_millis()))),
            },
            () = state.closed() => return None,
        }
    }
}

/// Whether what is written is taken.
enum Room {
    Some,
    /// Nothing is, until there is room again.
    None(Outage),
}

fn tell_no_room(outage: &Outage) {
    tracing::error!(reason = %outage.0, "Redis takes no writes; nobody is signed in, who is signed in goes on");
}

/// Opens a connection to a server that could be written to, within twice the time-out for each server on the way.
async fn connect(settings: &RedisSettings) -> RedisResult<(Connection, Room)> {
    let mut connection = match &settings.mode {
        RedisMode::Single => {
            let server = Server { settings, login: true };
            let mut opened = Err(nothing_there());
            for url in &settings.urls {
                opened = server.connect(url.as_str().into_connection_info()?).await;
                if opened.is_ok() {
                    break;
                }
            }
            Connection::Server(opened?)
        }
        RedisMode::Sentinel { master } => Connection::Server(through_sentinels(settings, master).await?),
        RedisMode::Cluster => Connection::Cluster(cluster(settings).await?),
    };
    let room = timeout(settings.timeout, prove(&mut connection)).await.unwrap_or_else(|_| Err(silent()))?;
    Ok((connection, room))
}

/// Writes something: a server that is still loading, only a replica, or closed to us is of no use.
async fn prove(connection: &mut Connection) -> RedisResult<Room> {
    match proof().query_async(connection).await {
        Ok(()) => Ok(Room::Some),
        Err(error) if has_no_room(&error) => Ok(Room::None(told(&error))),
        Err(error) => Err(error),
    }
}

/// Its memory is full (`OOM`), or what it wrote to its disk was not taken (`MISCONF`). It is still the one that knows.
fn has_no_room(error: &RedisError) -> bool {
    matches!(error.code(), Some("OOM" | "MISCONF"))
}

/// What only a server does that is of use.
pub(super) fn proof() -> Cmd {
    let mut proof = redis::cmd("SET");
    proof.arg(ALIVE).arg(1).arg("PX").arg(60_000);
    proof
}

/// How a server is spoken to.
struct Server<'s> {
    settings: &'s RedisSettings,
    /// With the password of the data, or of the Sentinels.
    login: bool,
}

impl Server<'_> {
    async fn connect(&self, info: ConnectionInfo) -> RedisResult<MultiplexedConnection> {
        let (username, password) = if self.login {
            (&self.settings.username, &self.settings.password)
        } else {
            (&self.settings.sentinel_username, &self.settings.sentinel_password)
        };
        let mut redis = info.redis_settings().clone().set_skip_set_lib_name();
        if !self.login {
            redis = redis.set_db(0);
        }
        if let Some(username) = username {
            redis = redis.set_username(username);
        }
        if let Some(password) = password {
            redis = redis.set_password(password.expose());
        }
        let info = info.set_redis_settings(redis);
        let client = match &self.settings.ca {
            Some(ca) => Client::build_with_tls(info, certificates(ca))?,
            None => Client::open(info)?,
        };
        let patience = Some(self.settings.timeout);
        let config = AsyncConnectionConfig::new().set_connection_timeout(patience).set_response_timeout(patience);
        client.get_multiplexed_async_connection_with_config(&config).await
    }
}

/// Asks one Sentinel after the other who the master is, and goes there.
async fn through_sentinels(settings: &RedisSettings, master: &str) -> RedisResult<MultiplexedConnection> {
    let mut last = nothing_there();
    for url in &settings.urls {
        let sentinel: ConnectionInfo = url.as_str().into_connection_info()?;
        match master_told_by(settings, sentinel.clone(), master).await {
            Ok(Some((host, port))) => {
                let found = sentinel.addr().clone();
                let addr = match found {
                    redis::ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                        redis::ConnectionAddr::TcpTls { host, port, insecure, tls_params }
                    }
                    _ => redis::ConnectionAddr::Tcp(host, port),
                };
                match (Server { settings, login: true }).connect(sentinel.set_addr(addr)).await {
                    Ok(connection) => return Ok(connection),
                    Err(error) => last = error,
                }
            }
            Ok(None) => {
                last =
                    (redis::ErrorKind::MasterNameNotFoundBySentinel, "no Sentinel knows a master of this name").into();
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn master_told_by(
    settings: &RedisSettings,
    sentinel: ConnectionInfo,
    master: &str,
) -> RedisResult<Option<(String, u16)>> {
    let mut sentinel = Server { settings, login: false }.connect(sentinel).await?;
    redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(master).query_async(&mut sentinel).await
}

async fn cluster(settings: &RedisSettings) -> RedisResult<ClusterConnection> {
    let mut nodes = ClusterClientBuilder::new(settings.urls.iter().map(String::as_str))
        .connection_timeout(settings.timeout)
        .response_timeout(settings.timeout)
        .overall_response_timeout(Some(settings.timeout))
        .retries(3)
        .min_retry_wait(10)
        .max_retry_wait(100);
    if let Some(username) = &settings.username {
        nodes = nodes.username(username);
    }
    if let Some(password) = &settings.password {
        nodes = nodes.password(password.expose());
    }
    if let Some(ca) = &settings.ca {
        nodes = nodes.certs(certificates(ca));
    }
    let opening = async { nodes.build()?.get_async_connection().await };
    timeout(settings.timeout * 2, opening).await.unwrap_or_else(|_| Err(silent()))
}

fn certificates(ca: &[u8]) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: Some(ca.to_vec()) }
}

fn nothing_there() -> RedisError {
    (redis::ErrorKind::InvalidClientConfig, "no address is configured").into()
}

fn silent() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// What went wrong, in words for the operator, with what can be done about it.
fn told(error: &RedisError) -> Outage {
    let hint = match error.kind() {
        redis::ErrorKind::Server(ServerErrorKind::BusyLoading) => "it is still reading its data from the disk",
        redis::ErrorKind::Server(ServerErrorKind::ReadOnly) => {
            "it is a replica and takes no writes; is redis.urls right, or should redis.mode be sentinel?"
        }
        redis::ErrorKind::Server(ServerErrorKind::NoPerm) => {
            "the user may not do what is needed; docs/operations.md has the rights"
        }
        redis::ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            "it is part of a cluster; redis.mode should be cluster"
        }
        redis::ErrorKind::Server(ServerErrorKind::ClusterDown) => "the cluster has lost some of its slots",
        redis::ErrorKind::AuthenticationFailed => "are redis.username and the password right?",
        _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => "are redis.username and the password right?",
        _ if matches!(error.code(), Some("OOM" | "MISCONF")) => "it takes no writes",
        _ => return Outage(error.to_string()),
    };
    Outage(format!("{error} ({hint})"))
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(connection) => connection.req_packed_commands(commands, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
