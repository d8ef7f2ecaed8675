//! What a browser knows of its own refused sign-ins (003, c15, §17): how many there were, and for how long the next one
//! would not be looked at. It goes by what this browser has done and by nothing that is known of anybody, so that it says
//! the same whoever is typed.

use jiff::{SignedDuration, Timestamp};

use super::lockout::{Attempts, LockoutPolicy};

/// Refused sign-ins after which a browser is shown the way out before the form (003: 5).
const MANY: u32 = 5;

/// The refused sign-ins of one browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusals {
    /// How many, whoever was typed.
    count: u32,
    /// Those of them in a row that were for what was typed last, counted as a person's are.
    row: Attempts,
    /// What was typed last, as the browser tells one from another.
    typed: String,
}

impl Refusals {
    /// Reads back what [`Refusals::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '-');
        let count = parts.next()?.parse().ok()?;
        let streak = parts.next()?.parse().ok()?;
        let last = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
        let row = Attempts { streak, last: Some(last), ..Attempts::default() };
        Some(Self { count, row, typed: parts.next()?.to_owned() })
    }

    /// For a cookie: how many, how many in a row, when the last one was looked at, and for what.
    #[must_use]
    pub fn to_text(&self) -> String {
        let last = self.row.last.map_or(0, Timestamp::as_second);
        format!("{}-{}-{last}-{}", self.count, self.row.streak, self.typed)
    }

    /// One more, for what was typed. One that was not looked at prolongs nothing, as it prolongs no lock.
    #[must_use]
    pub fn with(self, typed: &str, policy: &LockoutPolicy, now: Timestamp) -> Self {
        let before = if self.are_over(policy, now) { Self::default() } else { self };
        let row = if before.typed == typed { before.row } else { Attempts::default() };
        let Attempts { streak, last, .. } = row.reserve(policy, now).unwrap_or(row);
        let row = Attempts { streak, last, ..Attempts::default() };
        Self { count: before.count.saturating_add(1), row, typed: typed.to_owned() }
    }

    /// Whether there were so many that the way out stands before the form: as many as are free, and five at most.
    #[must_use]
    pub fn are_many(&self, policy: &LockoutPolicy, now: Timestamp) -> bool {
        self.count >= MANY.min(policy.free_failures) && !self.are_over(policy, now)
    }

    /// For how many seconds at least a further try for the same would not be looked at. Others may have tried, too, from
    /// elsewhere: of that nothing is said here.
    #[must_use]
    pub fn wait_s(&self, policy: &LockoutPolicy, now: Timestamp) -> u64 {
        let until = self.row.locked_until(policy, now);
        let left = until.map_or(0, |until| until.duration_since(now).as_millis().unsigned_abs().div_ceil(1000));
        u64::try_from(left).unwrap_or(u64::MAX)
    }

    fn are_over(&self, policy: &LockoutPolicy, now: Timestamp) -> bool {
        let calm = SignedDuration::from_secs(i64::from(policy.calm_s));
        self.row.last.is_none_or(|last| now.duration_since(last) >= calm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: LockoutPolicy = LockoutPolicy::PERSON;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn refused(times: u32, typed: &str, seconds: i64) -> Refusals {
        (0..times).fold(Refusals::default(), |refusals, _| refusals.with(typed, &PERSON, at(seconds)))
    }

    #[test]
    fn c15_after_five_refusals_the_way_out_comes_first_and_the_time_is_told_that_the_person_waits() {
        let four = refused(4, "durand", 0);
        assert!(!four.are_many(&PERSON, at(1)));
        assert_eq!(four.wait_s(&PERSON, at(1)), 0);
        let five = four.with("durand", &PERSON, at(0));
        assert!(five.are_many(&PERSON, at(1)));
        assert_eq!(five.wait_s(&PERSON, at(1)), 89);
        // As the lock itself: what is tried meanwhile prolongs nothing, and the next one that is looked at doubles it.
        let meanwhile = five.clone().with("durand", &PERSON, at(30));
        assert_eq!(meanwhile.wait_s(&PERSON, at(30)), 60);
        assert_eq!(five.with("durand", &PERSON, at(90)).wait_s(&PERSON, at(90)), 180);
    }

    #[test]
    fn c15_five_refusals_of_five_identifiers_are_five_and_nobody_waits() {
        let five = ["a", "b", "c", "d", "e"]
            .into_iter()
            .fold(Refusals::default(), |refusals, typed| refusals.with(typed, &PERSON, at(0)));
        assert!(five.are_many(&PERSON, at(0)));
        assert_eq!(five.wait_s(&PERSON, at(0)), 0);
    }

    #[test]
    fn c15_where_an_agency_locks_earlier_the_way_out_comes_earlier_and_never_later_than_after_five() {
        let strict = LockoutPolicy { free_failures: 3, ..PERSON };
        assert!(refused(3, "durand", 0).are_many(&strict, at(0)));
        let wide = LockoutPolicy { free_failures: 10, ..PERSON };
        assert!(refused(5, "durand", 0).are_many(&wide, at(0)));
        assert_eq!(refused(5, "durand", 0).wait_s(&wide, at(0)), 0);
    }

    #[test]
    fn c15_after_a_calm_day_a_browser_begins_anew() {
        let five = refused(5, "durand", 0);
        let day = 24 * 3600;
        assert!(five.are_many(&PERSON, at(day - 1)) && !five.are_many(&PERSON, at(day)));
        assert!(!five.with("durand", &PERSON, at(day)).are_many(&PERSON, at(day)));
    }

    #[test]
    fn c15_what_is_kept_in_the_browser_reads_back_the_same() {
        let five = refused(5, "0a1b", 7);
        assert_eq!(Refusals::parse(&five.to_text()).as_ref(), Some(&five));
        for rubbish in ["", "5", "5-5", "5-5-x-y", "-1-5-0-y", "5-5-99999999999999999999-y"] {
            assert_eq!(Refusals::parse(rubbish), None, "{rubbish}");
        }
    }
}
