//! What a transaction counts, once it has happened for good.

use crate::domain::audit::AuditEvent;
use crate::telemetry::metrics::METRICS;

/// Something to be counted at the commit.
pub(super) enum Note {
    /// A line of the trace.
    Traced(AuditEvent),
    /// A step of the wizard that somebody came to.
    Step(&'static str),
    /// What became of a try to send a letter.
    Letter(&'static str),
}

impl Note {
    /// Counts it.
    pub(super) fn count(&self) {
        match self {
            Self::Traced(event) => METRICS.traced(event),
            Self::Step(step) => METRICS.wizard.add(step),
            Self::Letter(outcome) => METRICS.letters.add(outcome),
        }
    }
}
