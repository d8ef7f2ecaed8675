//! What is past its time goes (LAW-024): in small steps, so that nobody waits for the writer meanwhile (B19).

use jiff::Timestamp;

use super::devices::KNOWN_MS;
use super::rows::millis;
use super::{Store, StoreError};
use crate::domain::retention::{AuditRetention, months_before};

/// How many rows of each kind a purge removed, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Runs of the wizard past their time.
    pub flows: u64,
    /// Proofs.
    pub challenges: u64,
    /// Resets.
    pub recoveries: u64,
    /// Changes that owners were warned of.
    pub warnings: u64,
    /// Hand-overs.
    pub handovers: u64,
    /// Sessions.
    pub sessions: u64,
    /// What was noted about sessions that live elsewhere and could not last any longer.
    pub session_marks: u64,
    /// Letters sent or given up.
    pub letters: u64,
    /// Marks of addresses that were refused.
    pub addresses: u64,
    /// What was open in sessions that are over.
    pub open_accounts: u64,
    /// Counts of letters.
    pub letter_counts: u64,
    /// Counts of guesses.
    pub throttles: u64,
    /// Devices that a person has not signed in on for long.
    pub devices: u64,
    /// What imports replaced.
    pub imports: u64,
    /// Lines of the trace.
    pub audit: u64,
}

const DAY_MS: i64 = 86_400_000;
/// Spent proofs and resets are kept so long, so that an old link is explained and not unknown.
const SPENT_DAYS: i64 = 30;
/// Letters that are over, and what they left as marks of addresses (LAW-024: at most 90 days).
pub const LETTERS_DAYS: i64 = 90;
/// An import can be undone for so long: what it took away is the agency's, and not ours to keep.
pub const IMPORTS_DAYS: i64 = 7;
/// No count of guesses matters longer: the longest delay is hours, the longest count a day.
const GUESSES_MS: i64 = 2 * DAY_MS;

/// Rows of one transaction. Each is short, and whoever waits to write has a turn before the next one.
const STEP: u16 = 1000;

const FLOWS: &str = "DELETE FROM flows WHERE id IN (SELECT id FROM flows WHERE expires_at <= $1 LIMIT $2)";
const CHALLENGES: &str =
    "DELETE FROM challenges WHERE id IN (SELECT id FROM challenges WHERE requested_at <= $1 LIMIT $2)";
const RECOVERIES: &str =
    "DELETE FROM recoveries WHERE id IN (SELECT id FROM recoveries WHERE requested_at <= $1 LIMIT $2)";
const WARNINGS: &str = "DELETE FROM warnings WHERE id IN (SELECT id FROM warnings WHERE changed_at <= $1 LIMIT $2)";
const HANDOVERS: &str =
    "DELETE FROM handovers WHERE code IN (SELECT code FROM handovers WHERE expires_at <= $1 LIMIT $2)";
const SESSIONS: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions
    WHERE seen_at + idle_minutes * 60000 <= $1 OR started_at + hours * 3600000 <= $1 LIMIT $2)";
const OPEN_ACCOUNTS: &str = "DELETE FROM open_accounts WHERE (session_id, host) IN
    (SELECT session_id, host FROM open_accounts WHERE until <= $1 LIMIT $2)";
const SESSION_MARKS: &str = "DELETE FROM session_marks WHERE session_id IN
    (SELECT session_id FROM session_marks WHERE until <= $1 LIMIT $2)";
const LETTERS: &str = "DELETE FROM letters WHERE id IN
    (SELECT id FROM letters WHERE state IN ('sent', 'abandoned') AND created_at <= $1 LIMIT $2)";
const ADDRESSES: &str = "DELETE FROM refused_addresses WHERE address IN
    (SELECT address FROM refused_addresses WHERE refused_at <= $1 LIMIT $2)";
const LETTER_COUNTS: &str = "DELETE FROM letter_counts WHERE (subject, counted_at) IN
    (SELECT subject, counted_at FROM letter_counts WHERE counted_at <= $1 LIMIT $2)";
const THROTTLES: &str =
    "DELETE FROM throttles WHERE subject IN (SELECT subject FROM throttles WHERE last_at <= $1 LIMIT $2)";
const DEVICES: &str = "DELETE FROM devices WHERE (digest, identity_id) IN
    (SELECT digest, identity_id FROM devices WHERE remembered_at <= $1 LIMIT $2)";
const IMPORTS: &str = "DELETE FROM imports WHERE id IN (SELECT id FROM imports WHERE begun_at <= $1 LIMIT $2)";
/// Of lines that are past their time: what stays of each for the chain, and what goes. Nothing goes that has not stayed.
struct Spent {
    stays: &'static str,
    goes: &'static str,
}

