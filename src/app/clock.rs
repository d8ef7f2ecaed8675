//! The clock is set while the gateway runs: what was written down goes back with it (REL-055).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{App, Fault};
use crate::mail;

/// How often the clock is compared with the one that nobody can set.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Less is what time servers correct all the time.
const NOTICED: SignedDuration = SignedDuration::from_secs(2);

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    told: Timestamp,
    steady: Instant,
}

/// Looks for as long as it is let.
pub async fn watch(app: &App) {
    let read = || Reading { told: app.now(), steady: Instant::now() };
    let mut before = read();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = read();
        let set = now.set_since(before);
        if set.abs() >= NOTICED {
            let by_seconds = set.as_secs_f64().round();
            let done = if set.is_negative() { set_back(app, set.abs(), now.told).await } else { Ok(()) };
            match done {
                Ok(()) => tracing::warn!(by_seconds, "the clock was set"),
                Err(error) => {
                    // The next look finds the same.
                    tracing::error!(%error, by_seconds, "the clock was set, and what is kept could not be");
                    continue;
                }
            }
        }
        before = now;
    }
}

async fn set_back(app: &App, by: SignedDuration, now: Timestamp) -> Result<(), Fault> {
    let mut tx = app.store.write().await?;
    tx.set_back(by, mail::lease_ms(), now).await?;
    Ok(tx.commit().await?)
}

impl Reading {
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
