//! The control socket: how an operator, or a new process, speaks to the gateway that runs.
//!
//! One line asks, in words: `status`, `reload`, `replace`, `forget identity <id>`, `forget session <id>`, `forget all`,
//! `whose`, `health`, `agencies`, `configuration`, `doubt`, `keys`, `serves`, `upgrade`. The answer is `done`, `failed`, `misses`
//! or `asks` on a line of its own,
//! then text, until the connection is closed. Only the gateway's own user and root are listened to.

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::configured::known_as;
use super::lost_secrets::{NOT_THERE_YET, lost_secrets};
use super::operated::Operated;
use super::outcome::missing;
use super::said::{ANY, Said, UNASKED};
use super::succession;
use crate::app::{App, kept_secret, spelling};
use crate::config::ControlPlaces;
use crate::domain::identity::IdentityId;
use crate::domain::kept_secret::OUTAGE;
use crate::domain::removal::Consent;
use crate::domain::session::SessionId;
use crate::domain::spelling::Spellings;
use crate::sessions::Change;

/// The longest line that asks for something.
const LONGEST: u64 = 512;
/// How a line of the status begins that tells of an extranet.
pub(super) const OF_AN_EXTRANET: &str = "extranet of ";
/// How long somebody may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// Asks the gateway that runs on this file.
///
/// # Errors
/// Tells the operator where none answers.
pub(super) async fn ask(places: &ControlPlaces, line: &str) -> Result<Said, String> {
    let place = find(places).await?;
    let asked = async { say(&mut UnixStream::connect(place).await?, line).await };
    asked.await.map_err(|error| explain(place, &error))
}

/// Where the gateway that runs on this file has opened its socket.
///
/// # Errors
/// Tells the operator where none answers.
pub(super) async fn find(places: &ControlPlaces) -> Result<&Path, String> {
    let mut wrong = None;
    let file = known_as(&places.file);
    for place in std::iter::once(&places.own).chain(&places.others) {
        let Some(mut stream) = connect(place, &mut wrong).await else { continue };
        let is_ours = match say(&mut stream, "whose").await {
            Ok(Said::Done(whose)) => whose == file,
            // One that is older does not say.
            _ => *place == places.own,
        };
        // Another gateway of this machine is spoken to only where the file names its socket.
        if is_ours || (places.is_written && *place == places.own) {
            return Ok(place);
        }
    }
    let (place, error) = wrong.unwrap_or_else(|| (places.own.clone(), io::ErrorKind::NotFound.into()));
    Err(explain(&place, &error))
}

/// Whether a gateway runs on this file.
pub(super) async fn runs(places: &ControlPlaces) -> bool {
    matches!(ask(places, "whose").await, Ok(Said::Done(_)))
}

/// Connects; keeps the first reason why not, unless a later one is more than that there is no such file.
async fn connect(place: &Path, wrong: &mut Option<(PathBuf, io::Error)>) -> Option<UnixStream> {
    match UnixStream::connect(place).await {
        Ok(stream) => Some(stream),
        Err(error) => {
            let is_news = wrong.as_ref().is_none_or(|(_, known)| known.kind() == io::ErrorKind::NotFound);
            if is_news && (wrong.is_none() || error.kind() != io::ErrorKind::NotFound) {
                *wrong = Some((place.to_owned(), error));
            }
            None
        }
    }
}

fn explain(place: &Path, error: &io::Error) -> String {
    format!("{}: {error} (hint: is the gateway running, and as the same user?)", place.display())
}

