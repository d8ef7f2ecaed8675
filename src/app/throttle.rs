//! Guesses are counted before they are judged, so that parallel ones share one budget (f01, f02, SEC-049); the client
//! that asks comes before whoever is guessed at (decision 48).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::hasher::Place;
use super::tries::Held;
use super::{App, Caller, Fault};
use crate::domain::agency::AgencyCode;
use crate::domain::challenge::ChallengeId;
use crate::domain::client::Client;
use crate::domain::device;
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::lockout::{Attempts, LockoutPolicy};
use crate::domain::text::folded;
use crate::store::Tx;
use crate::telemetry::metrics::METRICS;

/// Longest wait for others of the same person to be judged (ATT-24).
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether they are.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Another node may still be judging what has locked somebody just now.
const FRESH: SignedDuration = SignedDuration::from_millis(1500);

/// Attempts that were let through and wait for their outcome.
#[derive(Debug)]
#[must_use = "an attempt that is never settled counts as a failure"]
pub struct Reserved {
    /// What belongs to one person, device or old account.
    subjects: Vec<Counted>,
    /// The client that asks, where it is counted.
    client: Option<Client>,
}

/// One counter that has counted an attempt.
#[derive(Debug)]
struct Counted {
    key: String,
    /// Whether others have the same counter: then a right one does not end its row of failures.
    is_shared: bool,
    _judged: Held,
}

/// What is guessed at, and how that is slowed.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The counter's key.
    pub key: String,
    /// Its policy.
    pub policy: LockoutPolicy,
    /// What the trace says of it.
    pub agency: Option<AgencyCode>,
    /// Whose it is.
    pub identity: Option<IdentityId>,
    /// The old identifier.
    pub login: Option<LegacyLogin>,
    /// On a device that knows the person, whatever others do from the same client.
    on_known_device: bool,
    is_shared: bool,
}

impl Subject {
    fn new(key: String, policy: LockoutPolicy) -> Self {
        Self { key, policy, agency: None, identity: None, login: None, on_known_device: false, is_shared: false }
    }

    /// Guesses at a person's password. A device on which that person has signed in has counters of its own, so that no
    /// stranger locks the owner out: one for each person, and one for all whom it knows (f02).
    #[must_use]
    pub fn person(caller: &Caller, identity: &IdentityId, own_device: bool, policy: LockoutPolicy) -> Vec<Self> {
        let of_person = |key, policy| Self { identity: Some(identity.clone()), ..Self::new(key, policy) };
        let Some(device) = caller.device.as_ref().filter(|_| own_device) else {
            return vec![of_person(person_key(identity), policy)];
        };
        let device = device_key(&device.digest().to_hex());
        let at_this_one = of_person(format!("{device}:{}", identity.as_str()), policy);
        let at_all = of_person(device, device::LOCKOUT);
        vec![Self { on_known_device: true, ..at_this_one }, Self { on_known_device: true, is_shared: true, ..at_all }]
    }

    /// Guesses at an old account, however its identifier is spelt (SEC-050).
    #[must_use]
    pub fn account(agency: &AgencyCode, login: &LegacyLogin, policy: LockoutPolicy) -> Self {
        Self::new(account_key(agency, login), policy).of_account(agency, login)
    }

    /// Wrong codes for an old account.
    #[must_use]
    pub fn codes_of_account(agency: &AgencyCode, login: &LegacyLogin, policy: LockoutPolicy) -> Self {
        Self::new(codes_of_account_key(agency, login), policy).of_account(agency, login)
    }

    /// Wrong codes of a person.
    #[must_use]
    pub fn codes_of_person(identity: &IdentityId, policy: LockoutPolicy) -> Self {
        Self { identity: Some(identity.clone()), ..Self::new(codes_of_person_key(identity), policy) }
    }

    /// Guesses at an address that nobody has.
    #[must_use]
    pub fn unknown(typed: &str) -> Self {
        Self::new(format!("unknown:{}", folded(typed)), LockoutPolicy::PERSON)
    }

