//! What an operator asks the trace (decision 72): the same on every database, and no SQL to type.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::acting::Acting;
use super::{App, Fault};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{AuditEvent, AuditLine};
use crate::domain::chain::{Digest, Walk};
use crate::domain::retention::months_before;
use crate::store::{Alike, LinesOf, Numbers};

/// Lines that are exported in one portion.
const PORTION: u32 = 1000;

/// Tries that tell the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// From where, at whom, or why.
    pub what: Vec<String>,
    /// How many tries.
    pub tries: u64,
    /// When the last was.
    pub last: Timestamp,
}

/// Whether a line of the trace is missing, or another than was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Since when nothing was thrown away.
    pub since: Timestamp,
    /// The numbers.
    pub numbers: Numbers,
    /// The chain, from its first line to its last.
    pub walk: Walk,
    /// The last line's number and digest, as the counter has them.
    pub head: Option<(i64, Digest)>,
    /// Lines that are no part of the chain: from before it.
    pub without_chain: u64,
    /// The digest of the line that was asked for.
    pub known: Option<Digest>,
}

impl Proof {
    /// Whether every line is there that was written since.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.numbers.gaps.is_empty() && self.numbers.last == self.numbers.given
    }

    /// Whether the chain holds, to the line that was written last.
    #[must_use]
    pub fn holds(&self) -> bool {
        let digest = |head: Option<(i64, Digest)>| head.map(|(_, digest)| digest);
        self.walk.holds() && digest(self.walk.head) == digest(self.head)
    }
}

/// Lines of the trace, the newest first.
pub async fn lines(app: &App, of: &LinesOf, most: u32) -> Result<Vec<AuditLine>, Fault> {
    Ok(app.store.read().await?.audit_lines_of(of, most).await?)
}

/// The portion of lines behind a number, the oldest first; of one agency where one is given.
pub async fn portion(
    app: &App,
    behind: i64,
    agency: Option<&AgencyCode>,
    since: Option<Timestamp>,
) -> Result<Vec<AuditLine>, Fault> {
    Ok(app.store.read().await?.audit_behind(behind, agency, since, PORTION).await?)
}

/// The last line's number and digest, to be kept where nobody reaches it who reaches the database.
pub async fn head(app: &App) -> Result<Option<(i64, Digest)>, Fault> {
    Ok(app.store.read().await?.last_of_chain().await?)
}

/// That an operator has looked at lines about people is a line, too.
pub async fn shown(app: &App, lines: u64) -> Result<(), Fault> {
    let by = Acting::operator("audit");
    let mut tx = app.store.write().await?;
    by.audit(&mut tx, &by.entry(AuditEvent::TraceShown { lines }), app.now()).await?;
    Ok(tx.commit().await?)
}

/// Who was refused since then: by agency and reason, the most frequent first.
pub async fn refused(app: &App, since: Timestamp) -> Result<Vec<Counted>, Fault> {
    let alike = app.store.read().await?.refused_since(since).await?;
    Ok(counted(alike, |alike| {
        let reason = match &alike.event {
            AuditEvent::SignInRefused { reason } => reason.name(),
            _ => "throttled",
        };
        vec![alike.agency.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string), reason.to_owned()]
    }))
}

/// Who guesses since then: by address, and by whom they guess at; the most frequent first.
pub async fn guesses(app: &App, since: Timestamp) -> Result<(Vec<Counted>, Vec<Counted>), Fault> {
    let mut tx = app.store.read().await?;
    let clients = counted(tx.guesses_by_client(since).await?, |alike| vec![alike.client.clone()]);
    let targets = counted(tx.guesses_by_target(since).await?, |alike| {
        let agency = alike.agency.as_ref().map(|agency| format!("@{agency}")).unwrap_or_default();
        let whom = match (&alike.identity, &alike.login) {
            (Some(identity), _) => identity.as_str().to_owned(),
            (None, Some(login)) => format!("{}{agency}", login.as_str()),
            (None, None) => format!("nobody who is known {agency}").trim_end().to_owned(),
        };
        vec![whom]
    });
    Ok((clients, targets))
}

/// Adds up what tells the same. The line at the end of a lock stands for as many tries as it says.
fn counted(alike: Vec<Alike>, what: impl Fn(&Alike) -> Vec<String>) -> Vec<Counted> {
    let mut sums: BTreeMap<Vec<String>, (u64, Timestamp)> = BTreeMap::new();
    for alike in alike {
        let each = match alike.event {
            AuditEvent::TriesRefused { tries } => u64::from(tries),
            _ => 1,
        };
        let (tries, last) = sums.entry(what(&alike)).or_insert((0, alike.last));
        *tries += alike.lines * each;
        *last = alike.last.max(*last);
    }
    let mut counted: Vec<Counted> =
        sums.into_iter().map(|(what, (tries, last))| Counted { what, tries, last }).collect();
    counted.sort_by_key(|counted| std::cmp::Reverse(counted.tries));
    counted
}

/// Whether a line is missing among those that are younger than the shortest time for which lines are kept, and whether all that
/// are there are as they were written. `known` is the number of a line whose digest somebody has kept; `progress` is told the
/// number that is looked at, and the last one.
pub async fn verify(app: &App, known: Option<i64>, mut progress: impl FnMut(i64, i64)) -> Result<Proof, Fault> {
    let now = app.store.time(app.now()).await?;
    let shortest = months_before(now, app.directory().audit_retention().shortest);
    // Lines of one moment are not in the order of their numbers.
    let since = shortest.checked_add(SignedDuration::from_hours(1)).unwrap_or(shortest);
    // Of one moment: what is written meanwhile is looked at the next time.
    let mut tx = app.store.read().await?;
    let numbers = tx.audit_numbers(since).await?;
    let (head, without_chain) = (tx.last_of_chain().await?, tx.lines_without_chain().await?);
    let mut proof = Proof { since, numbers, walk: Walk::default(), head, without_chain, known: None };
    loop {
        let behind = proof.walk.head.map_or(0, |(seq, _)| seq);
        progress(behind, proof.numbers.last);
        let portion = tx.chain_behind(behind, PORTION).await?;
        if portion.is_empty() {
            return Ok(proof);
        }
        for line in &portion {
            proof.walk.to(line);
            if Some(line.stays.seq) == known {
                proof.known = Some(line.chain);
            }
        }
    }
}
