//! Putting a changed configuration in force while the gateway runs (e05): all of it or nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::ageing::Ageing;
use super::configured::to_type;
use super::fingerprint::fingerprint;
use super::outcome::{Changes, Last, Refusal, described, names};
use super::reading::{self, Reading};
use crate::app::App;
use crate::config::{PackedSources, Settings};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::origin::{Origin, Scheme};
use crate::domain::removal::{Consent, Loss, Roll};
use crate::domain::routing::Directory;
use crate::edition::Edition;
use crate::proxy::Certificates;
use crate::telemetry::metrics::METRICS;

/// How often files are looked at. A change is taken up once it has been the same for two looks, so that an editor or a
/// copy of many files has come to its end.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The rest after a look, as a multiple of what it took: 1 % of a core at most goes into looking.
const REST: u32 = 100;
/// How often it is looked whether the database still knows what is in force here, where another node may have said otherwise.
const KNOWN_EVERY: Duration = Duration::from_secs(10);
/// How often it is told again that the files are not what is in force.
const TELL_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// Keys of `vestibule.toml` that a reload puts in force; every other one needs a restart.
const RELOADED: &[&str] = &[
    "agencies",
    "portal",
    "pages",
    "policy",
    "clients",
    "server.reload_on_change",
    "server.reload_removes",
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
    /// When it was last told that the files are not what is in force.
    told: Option<Timestamp>,
    watches: bool,
    /// How many agencies may go by themselves.
    most_removed: usize,
    /// Agencies that were in force and that the files have lost, before this start or by themselves since: missed until they
    /// are back, or an operator says that they are to go.
    gone: BTreeSet<AgencyCode>,
    /// Agencies of which an operator has said so, and the database does not know it yet.
    forgotten: BTreeSet<AgencyCode>,
    /// Whether the database knows which agencies are in force.
    is_remembered: bool,
    /// The texts of what is in force.
    in_force: PackedSources,
    files: Vec<PathBuf>,
    /// Of the files, as they were when they were read.
    print: u64,
    /// What this start went on with, and no reload has found mended.
    flaws: Vec<String>,
}

/// What the files have lost.
struct Lost {
    /// What is in force, and would be gone now.
    now: Loss,
    /// The same with what is missed already: an operator's word is about all of it.
    all: Loss,
    /// Whether it is an operator's word that all of it goes.
    is_agreed: bool,
    /// Whether the files may be put in force.
    is_allowed: bool,
}

