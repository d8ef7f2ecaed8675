//! What operators ask the trace and the counters: the same statements on both databases.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::audit::audit_line;
use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{AuditEvent, AuditLine};
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::lockout::Attempts;

/// Which lines of the trace are asked for; what is not said is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinesOf {
    /// Since when.
    pub since: Option<Timestamp>,
    /// What happened, by its stable name.
    pub event: String,
    /// At which agency.
    pub agency: Option<AgencyCode>,
    /// To whom.
    pub identity: Option<IdentityId>,
    /// To which account.
    pub login: Option<LegacyLogin>,
    /// From which address.
    pub client: String,
    /// In which request.
    pub request_id: String,
}

/// Lines that tell the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// What happened.
    pub event: AuditEvent,
    /// From which address; empty where it was not asked for.
    pub client: String,
    /// At which agency.
    pub agency: Option<AgencyCode>,
    /// To whom.
    pub identity: Option<IdentityId>,
    /// To which account.
    pub login: Option<LegacyLogin>,
    /// How many lines.
    pub lines: u64,
    /// When the last of them was written.
    pub last: Timestamp,
}

/// How the numbers of lines stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The first line that is looked at.
    pub first: Option<i64>,
    /// When that was.
    pub began: Option<Timestamp>,
    /// The last line there is.
    pub last: i64,
    /// The number that was given out last.
    pub given: i64,
    /// How many lines are looked at.
    pub lines: i64,
    /// Where lines are missing: the one before a gap, the first ones of them.
    pub gaps: Vec<i64>,
}

impl Tx {
    /// Lines of the trace, the newest first.
    pub async fn audit_lines_of(&mut self, of: &LinesOf, most: u32) -> Result<Vec<AuditLine>, StoreError> {
        sqlx::query(
            "SELECT seq, happened_at, actor_kind, actor_id, agency, identity_id, login, client, request_id, detail
             FROM audit
             WHERE happened_at >= $1 AND ($2 = '' OR event = $2) AND ($3 = '' OR agency = $3)
                 AND ($4 = '' OR identity_id = $4) AND ($5 = '' OR lower(login) = lower($5))
                 AND ($6 = '' OR client = $6) AND ($7 = '' OR request_id = $7)
             ORDER BY seq DESC LIMIT $8",
        )
        .bind(of.since.map_or(i64::MIN, millis))
        .bind(of.event.clone())
        .bind(of.agency.as_ref().map(ToString::to_string).unwrap_or_default())
        .bind(of.identity.as_ref().map_or("", IdentityId::as_str).to_owned())
        .bind(of.login.as_ref().map_or("", LegacyLogin::as_str).to_owned())
        .bind(of.client.clone())
        .bind(of.request_id.clone())
        .bind(i64::from(most))
        .fetch_all(self.unhurried())
        .await?
        .iter()
        .map(audit_line)
        .collect()
    }

    /// Refused sign-ins since then, by agency and reason.
    pub async fn refused_since(&mut self, since: Timestamp) -> Result<Vec<Alike>, StoreError> {
        let statement = "SELECT '' AS client, agency, NULL AS identity_id, NULL AS login, detail, COUNT(*) AS alike,
                 MAX(happened_at) AS last
             FROM audit WHERE event IN ('sign-in-refused', 'tries-refused') AND happened_at >= $1
             GROUP BY agency, detail";
        self.alike(statement, since).await
    }

    /// Wrong guesses since then, by the address that they came from.
    pub async fn guesses_by_client(&mut self, since: Timestamp) -> Result<Vec<Alike>, StoreError> {
        let statement = "SELECT client, NULL AS agency, NULL AS identity_id, NULL AS login, detail, COUNT(*) AS alike,
                 MAX(happened_at) AS last
             FROM audit
             WHERE event IN ('sign-in-refused', 'tries-refused', 'proof-refused', 'password-refused')
                 AND happened_at >= $1
             GROUP BY client, detail";
        self.alike(statement, since).await
    }

    /// The same, by whom they were made at.
    pub async fn guesses_by_target(&mut self, since: Timestamp) -> Result<Vec<Alike>, StoreError> {
        let statement = "SELECT '' AS client, agency, identity_id, login, detail, COUNT(*) AS alike,
                 MAX(happened_at) AS last
             FROM audit
             WHERE event IN ('sign-in-refused', 'tries-refused', 'proof-refused', 'password-refused')
                 AND happened_at >= $1
             GROUP BY agency, identity_id, login, detail";
        self.alike(statement, since).await
    }

    async fn alike(&mut self, statement: &'static str, since: Timestamp) -> Result<Vec<Alike>, StoreError> {
        let rows = sqlx::query(statement).bind(millis(since)).fetch_all(self.unhurried()).await?;
        rows.iter().map(alike).collect()
    }

    /// How the numbers of the lines since then stand.
    pub async fn audit_numbers(&mut self, since: Timestamp) -> Result<Numbers, StoreError> {
        let row = sqlx::query(
            "SELECT MIN(seq) AS first, MIN(happened_at) AS began, (SELECT COALESCE(MAX(seq), 0) FROM audit) AS last,
                 (SELECT value FROM counters WHERE name = 'audit') AS given
             FROM audit WHERE happened_at >= $1",
        )
        .bind(millis(since))
        .fetch_one(self.unhurried())
        .await?;
        let (first, began) = (row.opt_int("first")?, row.opt_time("began")?);
        let from = first.unwrap_or(i64::MAX);
        let lines = sqlx::query("SELECT COUNT(*) AS counted FROM audit WHERE seq >= $1")
            .bind(from)
            .fetch_one(self.unhurried())
            .await?
            .int("counted")?;
        let gaps = sqlx::query(
            "SELECT a.seq AS seq FROM audit a LEFT JOIN audit b ON b.seq = a.seq + 1
             WHERE b.seq IS NULL AND a.seq >= $1 ORDER BY a.seq LIMIT 20",
        )
        .bind(from)
        .fetch_all(self.unhurried())
        .await?;
        let (last, given) = (row.int("last")?, row.int("given")?);
        let gaps = gaps.iter().map(|row| row.int("seq")).collect::<Result<Vec<_>, _>>()?;
        let gaps = gaps.into_iter().filter(|before| *before != last).collect();
        Ok(Numbers { first, began, last, given, lines, gaps })
    }

    /// The counters of failures that were counted on last.
    pub async fn last_attempts(&mut self, most: u32) -> Result<Vec<(String, Attempts)>, StoreError> {
        sqlx::query("SELECT subject, streak, today, day_start, last_at FROM throttles ORDER BY last_at DESC LIMIT $1")
            .bind(i64::from(most))
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| Ok((row.text("subject")?, row.attempts()?)))
            .collect()
    }
}

fn alike(row: &AnyRow) -> Result<Alike, StoreError> {
    Ok(Alike {
        event: row.json("detail")?,
        client: row.text("client")?,
        agency: row.opt_agency("agency")?,
        identity: row.opt_text("identity_id")?.map(IdentityId::stored),
        login: row.opt_text("login")?.and_then(|login| LegacyLogin::parse(&login)),
        lines: u64::try_from(row.int("alike")?).unwrap_or_default(),
        last: row.time("last")?,
    })
}