macro_rules! spent {
    ($whose:literal) => {
        Spent {
            stays: concat!(
                "INSERT INTO audit_spent (seq, happened_at, event, actor_kind, agency, bound, chain)
                 SELECT seq, happened_at, event, actor_kind, agency, bound, chain FROM audit
                 WHERE chain IS NOT NULL AND seq IN (SELECT seq FROM audit WHERE ",
                $whose,
                " ORDER BY happened_at, seq LIMIT $2)
                 ON CONFLICT (seq) DO NOTHING"
            ),
            goes: concat!(
                "DELETE FROM audit
                 WHERE seq IN (SELECT seq FROM audit WHERE ",
                $whose,
                " ORDER BY happened_at, seq LIMIT $2)
                 AND (chain IS NULL OR seq IN (SELECT seq FROM audit_spent))"
            ),
        }
    };
}

const AUDIT: Spent = spent!("happened_at <= $1");
const AUDIT_OF_NO_AGENCY: Spent = spent!("agency IS NULL AND happened_at <= $1");
const AUDIT_OF_AGENCY: Spent = spent!("agency = $3 AND happened_at <= $1");
/// The chain's beginning goes when no line before it is there any more: the last one of it stays, for the next to be bound to.
const CHAIN: &str = "DELETE FROM audit_spent WHERE seq IN (SELECT seq FROM audit_spent WHERE seq <
        (SELECT COALESCE(MAX(seq), 0) FROM audit_spent WHERE seq <
            (SELECT COALESCE(MIN(seq), $1) FROM audit WHERE chain IS NOT NULL)) LIMIT $2)";

impl Store {
    /// Removes what is past its time, and tells how much. The time is that of all nodes ([`Store::time`]).
    ///
    /// # Errors
    /// The database failed; what was removed before stays so.
    pub async fn purge(&self, now: Timestamp, trace: &AuditRetention) -> Result<Purged, StoreError> {
        let (time, now) = (now, millis(now));
        let (spent, letters) = (now - SPENT_DAYS * DAY_MS, now - LETTERS_DAYS * DAY_MS);
        Ok(Purged {
            flows: self.remove(FLOWS, now).await?,
            challenges: self.remove(CHALLENGES, spent).await?,
            recoveries: self.remove(RECOVERIES, spent).await?,
            warnings: self.remove(WARNINGS, spent).await?,
            handovers: self.remove(HANDOVERS, now).await?,
            sessions: self.remove(SESSIONS, now).await?,
            open_accounts: self.remove(OPEN_ACCOUNTS, now).await?,
            session_marks: self.remove(SESSION_MARKS, now).await?,
            letters: self.remove(LETTERS, letters).await?,
            addresses: self.remove(ADDRESSES, letters).await?,
            letter_counts: self.remove(LETTER_COUNTS, now - DAY_MS).await?,
            throttles: self.remove(THROTTLES, now - GUESSES_MS).await?,
            devices: self.remove(DEVICES, now - KNOWN_MS).await?,
            imports: self.remove(IMPORTS, now - IMPORTS_DAYS * DAY_MS).await?,
            audit: self.purge_trace(time, trace).await?,
        })
    }

    async fn purge_trace(&self, now: Timestamp, trace: &AuditRetention) -> Result<u64, StoreError> {
        let before = |months| millis(months_before(now, months));
        let mut removed = self.spend(&AUDIT, before(trace.longest), None).await?;
        if trace.shortest < trace.longest {
            removed += self.spend(&AUDIT_OF_NO_AGENCY, before(trace.shortest), None).await?;
        }
        for (agency, months) in &trace.shorter {
            removed += self.spend(&AUDIT_OF_AGENCY, before(*months), Some(&agency.to_string())).await?;
        }
        self.remove(CHAIN, i64::MAX).await?;
        Ok(removed)
    }

    async fn remove(&self, statement: &'static str, until: i64) -> Result<u64, StoreError> {
        self.in_steps(&[statement], until, None).await
    }

    async fn spend(&self, spent: &Spent, until: i64, of: Option<&str>) -> Result<u64, StoreError> {
        self.in_steps(&[spent.stays, spent.goes], until, of).await
    }

    /// Runs these statements together again and again, until the last one finds less than a step to remove.
    async fn in_steps(&self, statements: &[&'static str], until: i64, of: Option<&str>) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let mut tx = self.write().await?;
            let mut step = 0;
            for statement in statements {
                let mut query = sqlx::query(*statement).bind(until).bind(i64::from(STEP));
                if let Some(of) = of {
                    query = query.bind(of);
                }
                step = query.execute(tx.unhurried()).await?.rows_affected();
            }
            tx.commit().await?;
            removed += step;
            if step < u64::from(STEP) {
                return Ok(removed);
            }
        }
    }
}