    /// Guesses at the password that a letter's link asks for.
    #[must_use]
    pub fn confirmation(challenge: &ChallengeId, policy: LockoutPolicy) -> Self {
        Self::new(format!("confirm:{}", challenge.as_str()), policy)
    }

    fn of_account(self, agency: &AgencyCode, login: &LegacyLogin) -> Self {
        Self { agency: Some(agency.clone()), login: Some(login.clone()), ..self }
    }

    fn of_client(client: Client) -> Self {
        Self::new(client_key(client), LockoutPolicy::CLIENT)
    }
}

/// The counter of one person's failures on strange devices.
#[must_use]
pub fn person_key(identity: &IdentityId) -> String {
    format!("person:{}", identity.as_str())
}

/// The counter of one device's failures at everybody whom it knows.
#[must_use]
pub fn device_key(digest: &str) -> String {
    format!("device:{digest}")
}

/// The counter of guesses at one old account, wherever they are made and however it is spelled (SEC-050).
#[must_use]
pub fn account_key(agency: &AgencyCode, login: &LegacyLogin) -> String {
    format!("account:{agency}:{}", folded(login.as_str()))
}

/// The counter of wrong codes for an old account.
#[must_use]
pub fn codes_of_account_key(agency: &AgencyCode, login: &LegacyLogin) -> String {
    format!("code:{agency}:{}", folded(login.as_str()))
}

/// The counter of a person's wrong codes.
#[must_use]
pub fn codes_of_person_key(identity: &IdentityId) -> String {
    format!("code:{}", identity.as_str())
}

fn client_key(client: Client) -> String {
    format!("client:{client}")
}

/// What became of one try to be let through.
enum Asked {
    Through(Reserved),
    Locked(Timestamp),
    /// Whether this one is locked shows when others are judged.
    AfterOthers(Subject),
    /// Somebody was faster: what that means shows at the next look.
    Again,
}

/// Lets an attempt through, or tells until when nothing is tried. Either all counters count it or none.
///
/// # Errors
/// The store fails, or too many of the same person wait.
pub async fn reserve(app: &App, caller: &Caller, subjects: &[Subject]) -> Result<Result<Reserved, Timestamp>, Fault> {
    Ok(reserve_from(app, caller, subjects, None).await?.map(|(reserved, _)| reserved))
}

/// The same for who holds a place at the hasher: it is free for others as long as this one waits.
///
/// # Errors
/// The store fails, or too many wait.
pub async fn reserve_from(
    app: &App,
    caller: &Caller,
    subjects: &[Subject],
    mut place: Option<Place>,
) -> Result<Result<(Reserved, Option<Place>), Timestamp>, Fault> {
    let (gives_up, has_place) = (Instant::now() + PATIENCE, place.is_some());
    let mut waiting: Option<Held> = None;
    while let Some(owed) = app.owed.next() {
        owed.unanswered(app).await?;
    }
    loop {
        match ask(app, caller, subjects).await? {
            Asked::Through(reserved) => return Ok(Ok((reserved, place))),
            Asked::Locked(until) => return Ok(Err(until)),
            Asked::Again => {}
            Asked::AfterOthers(subject) => {
                drop(place.take());
                waiting = waiting.or_else(|| app.tries.wait(&subject.key));
                if waiting.is_none() || Instant::now() >= gives_up {
                    METRICS.throttled.add("turn");
                    app.tries.refuse(caller, &subject, None, app.now());
                    return Err(Fault::Busy);
                }
                sleep(LOOK_EVERY).await;
                place = if has_place { Some(app.hasher.place()?) } else { None };
            }
        }
    }
}

