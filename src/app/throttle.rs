//! Guesses are counted before they are judged, so that parallel ones share one budget (f01, f02, SEC-049); the client
//! that asks comes before whoever is guessed at (decision 48).

mod subject;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::hasher::Place;
use super::owed::Doubt;
use super::tries::Held;
use super::{App, Caller, Fault};
use crate::domain::client::Client;
use crate::domain::lockout::{Attempts, LockoutPolicy};
use crate::store::{Tx, Unanswered};
use crate::telemetry::metrics::METRICS;

pub use subject::{Subject, account_key, codes_of_account_key, codes_of_person_key, device_key, person_key};

use subject::client_key;

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
    app.owed.pay(app).await?;
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
            settle_together(app, &[(subject.key.as_str(), not_after)], None, now).await?;
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
        settle_client(app, client, &more, now).await?;
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
    let reserved = Reserved { subjects: subjects.iter().map(judged).collect(), client };
    let (within, apart) = reserved.split(app);
    if let Some(client) = apart.client
        && !count_at_once(app, client).await?
    {
        return Ok(None);
    }
    match write_together(app, within.client, subjects).await {
        Ok(true) => Ok(Some(Reserved { client, ..within })),
        Ok(false) => {
            // What was counted at once is taken back if the rest was not counted.
            apart.unanswered(app).await?;
            Ok(None)
        }
        Err(Unanswered { error, receipt }) => {
            app.owed.add(apart, None);
            if let Some(receipt) = receipt {
                app.owed.add(within, Some(Doubt::Counted(receipt)));
            }
            Err(error.into())
        }
    }
}

/// Counts the attempt at a client whose count does not live in SQL; false if it is locked now.
async fn count_at_once(app: &App, client: Client) -> Result<bool, Fault> {
    let unwritten = app.tries.unwritten(client);
    let now = app.store.time(app.now()).await?;
    let next = |attempts: &Attempts| next_of_client(attempts, unwritten, now);
    let counted = app.sessions.count_at_once(&client_key(client), next).await?;
    if counted {
        app.tries.written(client, unwritten);
    }
    Ok(counted)
}

/// Counts the attempt at everything that lives in SQL, in one transaction; false if something is locked now, or was counted
/// in the meantime.
async fn write_together(app: &App, client: Option<Client>, subjects: &[Subject]) -> Result<bool, Unanswered> {
    let mut tx = app.store.write().await?;
    let now = tx.time(app.now()).await?;
    for subject in subjects {
        let (attempts, version) = tx.attempts(&subject.key).await?;
        let Ok(next) = attempts.reserve(&subject.policy, now) else { return Ok(false) };
        if !tx.save_attempts(&subject.key, &next, version).await? {
            return Ok(false);
        }
    }
    if let Some(client) = client {
        let unwritten = app.tries.unwritten(client);
        let (attempts, version) = tx.attempts(&client_key(client)).await?;
        let Some(next) = next_of_client(&attempts, unwritten, now) else { return Ok(false) };
        if !tx.save_attempts(&client_key(client), &next, version).await? {
            return Ok(false);
        }
        app.tries.written(client, unwritten);
    }
    tx.commit_with_receipt().await?;
    Ok(true)
}

/// With one attempt more, and those that only memory knows of; nothing if the client is locked.
fn next_of_client(attempts: &Attempts, unwritten: u32, now: Timestamp) -> Option<Attempts> {
    attempts.with(unwritten, &LockoutPolicy::CLIENT, now).reserve(&LockoutPolicy::CLIENT, now).ok()
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
        let (within, apart) = self.split(app);
        let subjects: Vec<(&str, Change)> = within
            .subjects
            .iter()
            .map(|counted| (counted.key.as_str(), if counted.is_shared { taken_back } else { right }))
            .collect();
        let client = within.client.map(|client| (client, &taken_back as ClientsChange<'_>));
        // Nothing that failed on our side stays counted: what cannot be taken back now is owed.
        if let Err(Unanswered { error, receipt }) = settle_together(app, &subjects, client, app.now()).await {
            app.owed.add(within, receipt.map(Doubt::TakenBack));
            app.owed.add(apart, None);
            return Err(error.into());
        }
        let Some(client) = apart.client else { return Ok(()) };
        let settled = settle_at_once(app, client, &taken_back, app.now()).await;
        if settled.is_err() {
            app.owed.add(apart, None);
        }
        settled
    }

    /// Whether nothing is counted.
    pub(super) const fn is_empty(&self) -> bool {
        self.subjects.is_empty() && self.client.is_none()
    }

    /// What is counted in SQL, and what is not.
    fn split(self, app: &App) -> (Self, Self) {
        let (within, apart) =
            if app.sessions.counts_clients_at_once() { (None, self.client) } else { (self.client, None) };
        (Self { client: within, ..self }, Self { subjects: Vec::new(), client: apart })
    }
}

/// What is made of what was counted.
type Change = fn(&Attempts, Timestamp) -> Attempts;

/// The same of a client, which may depend on what memory has counted.
type ClientsChange<'c> = &'c (dyn Fn(&Attempts, Timestamp) -> Attempts + Sync);

fn cleared(attempts: &Attempts, _: Timestamp) -> Attempts {
    attempts.cleared()
}

fn taken_back(attempts: &Attempts, _: Timestamp) -> Attempts {
    attempts.taken_back()
}

fn not_after(attempts: &Attempts, now: Timestamp) -> Attempts {
    attempts.not_after(now)
}

/// Changes the counter of a client, wherever it lives.
async fn settle_client(app: &App, client: Client, change: ClientsChange<'_>, now: Timestamp) -> Result<(), Fault> {
    if app.sessions.counts_clients_at_once() {
        settle_at_once(app, client, change, now).await
    } else {
        Ok(settle_together(app, &[], Some((client, change)), now).await?)
    }
}

/// Changes the counter of a client that does not live in SQL.
async fn settle_at_once(app: &App, client: Client, change: ClientsChange<'_>, now: Timestamp) -> Result<(), Fault> {
    app.sessions.count_at_once(&client_key(client), |attempts| Some(change(attempts, now))).await?;
    Ok(())
}

/// Changes the counters of subjects, and that of a client where it lives in SQL, too, all at once.
async fn settle_together(
    app: &App,
    subjects: &[(&str, Change)],
    client: Option<(Client, ClientsChange<'_>)>,
    now: Timestamp,
) -> Result<(), Unanswered> {
    if subjects.is_empty() && client.is_none() {
        return Ok(());
    }
    'again: loop {
        let mut tx = app.store.write().await?;
        for (key, change) in subjects {
            let (attempts, version) = tx.attempts(key).await?;
            if !tx.save_attempts(key, &change(&attempts, now), version).await? {
                continue 'again;
            }
        }
        if let Some((client, change)) = client {
            let key = client_key(client);
            let (attempts, version) = tx.attempts(&key).await?;
            if !tx.save_attempts(&key, &change(&attempts, now), version).await? {
                continue 'again;
            }
        }
        return tx.commit_with_receipt().await;
    }
}

/// Forgets the failures on a person, after a reset of the password (f01: "unlock by reset").
///
/// # Errors
/// The store fails.
pub async fn unlock(app: &App, key: &str) -> Result<(), Fault> {
    Ok(settle_together(app, &[(key, |_, _| Attempts::default())], None, app.now()).await?)
}
