//! Who acts upon what is others': an operator at the command line, or somebody of an agency's staff.

use jiff::Timestamp;

use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::store::{StoreError, Tx};

/// Somebody who acts, and from where, as the trace tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// Who.
    pub actor: Actor,
    /// The client's address, or what stands for it.
    pub client: String,
    /// The request's name, or the command's.
    pub request_id: String,
}

impl Acting {
    /// An operator, by a command.
    #[must_use]
    pub fn operator(command: &str) -> Self {
        Self { actor: Actor::Operator, client: "command line".to_owned(), request_id: command.to_owned() }
    }

    /// A line of the trace about an act.
    pub(super) fn entry(&self, event: AuditEvent) -> AuditEntry {
        AuditEntry::by(self.actor.clone(), event)
    }

    /// Writes it, within the transaction that it tells of.
    pub(super) async fn audit(&self, tx: &mut Tx, entry: &AuditEntry, now: Timestamp) -> Result<(), StoreError> {
        tx.append_audit(entry, &self.client, &self.request_id, now).await
    }
}
