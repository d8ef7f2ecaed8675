//! The steady clock, by which durations are measured.

use std::time::{Duration, Instant};

/// Now, on a clock that nobody sets.
#[expect(clippy::disallowed_methods, reason = "only telemetry and the proxy measure durations, and this is the place")]
pub fn now() -> Instant {
    Instant::now()
}

/// A duration, as logs have it.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
