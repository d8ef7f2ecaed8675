//! What becomes of an attempt that was counted, once it is judged; what cannot be taken back now is owed (REL-027).

use jiff::Timestamp;

use super::owed::{Debt, Doubt};
use super::reserved::Reserved;
use super::subject::{account_key, client_key, person_key};
use crate::app::{App, Fault};
use crate::domain::client::Client;
use crate::domain::identity::{IdentityId, Link};
use crate::domain::lockout::Attempts;
use crate::store::Unanswered;

impl Reserved {
    /// The attempt was right: the row of failures is over.
    pub async fn succeeded(self, app: &App) -> Result<(), Fault> {
        self.settle(app, cleared).await
    }

    /// There was no verdict: nothing is counted (b03).
    pub async fn unanswered(self, app: &App) -> Result<(), Fault> {
        self.settle(app, taken_back).await
    }

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
}

/// Takes back what is owed and can be; what is still under way in the database stays owed.
pub(super) async fn pay(app: &App) -> Result<(), Fault> {
    let mut under_way = Vec::new();
    let paid = pay_but(&mut under_way, app).await;
    for debt in under_way {
        app.owed.put(debt);
    }
    paid
}

async fn pay_but(under_way: &mut Vec<Debt>, app: &App) -> Result<(), Fault> {
    while let Some(debt) = app.owed.next() {
        match debt.is_owed(app).await {
            Ok(Some(true)) => debt.reserved.unanswered(app).await?,
            Ok(Some(false)) => {}
            Ok(None) => under_way.push(debt),
            Err(fault) => {
                under_way.push(debt);
                return Err(fault);
            }
        }
    }
    Ok(())
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

pub(super) fn not_after(attempts: &Attempts, now: Timestamp) -> Attempts {
    attempts.not_after(now)
}

/// Changes the counter of a client, wherever it lives.
pub(super) async fn settle_client(
    app: &App,
    client: Client,
    change: ClientsChange<'_>,
    now: Timestamp,
) -> Result<(), Fault> {
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
pub(super) async fn settle_together(
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

/// Forgets the failures on a person, after a reset of the password, whatever is typed to sign in (f01: "unlock by reset"):
/// where the identifier is kept, guesses are counted on the account, too.
pub async fn unlock(app: &App, identity: &IdentityId, links: &[Link]) -> Result<(), Fault> {
    let accounts = links.iter().map(|link| account_key(&link.account.agency, &link.account.login));
    let keys: Vec<String> = std::iter::once(person_key(identity)).chain(accounts).collect();
    let forgotten: Change = |_, _| Attempts::default();
    let counters: Vec<(&str, Change)> = keys.iter().map(|key| (key.as_str(), forgotten)).collect();
    Ok(settle_together(app, &counters, None, app.now()).await?)
}
