//! The trace: lines are added and read, never changed.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, corrupt, json, millis};
use super::{Note, StoreError, Tx};
use crate::domain::audit::{Actor, AuditEntry, AuditLine, StaffId};
use crate::domain::identity::{IdentityId, LegacyLogin};

impl Tx {
    /// Adds a line to the trace. Best done last in a transaction: on `PostgreSQL` the next line waits for its commit.
    pub async fn append_audit(
        &mut self,
        entry: &AuditEntry,
        client: &str,
        request_id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let seq = sqlx::query("UPDATE counters SET value = value + 1 WHERE name = 'audit' RETURNING value")
            .fetch_one(self.conn())
            .await?
            .int("value")?;
        let (actor_kind, actor_id) = match &entry.actor {
            Actor::Visitor => ("visitor", None),
            Actor::Resident(identity) => ("resident", Some(identity.as_str())),
            Actor::Staff(staff) => ("staff", Some(staff.as_str())),
            Actor::Operator => ("operator", None),
            Actor::Gateway => ("gateway", None),
        };
        sqlx::query(
            "INSERT INTO audit
                 (seq, happened_at, event, actor_kind, actor_id, agency, identity_id, login, client, request_id, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(seq)
        .bind(millis(now))
        .bind(entry.event.name())
        .bind(actor_kind)
        .bind(actor_id)
        .bind(entry.agency.as_ref().map(ToString::to_string))
        .bind(entry.identity.as_ref().map(IdentityId::as_str))
        .bind(entry.login.as_ref().map(LegacyLogin::as_str))
        .bind(client)
        .bind(request_id)
        .bind(json(&entry.event)?)
        .execute(self.conn())
        .await?;
        self.note(Note::Traced(entry.event.clone()));
        Ok(())
    }

    /// The last lines of the trace, the newest first.
    pub async fn audit_tail(&mut self, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        sqlx::query(
            "SELECT seq, happened_at, actor_kind, actor_id, agency, identity_id, login, client, request_id, detail
             FROM audit ORDER BY seq DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(audit_line)
        .collect()
    }
}

impl Tx {
    /// The line with this number.
    pub async fn audit_numbered(&mut self, seq: i64) -> Result<Option<AuditLine>, StoreError> {
        sqlx::query(
            "SELECT seq, happened_at, actor_kind, actor_id, agency, identity_id, login, client, request_id, detail
             FROM audit WHERE seq = $1",
        )
        .bind(seq)
        .fetch_optional(self.conn())
        .await?
        .as_ref()
        .map(audit_line)
        .transpose()
    }

    /// So many lines behind this number, the oldest first.
    pub async fn audit_behind(&mut self, seq: i64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        sqlx::query(
            "SELECT seq, happened_at, actor_kind, actor_id, agency, identity_id, login, client, request_id, detail
             FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(seq)
        .bind(i64::from(limit))
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(audit_line)
        .collect()
    }
}

pub(super) fn audit_line(row: &AnyRow) -> Result<AuditLine, StoreError> {
    let actor = match (row.text("actor_kind")?.as_str(), row.opt_text("actor_id")?) {
        ("visitor", None) => Actor::Visitor,
        ("resident", Some(identity)) => Actor::Resident(IdentityId::stored(identity)),
        ("staff", Some(staff)) => Actor::Staff(StaffId::stored(staff)),
        ("operator", None) => Actor::Operator,
        ("gateway", None) => Actor::Gateway,
        _ => return Err(corrupt("actor_kind")),
    };
    let login = match row.opt_text("login")? {
        Some(login) => Some(LegacyLogin::parse(&login).ok_or_else(|| corrupt("login"))?),
        None => None,
    };
    Ok(AuditLine {
        seq: row.int("seq")?,
        at: row.time("happened_at")?,
        entry: AuditEntry {
            event: row.json("detail")?,
            actor,
            agency: row.opt_agency("agency")?,
            identity: row.opt_text("identity_id")?.map(IdentityId::stored),
            login,
        },
        client: row.text("client")?,
        request_id: row.text("request_id")?,
    })
}
