//! Times, by how long they were at most.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds, milliseconds; what is longer is counted beyond them.
pub(super) const BOUNDS_MS: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000];

/// Times by buckets, and their sum.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    /// Counts one time.
    pub fn observe(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_MS.iter().position(|bound| micros <= bound * 1000).unwrap_or(BOUNDS_MS.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(micros, Ordering::Relaxed);
    }

    /// How many times were at most as long as each bound, then all of them; and their sum in microseconds.
    pub(super) fn read(&self) -> ([u64; BOUNDS_MS.len() + 1], u64) {
        let mut sum = 0;
        let counts = self.buckets.each_ref().map(|bucket| {
            sum += bucket.load(Ordering::Relaxed);
            sum
        });
        (counts, self.sum_us.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_for_every_bound_that_it_does_not_pass() {
        let histogram = Histogram::default();
        for millis in [1, 3, 100, 60_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let (counts, sum) = histogram.read();
        assert_eq!(counts, [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4]);
        assert_eq!(sum, 60_104_000);
    }
}
