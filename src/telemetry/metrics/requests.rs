//! Requests, by decision and class of status.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every decision of the access line, the frequent ones first; what is missing here is counted as the last.
pub(super) const DECISIONS: [&str; 35] = [
    "signed-in",
    "public-path",
    "portal",
    "own-page",
    "session-over",
    "left",
    "not-signed-in",
    "not-signed-in-part",
    "no-agency",
    "owes-terms",
    "owes-password",
    "form-too-late",
    "legacy-login",
    "legacy-logout",
    "legacy-account-page",
    "foreign-origin",
    "legacy-login-post",
    "legacy-account-post",
    "credentials-post",
    "service-worker",
    "identity-unwritable",
    "sessions-unavailable",
    "unknown-host",
    "moved",
    "misdirected",
    "to-https",
    "bad-framing",
    "bad-target",
    "bad-host",
    "method-not-allowed",
    "method-unknown",
    "target-too-long",
    "head-too-large",
    "undecided",
    "other",
];

/// Classes of status; nobody was told anything where there is none.
pub(super) const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Decisions whose 5xx somebody is woken for: they stand at 0 from an agency's first request on.
pub(super) const ALARMS: [&str; 5] = ["signed-in", "public-path", "session-over", "own-page", "sessions-unavailable"];
/// The same for what is for no agency, from the start.
pub(super) const ALARMS_ELSEWHERE: [&str; 4] = ["portal", "own-page", "sessions-unavailable", "undecided"];

/// Decisions that have their counters at once.
const FREQUENT: usize = 2;

type Statuses = [AtomicU64; CLASSES.len()];

const fn none() -> Statuses {
    [const { AtomicU64::new(0) }; CLASSES.len()]
}

/// Requests, by decision and class of status.
#[derive(Debug, Default)]
pub struct Requests {
    frequent: [Statuses; FREQUENT],
    /// Most agencies never need most of them.
    rest: OnceLock<Box<[Statuses; DECISIONS.len() - FREQUENT]>>,
}

impl Requests {
    pub(super) const fn new() -> Self {
        Self { frequent: [const { none() }; FREQUENT], rest: OnceLock::new() }
    }

    /// Counts a request.
    pub fn count(&self, decision: &'static str, status: u16) {
        let at = DECISIONS.iter().position(|known| *known == decision);
        debug_assert!(at.is_some(), "{decision} is missing in the list of decisions");
        let at = at.unwrap_or(DECISIONS.len() - 1);
        let statuses = match at.checked_sub(FREQUENT) {
            None => &self.frequent[at],
            Some(at) => &self.rest.get_or_init(|| Box::new([const { none() }; DECISIONS.len() - FREQUENT]))[at],
        };
        let class = usize::from(status / 100).min(CLASSES.len() - 1);
        statuses[class].fetch_add(1, Ordering::Relaxed);
    }

    /// Whether nobody ever came.
    pub(super) fn is_quiet(&self) -> bool {
        self.counted(&[]).next().is_none()
    }

    /// Decision, class and count of whatever was counted, and the 5xx of `alarms` also where there was none.
    pub(super) fn counted(&self, alarms: &[&'static str]) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let missing: Vec<&'static str> = alarms
            .iter()
            .copied()
            .filter(|alarm| !self.all().any(|(decision, class, _)| decision == *alarm && class == "5xx"))
            .collect();
        self.all().chain(missing.into_iter().map(|decision| (decision, "5xx", 0)))
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let rest = self.rest.get().into_iter().flat_map(|rest| rest.iter());
        DECISIONS.iter().zip(self.frequent.iter().chain(rest)).flat_map(|(decision, statuses)| {
            CLASSES.iter().zip(statuses).filter_map(|(class, count)| {
                let count = count.load(Ordering::Relaxed);
                (count > 0).then_some((*decision, *class, count))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_once_by_decision_and_class() {
        let requests = Requests::new();
        for (decision, status) in [("signed-in", 200), ("signed-in", 204), ("bad-host", 400), ("undecided", 0)] {
            requests.count(decision, status);
        }
        let counted: Vec<_> = requests.counted(&["bad-host", "portal"]).collect();
        assert_eq!(
            counted,
            [
                ("signed-in", "2xx", 2),
                ("bad-host", "4xx", 1),
                ("undecided", "none", 1),
                ("bad-host", "5xx", 0),
                ("portal", "5xx", 0)
            ]
        );
    }
}
