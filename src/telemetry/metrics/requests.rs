//! Requests, by decision and class of status.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::decision::Decision;

/// Classes of status; nobody was told anything where there is none.
pub(super) const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Decisions whose 5xx somebody is woken for: they stand at 0 from an agency's first request on.
pub(super) const ALARMS: [Decision; 5] =
    [Decision::SignedIn, Decision::PublicPath, Decision::SessionOver, Decision::OwnPage, Decision::SessionsUnavailable];
/// The same for what is for no agency, from the start.
pub(super) const ALARMS_ELSEWHERE: [Decision; 4] =
    [Decision::Portal, Decision::OwnPage, Decision::SessionsUnavailable, Decision::Undecided];

/// Decisions that have their counters at once.
const FREQUENT: usize = 2;
const REST: usize = Decision::ALL.len() - FREQUENT;

type Statuses = [AtomicU64; CLASSES.len()];

const fn none() -> Statuses {
    [const { AtomicU64::new(0) }; CLASSES.len()]
}

/// Requests, by decision and class of status.
#[derive(Debug, Default)]
pub struct Requests {
    frequent: [Statuses; FREQUENT],
    /// Most agencies never need most of them.
    rest: OnceLock<Box<[Statuses; REST]>>,
}

impl Requests {
    pub(super) const fn new() -> Self {
        Self { frequent: [const { none() }; FREQUENT], rest: OnceLock::new() }
    }

    /// Counts a request.
    pub fn count(&self, decision: Decision, status: u16) {
        let statuses = match (decision as usize).checked_sub(FREQUENT) {
            None => &self.frequent[decision as usize],
            Some(at) => &self.rest.get_or_init(|| Box::new([const { none() }; REST]))[at],
        };
        let class = usize::from(status / 100).min(CLASSES.len() - 1);
        statuses[class].fetch_add(1, Ordering::Relaxed);
    }

    /// Whether nobody ever came.
    pub(super) fn is_quiet(&self) -> bool {
        self.counted(&[]).next().is_none()
    }

    /// Decision, class and count of whatever was counted, and the 5xx of `alarms` also where there was none.
    pub(super) fn counted(&self, alarms: &[Decision]) -> impl Iterator<Item = (Decision, &'static str, u64)> {
        let missing: Vec<Decision> = alarms
            .iter()
            .copied()
            .filter(|alarm| !self.all().any(|(decision, class, _)| decision == *alarm && class == "5xx"))
            .collect();
        self.all().chain(missing.into_iter().map(|decision| (decision, "5xx", 0)))
    }

    fn all(&self) -> impl Iterator<Item = (Decision, &'static str, u64)> {
        let rest = self.rest.get().into_iter().flat_map(|rest| rest.iter());
        Decision::ALL.iter().zip(self.frequent.iter().chain(rest)).flat_map(|(decision, statuses)| {
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
        for (decision, status) in
            [(Decision::SignedIn, 200), (Decision::SignedIn, 204), (Decision::BadHost, 400), (Decision::Undecided, 0)]
        {
            requests.count(decision, status);
        }
        let counted: Vec<_> = requests.counted(&[Decision::BadHost, Decision::Portal]).collect();
        assert_eq!(
            counted,
            [
                (Decision::SignedIn, "2xx", 2),
                (Decision::BadHost, "4xx", 1),
                (Decision::Undecided, "none", 1),
                (Decision::BadHost, "5xx", 0),
                (Decision::Portal, "5xx", 0)
            ]
        );
    }
}
