//! Putting a changed configuration in force while the gateway runs (e05): all of it or nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::ageing::Ageing;
use super::reading::{self, Reading, Refused};
use crate::app::App;
use crate::config::Settings;
use crate::proxy::Certificates;
use crate::telemetry::metrics::METRICS;

/// How often files are looked at. A change is taken up once it has been the same for two looks, so that an editor or a
/// copy of many files has come to its end.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The rest after a look, as a multiple of what it took: 1 % of a core at most goes into looking.
const REST: u32 = 100;
/// No folder of settings is deeper; a link that leads back to itself ends here.
const MOST_DEPTH: usize = 6;
/// Keys of `vestibule.toml` that a reload puts in force; every other one needs a restart.
const RELOADED: &[&str] = &[
    "agencies",
    "portal",
    "pages",
    "policy",
    "clients",
    "server.reload_on_change",
    "tls.folder",
    "tls.certificates",
    "tls.unknown_name",
];

/// Reads the configuration again, and remembers how that went.
pub(super) struct Reloader {
    path: PathBuf,
    app: Arc<App>,
    certificates: Arc<Certificates>,
    /// When they end.
    pub(super) ageing: Ageing,
    fixed: Fixed,
    /// One at a time.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

/// What cannot change while the gateway runs.
#[derive(PartialEq, Eq)]
struct Fixed {
    values: BTreeSet<(String, String)>,
    database: String,
    vault: Option<Vec<String>>,
}

struct State {
    last: Option<Last>,
    watches: bool,
    files: Vec<PathBuf>,
    /// Of the files, as they were when they were read.
    print: u64,
}

/// How the last reload went.
#[derive(Debug, Clone)]
pub(super) struct Last {
    /// When it ended.
    pub(super) at: Timestamp,
    /// What has changed, or why nothing has: each problem with file, line and a hint.
    pub(super) outcome: Result<Changes, Vec<String>>,
}

/// What a reload has changed.
#[derive(Debug, Clone)]
pub(super) struct Changes {
    edition: u64,
    agencies: usize,
    changed: usize,
    removed: usize,
    duration_ms: u64,
    /// Keys whose new value waits for a restart.
    restart: Vec<String>,
    warnings: Vec<String>,
}

impl Reloader {
    /// For a gateway that runs on these settings.
    pub(super) fn new(
        path: &Path,
        files: Vec<PathBuf>,
        settings: &Settings,
        app: Arc<App>,
        certificates: Arc<Certificates>,
    ) -> Self {
        let print = fingerprint(&files);
        Self {
            path: path.to_owned(),
            ageing: Ageing::of(settings, app.now()),
            app,
            certificates,
            fixed: Fixed::of(settings),
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(State { last: None, watches: settings.server.reload_on_change, files, print }),
        }
    }

    /// The file that everything begins with.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How the last reload went; none since the start.
    pub(super) fn last(&self) -> Option<Last> {
        self.state().last.clone()
    }

    /// Reads everything, and puts it in force if nothing in it is wrong; else what is in force stays.
    pub(super) async fn reload(&self, why: &'static str) -> Last {
        let _turn = self.turn.lock().await;
        let begin = self.app.now();
        let known = self.state().files.clone();
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || {
            let print = fingerprint(&known);
            let attempt = reading::read(&path);
            let print = if attempt.files == known { print } else { fingerprint(&attempt.files) };
            (attempt, print)
        });
        let outcome = match read.await {
            Ok((attempt, print)) => {
                let mut state = self.state();
                state.print = print;
                state.files = attempt.files;
                drop(state);
                attempt.outcome.map(|reading| self.put_in_force(reading, begin)).map_err(|refused| refused.problems)
            }
            Err(error) => Err(vec![format!("reading the configuration broke off: {error}")]),
        };
        METRICS.reloads.add(if outcome.is_ok() { "taken" } else { "refused" });
        let last = Last { at: self.app.now(), outcome };
        last.tell(why);
        self.state().last = Some(last.clone());
        last
    }

