//! Taking an agency's roster, line by line (b02, b20).

use jiff::{SignedDuration, Timestamp};

use super::{App, Fault};
use crate::domain::agency::Agency;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::roster::RosterLine;

/// Takes lines; one transaction for each, so that an interrupted import keeps what it has and can be run again.
pub struct Import<'a> {
    app: &'a App,
    agency: &'a Agency,
    expires_at: Option<Timestamp>,
    taken: u64,
}

impl<'a> Import<'a> {
    /// Begins; provisional credentials live for so many days from now (at most, they die with their first use).
    #[must_use]
    pub fn begin(app: &'a App, agency: &'a Agency, provisional_days: u32) -> Self {
        let lifetime = SignedDuration::from_hours(i64::from(provisional_days) * 24);
        Self { app, agency, expires_at: app.now().checked_add(lifetime).ok(), taken: 0 }
    }

    /// Takes one line; a line for an account that is there already replaces what the roster said of it.
    ///
    /// # Errors
    /// Something of ours is out of order.
    pub async fn take(&mut self, line: &RosterLine) -> Result<(), Fault> {
        let password = match &line.password {
            Some(password) => Some(self.app.hasher.hash(password.clone()).await?),
            None => None,
        };
        let expires_at = password.as_ref().and(self.expires_at);
        let mut tx = self.app.store.write().await?;
        tx.upsert_roster_line(&self.agency.code, line, password.as_ref(), expires_at, self.app.now()).await?;
        tx.commit().await?;
        self.taken += 1;
        Ok(())
    }

    /// Ends, and writes the trace.
    ///
    /// # Errors
    /// The store fails.
    pub async fn finish(self, refused: u64) -> Result<u64, Fault> {
        let entry = AuditEntry {
            event: AuditEvent::RosterImported { accounts: self.taken, refused },
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
