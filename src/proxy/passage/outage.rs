//! A server that fails, told where it begins, now and then with the number of requests that it failed, and where it is
//! over (REL-072): what fails with every request must not be a line for every request. The access lines and the metrics
//! have each of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pingora::Error;

use crate::proxy::request_id::RequestNumber;
use crate::proxy::steady;

/// Between two lines about one server at least. One that fails every second request has no more.
const QUIET: Duration = Duration::from_mins(1);

/// What is known of a server's failing.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Read without a lock by each answer.
    fails: AtomicBool,
    course: Mutex<Course>,
}

#[derive(Debug, Default)]
struct Course {
    /// Since when it fails; none while it answers.
    since: Option<Instant>,
    /// Whether that was told.
    told: bool,
    /// Failed requests that no line has counted.
    uncounted: u64,
    /// When the last line was written.
    last_line: Option<Instant>,
}

/// What is to be said.
#[derive(Debug, PartialEq, Eq)]
enum Say {
    /// It fails, and so many requests have.
    Fails { requests: u64 },
    /// It answers again, after this time, and so many more requests have failed.
    Answers { after: Duration, requests: u64 },
}

impl Course {
    fn fail(&mut self, now: Instant) -> Option<Say> {
        self.uncounted += 1;
        self.since.get_or_insert(now);
        if self.last_line.is_some_and(|last| now.duration_since(last) < QUIET) {
            return None;
        }
        (self.told, self.last_line) = (true, Some(now));
        Some(Say::Fails { requests: std::mem::take(&mut self.uncounted) })
    }

    fn answer(&mut self, now: Instant) -> Option<Say> {
        let after = now.duration_since(self.since.take()?);
        if !std::mem::take(&mut self.told) {
            return None;
        }
        self.last_line = Some(now);
        Some(Say::Answers { after, requests: std::mem::take(&mut self.uncounted) })
    }
}

impl Outage {
    /// A request has failed at this server.
    pub(super) fn fail(&self, server: &str, error: &Error, id: RequestNumber) {
        let said = self.course.lock().unwrap_or_else(PoisonError::into_inner).fail(steady::now());
        self.fails.store(true, Ordering::Relaxed);
        if let Some(Say::Fails { requests }) = said {
            tracing::error!(server, requests, request_id = %id, fault = %error, "an extranet fails");
        }
    }

    /// It has answered.
    pub(super) fn answer(&self, server: &str) {
        if !self.fails.load(Ordering::Relaxed) || !self.fails.swap(false, Ordering::Relaxed) {
            return;
        }
        let said = self.course.lock().unwrap_or_else(PoisonError::into_inner).answer(steady::now());
        if let Some(Say::Answers { after, requests }) = said {
            let after_ms = steady::milliseconds(after);
            tracing::info!(server, after_ms, requests, "an extranet answers again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn rel_072_an_outage_has_a_line_at_its_beginning_one_a_minute_and_one_at_its_end() {
        let (mut course, start) = (Course::default(), steady::now());
        assert_eq!(course.fail(start), Some(Say::Fails { requests: 1 }));
        let later = |course: &mut Course, from: u32, to: u32| -> Vec<Say> {
            (from..to).filter_map(|second| course.fail(start + SECOND * second)).collect()
        };
        assert_eq!(later(&mut course, 1, 60), []);
        assert_eq!(later(&mut course, 60, 150), [Say::Fails { requests: 60 }, Say::Fails { requests: 60 }]);
        let end = start + SECOND * 150;
        assert_eq!(course.answer(end), Some(Say::Answers { after: SECOND * 150, requests: 29 }));
        assert_eq!(course.answer(end), None);
        assert_eq!(course.fail(end + SECOND * 61), Some(Say::Fails { requests: 1 }));
    }

    #[test]
    fn rel_072_a_server_that_fails_every_second_request_fills_no_log() {
        let (mut course, start) = (Course::default(), steady::now());
        let mut lines = 0;
        for request in 0..600 {
            let at = start + SECOND * request / 10;
            let said = if request % 2 == 0 { course.fail(at) } else { course.answer(at) };
            lines += usize::from(said.is_some());
        }
        assert!(lines <= 3, "{lines} lines in a minute");
    }
}
