//! The words of what is counted: whatever is on a list is there from the start, at 0.

/// Lines of the trace, `AuditEvent::name`.
pub(super) const EVENTS: &[&str] = &[
    "signed-in",
    "sign-in-refused",
    "tries-refused",
    "extranet-silent",
    "migration-started",
    "migration-resumed",
    "proof-asked",
    "proof-refused",
    "password-refused",
    "migration-disowned",
    "migration-withdrawn",
    "change-disowned",
    "email-change-undone",
    "migrated",
    "account-attached",
    "account-switched",
    "own-password-set",
    "own-password-gone",
    "account-detached",
    "device-forgotten",
    "account-withdrawn",
    "terms-accepted",
    "reset-asked",
    "password-reset",
    "password-changed",
    "email-change-asked",
    "email-change-requested",
    "email-changed",
    "signed-out",
    "upstream-sign-in-refused",
    "access-denied",
    "letter-given-up",
    "letter-resent",
    "roster-imported",
    "roster-import-undone",
    "database-restored",
    "vault-rotated",
    "person-shown",
    "unlocked",
    "letter-sent-again",
    "account-unlinked",
    "person-disabled",
    "person-enabled",
    "sign-ins-ended",
    "person-erased",
    "agency-erased",
    "trace-shown",
];

/// Lines of the trace that are counted from the first on: a word of that kind stands in no metrics without a reason.
pub(super) const FROM_THE_FIRST: &[&str] = &["upstream-secret-dropped", "upstream-secret-restored"];

/// Sign-ins at the portal: `Refusal::name`, and what else becomes of them.
pub(super) const SIGN_INS: &[&str] = &[
    "signed-in",
    "migration-started",
    "migration-resumed",
    "extranet-silent",
    "wrong-credentials",
    "throttled",
    "locked-upstream",
    "must-change-upstream",
    "provisional-over",
    "provisional-replaced",
    "old-credentials",
    "cutover",
    "closed",
    "not-asked",
    "unwritable",
    "disabled",
];

/// `Step::name`.
pub(super) const WIZARD: &[&str] = &["notice", "email", "password", "proof", "join", "done"];

/// What tries are counted for.
pub(super) const THROTTLED: &[&str] =
    &["client", "person", "device", "account", "code", "confirm", "unknown", "agency-codes", "turn", "other"];

/// What becomes of a try to send.
pub(super) const LETTERS: &[&str] = &["sent", "deferred", "abandoned", "superseded"];

/// What becomes of a password.
pub(super) const HASHES: &[&str] = &["done", "crowded"];

/// Tries to take over new configuration.
pub(super) const RELOADS: &[&str] = &["taken", "refused"];

/// By whom agencies were removed.
pub(super) const REMOVED: &[&str] = &["itself", "operator"];

/// Batches of spans.
pub(super) const TRACE_BATCHES: &[&str] = &["sent", "failed"];

/// Where a clock was set to.
pub(super) const CLOCK_SET: &[&str] = &["back", "forward", "database"];

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that stand in a function of the domain.
    fn names(source: &str, function: &str) -> Vec<String> {
        let body = source.split(function).nth(1).and_then(|rest| rest.split("    }\n}").next()).expect("the function");
        body.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    }

    #[test]
    fn a15_every_event_of_the_trace_and_every_refusal_is_counted_from_0_on() {
        let source = include_str!("../../domain/audit.rs");
        let mut events = names(source, "pub const fn name(&self)");
        events.retain(|name| !FROM_THE_FIRST.contains(&name.as_str()));
        assert_eq!(events, EVENTS, "lists::EVENTS");
        let refusals = names(source, "pub const fn name(self)");
        assert!(refusals.iter().all(|name| SIGN_INS.contains(&name.as_str())), "lists::SIGN_INS: {refusals:?}");
    }
}
