//! Guesses are counted before they are judged, so that parallel ones share one budget (f01, f02, SEC-049); the client
//! that asks comes before whoever is guessed at (decision 48).

mod owed;
mod reserved;
mod settle;
mod subject;
mod tries;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::hasher::Permit;
use super::{App, Caller, Fault};
use crate::domain::client::Client;
use crate::domain::lockout::{Attempts, LockoutPolicy};
use crate::store::{Tx, Unanswered};
use crate::telemetry::metrics::METRICS;

pub use owed::Owed;
pub use reserved::Reserved;
pub use settle::unlock;
pub use subject::{Subject, account_key, codes_of_account_key, codes_of_person_key, device_key, person_key};
pub use tries::{Tries, tell_all, watch};

use owed::Doubt;
use reserved::Counted;
use settle::{not_after, pay, settle_client, settle_together};
use subject::client_key;
use tries::Held;

/// Longest wait for others of the same person to be judged (ATT-24).
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether they are.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Another node may still be judging what has locked somebody just now.
const FRESH: SignedDuration = SignedDuration::from_millis(1500);

/// What became of one try to be let through.
enum Admission {
    Through(Reserved),
    Locked,
    /// Whether this one is locked shows when others are judged.
    AfterOthers(Subject),
    /// Somebody was faster: what that means shows at the next look.
    Again,
}

/// Lets an attempt through; None while somebody whom it concerns is locked. Either all counters count it or none.
///
/// # Errors
/// The store fails, or too many of the same person wait.
pub async fn reserve(app: &App, caller: &Caller, subjects: &[Subject]) -> Result<Option<Reserved>, Fault> {
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
    mut place: Option<Permit>,
) -> Result<Option<(Reserved, Option<Permit>)>, Fault> {
    let (gives_up, has_place) = (Instant::now() + PATIENCE, place.is_some());
    let mut waiting: Option<Held> = None;
    pay(app).await?;
    loop {
        match ask(app, caller, subjects).await? {
            Admission::Through(reserved) => return Ok(Some((reserved, place))),
            Admission::Locked => return Ok(None),
            Admission::Again => {}
            Admission::AfterOthers(subject) => {
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
async fn ask(app: &App, caller: &Caller, subjects: &[Subject]) -> Result<Admission, Fault> {
    let client = Some(Client::from(caller.client)).filter(|_| !subjects.iter().any(|subject| subject.on_known_device));
    let mut tx = app.store.read().await?;
    let now = tx.time(app.now()).await?;
    if let Some(client) = client
        && let Some(until) = locked_client(app, &mut tx, client, now).await?
    {
        drop(tx);
        refuse_client(app, caller, client, until, now).await?;
        return Ok(Admission::Locked);
    }
    for subject in subjects {
        let (attempts, _) = tx.attempts(&subject.key).await?;
        let Some(until) = attempts.locked_until(&subject.policy, now) else { continue };
        drop(tx);
        if app.tries.are_judged(&subject.key) || may_be_judged_elsewhere(app, &attempts, now) {
            return Ok(Admission::AfterOthers(subject.clone()));
        }
        METRICS.throttled.add(counter(&subject.key));
        app.tries.refuse(caller, subject, Some(until), now);
        if let Some(client) = client {
            app.tries.count_at(client);
        }
        if attempts != attempts.not_after(now) {
            settle_together(app, &[(subject.key.as_str(), not_after)], None, now).await?;
        }
        return Ok(Admission::Locked);
    }
    drop(tx);
    Ok(match write(app, client, subjects).await? {
        Some(reserved) => Admission::Through(reserved),
        None => Admission::Again,
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
