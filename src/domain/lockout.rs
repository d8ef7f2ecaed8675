//! Throttling of guesses: a state machine of time (003, f01 to f03; CNIL 2022-100, access restriction).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How guesses on one person, on one device, or of one client are slowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockoutPolicy {
    /// Failures in a row before the first delay (003: 5).
    pub free_failures: u32,
    /// The first delay; it doubles with each further failure. More than a minute (LAW-003).
    pub first_delay_s: u32,
    /// The longest delay.
    pub longest_delay_s: u32,
    /// Failures within 24 hours after which nothing is tried until the day is over (LAW-003: 25).
    pub daily_failures: u32,
    /// A row of failures is over after so long without an attempt.
    pub calm_s: u32,
}

impl LockoutPolicy {
    /// For one person.
    pub const PERSON: Self =
        Self { free_failures: 5, first_delay_s: 90, longest_delay_s: 4 * 3600, daily_failures: 25, calm_s: 24 * 3600 };
    /// For one client: wide, since an office or a residence may share it.
    pub const CLIENT: Self =
        Self { free_failures: 200, first_delay_s: 10, longest_delay_s: 120, daily_failures: 5000, calm_s: 600 };
    /// For wrong codes on one old account or of one person within a day, however often the code is sent anew (SEC-048).
    pub const CODES: Self =
        Self { free_failures: 25, first_delay_s: 600, longest_delay_s: 3600, daily_failures: 25, calm_s: 24 * 3600 };
    /// For codes of agencies that do not exist, each counted once, from one client: an office has many people and some
    /// old letters, and waits for minutes at most; whoever looks for agencies gets nowhere (SEC-019).
    pub const AGENCY_CODES: Self =
        Self { free_failures: 60, first_delay_s: 30, longest_delay_s: 300, daily_failures: 1000, calm_s: 600 };

    /// The stricter of both, for a person at several agencies.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            free_failures: self.free_failures.min(other.free_failures),
            first_delay_s: self.first_delay_s.max(other.first_delay_s),
            longest_delay_s: self.longest_delay_s.max(other.longest_delay_s),
            daily_failures: self.daily_failures.min(other.daily_failures),
            calm_s: self.calm_s.max(other.calm_s),
        }
    }
}

/// What has been counted so far for one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attempts {
    /// Failures in a row.
    pub streak: u32,
    /// Failures since `day_start`.
    pub today: u32,
    /// When the running day of 24 hours began.
    pub day_start: Option<Timestamp>,
    /// When the last attempt was let through.
    pub last: Option<Timestamp>,
}

impl Attempts {
    /// When the next attempt is let through, if not now.
    #[must_use]
    pub fn locked_until(&self, policy: &LockoutPolicy, now: Timestamp) -> Option<Timestamp> {
        let Self { today, day_start, last, .. } = self.not_after(now);
        let after_delay = last.and_then(|last| last.checked_add(self.delay(policy)).ok());
        let after_day =
            (today >= policy.daily_failures).then(|| day_start.and_then(|start| start.checked_add(DAY).ok())).flatten();
        [after_delay, after_day].into_iter().flatten().filter(|until| *until > now).max()
    }

    /// Lets one attempt through and counts it as a failure before it is known to be one, so that parallel guesses share
    /// one budget (SEC-049); a success takes it back with [`Attempts::cleared`].
    ///
    /// # Errors
    /// Gives the time at which the next attempt is let through.
    pub fn reserve(&self, policy: &LockoutPolicy, now: Timestamp) -> Result<Self, Timestamp> {
        match self.locked_until(policy, now) {
            Some(until) => Err(until),
            None => Ok(self.with(1, policy, now)),
        }
    }

    /// With some more that were let through, or that were refused for another reason and count all the same.
    #[must_use]
    pub fn with(&self, more: u32, policy: &LockoutPolicy, now: Timestamp) -> Self {
        if more == 0 {
            return *self;
        }
        let Self { streak, today, day_start, last } = self.not_after(now);
        let new_day = day_start.is_none_or(|start| now.duration_since(start) >= DAY);
        let calm = SignedDuration::from_secs(i64::from(policy.calm_s));
        let new_row = last.is_none_or(|last| now.duration_since(last) >= calm);
        Self {
            streak: if new_row { more } else { streak.saturating_add(more) },
            today: if new_day { more } else { today.saturating_add(more) },
            day_start: if new_day { Some(now) } else { day_start },
            last: Some(now),
        }
    }

    /// The same without a time that is still to come. A clock that was set back starts no new day and frees nobody, but
    /// whoever is locked out waits for the delay once more at most, and not until the clock has caught up (REL-055).
    #[must_use]
    pub fn not_after(&self, now: Timestamp) -> Self {
        let earlier = |time: Option<Timestamp>| time.map(|time| time.min(now));
        Self { day_start: earlier(self.day_start), last: earlier(self.last), ..*self }
    }

    /// After a success: the row is broken, what was counted today before it stays, less the attempt itself.
    #[must_use]
    pub fn cleared(&self) -> Self {
        Self { streak: 0, today: self.today.saturating_sub(1), ..*self }
    }

    /// Takes back an attempt that turned out to be no guess (the extranet did not answer, b03).
    #[must_use]
    pub fn taken_back(&self) -> Self {
        Self { streak: self.streak.saturating_sub(1), today: self.today.saturating_sub(1), ..*self }
    }