impl Reloader {
    /// For a gateway that runs on these settings.
    pub(super) fn new(
        (path, files): (&Path, Vec<PathBuf>),
        (settings, in_force): (&Settings, PackedSources),
        app: Arc<App>,
        certificates: Arc<Certificates>,
    ) -> Self {
        let print = fingerprint(&files);
        Self {
            path: path.to_owned(),
            ageing: Ageing::of(settings, app.directory().agencies().map(AsRef::as_ref), app.now()),
            app,
            certificates,
            fixed: Fixed::of(settings),
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                last: None,
                told: None,
                watches: settings.server.reload_on_change,
                most_removed: settings.server.reload_removes,
                gone: BTreeSet::new(),
                forgotten: BTreeSet::new(),
                is_remembered: false,
                in_force,
                files,
                print,
                flaws: Vec::new(),
            }),
        }
    }

    /// Knowing which agencies were in force before this start. Those that the files have lost are told, and missed, unless
    /// an operator has agreed that they go.
    pub(super) fn knowing(mut self, known: Vec<AgencyCode>, consent: Consent<'_>) -> Self {
        let directory = self.app.directory();
        let gone: BTreeSet<AgencyCode> = known.into_iter().filter(|code| directory.agency(code).is_none()).collect();
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if consent == Consent::ToAny {
            state.forgotten = gone;
            return self;
        }
        state.told = (!gone.is_empty()).then(|| self.app.now());
        state.gone = gone;
        if !state.gone.is_empty() {
            let (missing, gone) = (state.gone.len(), listed(&state.gone));
            tracing::warn!(
                missing,
                gone,
                "agencies that were in force before this start are not in its files: their hosts are not served (put the \
                 files back, and they are in force some seconds later; if they are to go: {})",
                to_type("reload")
            );
        }
        self
    }

    /// Although this is wrong in the files.
    pub(super) fn going_on_with(mut self, flaws: Vec<String>) -> Self {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !flaws.is_empty() {
            state.told = Some(self.app.now());
        }
        state.flaws = flaws;
        self
    }

    /// What is wrong in the files from which this gateway was started all the same.
    pub(super) fn flaws(&self) -> Vec<String> {
        self.state().flaws.clone()
    }

    /// Agencies that were in force, and are missed.
    pub(super) fn gone(&self) -> Vec<AgencyCode> {
        self.state().gone.iter().cloned().collect()
    }

    /// How many agencies the files have lost: those that are in force all the same, and those that are missed.
    pub(super) fn missing(&self) -> usize {
        let state = self.state();
        let refused = state.last.as_ref().and_then(Last::loss).map_or(&[][..], |loss| &loss.agencies[..]);
        state.gone.iter().chain(refused).collect::<BTreeSet<_>>().len()
    }

    /// Lets the database know which agencies are in force, unless it does.
    pub(super) async fn remember(&self) {
        let _turn = self.turn.lock().await;
        self.write_down().await;
    }

    /// What another node was told to forget is served here still: it is no agency that can be erased.
    async fn look_whether_known(&self) {
        let asked = async { self.app.store.read().await?.agencies_in_force().await };
        let Ok(known) = asked.await else { return };
        let known: BTreeSet<AgencyCode> = known.into_iter().collect();
        if self.app.directory().agencies().any(|agency| !known.contains(&agency.code)) {
            self.state().is_remembered = false;
        }
    }

    async fn write_down(&self) {
        let directory = self.app.directory();
        let there: Vec<AgencyCode> = directory.agencies().map(|agency| agency.code.clone()).collect();
        let gone: Vec<AgencyCode> = {
            let state = self.state();
            // An outage is told elsewhere, and this is done once it is over.
            if state.is_remembered || self.app.store.is_away() {
                return;
            }
            state.forgotten.iter().filter(|code| directory.agency(code).is_none()).cloned().collect()
        };
        let writing = async {
            let mut tx = self.app.store.write().await?;
            tx.remember_agencies(&there, &gone, self.app.now()).await?;
            tx.commit().await
        };
        match writing.await {
            Ok(()) => {
                let mut state = self.state();
                state.is_remembered = true;
                state.forgotten.clear();
            }
            Err(error) => tracing::debug!(%error, "which agencies are in force could not be written down yet"),
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

    /// The texts of what is in force, as [`crate::config::Sources`] reads them.
    pub(super) fn in_force(&self) -> Option<Zeroizing<String>> {
        let packed = self.state().in_force.clone();
        packed.text()
    }

    /// What the files would take away now with what they have before, if that takes an operator's word.
    pub(super) async fn would_lose(&self) -> Option<Loss> {
        let path = self.path.clone();
        let attempt = tokio::task::spawn_blocking(move || reading::read(&path)).await.ok()?;
        let settings = attempt.outcome.ok()?.settings;
        let Lost { all, is_allowed, .. } = self.lost(&settings, Consent::None);
        (!is_allowed).then_some(all)
    }

    /// Reads everything, and puts it in force if nothing in it is wrong; else what is in force stays. Who has to be asked
    /// first has changed nothing yet.
    pub(super) async fn reload(&self, why: &'static str, consent: Consent<'_>) -> Last {
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
        let (outcome, seen) = match read.await {
            Ok((attempt, print)) => {
                let read = attempt.outcome.map_err(|refused| Refusal { problems: refused.problems, loss: None });
                (read.and_then(|reading| self.put_in_force(reading, begin, consent)), Some((print, attempt.files)))
            }
            Err(error) => {
                let problems = vec![format!("reading the configuration broke off: {error}")];
                (Err(Refusal { problems, loss: None }), None)
            }
        };
        let is_asked = matches!(&outcome, Err(Refusal { loss: Some(_), .. })) && consent != Consent::None;
        if is_asked {
            return Last { at: self.app.now(), outcome };
        }
        if let Some((print, files)) = seen {
            let mut state = self.state();
            state.print = print;
            state.files = files;
        }
        METRICS.reloads.add(if outcome.is_ok() { "taken" } else { "refused" });
        let last = Last { at: self.app.now(), outcome };
        last.tell(why);
        {
            let mut state = self.state();
            let is_told = last.outcome.is_err() || !state.gone.is_empty() || !state.flaws.is_empty();
            state.told = is_told.then_some(last.at);
            state.last = Some(last.clone());
        }
        self.write_down().await;
        last
    }

    /// Tells again what an operator may have missed.
    fn tell_again(&self) {
        let now = self.app.now();
        let mut state = self.state();
        if state.told.is_none_or(|told| now.duration_since(told) < TELL_AGAIN) {
            return;
        }
        state.told = Some(now);
        if !state.gone.is_empty() {
            let (missing, gone) = (state.gone.len(), listed(&state.gone));
            tracing::warn!(
                missing,
                gone,
                "agencies that were in force before are not in the files: their hosts are not served (put the files back; if \
                 they are to go: {})",
                to_type("reload")
            );
        }
        for flaw in &state.flaws {
            tracing::warn!(warning = flaw, "in the configuration");
        }
        let Some(Last { at, outcome: Err(refusal) }) = state.last.clone() else { return };
        drop(state);
        let problem = refusal.problems.first().map(String::as_str).unwrap_or_default();
        tracing::warn!(since = %at, problem, "the configuration in the files is still not the one in force");
    }

    /// Reloads whenever a file has changed, until told to stop.
    pub(super) async fn watch(&self, stop: CancellationToken) {
        let mut seen = self.state().print;
        let mut rest = LOOK_EVERY;
        let mut looked = tokio::time::Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
            self.tell_again();
            if self.app.store.has_other_nodes() && looked.elapsed() >= KNOWN_EVERY {
                looked = tokio::time::Instant::now();
                self.look_whether_known().await;
            }
            self.remember().await;
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
                self.reload("a file has changed", Consent::None).await;
            }
            seen = now;
        }
    }

    fn put_in_force(&self, reading: Reading, begin: Timestamp, consent: Consent<'_>) -> Result<Changes, Refusal> {
        let Reading { mut settings, pages, warnings, flaws, digest, sources } = reading;
        if !flaws.is_empty() {
            return Err(Refusal { problems: warnings.into_iter().chain(flaws).collect(), loss: None });
        }
        let Lost { now, all, is_agreed, is_allowed } = self.lost(&settings, consent);
        if !is_allowed {
            let missed = self.state().gone.len();
            let problems = vec![described(&all, self.app.directory().agencies().count() + missed)];
            return Err(Refusal { problems, loss: Some(all) });
        }
        let (word, removed) = if is_agreed { ("operator", all.agencies) } else { ("itself", now.agencies) };
        for _ in &removed {
            METRICS.agencies_removed.add(word);
        }
        let restart = self.fixed.changed(&Fixed::of(&settings));
        let (listed, shows_default) = reading::certificates(&settings);
        self.certificates.replace(listed, shows_default);
        self.ageing.replace(&settings, begin);
        let before = self.app.current.edition();
        let edition = reading::edition(&mut settings, pages, digest, Some(&before));
        let (number, directory) = (edition.number, Arc::clone(&edition.directory));
        self.replace(edition, &before, &directory);
        let missed = self.keep(&settings, &directory, sources, (is_agreed, &removed));
        let changed = directory.agencies().filter(|agency| !before.directory.holds(agency)).count();
        let duration_ms = self.app.now().duration_since(begin).as_millis();
        Ok(Changes {
            edition: number,
            agencies: directory.agencies().count(),
            changed,
            removed,
            missed,
            duration_ms: u64::try_from(duration_ms).unwrap_or(0),
            restart,
            warnings,
        })
    }

    fn replace(&self, edition: Edition, before: &Edition, directory: &Directory) {
        self.app.current.replace(edition);
        // After the new edition: what is decided from here on is decided with it.
        let gone = |agency: &Arc<Agency>| !directory.holds(agency);
        self.app.sessions.forget_agencies(|code| before.directory.agency(code).is_none_or(gone));
    }

    /// Keeps what is in force, and which agencies are missed.
    fn keep(
        &self,
        settings: &Settings,
        directory: &Directory,
        sources: PackedSources,
        (is_agreed, removed): (bool, &[AgencyCode]),
    ) -> Vec<AgencyCode> {
        let mut state = self.state();
        state.watches = settings.server.reload_on_change;
        state.most_removed = settings.server.reload_removes;
        state.in_force = sources;
        state.flaws.clear();
        if is_agreed {
            state.gone.clear();
            state.forgotten.extend(removed.iter().cloned());
        } else {
            state.gone.extend(removed.iter().cloned());
        }
        state.gone.retain(|code| directory.agency(code).is_none());
        state.forgotten.retain(|code| directory.agency(code).is_none());
        state.is_remembered = false;
        state.gone.iter().cloned().collect()
    }

    /// What the files have lost with these settings, and whether they may be put in force.
    fn lost(&self, settings: &Settings, consent: Consent<'_>) -> Lost {
        let listed: BTreeSet<&AgencyCode> = settings.agencies.iter().map(|agency| &agency.code).collect();
        let directory = self.app.directory();
        let in_force: BTreeSet<AgencyCode> = directory.agencies().map(|agency| agency.code.clone()).collect();
        let certificates = self.lost_certificates(settings);
        let state = self.state();
        let without = |agencies: &mut dyn Iterator<Item = &AgencyCode>| Loss {
            agencies: agencies.filter(|code| !listed.contains(code)).cloned().collect(),
            certificates: certificates.clone(),
        };
        let now = without(&mut in_force.iter());
        let roll = Roll::new(in_force.union(&state.gone));
        let all = without(&mut in_force.union(&state.gone));
        let is_agreed = all.is_agreed(consent);
        let may_be = now.may_be(consent, &roll, all.agencies.len(), state.most_removed);
        Lost { now, all, is_agreed, is_allowed: is_agreed || may_be }
    }

    /// Hosts that have a certificate that holds now and are still served, but would have none.
    fn lost_certificates(&self, settings: &Settings) -> Vec<String> {
        let Some(tls) = settings.tls.as_ref().filter(|tls| !tls.listen.is_empty()) else { return Vec::new() };
        let origins = settings.agencies.iter().map(|agency| &agency.public).chain([&settings.portal.origin]);
        let hosts = origins.filter(|origin| origin.scheme() == Scheme::Https).map(Origin::host);
        let now = self.app.now();
        let is_covered =
            |host: &str| tls.certificates.iter().any(|certificate| certificate.holds(now) && certificate.covers(host));
        let has = |host: &str| self.certificates.has(host) && !self.ageing.is_over(host, now);
        let lost: BTreeSet<&str> = hosts.filter(|host| has(host) && !is_covered(host)).collect();
        lost.into_iter().map(str::to_owned).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listed(gone: &BTreeSet<AgencyCode>) -> String {
    names(&gone.iter().collect::<Vec<_>>())
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
