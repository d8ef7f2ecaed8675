//! What an extranet's refusals say about a secret that is kept for it (a11).
//!
//! One answer is not believed at once: a directory that is away refuses everybody. A secret that has worked is dropped
//! after two refusals at least [`APART`] from each other; in between it is tried once more at most, when the person
//! arrives from a sign-in. One that never worked is dropped at once.

use jiff::{SignedDuration, Timestamp};

/// Two refusals that are nearer to each other count as one.
pub const APART: SignedDuration = SignedDuration::from_mins(15);
/// Longer than a sign-in at an extranet may take: who began a try and has not said what came of it by then is gone.
const TRY_LASTS: SignedDuration = SignedDuration::from_mins(2);
/// So many accounts of one agency whose secrets had worked, refused within [`OUTAGE_WITHIN`], are an outage of its
/// extranet.
pub const OUTAGE: u64 = 3;
/// Long enough that two refusals [`APART`] from each other are within it.
pub const OUTAGE_WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// What the extranet has said of a kept secret until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Record {
    /// Whether it ever took it.
    pub worked: bool,
    /// Its first refusal since it last took it.
    pub refused_at: Option<Timestamp>,
    /// When a try after that began.
    pub tried_at: Option<Timestamp>,
}

/// What a sign-in at the extranet is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The person comes from the portal.
    Arrival,
    /// The extranet's session is over while the person's own lasts.
    Renewal,
}

/// Whether a secret may be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Nothing speaks against it.
    Try,
    /// Once: the record becomes this before the extranet is asked.
    TryOnce(Record),
    /// Not now.
    Wait,
}

impl Record {
    /// Of a secret that the extranet has just taken.
    pub const WORKED: Self = Self { worked: true, refused_at: None, tried_at: None };
    /// Of a secret that it has never been asked about.
    pub const UNTRIED: Self = Self { worked: false, refused_at: None, tried_at: None };

    /// Whether it may be tried.
    #[must_use]
    pub fn may_try(&self, occasion: Occasion, now: Timestamp) -> May {
        let Some(first) = self.refused_at else { return May::Try };
        let last = first.saturating_add(APART).unwrap_or(Timestamp::MAX);
        let once = May::TryOnce(Self { tried_at: Some(now), ..*self });
        match self.tried_at {
            None if now >= last || occasion == Occasion::Arrival => once,
            Some(tried) if now >= last && (tried < last || now.duration_since(tried) >= TRY_LASTS) => once,
            _ => May::Wait,
        }
    }

    /// Whether there is a try that somebody who arrives has now.
    #[must_use]
    pub fn has_a_try(&self, now: Timestamp) -> bool {
        self.may_try(Occasion::Arrival, now) != May::Wait
    }

    /// What a refusal leaves; None: the secret is dropped. While many others are refused too, nothing is: the two
    /// refusals are counted anew.
    #[must_use]
    pub fn after_refusal(&self, in_an_outage: bool, now: Timestamp) -> Option<Self> {
        let refused = Self { refused_at: Some(now), tried_at: None, ..*self };
        match self.refused_at {
            _ if !self.worked => None,
            None => Some(refused),
            Some(first) if now.duration_since(first) < APART => Some(*self),
            Some(_) => in_an_outage.then_some(refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).expect("a time")
    }

    fn refused(first: i64, tried: Option<i64>) -> Record {
        Record { worked: true, refused_at: Some(at(first)), tried_at: tried.map(at) }
    }

    #[test]
    fn a11_one_that_has_worked_is_dropped_after_two_refusals_a_quarter_of_an_hour_apart() {
        let first = Record::WORKED.after_refusal(false, at(0)).expect("kept");
        assert_eq!(first, refused(0, None));
        for minute in [0, 1, 14] {
            assert_eq!(first.after_refusal(false, at(minute)), Some(first), "{minute}");
        }
        assert_eq!(first.after_refusal(false, at(15)), None);
        assert_eq!(first.after_refusal(true, at(15)), Some(refused(15, None)), "in an outage it is kept");
    }

    #[test]
    fn a11_one_that_never_worked_is_dropped_at_once_whatever_happens_to_others() {
        for in_an_outage in [false, true] {
            assert_eq!(Record::UNTRIED.after_refusal(in_an_outage, at(0)), None);
        }
    }

    #[test]
    fn a11_between_two_refusals_it_is_tried_once_where_the_person_arrives() {
        let one = |record: Record, minute| May::TryOnce(Record { tried_at: Some(at(minute)), ..record });
        for (record, minute, arrival, renewal) in [
            (Record::WORKED, 0, May::Try, May::Try),
            (Record::UNTRIED, 0, May::Try, May::Try),
            (refused(0, None), 1, one(refused(0, None), 1), May::Wait),
            (refused(0, Some(1)), 2, May::Wait, May::Wait),
            (refused(0, Some(1)), 14, May::Wait, May::Wait),
            (refused(0, Some(1)), 15, one(refused(0, None), 15), one(refused(0, None), 15)),
            (refused(0, None), 15, one(refused(0, None), 15), one(refused(0, None), 15)),
            // The last try is under way; whoever made it may be gone.
            (refused(0, Some(15)), 16, May::Wait, May::Wait),
            (refused(0, Some(15)), 17, one(refused(0, None), 17), one(refused(0, None), 17)),
            // A clock that was set back makes no further try.
            (refused(0, Some(1)), -20, May::Wait, May::Wait),
        ] {
            assert_eq!(record.may_try(Occasion::Arrival, at(minute)), arrival, "{record:?} {minute}");
            assert_eq!(record.may_try(Occasion::Renewal, at(minute)), renewal, "{record:?} {minute}");
        }
    }
}