/// Looks first, without a writer's turn: whoever is refused costs nobody anything.
async fn ask(app: &App, caller: &Caller, subjects: &[Subject]) -> Result<Asked, Fault> {
    let client = Some(Client::from(caller.client)).filter(|_| !subjects.iter().any(|subject| subject.on_known_device));
    let mut tx = app.store.read().await?;
    let now = tx.time(app.now()).await?;
    if let Some(client) = client
        && let Some(until) = locked_client(app, &mut tx, client, now).await?
    {
        drop(tx);
        refuse_client(app, caller, client, until, now).await?;
        return Ok(Asked::Locked(until));
    }
    for subject in subjects {
        let (attempts, _) = tx.attempts(&subject.key).await?;
        let Some(until) = attempts.locked_until(&subject.policy, now) else { continue };
        drop(tx);
        if app.tries.are_judged(&subject.key) || may_be_judged_elsewhere(app, &attempts, now) {
            return Ok(Asked::AfterOthers(subject.clone()));
        }
        METRICS.throttled.add(counter(&subject.key));
        app.tries.refuse(caller, subject, Some(until), now);
        if let Some(client) = client {
            app.tries.count_at(client);
        }
        if attempts != attempts.not_after(now) {
            settle(app, [(subject.key.as_str(), not_after as Change)], None, now).await?;
        }
        return Ok(Asked::Locked(until));
    }
    drop(tx);
    Ok(match write(app, client, subjects).await? {
        Some(reserved) => Asked::Through(reserved),
        None => Asked::Again,
    })
}

/// On a database of several nodes, an attempt of which this one knows nothing may be what has just locked somebody.
fn may_be_judged_elsewhere(app: &App, attempts: &Attempts, now: Timestamp) -> bool {
    app.store.has_other_nodes() && attempts.last.is_some_and(|last| now.duration_since(last).abs() < FRESH)
}

/// Until when a client is locked, with what it was refused because of others' locks.
async fn locked_client(app: &App, tx: &mut Tx, client: Client, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let (attempts, _) = app.sessions.attempts_at(tx, &client_key(client)).await?;
    let attempts = attempts.with(app.tries.unwritten(client), &LockoutPolicy::CLIENT, now);
    Ok(attempts.locked_until(&LockoutPolicy::CLIENT, now))
}

async fn refuse_client(
    app: &App,
    caller: &Caller,
    client: Client,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), Fault> {
    METRICS.throttled.add("client");
    app.tries.refuse(caller, &Subject::of_client(client), Some(until), now);
    let unwritten = app.tries.unwritten(client);
    if unwritten > 0 {
        // Once, when the lock begins.
        let more = |attempts: &Attempts, now| attempts.with(unwritten, &LockoutPolicy::CLIENT, now);
        app.tries.written(client, unwritten);
        settle(app, NO_SUBJECTS, Some((client, &more)), now).await?;
    }
    Ok(())
}

/// Counts the attempt everywhere; none if something is locked now, or was counted in the meantime.
async fn write(app: &App, client: Option<Client>, subjects: &[Subject]) -> Result<Option<Reserved>, Fault> {
    // Before it is counted: whoever meets the count knows that it may still be taken back.
    let judged = |subject: &Subject| Counted {
        key: subject.key.clone(),
        is_shared: subject.is_shared,
        _judged: app.tries.judge(&subject.key),
    };
    let counted = subjects.iter().map(judged).collect();
    let mut tx = app.store.write().await?;
    let now = tx.time(app.now()).await?;
    for subject in subjects {
        let (attempts, version) = tx.attempts(&subject.key).await?;
        let Ok(next) = attempts.reserve(&subject.policy, now) else { return Ok(None) };
        if !tx.save_attempts(&subject.key, &next, version).await? {
            return Ok(None);
        }
    }
    // Last, for it may be written at once.
    if let Some(client) = client {
        let unwritten = app.tries.unwritten(client);
        let (attempts, version) = app.sessions.attempts_at(&mut tx, &client_key(client)).await?;
        let attempts = attempts.with(unwritten, &LockoutPolicy::CLIENT, now);
        let Ok(next) = attempts.reserve(&LockoutPolicy::CLIENT, now) else { return Ok(None) };
        if !app.sessions.save_attempts_at(&mut tx, &client_key(client), &next, version).await? {
            return Ok(None);
        }
        app.tries.written(client, unwritten);
    }
    if let Err(fault) = tx.commit().await {
        if app.sessions.counts_clients_at_once() {
            app.owed.add(Reserved { subjects: Vec::new(), client });
        }
        return Err(fault.into());
    }
    Ok(Some(Reserved { subjects: counted, client }))
}

