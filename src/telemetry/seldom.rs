//! What is worth a line once in a while, and not with each request.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::agency::AgencyCode;
use crate::domain::cookie::Dropped;

/// How long the same is not said again.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// From so many on, what is past its pause is forgotten.
const MOST: usize = 10_000;

static SAID: LazyLock<Seldom> = LazyLock::new(Seldom::default);

#[derive(Debug, Default)]
struct Seldom(Mutex<HashMap<(AgencyCode, String), Timestamp>>);

/// Whether this is to be said of an agency, or of one of its accounts, now: once an hour.
#[must_use]
pub fn is_due(agency: &AgencyCode, what: &str, now: Timestamp) -> bool {
    SAID.is_due(agency, what, now)
}

/// Says that cookies of an agency's extranet were not taken, and why; never what they hold.
pub fn tell_of_cookies(agency: &AgencyCode, dropped: &[Dropped], now: Timestamp) {
    for reason in dropped.iter().map(|why| why.reason()) {
        if is_due(agency, reason, now) {
            tracing::warn!(%agency, reason, "a cookie of an extranet was dropped");
        }
    }
}

impl Seldom {
    fn is_due(&self, agency: &AgencyCode, what: &str, now: Timestamp) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= MOST {
            said.retain(|_, before| now.duration_since(*before).abs() < PAUSE);
        }
        let key = (agency.clone(), what.to_owned());
        // A clock that is set back says it once more.
        let due = said.get(&key).is_none_or(|before| now.duration_since(*before).abs() >= PAUSE);
        if due {
            said.insert(key, now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_of_an_agency_once_an_hour() {
        let (a, b) = (AgencyCode::parse("A1", "01").expect("a code"), AgencyCode::parse("B1", "01").expect("a code"));
        let (seldom, now) = (Seldom::default(), Timestamp::UNIX_EPOCH);
        let later = |minutes| now + SignedDuration::from_mins(minutes);
        assert!(seldom.is_due(&a, "x", now) && seldom.is_due(&a, "y", now) && seldom.is_due(&b, "x", now));
        assert!(!seldom.is_due(&a, "x", later(59)) && seldom.is_due(&a, "x", later(60)));
        assert!(!seldom.is_due(&a, "x", later(61)));
    }
}
