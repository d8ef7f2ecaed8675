//! An attempt that is counted and waits for its outcome.

use super::tries::Held;
use crate::app::App;
use crate::domain::client::Client;

/// Attempts that were let through and wait for their outcome.
#[derive(Debug)]
#[must_use = "an attempt that is never settled counts as a failure"]
pub struct Reserved {
    /// What belongs to one person, device or old account.
    pub(super) subjects: Vec<Counted>,
    /// The client that asks, where it is counted.
    pub(super) client: Option<Client>,
}

/// One counter that has counted an attempt.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) key: String,
    /// Whether others have the same counter: then a right one does not end its row of failures.
    pub(super) is_shared: bool,
    pub(super) _judged: Held,
}

impl Reserved {
    /// The attempt was wrong for the person, but only so far: what counts for the client is settled later.
    pub fn failed_for_subject(self) -> Self {
        Self { subjects: Vec::new(), ..self }
    }

    /// The attempt was wrong: it stays counted.
    pub fn failed(self) {}

    /// Whether nothing is counted.
    pub(super) const fn is_empty(&self) -> bool {
        self.subjects.is_empty() && self.client.is_none()
    }

    /// What is counted in SQL, and what is not.
    pub(super) fn split(self, app: &App) -> (Self, Self) {
        let (within, apart) =
            if app.sessions.counts_clients_at_once() { (None, self.client) } else { (self.client, None) };
        (Self { client: within, ..self }, Self { subjects: Vec::new(), client: apart })
    }
}
