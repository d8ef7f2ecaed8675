//! Request identifiers: one number per request, sixteen hexadecimal digits wherever it is written.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives out the identifiers of one process.
#[derive(Debug)]
pub struct RequestIds {
    seed: u64,
    given: AtomicU64,
}

/// A request's identifier. Not a secret, and not to be guessed from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestNumber(u64);

/// From whom a request is, and what it is called.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The client's address.
    pub client: IpAddr,
    /// The request's identifier.
    pub id: RequestNumber,
}

impl RequestIds {
    /// Starts at a place that chance has chosen, so that two runs do not repeat each other.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, given: AtomicU64::new(0) }
    }

    /// The next one. The counter is mixed by a bijection (that of `SplitMix64`), so no number comes twice.
    pub fn next(&self) -> RequestNumber {
        let count = self.given.fetch_add(1, Ordering::Relaxed);
        let mut mixed = self.seed.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        RequestNumber(mixed ^ (mixed >> 31))
    }
}

impl RequestNumber {
    /// The number itself.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_requests_have_the_same_identifier() {
        let ids = RequestIds::new(7);
        let given: std::collections::HashSet<String> = (0..1000).map(|_| ids.next().to_string()).collect();
        assert_eq!(given.len(), 1000);
        assert!(given.iter().all(|id| id.len() == 16));
    }
}
