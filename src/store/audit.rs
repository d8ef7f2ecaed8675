//! The trace: lines are added and read, never changed.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, corrupt, json, millis};
use super::{Note, StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditLine, StaffId};
use crate::domain::chain::{Digest, Found, Names, Salt, Stays};
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::secret::Dice as _;
use crate::telemetry::SystemDice;

impl Tx {
    /// Adds a line to the trace. Best done last in a transaction: on `PostgreSQL` the next line waits for its commit.
    pub async fn append_audit(
        &mut self,
        entry: &AuditEntry,
        client: &str,
        request_id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let counter = sqlx::query("UPDATE counters SET value = value + 1 WHERE name = 'audit' RETURNING value, chain")
            .fetch_one(self.conn())
            .await?;
        let (seq, before) = (counter.int("value")?, opt_digest(&counter, "chain")?.unwrap_or(Digest::BEGIN));
        let stays = Stays {
            seq,
            at: now,
            event: entry.event.name().to_owned(),
            actor: entry.actor.kind().to_owned(),
            agency: entry.agency.clone(),
        };
        let names = Names {
            actor: entry.actor.id().map(str::to_owned),
            identity: entry.identity.as_ref().map(|identity| identity.as_str().to_owned()),
            login: entry.login.as_ref().map(|login| login.as_str().to_owned()),
            client: client.to_owned(),
            request_id: request_id.to_owned(),
            detail: json(&entry.event)?,
        };
        let mut salt = [0; 16];
        SystemDice.fill(&mut salt);
        let salt = Salt::new(salt);
        let bound = names.under(&salt);
        let chain = before.then(&stays, &bound);
        sqlx::query(
            "INSERT INTO audit (seq, happened_at, event, actor_kind, actor_id, agency, identity_id, login, client,
                 request_id, detail, salt, bound, chain)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(seq)
        .bind(millis(now))
        .bind(stays.event)
        .bind(stays.actor)
        .bind(names.actor)
        .bind(stays.agency.as_ref().map(ToString::to_string))
        .bind(names.identity)
        .bind(names.login)
        .bind(names.client)
        .bind(names.request_id)
        .bind(names.detail)
        .bind(salt.to_string())
        .bind(bound.to_string())
        .bind(chain.to_string())
        .execute(self.conn())
        .await?;
        sqlx::query("UPDATE counters SET chain = $1 WHERE name = 'audit'")
            .bind(chain.to_string())
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

    /// So many lines behind this number, the oldest first; of one agency, and since a time, where they are given.
    pub async fn audit_behind(
        &mut self,
        seq: i64,
        agency: Option<&AgencyCode>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<AuditLine>, StoreError> {
        sqlx::query(
            "SELECT seq, happened_at, actor_kind, actor_id, agency, identity_id, login, client, request_id, detail
             FROM audit WHERE seq > $1 AND ($2 = '' OR agency = $2) AND happened_at >= $3 ORDER BY seq LIMIT $4",
        )
        .bind(seq)
        .bind(agency.map(ToString::to_string).unwrap_or_default())
        .bind(since.map_or(i64::MIN, millis))
        .bind(i64::from(limit))
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(audit_line)
        .collect()
    }
}

impl Tx {
    /// So many lines of the chain behind this number, the oldest first, with what has stayed of those that are past their
    /// time.
    pub async fn chain_behind(&mut self, seq: i64, limit: u32) -> Result<Vec<Found>, StoreError> {
        sqlx::query(
            "SELECT * FROM (
                 SELECT seq, happened_at, event, actor_kind, agency, bound, chain, salt, actor_id, identity_id, login,
                     client, request_id, detail
                 FROM audit WHERE seq > $1 AND chain IS NOT NULL
                 UNION ALL
                 SELECT seq, happened_at, event, actor_kind, agency, bound, chain, NULL, NULL, NULL, NULL,
                     NULL, NULL, NULL
                 FROM audit_spent WHERE seq > $1) AS lines
             ORDER BY seq LIMIT $2",
        )
        .bind(seq)
        .bind(i64::from(limit))
        .fetch_all(self.unhurried())
        .await?
        .iter()
        .map(found)
        .collect()
    }

    /// The number and digest of the chain's last line.
    pub async fn last_of_chain(&mut self) -> Result<Option<(i64, Digest)>, StoreError> {
        let row = sqlx::query("SELECT value, chain FROM counters WHERE name = 'audit'").fetch_one(self.conn()).await?;
        let Some(digest) = opt_digest(&row, "chain")? else { return Ok(None) };
        Ok(Some((row.int("value")?, digest)))
    }

    /// Lines that are no part of the chain: from before it, or by a program that knows of none.
    pub async fn lines_without_chain(&mut self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS counted FROM audit WHERE chain IS NULL")
            .fetch_one(self.unhurried())
            .await?;
        Ok(u64::try_from(row.int("counted")?).unwrap_or_default())
    }
}

fn found(row: &AnyRow) -> Result<Found, StoreError> {
    let names = match row.opt_text("salt")? {
        None => None,
        Some(salt) => Some((
            Salt::parse(&salt).ok_or_else(|| corrupt("salt"))?,
            Names {
                actor: row.opt_text("actor_id")?,
                identity: row.opt_text("identity_id")?,
                login: row.opt_text("login")?,
                client: row.text("client")?,
                request_id: row.text("request_id")?,
                detail: row.text("detail")?,
            },
        )),
    };
    Ok(Found {
        stays: Stays {
            seq: row.int("seq")?,
            at: row.time("happened_at")?,
            event: row.text("event")?,
            actor: row.text("actor_kind")?,
            agency: row.opt_agency("agency")?,
        },
        bound: opt_digest(row, "bound")?.ok_or_else(|| corrupt("bound"))?,
        chain: opt_digest(row, "chain")?.ok_or_else(|| corrupt("chain"))?,
        names,
    })
}

fn opt_digest(row: &AnyRow, column: &'static str) -> Result<Option<Digest>, StoreError> {
    row.opt_text(column)?.map(|text| Digest::parse(&text).ok_or_else(|| corrupt(column))).transpose()
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
