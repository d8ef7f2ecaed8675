//! Certificates that age, those that are shown to browsers and the gateway's own towards extranets: told in the log each
//! day while one of them ends soon (A11), and when each ends.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::{ENDS_SOON, Settings};
use crate::domain::agency::Agency;

/// How often is looked whether it is time again.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often the same is told.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// The certificates, by whom they are shown to, and when each ends.
#[derive(Debug, Default)]
pub(super) struct Ageing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ends: BTreeMap<Shown, Timestamp>,
    told: Option<Timestamp>,
}

/// To whom a certificate is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// Who asks for this name.
    For(String),
    /// The extranet of this agency.
    ToExtranetOf(String),
}

impl Ageing {
    /// As the configuration has them; what it says of them is told with it.
    pub(super) fn of<'a>(settings: &Settings, agencies: impl Iterator<Item = &'a Agency>, now: Timestamp) -> Self {
        Self(Mutex::new(State { ends: ends(settings, agencies), told: Some(now) }))
    }

    /// After a reload, which has told of them.
    pub(super) fn replace(&self, settings: &Settings, now: Timestamp) {
        *self.state() = State { ends: ends(settings, settings.agencies.iter()), told: Some(now) };
    }

    /// Whether the certificate that is shown for a host is over.
    pub(super) fn is_over(&self, host: &str, now: Timestamp) -> bool {
        let state = self.state();
        let ends = |name: String| state.ends.get(&Shown::For(name)).copied();
        let wildcard = || ends(format!("*.{}", host.split_once('.')?.1));
        ends(host.to_owned()).or_else(wildcard).is_some_and(|ends| ends <= now)
    }

    /// When each ends that is shown for a name, seconds since 1970.
    pub(super) fn ends(&self) -> Vec<(String, i64)> {
        self.ends_of(|shown| if let Shown::For(name) = shown { Some(name) } else { None })
    }

    /// The same of those that are shown to the extranet of an agency.
    pub(super) fn ends_to_extranets(&self) -> Vec<(String, i64)> {
        self.ends_of(|shown| if let Shown::ToExtranetOf(agency) = shown { Some(agency) } else { None })
    }

    fn ends_of(&self, of: impl Fn(&Shown) -> Option<&String>) -> Vec<(String, i64)> {
        let state = self.state();
        state.ends.iter().filter_map(|(shown, ends)| Some((of(shown)?.clone(), ends.as_second()))).collect()
    }

    /// Tells of those that end soon, once a day; a clock that is set back tells once more.
    pub(super) fn tell(&self, now: Timestamp) {
        for (shown, ends, days) in self.due(now) {
            match shown {
                Shown::For(name) => tracing::warn!(name, %ends, days, "a certificate ends soon, or is over"),
                Shown::ToExtranetOf(agency) => tracing::warn!(
                    agency,
                    %ends,
                    days,
                    "the gateway's own certificate towards an extranet ends soon, or is over"
                ),
            }
        }
    }

    fn due(&self, now: Timestamp) -> Vec<(Shown, Timestamp, i64)> {
        let mut state = self.state();
        if state.told.is_some_and(|told| now.duration_since(told).abs() < AGAIN) {
            return Vec::new();
        }
        state.told = Some(now);
        let left = |ends: &Timestamp| ends.duration_since(now);
        let soon = state.ends.iter().filter(|(_, ends)| left(ends) < ENDS_SOON);
        soon.map(|(shown, ends)| (shown.clone(), *ends, left(ends).as_hours() / 24)).collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first of several for one name is the one that is shown.
fn ends<'a>(settings: &Settings, agencies: impl Iterator<Item = &'a Agency>) -> BTreeMap<Shown, Timestamp> {
    let own = |agency: &Agency| {
        let identity = agency.upstream.trust.identity.as_ref()?;
        Some((Shown::ToExtranetOf(agency.code.to_string()), identity.ends))
    };
    let mut ends: BTreeMap<Shown, Timestamp> = agencies.filter_map(own).collect();
    for certificate in settings.tls.iter().flat_map(|tls| &tls.certificates) {
        for name in &certificate.names {
            ends.entry(Shown::For(name.clone())).or_insert(certificate.ends);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a11_a_certificate_that_ages_is_told_each_day_until_it_is_renewed() {
        let start = Timestamp::UNIX_EPOCH;
        let day = |days: i64| start + SignedDuration::from_hours(24 * days);
        let ends = BTreeMap::from([
            (Shown::For("old.example".to_owned()), day(12)),
            (Shown::For("new.example".to_owned()), day(90)),
            (Shown::ToExtranetOf("CA/SA".to_owned()), day(12)),
            (Shown::ToExtranetOf("CB/SB".to_owned()), day(90)),
        ]);
        let both =
            |days| [(Shown::For("old.example".to_owned()), days), (Shown::ToExtranetOf("CA/SA".to_owned()), days)];
        let ageing = Ageing(Mutex::new(State { ends, told: Some(start) }));
        let told = |hours: i64| {
            let due = ageing.due(start + SignedDuration::from_hours(hours));
            due.into_iter().map(|(name, _, days)| (name, days)).collect::<Vec<_>>()
        };
        assert_eq!(told(23), []);
        assert_eq!(told(48), [], "ten days are enough");
        for (hours, days) in [(73, 8), (97, 7), (289, 0), (337, -2)] {
            assert_eq!(told(hours), both(days), "{hours}");
            assert_eq!(told(hours + 1), [], "{hours}");
        }
        assert_eq!(told(100).len(), 2, "a clock that was set back tells once more");
    }
}