async fn say(stream: &mut UnixStream, line: &str) -> io::Result<Said> {
    stream.write_all(format!("{line}\n").as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let (word, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let rest = rest.trim_end();
    match (word.split_once(' ').unwrap_or((word, "")), rest) {
        (("done", _), rest) => Ok(Said::Done(rest.to_owned())),
        (("failed", _), rest) => Ok(Said::Failed(rest.to_owned())),
        (("misses", consent), rest) => Ok(Said::Misses { consent: consent.to_owned(), text: rest.to_owned() }),
        (("asks", consent), rest) => Ok(Said::Asks { consent: consent.to_owned(), text: rest.to_owned() }),
        _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer breaks off")),
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
    let _unanswered = operated.answering.read().await;
    let words: Vec<&str> = line.split_whitespace().collect();
    let said = match words.as_slice() {
        ["status"] => Said::Done(status(&operated).await),
        ["reload", agreed @ ..] => {
            operated.reloader.reload("asked for", consent(agreed).unwrap_or(Consent::Wanted)).await.said()
        }
        ["replace", agreed @ ..] => succession::replace(&operated, consent(agreed).unwrap_or(Consent::None)).await,
        ["forget", what @ ..] => forget(&operated.app, what),
        ["whose"] => Said::Done(operated.file.clone()),
        ["health"] => Said::Done(operated.health.to_string()),
        ["agencies"] => Said::Done(agencies(&operated)),
        ["doubt"] => Said::Done(operated.app.store.doubt().map(|doubt| doubt.to_string()).unwrap_or_default()),
        ["configuration"] => match operated.reloader.in_force() {
            Some(text) => Said::Done(text.to_string()),
            None => Said::Failed("what is in force is not known any more".to_owned()),
        },
        ["upgrade"] => return succession::give_way(stream.into_inner(), &operated).await,
        ["keys"] => Said::Done(operated.app.vault.as_ref().map_or_else(Vec::new, |vault| vault.key_ids()).join(" ")),
        ["serves"] => Said::Done(operated.app.store.served_file().unwrap_or_default()),
        _ => Said::Failed(format!("nothing is known of `{}`", line.trim())),
    };
    let text = match said {
        Said::Done(text) => format!("done\n{text}\n"),
        Said::Failed(text) => format!("failed\n{text}\n"),
        Said::Misses { consent, text } => format!("misses {consent}\n{text}\n"),
        Said::Asks { consent, text } => format!("asks {consent}\n{text}\n"),
    };
    // Whoever asked may be gone.
    let _ = stream.into_inner().write_all(text.as_bytes()).await;
}

/// What was agreed to, after the word that asks.
fn consent<'c>(words: &[&'c str]) -> Option<Consent<'c>> {
    match words {
        ["removing", ANY] => Some(Consent::ToAny),
        ["removing", name] => Some(Consent::To(name)),
        [UNASKED] => Some(Consent::None),
        _ => None,
    }
}

/// The agencies in force, one a line.
fn agencies(operated: &Operated) -> String {
    let directory = operated.app.directory();
    let mut codes: Vec<String> = directory.agencies().map(|agency| agency.code.to_string()).collect();
    codes.sort_unstable();
    codes.join("\n")
}

fn forget(app: &App, what: &[&str]) -> Said {
    match what {
        ["identity", id] => app.sessions.forget(&Change::Identity(IdentityId::stored(*id))),
        ["session", id] => app.sessions.forget(&Change::Session(SessionId::stored(*id))),
        ["all"] => app.sessions.forget(&Change::Everything),
        _ => return Said::Failed("forget what: identity <id>, session <id> or all".to_owned()),
    }
    Said::Done("what was decided is asked for again".to_owned())
}

async fn status(operated: &Operated) -> String {
    let edition = operated.app.current.edition();
    let now = operated.app.now();
    let state = operated.state();
    let database = super::health::database(&operated.app).await;
    let mut text = format!(
        "vestibule {}, process {}\nstarted {}, up {} s\ngateway: {state}\ndatabase: {database}\n",
        env!("CARGO_PKG_VERSION"),
        std::process::id(),
        operated.started,
        now.duration_since(operated.started).as_secs(),
    );
    // Writing to a String cannot fail.
    if let Some(doubt) = operated.app.store.doubt() {
        let _ = writeln!(text, "the database may not be the right one: {doubt}");
    }
    let _ = writeln!(
        text,
        "configuration: {}, edition {} ({:08x}), {} agencies",
        operated.reloader.path().display(),
        edition.number,
        edition.digest,
        edition.directory.agencies().count()
    );
    let gone = operated.reloader.gone();
    if !gone.is_empty() {
        let _ = writeln!(text, "{}", missing(&gone));
    }
    for flaw in operated.reloader.flaws() {
        let _ = writeln!(text, "started all the same: {flaw}");
    }
    let _ = match operated.reloader.last() {
        None => writeln!(text, "last reload: none since the start"),
        Some(last) if last.outcome.is_ok() => writeln!(text, "last reload: {} done\n{}", last.at, last.describe()),
        Some(last) => {
            writeln!(text, "last reload: {} failed, the one before stays in force\n{}", last.at, last.describe())
        }
    };
    let keys = operated.app.vault.as_ref().map_or_else(Vec::new, |vault| vault.key_ids());
    if let Some(lost) = lost_secrets(&operated.app.store, &keys, NOT_THERE_YET).await {
        let _ = writeln!(text, "{lost}");
    }
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
