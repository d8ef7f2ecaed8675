//! How a reload went, in words for who asked and for the log.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::configured::to_type;
use super::reading::Refused;
use super::said::Said;
use crate::domain::agency_code::AgencyCode;
use crate::domain::removal::Loss;

/// So many names of what is gone are told; of the rest how many they are.
const MOST_NAMES: usize = 20;

/// How the last reload went.
#[derive(Debug, Clone)]
pub(super) struct Last {
    /// When it ended.
    pub(super) at: Timestamp,
    /// What has changed, or why nothing has.
    pub(super) outcome: Result<Changes, Refusal>,
}

/// Why the configuration before stays in force.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// Each with file, line and a hint.
    pub(super) problems: Vec<String>,
    /// What would be gone, where nothing else is wrong.
    pub(super) loss: Option<Loss>,
}

/// What a reload has changed.
#[derive(Debug, Clone)]
pub(super) struct Changes {
    pub(super) edition: u64,
    pub(super) agencies: usize,
    pub(super) changed: usize,
    pub(super) removed: Vec<AgencyCode>,
    /// Agencies that were in force, and of which nobody has said that they are to go.
    pub(super) missed: Vec<AgencyCode>,
    pub(super) duration_ms: u64,
    /// Keys whose new value waits for a restart.
    pub(super) restart: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Last {
    /// In words, for an operator.
    pub(super) fn describe(&self) -> String {
        match &self.outcome {
            Ok(changes) => changes.describe(),
            Err(refusal) => refusal.problems.join("\n"),
        }
    }

    /// For who asked for it.
    pub(super) fn said(&self) -> Said {
        match &self.outcome {
            Ok(changes) if changes.missed.is_empty() => Said::Done(self.describe()),
            Ok(changes) => {
                let missed = Loss { agencies: changes.missed.clone(), ..Loss::default() };
                Said::Misses { consent: missed.name(), text: self.describe() }
            }
            Err(Refusal { loss: Some(loss), .. }) => Said::Asks { consent: loss.name(), text: self.describe() },
            Err(_) => Said::Failed(self.describe()),
        }
    }

    /// What is in force although its files have vanished.
    pub(super) fn loss(&self) -> Option<&Loss> {
        self.outcome.as_ref().err().and_then(|refusal| refusal.loss.as_ref())
    }

    /// Tells the log.
    pub(super) fn tell(&self, why: &str) {
        match &self.outcome {
            Ok(Changes { edition, agencies, changed, removed, missed, duration_ms, restart, warnings }) => {
                for warning in warnings {
                    tracing::warn!(why, warning, "in the configuration");
                }
                if !removed.is_empty() {
                    let (removed, gone) = (removed.len(), names(removed));
                    tracing::warn!(why, removed, gone, "agencies were removed: their hosts are not served any more");
                }
                let removed = removed.len();
                tracing::info!(
                    why,
                    edition,
                    agencies,
                    changed,
                    removed,
                    missed = missed.len(),
                    duration_ms,
                    ?restart,
                    "the configuration was reloaded"
                );
            }
            Err(refusal) => {
                for problem in &refusal.problems {
                    if is_warning(problem) {
                        tracing::warn!(why, warning = problem, "in the configuration");
                        continue;
                    }
                    tracing::error!(why, problem, "the configuration was not reloaded: the old one stays in force");
                }
            }
        }
    }
}

/// As `config::Problem` writes it: behind file and line.
fn is_warning(problem: &str) -> bool {
    problem.split(" (hint: ").next().unwrap_or_default().contains(": warning: ")
}

/// A loss in words, and what to do about it.
pub(super) fn described(loss: &Loss, of: usize) -> String {
    let Loss { agencies, certificates } = loss;
    let mut text = String::new();
    // Writing to a String cannot fail.
    if !agencies.is_empty() {
        let _ = write!(text, "{} of {of} agencies would be removed: {}", agencies.len(), names(agencies));
    }
    if !certificates.is_empty() {
        let between = if text.is_empty() { "" } else { "; " };
        let _ = write!(text, "{between}no certificate would be left for {}", names(certificates));
    }
    let reload = to_type("reload");
    format!("{text} (hint: are files still being copied, or is a folder not mounted? If it is meant: {reload})")
}

/// Agencies that are missed in words, and what to do about it.
pub(super) fn missing(missed: &[AgencyCode]) -> String {
    format!(
        "missing: {} agencies that were in force before: {} (hint: put their files back; if they are to go: {})",
        missed.len(),
        names(missed),
        to_type("reload")
    )
}

pub(super) fn names(of: &[impl ToString]) -> String {
    let told: Vec<String> = of.iter().take(MOST_NAMES).map(ToString::to_string).collect();
    let more = of.len().saturating_sub(MOST_NAMES);
    if more == 0 { told.join(", ") } else { format!("{} and {more} more", told.join(", ")) }
}

impl Changes {
    fn describe(&self) -> String {
        let Self { edition, agencies, changed, removed, missed, duration_ms, restart, warnings } = self;
        let mut text = warnings.iter().fold(String::new(), |text, warning| text + warning + "\n");
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "edition {edition} is in force: {agencies} agencies, {changed} of them new or changed, {} removed \
             ({duration_ms} ms)",
            removed.len()
        );
        if !removed.is_empty() {
            let _ = write!(text, "\nremoved: {}", names(removed));
        }
        if !missed.is_empty() {
            let _ = write!(text, "\n{}", missing(missed));
        }
        if !restart.is_empty() {
            let _ = write!(text, "\nwaits for a restart: {}", restart.join(", "));
        }
        text
    }
}

/// The text of a refusal, as the terminal shows it.
impl Refused {
    pub(super) fn describe(&self) -> String {
        self.problems.join("\n")
    }
}
