//! Taking an agency's roster, line by line (b02, b20).

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::{App, Fault, detach};
use crate::domain::agency::Agency;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::roster::{Holding, RosterLine, Standing, is_another_holder};
use crate::sessions::Change;
use crate::store::Tx;

/// Takes lines; one transaction for each, so that an interrupted import keeps what it has and can be run again.
pub struct Import<'a> {
    app: &'a App,
    agency: &'a Agency,
    expires_at: Option<Timestamp>,
    taken: u64,
    withdrawn: u64,
}

impl<'a> Import<'a> {
    /// Begins; provisional credentials live for so many days from now (at most, they die with their first use).
    #[must_use]
    pub fn begin(app: &'a App, agency: &'a Agency, provisional_days: u32) -> Self {
        let lifetime = SignedDuration::from_hours(i64::from(provisional_days) * 24);
        Self { app, agency, expires_at: app.now().checked_add(lifetime).ok(), taken: 0, withdrawn: 0 }
    }

    /// Takes one line; a line for an account that is there already replaces what the roster said of it. Where it has
    /// another holder, or is closed, it is taken from who had it (SEC-017).
    ///
    /// # Errors
    /// Something of ours is out of order.
    pub async fn take(&mut self, line: &RosterLine) -> Result<(), Fault> {
        let password = match &line.password {
            Some(password) => Some(self.app.hasher.hash(password.clone()).await?),
            None => None,
        };
        let expires_at = password.as_ref().and(self.expires_at);
        if line.standing == Standing::Closed {
            return self.withdraw(&line.login).await;
        }
        let (code, now) = (&self.agency.code, self.app.now());
        let mut tx = self.app.store.write().await?;
        let before = tx.roster_since(code, &line.login).await?;
        let mut had = None;
        if is_another_holder(before.as_deref(), line.since.as_deref()) {
            had = detach::withdraw(self.app, &mut tx, code, &line.login, now).await?.had;
            tx.delete_roster_line(code, &line.login).await?;
            self.withdrawn += 1;
        }
        let holding = Holding::random(&*self.app.dice);
        tx.upsert_roster_line(code, line, password.as_ref(), expires_at, &holding, now).await?;
        if let Some(since) = &line.since {
            tx.set_roster_since(code, &line.login, since).await?;
        }
        self.commit(tx, had).await?;
        self.taken += 1;
        Ok(())
    }

    /// The file was the whole roster: every account that does not stand in it is closed.
    ///
    /// # Errors
    /// Something of ours is out of order.
    pub async fn close_all_but(&mut self, kept: &HashSet<String>) -> Result<(), Fault> {
        let known = self.app.store.read().await?.logins_of(&self.agency.code).await?;
        for login in known.iter().filter(|login| !kept.contains(&login.key())) {
            self.withdraw(login).await?;
        }
        Ok(())
    }

    /// Accounts that were taken off the roster, or given to somebody else, so far.
    #[must_use]
    pub const fn withdrawn(&self) -> u64 {
        self.withdrawn
    }

    async fn withdraw(&mut self, login: &LegacyLogin) -> Result<(), Fault> {
        let code = &self.agency.code;
        let mut tx = self.app.store.write().await?;
        let now = self.app.now();
        let withdrawn = detach::withdraw(self.app, &mut tx, code, login, now).await?;
        tx.close_account(code, login, now).await?;
        if tx.delete_roster_line(code, login).await? || withdrawn.had.is_some() || withdrawn.run {
            self.withdrawn += 1;
        }
        self.commit(tx, withdrawn.had).await
    }

    async fn commit(&self, tx: Tx, had: Option<IdentityId>) -> Result<(), Fault> {
        match had {
            Some(identity) => self.app.sessions.commit(tx, &Change::Identity(identity)).await?,
            None => tx.commit().await?,
        }
        Ok(())
    }

    /// Ends, and writes the trace.
    ///
    /// # Errors
    /// The store fails.
    pub async fn finish(self, refused: u64) -> Result<u64, Fault> {
        let entry = AuditEntry {
            event: AuditEvent::RosterImported { accounts: self.taken, refused, withdrawn: self.withdrawn },
            actor: Actor::Operator,
            agency: Some(self.agency.code.clone()),
            identity: None,
            login: None,
        };
        let mut tx = self.app.store.write().await?;
        tx.append_audit(&entry, "command line", "import", self.app.now()).await?;
        tx.commit().await?;
        Ok(self.taken)
    }
}
