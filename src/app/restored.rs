//! A database was brought back from a backup: what it does not know is kept from doing harm, and told (decision 72).

use super::acting::Acting;
use super::{App, Fault};
use crate::domain::audit::{AuditEvent, AuditLine};
use crate::domain::identity::IdentityId;
use crate::domain::mail::LetterState;
use crate::domain::restored::{Act, Lost, lost};
use crate::domain::secret::Secret;
use crate::sessions::Change;
use crate::store::LettersBefore;

/// How far back the trace is compared, to find where the two databases part.
pub const COMPARED: i64 = 20_000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Letters that may have gone out: they wait for an operator.
    pub held: u64,
    /// Letters that had gone out, or were given up, by the database from before.
    pub gone: u64,
    /// Letters that had not gone out by the database from before: they go now.
    pub wait: u64,
    /// Resets that were asked for, and are over.
    pub resets: u64,
    /// People, whose sign-ins are over.
    pub people: u64,
}

/// Something that is lost, with what this database knows of whom it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What is lost.
    pub lost: Lost,
    /// The address of the person, where there is one.
    pub email: Option<String>,
    /// Whom to erase again, where somebody was erased who is here again.
    pub here_again: Option<IdentityId>,
}

/// From where on the trace of the database from before says what this one does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// Behind this number.
    Behind(i64),
    /// Nowhere: they have no line in common.
    Strangers,
}

/// The number of the line from which on lines of the other trace are wanted.
pub async fn wanted_behind(app: &App) -> Result<i64, Fault> {
    Ok((app.store.read().await?.last_audit_number().await? - COMPARED).max(0))
}

/// Finds where this trace and the one from before part. Also where a gateway has run on this one since: both have lines
/// of the same numbers then, about other things.
pub async fn parting(app: &App, old: &[AuditLine]) -> Result<Parting, Fault> {
    let mut tx = app.store.read().await?;
    let last = tx.last_audit_number().await?;
    if last == 0 {
        return Ok(Parting::Behind(0));
    }
    for line in old.iter().rev().filter(|line| line.seq <= last) {
        let here = tx.audit_numbered(line.seq).await?;
        if here.is_some_and(|here| here.is_the_same_as(line)) {
            return Ok(Parting::Behind(line.seq));
        }
    }
    Ok(Parting::Strangers)
}

/// Holds letters that may have gone out, ends every sign-in and every reset that was asked for: nobody knows which of
/// them were ended or used since the backup. One transaction, one line in the trace.
///
/// # Errors
/// The store fails; nothing was changed then.
pub async fn settle(app: &App, letters: Option<&LettersBefore>) -> Result<Settled, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let (mut held, mut gone, mut wait) = (0, 0, 0);
    for id in tx.letters_that_wait().await? {
        match letters.map(|letters| letters.get(&id)) {
            Some(Some((LetterState::Queued, _))) => wait += 1,
            Some(Some((LetterState::Sent, answer))) => {
                tx.letter_sent(&id, answer.as_deref().unwrap_or("sent before the restore"), now).await?;
                gone += 1;
            }
            Some(Some((LetterState::Abandoned, answer))) => {
                tx.give_up_letter(&id, answer.as_deref().unwrap_or("given up before the restore"), now).await?;
                gone += 1;
            }
            Some(Some((LetterState::Held, _)) | None) | None => {
                tx.hold_letter(&id, "held after a restore: it may have gone out before").await?;
                held += 1;
            }
        }
    }
    let resets = tx.supersede_all_recoveries().await?;
    let people = app.sessions.end_everybodys(&mut tx, now).await?;
    let by = Acting::operator("restore-check");
    tx.end_doubt().await?;
    by.audit(&mut tx, &by.entry(AuditEvent::DatabaseRestored { held, gone }), now).await?;
    app.sessions.commit(tx, &Change::Everything).await?;
    Ok(Settled { held, gone, wait, resets, people })
}

/// What the lines of the trace from before tell, with what is known here of whom they are about.
pub async fn told(app: &App, lines: &[AuditLine]) -> Result<Vec<Told>, Fault> {
    let mut tx = app.store.read().await?;
    let mut everybody = None;
    let mut told = Vec::new();
    for lost in lost(lines) {
        let email = match &lost.identity {
            Some(identity) => tx.person(identity).await?.map(|person| person.email),
            None => None,
        };
        let here_again = match &lost.act {
            Act::Erased(digest) => {
                if everybody.is_none() {
                    everybody = Some(tx.everybody().await?);
                }
                let is_this = |identity: &&IdentityId| erased(identity) == *digest;
                everybody.iter().flatten().find(is_this).cloned()
            }
            _ => None,
        };
        told.push(Told { lost, email, here_again });
    }
    Ok(told)
}

/// By which a person who was erased is known again, if a backup brings that person back: the id is by chance, and nobody
/// finds it from this.
pub(super) fn erased(identity: &IdentityId) -> String {
    Secret::new(identity.as_str()).digest().to_hex()
}
