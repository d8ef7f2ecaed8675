//! Looking an agency up by codes that somebody typed or followed a link with: whoever tries many that do not exist is
//! held up, and then learns of none whether it does (SEC-019).

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::{App, Caller, Fault, devices};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::client::Client;
use crate::domain::lockout::{Attempts, LockoutPolicy};
use crate::domain::secret::SecretDigest;
use crate::domain::text::folded;
use crate::telemetry::metrics::METRICS;

/// More who type unknown codes at a time than there ever are; then all of them begin anew.
const MOST_KEPT: usize = 50_000;

/// What codes lead to.
#[derive(Debug)]
pub enum Found {
    /// This agency.
    Agency(Arc<Agency>),
    /// None, or one of the codes is missing.
    Unknown,
    /// Nothing is looked up for so many seconds, whatever the codes are.
    Later(u64),
}

/// What was typed, by whom; in memory, since it guards no secret and is not worth a row.
#[derive(Debug, Default)]
pub struct Typed(Mutex<HashMap<Typist, Tried>>);

/// Who is counted: a client, but for known devices, which a neighbour's typing does not hold up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Typist {
    Client(Client),
    Device(SecretDigest),
}

#[derive(Debug, Default)]
struct Tried {
    attempts: Attempts,
    /// Unknown codes of the row under way, so that one that is tried again counts once: an old letter in an office.
    codes: HashSet<u64>,
}

/// Looks the agency up.
pub async fn find(app: &App, caller: &Caller, client: &str, societe: &str) -> Result<Found, Fault> {
    if client.is_empty() || societe.is_empty() {
        return Ok(Found::Unknown);
    }
    let now = app.now();
    let mut typist = Typist::Client(Client::from(caller.client));
    let mut until = app.agency_codes.locked_until(typist, now);
    if let Some(device) = caller.device.as_ref().filter(|_| until.is_some())
        && devices::is_known(app, caller).await?
    {
        typist = Typist::Device(device.digest());
        until = app.agency_codes.locked_until(typist, now);
    }
    if let Some(until) = until {
        METRICS.throttled.add("agency-codes");
        return Ok(Found::Later(u64::try_from(until.duration_since(now).as_secs()).unwrap_or_default().max(1)));
    }
    let code = AgencyCode::parse(client, societe);
    if let Some(agency) = code.and_then(|code| app.directory().agency(&code).cloned()) {
        return Ok(Found::Agency(agency));
    }
    app.agency_codes.count(typist, client, societe, now);
    Ok(Found::Unknown)
}

impl Typed {
    fn locked_until(&self, typist: Typist, now: Timestamp) -> Option<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&typist)?.attempts.locked_until(&LockoutPolicy::AGENCY_CODES, now)
    }

    fn count(&self, typist: Typist, client: &str, societe: &str, now: Timestamp) {
        let policy = &LockoutPolicy::AGENCY_CODES;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KEPT && !known.contains_key(&typist) {
            known.clear();
        }
        let tried = known.entry(typist).or_default();
        let next = tried.attempts.with(1, policy, now);
        if next.streak == 1 {
            tried.codes.clear();
        }
        let mut hasher = DefaultHasher::new();
        (folded(client), folded(societe)).hash(&mut hasher);
        if tried.codes.insert(hasher.finish()) {
            tried.attempts = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn client(address: &str) -> Typist {
        Typist::Client(Client::from(address.parse::<std::net::IpAddr>().expect("an address")))
    }

    #[test]
    fn sec_019_who_looks_for_agencies_is_held_up_and_an_office_with_an_old_letter_is_not() {
        let typed = Typed::default();
        let (seeker, office) = (client("2001:db8::1"), client("192.0.2.1"));
        for number in 0..60 {
            assert_eq!(typed.locked_until(seeker, at(0)), None, "{number}");
            typed.count(seeker, &format!("Q{number}"), "R", at(0));
        }
        assert_eq!(typed.locked_until(client("2001:db8::2"), at(1)), Some(at(30)), "the whole network");
        assert_eq!(typed.locked_until(seeker, at(30)), None);
        for _ in 0..500 {
            typed.count(office, "SPI99", "01", at(0));
            typed.count(office, " spi99 ", "01", at(0));
        }
        assert_eq!(typed.locked_until(office, at(0)), None, "one unknown code, however often it is followed");
    }
}