    /// Reloads whenever a file has changed, until told to stop.
    pub(super) async fn watch(&self, stop: CancellationToken) {
        let mut seen = self.state().print;
        let mut rest = LOOK_EVERY;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
            let (watches, files, print) = {
                let state = self.state();
                (state.watches, state.files.clone(), state.print)
            };
            if !watches {
                continue;
            }
            let begun = tokio::time::Instant::now();
            let Ok(now) = tokio::task::spawn_blocking(move || fingerprint(&files)).await else { continue };
            // Ten thousand files are looked at less often than ten, so that looking never costs what residents need.
            rest = LOOK_EVERY.max(begun.elapsed() * REST);
            if now != print && now == seen {
                self.reload("a file has changed").await;
            }
            seen = now;
        }
    }

    fn put_in_force(&self, reading: Reading, begin: Timestamp) -> Changes {
        let Reading { mut settings, pages, warnings } = reading;
        let restart = self.fixed.changed(&Fixed::of(&settings));
        let (listed, shows_default) = reading::certificates(&settings);
        self.certificates.replace(listed, shows_default);
        self.ageing.replace(&settings, begin);
        let before = self.app.current.edition();
        let edition = reading::edition(&mut settings, pages, Some(&before));
        let (number, directory) = (edition.number, Arc::clone(&edition.directory));
        self.app.current.replace(edition);
        // After the new edition: what is decided from here on is decided with it.
        let gone = |agency: &Arc<_>| !directory.holds(agency);
        self.app.sessions.forget_agencies(|code| before.directory.agency(code).is_none_or(gone));
        self.state().watches = settings.server.reload_on_change;
        let is_listed = |agency: &&Arc<crate::domain::agency::Agency>| directory.agency(&agency.code).is_some();
        let removed = before.directory.agencies().filter(|agency| !is_listed(agency)).count();
        let changed = directory.agencies().filter(|agency| !before.directory.holds(agency)).count();
        let duration_ms = self.app.now().duration_since(begin).as_millis();
        Changes {
            edition: number,
            agencies: directory.agencies().count(),
            changed,
            removed,
            duration_ms: u64::try_from(duration_ms).unwrap_or(0),
            restart,
            warnings,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Last {
    /// In words, for an operator.
    pub(super) fn describe(&self) -> String {
        match &self.outcome {
            Ok(changes) => changes.describe(),
            Err(problems) => problems.join("\n"),
        }
    }

    fn tell(&self, why: &str) {
        match &self.outcome {
            Ok(Changes { edition, agencies, changed, removed, duration_ms, restart, warnings }) => {
                for warning in warnings {
                    tracing::warn!(why, warning, "in the configuration");
                }
                tracing::info!(
                    why,
                    edition,
                    agencies,
                    changed,
                    removed,
                    duration_ms,
                    ?restart,
                    "the configuration was reloaded"
                );
            }
            Err(problems) => {
                for problem in problems {
                    if is_warning(problem) {
                        tracing::warn!(why, warning = problem, "in the configuration");
                        continue;
                    }
                    tracing::error!(why, problem, "the configuration was not reloaded: the old one stays in force");
                }
            }
        }
    }
}

/// As `config::Problem` writes it: behind file and line.
fn is_warning(problem: &str) -> bool {
    problem.split(" (hint: ").next().unwrap_or_default().contains(": warning: ")
}

impl Changes {
    fn describe(&self) -> String {
        let Self { edition, agencies, changed, removed, duration_ms, restart, warnings } = self;
        let mut text = warnings.iter().fold(String::new(), |text, warning| text + warning + "\n");
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "edition {edition} is in force: {agencies} agencies, {changed} of them new or changed, {removed} removed \
             ({duration_ms} ms)"
        );
        if !restart.is_empty() {
            let _ = write!(text, "\nwaits for a restart: {}", restart.join(", "));
        }
        text
    }
}

impl Fixed {
    fn of(settings: &Settings) -> Self {
        let is_reloaded = |key: &str| {
            RELOADED
                .iter()
                .any(|name| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        };
        let own = settings.origins.iter().filter(|origin| origin.agency.is_none() && !is_reloaded(&origin.key));
        Self {
            values: own.map(|origin| (origin.key.clone(), origin.value.clone())).collect(),
            database: settings.database_url.expose().to_owned(),
            vault: settings.vault.as_ref().map(|keys| {
                std::iter::once(&keys.current).chain(&keys.old).map(|key| key.id.clone()).collect::<Vec<_>>()
            }),
        }
    }

    /// The keys that differ.
    fn changed(&self, now: &Self) -> Vec<String> {
        let keys = self.values.symmetric_difference(&now.values).map(|(key, _)| key.clone());
        let database = (self.database != now.database).then(|| "database".to_owned());
        let vault = (self.vault != now.vault).then(|| "vault".to_owned());
        keys.chain(database).chain(vault).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Changes when one of these files does, or anything in one of these folders.
fn fingerprint(files: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        print(file, MOST_DEPTH, &mut hasher);
    }
    hasher.finish()
}

fn print(path: &Path, depth: usize, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if !metadata.is_dir() {
        return (metadata.mtime(), metadata.mtime_nsec(), metadata.len(), metadata.ino()).hash(hasher);
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    // As bytes: paths are compared part by part, which takes ten times as long.
    entries.sort_unstable_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
    for entry in &entries {
        print(entry, depth, hasher);
    }
}

/// The text of a refusal, as the terminal shows it.
impl Refused {
    pub(super) fn describe(&self) -> String {
        self.problems.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_what_is_in_the_folders_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = [folder.path().to_owned(), folder.path().join("missing")];
        let empty = fingerprint(&files);
        assert_eq!(empty, fingerprint(&files));
        std::fs::create_dir(folder.path().join("agencies")).expect("a folder");
        std::fs::write(folder.path().join("agencies/a.toml"), "a").expect("a file");
        let one = fingerprint(&files);
        assert_ne!(one, empty);
        std::fs::write(folder.path().join("agencies/a.toml"), "ab").expect("a file");
        assert_ne!(fingerprint(&files), one);
    }
}