    fn delay(&self, policy: &LockoutPolicy) -> SignedDuration {
        if self.streak < policy.free_failures {
            return SignedDuration::ZERO;
        }
        let doublings = (self.streak - policy.free_failures).min(20);
        let seconds = (i64::from(policy.first_delay_s) << doublings).min(i64::from(policy.longest_delay_s));
        SignedDuration::from_secs(seconds)
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    #[test]
    fn f01_who_is_at_several_agencies_is_guarded_by_the_strictest_of_each() {
        let wide =
            LockoutPolicy { free_failures: 9, first_delay_s: 60, longest_delay_s: 100, daily_failures: 20, calm_s: 10 };
        let strictest = LockoutPolicy { daily_failures: 20, ..LockoutPolicy::PERSON };
        assert_eq!(LockoutPolicy::PERSON.strictest(wide), strictest);
        assert_eq!(wide.strictest(LockoutPolicy::PERSON), strictest);
        assert_eq!(wide.strictest(wide), wide);
    }

    /// Guesses as often as allowed until `end`; gives the number of guesses.
    fn guess_until(policy: &LockoutPolicy, end: i64) -> u32 {
        let (mut attempts, mut guesses) = (Attempts::default(), 0);
        for second in 0..end {
            if let Ok(next) = attempts.reserve(policy, at(second)) {
                attempts = next;
                guesses += 1;
            }
        }
        guesses
    }

    #[test]
    fn f01_the_sixth_try_has_to_wait_longer_than_a_minute_and_the_seventh_twice_as_long() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts = attempts.reserve(&LockoutPolicy::PERSON, at(0)).expect("free tries");
        }
        assert_eq!(attempts.reserve(&LockoutPolicy::PERSON, at(1)), Err(at(90)));
        let attempts = attempts.reserve(&LockoutPolicy::PERSON, at(90)).expect("the delay is over");
        assert_eq!(attempts.reserve(&LockoutPolicy::PERSON, at(91)), Err(at(90 + 180)));
    }

    #[test]
    fn f01_nobody_guesses_more_than_25_times_a_day() {
        let eager = LockoutPolicy { longest_delay_s: 100, ..LockoutPolicy::PERSON };
        assert_eq!(guess_until(&eager, 24 * 3600 - 1), 25);
        assert!(guess_until(&LockoutPolicy::PERSON, 24 * 3600 - 1) < 25);
    }

    #[test]
    fn who_reads_the_clock_first_and_comes_second_is_not_locked() {
        let one = Attempts::default().reserve(&LockoutPolicy::CLIENT, at(10)).expect("free");
        let other = one.reserve(&LockoutPolicy::CLIENT, at(9)).expect("nobody is locked yet");
        assert_eq!(other.streak, 2, "and both count");
    }

    #[test]
    fn a_success_ends_the_row_and_an_unanswered_try_counts_for_nothing() {
        let tried = Attempts::default().reserve(&LockoutPolicy::PERSON, at(0)).expect("free");
        assert_eq!((tried.cleared().streak, tried.cleared().today), (0, 0));
        assert_eq!(tried.taken_back().streak, 0);
    }

    #[test]
    fn f02_a_client_that_many_share_is_free_again_after_some_calm() {
        let mut attempts = Attempts::default();
        for _ in 0..200 {
            attempts = attempts.reserve(&LockoutPolicy::CLIENT, at(0)).expect("free tries");
        }
        assert_eq!(attempts.reserve(&LockoutPolicy::CLIENT, at(1)), Err(at(10)));
        assert_eq!(attempts.reserve(&LockoutPolicy::CLIENT, at(600)).map(|attempts| attempts.streak), Ok(1));
    }

    /// Five wrong passwords at one moment.
    fn locked_at(seconds: i64) -> Attempts {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts = attempts.reserve(&LockoutPolicy::PERSON, at(seconds)).expect("free tries");
        }
        attempts
    }

    #[test]
    fn rel_055_a_clock_that_is_set_back_frees_nobody_and_doubles_a_lock_at_most() {
        let person = LockoutPolicy::PERSON;
        let locked = locked_at(7200);
        // An hour back, 80 s into the lock of 90.
        let now = 7280 - 3600;
        assert_eq!(locked.reserve(&person, at(now)), Err(at(now + 90)), "170 s in all");
        let known = locked.not_after(at(now));
        assert_eq!(known.reserve(&person, at(now + 89)), Err(at(now + 90)), "kept so, it does not begin anew");
        let next = known.reserve(&person, at(now + 90)).expect("the delay is over");
        assert_eq!((next.streak, next.today), (6, 6), "nothing counted is lost");
    }

    #[test]
    fn rel_055_a_day_of_guesses_ends_after_a_day_although_the_clock_was_set_back() {
        let spent = Attempts { streak: 25, today: 25, day_start: Some(at(7200)), last: Some(at(7200)) };
        let until = spent.locked_until(&LockoutPolicy::PERSON, at(3600)).expect("locked");
        assert_eq!(until, at(3600 + 24 * 3600));
    }

    #[test]
    fn rel_055_a_clock_that_is_set_forward_or_by_a_leap_second_keeps_what_was_counted() {
        let person = LockoutPolicy::PERSON;
        assert_eq!(locked_at(0).reserve(&person, at(3600)).map(|next| next.streak), Ok(6));
        assert_eq!(locked_at(0).reserve(&person, at(-1)), Err(at(89)), "a second that came twice");
        let later = locked_at(0).reserve(&person, at(400 * 24 * 3600)).expect("long over");
        assert_eq!((later.streak, later.today), (1, 1));
    }
}
