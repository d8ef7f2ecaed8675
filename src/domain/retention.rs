//! For how long the trace is kept (`audit_months`, LAW-024).

use jiff::{SignedDuration, Timestamp};

use super::agency_code::AgencyCode;

/// Months, of which none has fewer than thirty days that matter here: « 12 mois au plus » is a promise.
pub const DAYS_A_MONTH: i64 = 30;

/// For how many months lines of the trace are kept: by agency, or for those that belong to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRetention {
    /// The longest of all: no line outlives it, whosever it is.
    pub longest: u32,
    /// The shortest of all: for lines about persons, who may have accounts at any agency.
    pub shortest: u32,
    /// The agencies that keep less than the longest.
    pub shorter: Vec<(AgencyCode, u32)>,
}

impl AuditRetention {
    /// What agencies have set; `default` where there are none.
    #[must_use]
    pub fn of(agencies: impl IntoIterator<Item = (AgencyCode, u32)>, default: u32) -> Self {
        let mut agencies: Vec<(AgencyCode, u32)> = agencies.into_iter().collect();
        let months = || agencies.iter().map(|(_, months)| *months);
        let (longest, shortest) = (months().max().unwrap_or(default), months().min().unwrap_or(default));
        agencies.retain(|(_, months)| *months < longest);
        Self { longest, shortest, shorter: agencies }
    }
}

/// The time before which something that is kept for so many months is over.
#[must_use]
pub fn months_before(now: Timestamp, months: u32) -> Timestamp {
    let kept = SignedDuration::from_hours(24 * DAYS_A_MONTH * i64::from(months));
    now.checked_sub(kept).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency(client: &str) -> AgencyCode {
        AgencyCode::parse(client, "01").expect("codes")
    }

    #[test]
    fn law_024_each_agency_keeps_its_lines_for_its_time_and_a_persons_go_with_the_shortest() {
        let kept = AuditRetention::of([(agency("A"), 12), (agency("B"), 6), (agency("C"), 12)], 12);
        assert_eq!(kept, AuditRetention { longest: 12, shortest: 6, shorter: vec![(agency("B"), 6)] });
        let none = AuditRetention::of([], 12);
        assert_eq!(none, AuditRetention { longest: 12, shortest: 12, shorter: Vec::new() });
    }
}
