//! What this process knows of tries without asking the database: those that are being judged, and those that were refused
//! while somebody was locked.
//!
//! It is in memory only, because it may be forgotten: a refused try costs nobody a row, an fsync or a lock (B8).

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::subject::Subject;
use crate::app::{App, Caller, Fault};
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::client::Client;

/// So many wait at a time for others of the same person; more are told to come again (ATT-24).
const MOST_WAIT: u32 = 16;
/// How often it is looked whether a lock is over.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// More persons and clients than are ever refused at a time; beyond, the rest is not told of one by one.
const MOST_KEPT: usize = 50_000;
/// Who was sent away although nothing was locked is not told of after this time.
const FORGOTTEN: SignedDuration = SignedDuration::from_secs(60);

/// Tries, as far as memory knows them.
#[derive(Debug, Clone, Default)]
pub struct Tries(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Let through and not judged yet, by counter.
    pending: HashMap<String, u32>,
    /// Waiting for those, by counter.
    waiting: HashMap<String, u32>,
    /// Refused since a lock began, by counter.
    refused: HashMap<String, Refused>,
    /// Refused because of somebody else's lock, and not yet written down, by client.
    unwritten: HashMap<Client, u32>,
}

/// What was refused during one lock.
#[derive(Debug, Clone)]
struct Refused {
    tries: u32,
    /// When the lock is over; nothing while nobody was refused because of one.
    until: Option<Timestamp>,
    /// When it was last added to.
    last: Timestamp,
    entry: AuditEntry,
    /// The client, if there was only one.
    client: Option<Client>,
    request_id: String,
}

/// A try that is being judged, or that waits, for as long as this value lives.
#[derive(Debug)]
pub struct Held {
    tries: Tries,
    key: String,
    is_pending: bool,
}

impl Tries {
    fn known(&self) -> MutexGuard<'_, Known> {
        // Every change is whole in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A try was let through and waits for its judgement.
    pub(super) fn judge(&self, key: &str) -> Held {
        *self.known().pending.entry(key.to_owned()).or_default() += 1;
        Held { tries: self.clone(), key: key.to_owned(), is_pending: true }
    }

    /// Whether some are being judged.
    pub(super) fn are_judged(&self, key: &str) -> bool {
        self.known().pending.contains_key(key)
    }

    /// A place among those who wait for others to be judged, if there is one.
    pub(in crate::app) fn wait(&self, key: &str) -> Option<Held> {
        let mut known = self.known();
        let waiting = known.waiting.entry(key.to_owned()).or_default();
        if *waiting >= MOST_WAIT {
            return None;
        }
        *waiting += 1;
        Some(Held { tries: self.clone(), key: key.to_owned(), is_pending: false })
    }

    /// A try was refused until then, or, without a time, sent away to come again.
    pub(super) fn refuse(&self, caller: &Caller, subject: &Subject, until: Option<Timestamp>, now: Timestamp) {
        let mut known = self.known();
        if known.refused.len() >= MOST_KEPT && !known.refused.contains_key(&subject.key) {
            return;
        }
        let client = Client::from(caller.client);
        let refused = known.refused.entry(subject.key.clone()).or_insert_with(|| Refused {
            tries: 0,
            until: None,
            last: now,
            entry: AuditEntry {
                agency: subject.agency.clone(),
                identity: subject.identity.clone(),
                login: subject.login.clone(),
                ..AuditEntry::by(Actor::Gateway, AuditEvent::TriesRefused { tries: 0 })
            },
            client: Some(client),
            request_id: String::new(),
        });
        refused.tries = refused.tries.saturating_add(1);
        refused.until = until.max(refused.until);
        refused.last = now;
        refused.client = refused.client.filter(|known| *known == client);
        caller.request_id.as_str().clone_into(&mut refused.request_id);
    }

    /// One more of a client's that was refused because of somebody else's lock.
    pub(super) fn count_at(&self, client: Client) {
        let mut known = self.known();
        if known.unwritten.len() < MOST_KEPT || known.unwritten.contains_key(&client) {
            *known.unwritten.entry(client).or_default() += 1;
        }
    }

    /// How many of a client's are not written down yet.
    pub(super) fn unwritten(&self, client: Client) -> u32 {
        self.known().unwritten.get(&client).copied().unwrap_or_default()
    }

    /// So many of them are now.
    pub(super) fn written(&self, client: Client, tries: u32) {
        let mut known = self.known();
        if let Some(left) = known.unwritten.get_mut(&client) {
            *left = left.saturating_sub(tries);
            if *left == 0 {
                known.unwritten.remove(&client);
            }
        }
    }

    /// Takes what was refused in locks that are over, or in all of them.
    fn take(&self, over: impl Fn(Timestamp) -> bool, now: Timestamp) -> HashMap<String, Refused> {
        let mut known = self.known();
        let (told, kept) = mem::take(&mut known.refused)
            .into_iter()
            .filter(|(_, refused)| refused.until.is_some() || now.duration_since(refused.last) < FORGOTTEN)
            .partition(|(_, refused)| refused.until.is_some_and(&over));
        known.refused = kept;
        told
    }

    fn put_back(&self, refused: HashMap<String, Refused>) {
        let mut known = self.known();
        for (key, before) in refused {
            let tries = known.refused.get(&key).map_or(0, |since| since.tries);
            known.refused.insert(key, Refused { tries: before.tries.saturating_add(tries), ..before });
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut known = self.tries.known();
        let counts = if self.is_pending { &mut known.pending } else { &mut known.waiting };
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

/// Writes one line of the trace for each lock that is over, with the sum of what was refused in it, for as long as it is
/// let.
pub async fn watch(app: &App) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = app.now();
        if let Err(error) = tell(app, |until| until <= now).await {
            tracing::warn!(%error, "what was refused in locks is told later");
        }
    }
}

/// The same for every lock, whether it is over or not: the process ends.
pub async fn tell_all(app: &App) -> Result<(), Fault> {
    tell(app, |_| true).await
}

async fn tell(app: &App, over: impl Fn(Timestamp) -> bool) -> Result<(), Fault> {
    let refused = app.tries.take(over, app.now());
    if refused.is_empty() {
        return Ok(());
    }
    let written = write(app, refused.values()).await;
    if written.is_err() {
        app.tries.put_back(refused);
    }
    written
}

async fn write(app: &App, refused: impl Iterator<Item = &Refused>) -> Result<(), Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    for Refused { tries, entry, client, request_id, .. } in refused {
        let entry = AuditEntry { event: AuditEvent::TriesRefused { tries: *tries }, ..entry.clone() };
        let client = client.map(|client| client.to_string()).unwrap_or_default();
        tx.append_audit(&entry, &client, request_id, now).await?;
    }
    Ok(tx.commit().await?)
}
