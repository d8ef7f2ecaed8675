//! What is counted, and how Prometheus reads it (e07).
//!
//! Labels are words of closed lists that stand in the code, and the codes of configured agencies: nothing that a client
//! sends, no person, no path. What every request counts are atomics that are found without a search; the rest, which
//! happens seldom, is kept by its word.

mod histogram;
mod lists;
mod process;
mod requests;
mod text;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::AuditEvent;

pub use histogram::Histogram;
pub use requests::Requests;
pub use text::{Kept, Outbox, Ready, text};

/// Everything that this process has counted.
pub static METRICS: Metrics = Metrics::new();

/// The counters of one process, from its start.
pub struct Metrics {
    agencies: RwLock<BTreeMap<AgencyCode, Arc<AgencyMetrics>>>,
    /// Requests for no agency: the portal, unknown hosts, and what could not be read.
    pub elsewhere: Requests,
    /// Looks into memory for a decided visitor.
    pub cache: Cache,
    /// What was written into the trace, by event.
    pub events: Words,
    /// Sign-ins at the portal, by outcome.
    pub sign_ins: Words,
    /// Steps of the wizard that somebody came to.
    pub wizard: Words,
    /// Guesses that were not tried, because of too many before: by what was counted.
    pub throttled: Words,
    /// Letters by what became of a try.
    pub letters: Words,
    /// What the hashing threads did.
    pub hashes: Words,
    /// Hashes that wait or are being made.
    pub hashing: Gauge,
    /// Tries to take over new configuration, by outcome: `taken` or `refused`.
    pub reloads: Words,
    /// Agencies that have gone: by `itself`, because of files that vanished, or by an `operator`'s word, who may say so of
    /// those that went by themselves.
    pub agencies_removed: Words,
    /// Batches of spans, by what became of them.
    pub trace_batches: Words,
    /// How often the clock was set, by where to: `back` or `forward`, and the `database`'s back.
    pub clock_set: Words,
    /// Connections of clients that are open.
    pub connections: Gauge,
}

/// What is counted for one agency; found once, kept beside the agency.
#[derive(Debug, Default)]
pub struct AgencyMetrics {
    /// Requests on its host.
    pub requests: Requests,
    /// Until the extranet's answer began.
    pub upstream: Histogram,
    /// Sign-ins at the extranet, by outcome, with the time that they took.
    sign_ins: Mutex<BTreeMap<&'static str, Arc<Histogram>>>,
    /// Forms of which only the beginning was looked at.
    beyond: AtomicU64,
    /// Kept passwords that had worked and are refused at the moment.
    refused: AtomicU64,
}

/// Looks into memory for a decided visitor.
#[derive(Debug, Default)]
pub struct Cache {
    found: AtomicU64,
    missed: AtomicU64,
}

/// Counters under words that stand in the code. Those that are listed are there from the start, at 0: the first event is a
/// change then, and not the beginning of a series (A15).
#[derive(Debug)]
pub struct Words {
    listed: &'static [&'static str],
    counted: Mutex<BTreeMap<&'static str, u64>>,
}

/// Something that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

/// One more, for as long as it lives.
#[derive(Debug)]
pub struct Held(&'static Gauge);

impl Metrics {
    const fn new() -> Self {
        Self {
            agencies: RwLock::new(BTreeMap::new()),
            elsewhere: Requests::new(),
            cache: Cache { found: AtomicU64::new(0), missed: AtomicU64::new(0) },
            events: Words::new(lists::EVENTS),
            sign_ins: Words::new(lists::SIGN_INS),
            wizard: Words::new(lists::WIZARD),
            throttled: Words::new(lists::THROTTLED),
            letters: Words::new(lists::LETTERS),
            hashes: Words::new(lists::HASHES),
            hashing: Gauge(AtomicI64::new(0)),
            reloads: Words::new(lists::RELOADS),
            agencies_removed: Words::new(lists::REMOVED),
            trace_batches: Words::new(lists::TRACE_BATCHES),
            clock_set: Words::new(lists::CLOCK_SET),
            connections: Gauge(AtomicI64::new(0)),
        }
    }

    /// What is counted for an agency of the configuration. To be kept where requests are many.
    #[must_use]
    pub fn agency(&self, code: &AgencyCode) -> Arc<AgencyMetrics> {
        if let Some(known) = self.agencies.read().unwrap_or_else(PoisonError::into_inner).get(code) {
            return Arc::clone(known);
        }
        let mut agencies = self.agencies.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(agencies.entry(code.clone()).or_default())
    }

    /// Counts what was written into the trace, once it is sure to stand there.
    pub fn traced(&self, event: &AuditEvent) {
        self.events.add(event.name());
        match event {
            AuditEvent::SignedIn => self.sign_ins.add("signed-in"),
            AuditEvent::SignInRefused { reason } => self.sign_ins.add(reason.name()),
            AuditEvent::MigrationStarted => self.sign_ins.add("migration-started"),
            AuditEvent::MigrationResumed => self.sign_ins.add("migration-resumed"),
            AuditEvent::ExtranetSilent { .. } => self.sign_ins.add("extranet-silent"),
            _ => {}
        }
    }

    fn agencies(&self) -> Vec<(AgencyCode, Arc<AgencyMetrics>)> {
        let agencies = self.agencies.read().unwrap_or_else(PoisonError::into_inner);
        agencies.iter().map(|(code, metrics)| (code.clone(), Arc::clone(metrics))).collect()
    }
}

impl AgencyMetrics {
    /// Counts a sign-in at the extranet; `outcome` is a word of a closed list.
    pub fn signed_in_upstream(&self, outcome: &'static str, took: Duration) {
        let mut known = self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(outcome).or_default().observe(took);
    }

    /// Only the beginning of a form was looked at for an old login.
    pub fn forms_beyond(&self) {
        self.beyond.fetch_add(1, Ordering::Relaxed);
    }

    /// So many kept passwords that had worked are refused now; how many were when this was last said.
    pub fn refuse_now(&self, count: u64) -> u64 {
        self.refused.swap(count, Ordering::Relaxed)
    }
}

impl Cache {
    /// A decided visitor was in memory.
    pub fn found(&self) {
        self.found.fetch_add(1, Ordering::Relaxed);
    }

    /// The session store had to be asked.
    pub fn missed(&self) {
        self.missed.fetch_add(1, Ordering::Relaxed);
    }
}

impl Words {
    const fn new(listed: &'static [&'static str]) -> Self {
        Self { listed, counted: Mutex::new(BTreeMap::new()) }
    }

    /// One more of this.
    pub fn add(&self, word: &'static str) {
        debug_assert!(
            self.listed.contains(&word) || lists::FROM_THE_FIRST.contains(&word),
            "{word} is missing in the lists of what is counted"
        );
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner).entry(word).or_default() += 1;
    }

    fn all(&self) -> BTreeMap<&'static str, u64> {
        let mut all: BTreeMap<&'static str, u64> = self.listed.iter().map(|word| (*word, 0)).collect();
        all.extend(self.counted.lock().unwrap_or_else(PoisonError::into_inner).iter());
        all
    }
}

impl Gauge {
    /// One more, until the value that is returned goes.
    #[must_use]
    pub fn hold(&'static self) -> Held {
        self.0.fetch_add(1, Ordering::Relaxed);
        Held(self)
    }

    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
