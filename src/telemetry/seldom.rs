//! What is worth a line once in a while, and not with each request.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::domain::agency_code::AgencyCode;
use crate::domain::cookie::Dropped;

/// How long the same is not said again.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// From so many on, what is past its pause is forgotten.
const MOST: usize = 10_000;

/// How long it is quiet about what is out of order, once it was told.
const QUIET: Duration = Duration::from_mins(1);

static SAID: LazyLock<Seldom> = LazyLock::new(Seldom::default);

#[derive(Debug, Default)]
struct Seldom(Mutex<HashMap<(AgencyCode, String), Timestamp>>);

/// Something of ours that is out of order: told where it begins, once a minute while it lasts, and where it is over.
#[derive(Debug, Default)]
pub struct Spell(Mutex<Option<Instant>>);

impl Spell {
    /// Nothing is out of order.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// It is out of order; whether that is to be said now.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.is_none_or(|told| told.elapsed() >= QUIET);
        if due {
            *told = Some(Instant::now());
        }
        due
    }

    /// It is in order; says so where something else was said before.
    pub fn is_over(&self, what: &'static str) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("{what}");
        }
    }
}

/// A session that could not be ended upstream: it lasts there until it ends by itself.
pub fn tell_of_logout(agency: &AgencyCode, reason: &str, now: Timestamp) {
    if SAID.is_due(agency, "logout", now) {
        tracing::warn!(%agency, reason, "an extranet's session could not be ended at a sign-out; not told again for an hour");
    }
}

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

    #[tokio::test(start_paused = true)]
    async fn what_lasts_is_said_once_a_minute() {
        let spell = Spell::default();
        let mut said = 0;
        for _ in 0..300 {
            said += u32::from(spell.is_due());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(said, 5);
        spell.is_over("all is well");
        assert!(spell.is_due(), "another one is said at once");
    }

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
