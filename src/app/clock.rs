//! The clock is set while the gateway runs: what was written down goes back with it (REL-055).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{App, Fault};
use crate::mail;
use crate::telemetry::metrics::METRICS;

/// How often the clock is compared with the one that nobody can set.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Less is what time servers correct all the time.
const NOTICED: SignedDuration = SignedDuration::from_secs(2);
/// How often the database's clock is read, where it is the one that counts.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// A reading that took longer says too little.
const AT_ONCE: Duration = Duration::from_millis(500);
/// By how much a machine's clock may differ from the database's without a word.
const MAY_DIFFER: SignedDuration = SignedDuration::from_secs(10);

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    told: Timestamp,
    steady: Instant,
}

/// Looks for as long as it is let.
///
/// Where there can be other nodes, this one's clock is its own affair: what they share is judged by the database's, and
/// only when that was set, what is kept goes with it (decision 49).
pub async fn watch(app: &App) {
    let mut shared = Shared::default();
    let mut before = Reading::now(app);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = Reading::now(app);
        let set = now.set_since(before);
        if set.abs() >= NOTICED {
            let by_seconds = set.as_secs_f64().round();
            let is_own = set.is_negative() && !app.store.has_other_nodes();
            let done = if is_own { set_back(app, set.abs(), now.told).await } else { Ok(()) };
            match done {
                Ok(()) => {
                    METRICS.clock_set.add(if set.is_negative() { "back" } else { "forward" });
                    tracing::warn!(by_seconds, "the clock was set");
                }
                Err(error) => {
                    // The next look finds the same.
                    tracing::error!(%error, by_seconds, "the clock was set, and what is kept could not be");
                    continue;
                }
            }
        }
        before = now;
        if app.store.has_other_nodes() {
            shared.look(app).await;
        }
    }
}

async fn set_back(app: &App, by: SignedDuration, now: Timestamp) -> Result<(), Fault> {
    let mut tx = app.store.write().await?;
    tx.set_back(by, mail::lease_ms(), now).await?;
    Ok(tx.commit().await?)
}

/// The database's clock, as it was last read.
#[derive(Debug, Default)]
struct Shared {
    before: Option<Reading>,
    looked: Option<Instant>,
    differs: bool,
}

impl Shared {
    /// Reads the database's clock now and then; a database that does not answer, or not at once, says nothing of it.
    async fn look(&mut self, app: &App) {
        let asked = Instant::now();
        if self.looked.is_some_and(|looked| asked - looked < ASK_EVERY) {
            return;
        }
        self.looked = Some(asked);
        let Ok(told) = app.store.time(app.now()).await else { return };
        if asked.elapsed() > AT_ONCE {
            return;
        }
        self.tell_difference(app.now().duration_since(told));
        let now = Reading { told, steady: Instant::now() };
        let set = self.before.map_or(SignedDuration::ZERO, |before| now.set_since(before));
        if set.is_negative() && set.abs() >= NOTICED {
            let by_seconds = set.as_secs_f64().round();
            METRICS.clock_set.add("database");
            tracing::warn!(by_seconds, "the database's clock was set");
            if let Err(error) = set_back(app, set.abs(), now.told).await {
                tracing::error!(%error, by_seconds, "the database's clock was set, and what is kept could not be");
                return;
            }
        }
        self.before = Some(now);
    }

    /// Told once, when it begins: sessions and codes are judged by this machine's clock, and end earlier or later here.
    fn tell_difference(&mut self, by: SignedDuration) {
        let differs = by.abs() >= MAY_DIFFER;
        if differs && !self.differs {
            let by_seconds = by.as_secs_f64().round();
            tracing::warn!(
                by_seconds,
                "this machine's clock is not that of the database: is its time service running?"
            );
        }
        self.differs = differs;
    }
}

impl Reading {
    fn now(app: &App) -> Self {
        Self { told: app.now(), steady: Instant::now() }
    }

    /// By how much the clock was set since another reading.
    fn set_since(self, before: Self) -> SignedDuration {
        let passed = SignedDuration::try_from(self.steady - before.steady).unwrap_or(SignedDuration::MAX);
        self.told.duration_since(before.told).saturating_sub(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_055_a_clock_was_set_by_what_the_steady_one_does_not_tell() {
        let before = Reading { told: Timestamp::UNIX_EPOCH, steady: Instant::now() };
        let after = |told: i64, passed: u64| Reading {
            told: Timestamp::from_second(told).expect("a time"),
            steady: before.steady + Duration::from_secs(passed),
        };
        for (told, passed, set) in [(5, 5, 0), (3605, 5, 3600), (-3595, 5, -3600), (0, 1, -1)] {
            assert_eq!(after(told, passed).set_since(before), SignedDuration::from_secs(set), "{told} {passed}");
        }
    }
}
