//! The control socket: how an operator, or a new process, speaks to the gateway that runs.
//!
//! One line asks, in words: `status`, `reload`, `forget identity <id>`, `forget session <id>`, `forget all`,
//! `upgrade`. The answer is `done` or `failed` on a line of its own, then text, until the connection is closed. Only the
//! gateway's own user and root are listened to.

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::reload::Reloader;
use super::upgrade::{self, Held};
use crate::app::{App, kept_secret, spelling};
use crate::domain::identity::IdentityId;
use crate::domain::kept_secret::OUTAGE;
use crate::domain::session::SessionId;
use crate::domain::spelling::Spellings;
use crate::sessions::Change;

/// The longest line that asks for something.
const LONGEST: u64 = 512;
/// How a line of the status begins that tells of an extranet.
pub(super) const OF_AN_EXTRANET: &str = "extranet of ";
/// How long somebody may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the control socket can reach of a gateway.
pub(super) struct Operated {
    pub(super) app: Arc<App>,
    pub(super) reloader: Arc<Reloader>,
    /// Ends the gateway.
    pub(super) stop: CancellationToken,
    /// Whether another process has taken the listeners over.
    pub(super) is_replaced: AtomicBool,
    /// The listeners, for a process that follows.
    pub(super) held: Held,
    pub(super) started: Timestamp,
    /// Connections of clients that may be open.
    pub(super) most_connections: usize,
}

/// The socket; its file goes with it, unless it has become another process's.
pub(super) struct Control {
    listener: UnixListener,
    path: PathBuf,
    inode: u64,
}

impl Control {
    /// Opens the socket, in place of one that an earlier process has left behind.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        // Beside it first, so that whoever asks meets the old socket or the new one, but never none.
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let _ = std::fs::remove_file(&beside);
        let listener = UnixListener::bind(&beside)?;
        std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600))?;
        let inode = std::fs::metadata(&beside)?.ino();
        std::fs::rename(&beside, path)?;
        Ok(Self { listener, path: path.to_owned(), inode })
    }

    /// Answers until the gateway stops.
    pub(super) async fn serve(self, operated: Arc<Operated>) {
        loop {
            tokio::select! {
                () = operated.stop.cancelled() => return,
                accepted = self.listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    tokio::spawn(answer(stream, Arc::clone(&operated)));
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if std::fs::metadata(&self.path).is_ok_and(|metadata| metadata.ino() == self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Asks the gateway that runs, and gives its text: `Ok` where it has done what was asked.
pub(super) async fn ask(path: &Path, line: &str) -> Result<Result<String, String>, String> {
    let explain =
        |error: io::Error| format!("{}: {error} (hint: is the gateway running, and as the same user?)", path.display());
    let mut stream = UnixStream::connect(path).await.map_err(explain)?;
    stream.write_all(format!("{line}\n").as_bytes()).await.map_err(explain)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.map_err(explain)?;
    let (word, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let rest = rest.trim_end().to_owned();
    match word {
        "done" => Ok(Ok(rest)),
        "failed" => Ok(Err(rest)),
        _ => Err(format!("{}: the answer breaks off", path.display())),
    }
}

async fn answer(stream: UnixStream, operated: Arc<Operated>) {
    let own = rustix::process::geteuid().as_raw();
    if !stream.peer_cred().is_ok_and(|peer| peer.uid() == 0 || peer.uid() == own) {
        return;
    }
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let asked = tokio::time::timeout(PATIENCE, (&mut stream).take(LONGEST).read_line(&mut line)).await;
    if !matches!(asked, Ok(Ok(1..))) {
        return;
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let said = match words.as_slice() {
        ["status"] => Ok(status(&operated).await),
        ["reload"] => {
            let last = operated.reloader.reload("asked for").await;
            if last.outcome.is_ok() { Ok(last.describe()) } else { Err(last.describe()) }
        }
        ["forget", what @ ..] => forget(&operated.app, what),
        ["upgrade"] => return upgrade::give(stream.into_inner(), &operated).await,
        _ => Err(format!("nothing is known of `{}`", line.trim())),
    };
    let (word, text) = match said {
        Ok(text) => ("done", text),
        Err(text) => ("failed", text),
    };
    // Whoever asked may be gone.
    let _ = stream.into_inner().write_all(format!("{word}\n{text}\n").as_bytes()).await;
}

fn forget(app: &App, what: &[&str]) -> Result<String, String> {
    match what {
        ["identity", id] => app.sessions.forget(&Change::Identity(IdentityId::stored(*id))),
        ["session", id] => app.sessions.forget(&Change::Session(SessionId::stored(*id))),
        ["all"] => app.sessions.forget(&Change::Everything),
        _ => return Err("forget what: identity <id>, session <id> or all".to_owned()),
    }
    Ok("what was decided is asked for again".to_owned())
}

async fn status(operated: &Operated) -> String {
    let edition = operated.app.current.edition();
    let now = operated.app.now();
    let state = if operated.stop.is_cancelled() { "stopping" } else { "ready" };
    let database = super::health::database(&operated.app).await;
    let mut text = format!(
        "vestibule {}, process {}\nstarted {}, up {} s\ngateway: {state}\ndatabase: {database}\n",
        env!("CARGO_PKG_VERSION"),
        std::process::id(),
        operated.started,
        now.duration_since(operated.started).as_secs(),
    );
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "configuration: {}, edition {}, {} agencies",
        operated.reloader.path().display(),
        edition.number,
        edition.directory.agencies().count()
    );
    let _ = match operated.reloader.last() {
        None => writeln!(text, "last reload: none since the start"),
        Some(last) if last.outcome.is_ok() => writeln!(text, "last reload: {} done\n{}", last.at, last.describe()),
        Some(last) => {
            writeln!(text, "last reload: {} failed, the one before stays in force\n{}", last.at, last.describe())
        }
    };
    for (agency, count) in kept_secret::refusals(&operated.app).await.unwrap_or_default() {
        let what = if count >= OUTAGE { "an outage: " } else { "" };
        let _ = writeln!(text, "{OF_AN_EXTRANET}{agency}: {what}{count} kept passwords that had worked are refused");
    }
    for (agency, told, since) in spelling::learnt(&operated.app).await.unwrap_or_default() {
        let what = match told {
            Spellings::Apart => "identifiers that differ in capitals or accents only are accounts of their own",
            Spellings::Alike => "identifiers that differ in capitals or accents only are one account",
            Spellings::Unlearnt => continue,
        };
        let since = since.map(|since| format!(", learnt {since}")).unwrap_or_default();
        let _ = writeln!(text, "{OF_AN_EXTRANET}{agency}: {what}{since}");
    }
    if operated.is_replaced.load(Ordering::Relaxed) {
        text.push_str("another process has taken the listeners over\n");
    }
    text
}
