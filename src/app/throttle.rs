//! Guesses are counted before they are judged, so that parallel ones share one budget (f01, f02, SEC-049).

use std::slice;

use jiff::Timestamp;

use super::{App, Caller, Fault};
use crate::domain::agency::AgencyCode;
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::lockout::{Attempts, LockoutPolicy};
use crate::domain::text::folded;
use crate::telemetry::metrics::METRICS;

/// Attempts that were let through and wait for their outcome.
#[derive(Debug)]
#[must_use = "an attempt that is never settled counts as a failure"]
pub struct Reserved {
    /// What belongs to one person, device or old account.
    subject: Vec<String>,
    /// What belongs to the place that asks.
    place: String,
}

/// What is guessed at, and how that is slowed.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The counter's key.
    pub key: String,
    /// Its policy.
    pub policy: LockoutPolicy,
}

impl Subject {
    /// Guesses at a person's password. A device on which that person has signed in has a counter of its own, so that no
    /// stranger locks the owner out (f02).
    #[must_use]
    pub fn person(caller: &Caller, identity: &IdentityId, own_device: bool, policy: LockoutPolicy) -> Self {
        let key = match &caller.device {
            Some(device) if own_device => format!("device:{}:{}", device.digest().to_hex(), identity.as_str()),
            _ => person_key(identity),
        };
        Self { key, policy }
    }
}

/// The counter of one person's failures on strange devices.
#[must_use]
pub fn person_key(identity: &IdentityId) -> String {
    format!("person:{}", identity.as_str())
}

/// The counter of guesses at one old account, wherever they are made and however it is spelled (SEC-050).
#[must_use]
pub fn account_key(agency: &AgencyCode, login: &LegacyLogin) -> String {
    format!("account:{agency}:{}", folded(login.as_str()))
}

/// Lets an attempt through, or tells until when nothing is tried. Either all counters count it or none.
///
/// # Errors
/// The store fails.
pub async fn reserve(app: &App, client: &str, subjects: &[Subject]) -> Result<Result<Reserved, Timestamp>, Fault> {
    let place = Subject { key: format!("place:{client}"), policy: LockoutPolicy::ADDRESS };
    while let Some(owed) = app.owed.next() {
        owed.unanswered(app).await?;
    }
    'again: loop {
        let now = app.now();
        let mut tx = app.store.write().await?;
        for subject in subjects {
            let (attempts, version) = tx.attempts(&subject.key).await?;
            let next = match attempts.reserve(&subject.policy, now) {
                Ok(next) => next,
                Err(until) => {
                    METRICS.throttled.add(counter(&subject.key));
                    drop(tx);
                    if attempts != attempts.not_after(now) {
                        let key = slice::from_ref(&subject.key);
                        settle(app, key, |attempts| attempts.not_after(now), None, Attempts::clone).await?;
                    }
                    return Ok(Err(until));
                }
            };
            if !tx.save_attempts(&subject.key, &next, version).await? {
                continue 'again;
            }
        }
        // Last, for it may be written at once.
        let (attempts, version) = app.sessions.attempts_at(&mut tx, &place.key).await?;
        let next = match attempts.reserve(&place.policy, now) {
            Ok(next) => next,
            Err(until) => {
                drop(tx);
                if attempts != attempts.not_after(now) {
                    settle(app, &[], Attempts::clone, Some(&place.key), |attempts| attempts.not_after(now)).await?;
                }
                return Ok(Err(until));
            }
        };
        if !app.sessions.save_attempts_at(&mut tx, &place.key, &next, version).await? {
            continue 'again;
        }
        if let Err(fault) = tx.commit().await {
            if app.sessions.counts_places_at_once() {
                app.owed.add(Reserved { subject: Vec::new(), place: place.key });
            }
            return Err(fault.into());
        }
        let subject = subjects.iter().map(|subject| subject.key.clone()).collect();
        return Ok(Ok(Reserved { subject, place: place.key }));
    }
}

/// What a counter belongs to, as one word of a closed list.
fn counter(key: &str) -> &'static str {
    const KNOWN: [&str; 4] = ["person", "device", "account", "place"];
    let kind = key.split(':').next().unwrap_or_default();
    KNOWN.into_iter().find(|known| *known == kind).unwrap_or("other")
}

impl Reserved {
    /// The attempt was right: the row of failures is over.
    ///
    /// # Errors
    /// The store fails.
    pub async fn succeeded(self, app: &App) -> Result<(), Fault> {
        let settled = settle(app, &self.subject, Attempts::cleared, Some(&self.place), Attempts::taken_back).await;
        self.owed_unless(app, settled)
    }

    /// There was no verdict: nothing is counted (b03).
    ///
    /// # Errors
    /// The store fails.
    pub async fn unanswered(self, app: &App) -> Result<(), Fault> {
        let settled = settle(app, &self.subject, Attempts::taken_back, Some(&self.place), Attempts::taken_back).await;
        self.owed_unless(app, settled)
    }

    /// Nothing that failed on our side stays counted: what cannot be taken back now is owed.
    fn owed_unless(self, app: &App, settled: Result<(), Fault>) -> Result<(), Fault> {
        if settled.is_err() {
            app.owed.add(self);
        }
        settled
    }

    /// The attempt was wrong for the person, but only so far: what counts for the place is settled later.
    pub fn failed_for_subject(self) -> Self {
        Self { subject: Vec::new(), ..self }
    }

    /// The attempt was wrong: it stays counted.
    pub fn failed(self) {}

    /// Hands a value on; where there is none because something of ours failed, the attempt was no guess.
    ///
    /// # Errors
    /// What went wrong before.
    pub async fn unless<T, E: Into<Fault>>(self, app: &App, value: Result<T, E>) -> Result<(Self, T), Fault> {
        match value {
            Ok(value) => Ok((self, value)),
            Err(fault) => {
                self.unanswered(app).await?;
                Err(fault.into())
            }
        }
    }
}

/// Changes the counters of subjects, and that of a place, all at once.
async fn settle(
    app: &App,
    subjects: &[String],
    of_subject: impl Fn(&Attempts) -> Attempts,
    place: Option<&str>,
    of_place: impl Fn(&Attempts) -> Attempts,
) -> Result<(), Fault> {
    'again: loop {
        let mut tx = app.store.write().await?;
        for key in subjects {
            let (attempts, version) = tx.attempts(key).await?;
            if !tx.save_attempts(key, &of_subject(&attempts), version).await? {
                continue 'again;
            }
        }
        // Last, for it may be written at once.
        if let Some(place) = place {
            let (attempts, version) = app.sessions.attempts_at(&mut tx, place).await?;
            if !app.sessions.save_attempts_at(&mut tx, place, &of_place(&attempts), version).await? {
                continue 'again;
            }
        }
        tx.commit().await?;
        return Ok(());
    }
}

/// Forgets the failures on a person, after a reset of the password (f01: "unlock by reset").
///
/// # Errors
/// The store fails.
pub async fn unlock(app: &App, key: &str) -> Result<(), Fault> {
    settle(app, &[key.to_owned()], |_| Attempts::default(), None, Attempts::clone).await
}
