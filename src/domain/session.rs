//! Who is signed in on a browser, and for how long (SEC-225, SEC-226).

use jiff::{SignedDuration, Timestamp};

use super::codec::identifier;
use super::identity::IdentityId;
use super::policy::AgencyPolicy;

identifier! {
    /// One sign-in on one browser. Not a secret: the cookies that lead to it are.
    SessionId
}

/// A sign-in, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Itself.
    pub id: SessionId,
    /// Who.
    pub identity: IdentityId,
    /// When the person signed in.
    pub started_at: Timestamp,
    /// When the last request came, to within the age of the cache.
    pub seen_at: Timestamp,
    /// How long it lasts.
    pub lifetime: SessionLifetime,
}

/// How long a sign-in lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Minutes without a request after which it ends.
    pub idle_minutes: u32,
    /// Hours after which it ends, whatever happens.
    pub hours: u32,
}

impl SessionLifetime {
    /// For a sign-in; « Garder ma session active » lengthens both, to `keep_days`.
    #[must_use]
    pub fn new(policy: &AgencyPolicy, keep: bool) -> Self {
        if keep {
            let hours = policy.keep_days.saturating_mul(24);
            Self { idle_minutes: hours.saturating_mul(60), hours }
        } else {
            Self { idle_minutes: policy.idle_minutes, hours: policy.session_hours }
        }
    }
}

impl Session {
    /// When it ends if no further request comes.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        let idle = SignedDuration::from_mins(i64::from(self.lifetime.idle_minutes));
        let whole = SignedDuration::from_hours(i64::from(self.lifetime.hours));
        let after = |from: Timestamp, by| from.checked_add(by).unwrap_or(Timestamp::MAX);
        after(self.seen_at, idle).min(after(self.started_at, whole))
    }

    /// Whether it still lasts.
    #[must_use]
    pub fn lasts(&self, now: Timestamp) -> bool {
        now < self.ends_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_silence_and_by_age_even_under_continuous_traffic() {
        let start = Timestamp::from_second(1_800_000_000).expect("a time");
        let after = |minutes| start.checked_add(SignedDuration::from_mins(minutes)).expect("a time");
        let session = |seen_at, keep| Session {
            id: SessionId::stored("s"),
            identity: IdentityId::stored("i"),
            started_at: start,
            seen_at,
            lifetime: SessionLifetime::new(&AgencyPolicy::default(), keep),
        };
        assert!(session(start, false).lasts(after(59)));
        assert!(!session(start, false).lasts(after(60)));
        assert!(!session(after(12 * 60 - 1), false).lasts(after(12 * 60)));
        assert!(session(start, true).lasts(after(29 * 24 * 60)));
        assert!(!session(after(30 * 24 * 60 - 1), true).lasts(after(30 * 24 * 60)));
    }
}