/// What a counter belongs to, as one word of a closed list.
fn counter(key: &str) -> &'static str {
    const KNOWN: [&str; 6] = ["person", "device", "account", "code", "confirm", "unknown"];
    let kind = key.split(':').next().unwrap_or_default();
    KNOWN.into_iter().find(|known| *known == kind).unwrap_or("other")
}

impl Reserved {
    /// The attempt was right: the row of failures is over.
    ///
    /// # Errors
    /// The store fails.
    pub async fn succeeded(self, app: &App) -> Result<(), Fault> {
        self.settle(app, cleared).await
    }

    /// There was no verdict: nothing is counted (b03).
    ///
    /// # Errors
    /// The store fails.
    pub async fn unanswered(self, app: &App) -> Result<(), Fault> {
        self.settle(app, taken_back).await
    }

    /// The attempt was wrong for the person, but only so far: what counts for the client is settled later.
    pub fn failed_for_subject(self) -> Self {
        Self { subjects: Vec::new(), ..self }
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

    async fn settle(self, app: &App, right: Change) -> Result<(), Fault> {
        let subjects: Vec<(&str, Change)> = self
            .subjects
            .iter()
            .map(|counted| (counted.key.as_str(), if counted.is_shared { taken_back } else { right }))
            .collect();
        let client = self.client.map(|client| (client, &taken_back as &_));
        let settled = settle(app, subjects, client, app.now()).await;
        // Nothing that failed on our side stays counted: what cannot be taken back now is owed.
        if settled.is_err() {
            app.owed.add(self);
        }
        settled
    }
}

/// What is made of what was counted.
type Change = fn(&Attempts, Timestamp) -> Attempts;

/// The same of a client, which may depend on what memory has counted.
type ClientsChange<'c> = &'c (dyn Fn(&Attempts, Timestamp) -> Attempts + Sync);

const NO_SUBJECTS: [(&str, Change); 0] = [];

fn cleared(attempts: &Attempts, _: Timestamp) -> Attempts {
    attempts.cleared()
}

fn taken_back(attempts: &Attempts, _: Timestamp) -> Attempts {
    attempts.taken_back()
}

fn not_after(attempts: &Attempts, now: Timestamp) -> Attempts {
    attempts.not_after(now)
}

/// Changes the counters of subjects, and that of a client, all at once.
async fn settle<'k>(
    app: &App,
    subjects: impl IntoIterator<Item = (&'k str, Change)>,
    client: Option<(Client, ClientsChange<'_>)>,
    now: Timestamp,
) -> Result<(), Fault> {
    let subjects: Vec<(&str, Change)> = subjects.into_iter().collect();
    'again: loop {
        let mut tx = app.store.write().await?;
        for (key, change) in &subjects {
            let (attempts, version) = tx.attempts(key).await?;
            if !tx.save_attempts(key, &change(&attempts, now), version).await? {
                continue 'again;
            }
        }
        // Last, for it may be written at once.
        if let Some((client, change)) = client {
            let key = client_key(client);
            let (attempts, version) = app.sessions.attempts_at(&mut tx, &key).await?;
            if !app.sessions.save_attempts_at(&mut tx, &key, &change(&attempts, now), version).await? {
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
    settle(app, [(key, (|_, _| Attempts::default()) as Change)], None, app.now()).await
}
