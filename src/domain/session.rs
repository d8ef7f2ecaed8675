//! Who is signed in on a browser, and for how long (SEC-225, SEC-226).

use jiff::{SignedDuration, Timestamp};

use super::identifier::identifier;
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
    /// How often the person's sessions had been ended all at once when the password of this one was looked up.
    pub epoch: i64,
}

/// What is known about the end of sessions, apart from the sessions themselves: whatever keeps those may lose that one
/// was ended, this does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// How often the person's sessions have been ended all at once.
    pub epoch: i64,
    /// The session in which the person did that last; it goes on, if it stood until then.
    pub spared: Option<SessionId>,
    /// How often this session's cookies have been renewed.
    pub generation: i64,
    /// Whether this one was ended by itself.
    pub ended: bool,
}

impl Standing {
    /// Whether the session still stands, for who holds a cookie of this generation. One that is spared stood just before:
    /// what ended earlier stays ended, whoever names it.
    #[must_use]
    pub fn allows(&self, session: &Session, generation: i64) -> bool {
        let is_spared = self.spared.as_ref() == Some(&session.id) && session.epoch.checked_add(1) == Some(self.epoch);
        (session.epoch == self.epoch || is_spared) && !self.ended && generation == self.generation
    }
}

/// How long a sign-in lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Minutes without a request after which it ends.
    pub idle_minutes: u32,
    /// Hours after which it ends, whatever happens.
    pub hours: u32,
    /// Whether « Garder ma session active » was ticked: only then it outlives the browser's closing.
    pub keep: bool,
}

impl SessionLifetime {
    /// For a sign-in; « Garder ma session active » lengthens both, to `keep_days`.
    #[must_use]
    pub fn new(policy: &AgencyPolicy, keep: bool) -> Self {
        if keep {
            let hours = policy.keep_days.saturating_mul(24);
            Self { idle_minutes: hours.saturating_mul(60), hours, keep }
        } else {
            Self { idle_minutes: policy.idle_minutes, hours: policy.session_hours, keep }
        }
    }
}

impl Session {
    /// When it ends if no further request comes.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        let idle = SignedDuration::from_mins(i64::from(self.lifetime.idle_minutes));
        self.seen_at.checked_add(idle).unwrap_or(Timestamp::MAX).min(self.ends_at_latest())
    }

    /// When it ends whatever happens.
    #[must_use]
    pub fn ends_at_latest(&self) -> Timestamp {
        let whole = SignedDuration::from_hours(i64::from(self.lifetime.hours));
        self.started_at.checked_add(whole).unwrap_or(Timestamp::MAX)
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
    fn a_session_of_an_earlier_epoch_has_ended_but_for_the_one_that_was_spared() {
        let session = |id: &str, epoch| Session {
            id: SessionId::stored(id),
            identity: IdentityId::stored("i"),
            started_at: Timestamp::UNIX_EPOCH,
            seen_at: Timestamp::UNIX_EPOCH,
            lifetime: SessionLifetime::new(&AgencyPolicy::default(), false),
            epoch,
        };
        let standing = Standing { epoch: 1, spared: Some(SessionId::stored("here")), ..Standing::default() };
        assert!(standing.allows(&session("here", 0), 0) && standing.allows(&session("new", 1), 0));
        assert!(!standing.allows(&session("there", 0), 0));
        let later = Standing { epoch: 2, ..standing.clone() };
        assert!(!later.allows(&session("here", 0), 0), "ended by a reset in between: nobody brings it back");
        assert!(later.allows(&session("here", 1), 0));
        assert!(!standing.allows(&session("new", 1), 1), "a cookie of another generation");
        assert!(!Standing { ended: true, ..standing }.allows(&session("new", 1), 0));
    }

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
            epoch: 0,
        };
        assert!(session(start, false).lasts(after(59)));
        assert!(!session(start, false).lasts(after(60)));
        assert!(!session(after(12 * 60 - 1), false).lasts(after(12 * 60)));
        assert!(session(start, true).lasts(after(29 * 24 * 60)));
        assert!(!session(after(30 * 24 * 60 - 1), true).lasts(after(30 * 24 * 60)));
    }
}
