//! Undoing the last import of a roster: what it replaced and took away is as it was (decision 72).

use jiff::Timestamp;

use super::acting::Acting;
use super::{App, Fault};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::mail::Over;
use crate::domain::roster::ImportId;
use crate::sessions::Change;

/// An import that can be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undoable {
    import: ImportId,
    /// When it began.
    pub begun: Timestamp,
    /// Accounts that it touched.
    pub lines: u64,
    /// Accounts that it took from their persons.
    pub taken: u64,
    /// Of these persons, those whom a letter has told of it.
    pub told: u64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Undone {
    /// Accounts of which the roster says what it said before.
    pub lines: u64,
    /// Accounts that their persons have again.
    pub given_back: u64,
    /// Accounts that somebody has got since: they stay as they are.
    pub kept: u64,
    /// Letters that do not go out any more.
    pub letters: u64,
}

/// The last import of an agency, as long as it can be undone.
pub async fn last(app: &App, agency: &AgencyCode) -> Result<Option<Undoable>, Fault> {
    let mut tx = app.store.read().await?;
    let Some((import, begun)) = tx.last_import(agency).await? else { return Ok(None) };
    let lines = tx.lines_of_import(&import).await?.len() as u64;
    let taken = tx.links_of_import(&import).await?;
    let told = taken.iter().filter(|taken| taken.told).count() as u64;
    Ok(Some(Undoable { import, begun, lines, taken: taken.len() as u64, told }))
}

/// What undoing it would come to. Nothing is changed.
pub async fn preview(app: &App, agency: &AgencyCode, undoable: &Undoable) -> Result<Undone, Fault> {
    let import = (&undoable.import, undoable.begun);
    let mut tx = app.store.read().await?;
    let mut would = Undone::default();
    for login in tx.lines_of_import(import.0).await? {
        let is_kept = tx.is_anothers_since(import, agency, &login).await?;
        *(if is_kept { &mut would.kept } else { &mut would.lines }) += 1;
    }
    (would.given_back, would.letters) = tx.links_to_put_back(import, agency).await?;
    Ok(would)
}

/// Undoes it, an account a transaction: interrupted, it can be run again. What somebody has got since by the roster as it
/// is now stays theirs.
pub async fn undo(app: &App, agency: &AgencyCode, undoable: &Undoable) -> Result<Undone, Fault> {
    let (import, begun) = (&undoable.import, undoable.begun);
    let mut undone = Undone::default();
    let (lines, taken) = {
        let mut tx = app.store.read().await?;
        (tx.lines_of_import(import).await?, tx.links_of_import(import).await?)
    };
    // First, for whoever signs in from now on is to find the roster as it was.
    for login in lines {
        let mut tx = app.store.write().await?;
        let is_back = tx.put_line_back((import, begun), agency, &login).await?;
        tx.commit().await?;
        *(if is_back { &mut undone.lines } else { &mut undone.kept }) += 1;
    }
    for taken in taken {
        let now = app.now();
        let mut tx = app.store.write().await?;
        if tx.put_link_back(import, agency, &taken.link).await? {
            undone.given_back += 1;
            if let Some(letter) = &taken.letter
                && tx.give_up_letter(letter, Over::Undone.as_str(), now).await?
            {
                undone.letters += 1;
            }
        }
        app.sessions.commit(tx, &Change::Identity(taken.identity)).await?;
    }
    let mut tx = app.store.write().await?;
    tx.forget_import(import).await?;
    let Undone { lines, given_back, kept, .. } = undone;
    let event = AuditEvent::RosterImportUndone { accounts: lines, given_back, kept };
    let by = Acting::operator("import");
    let entry = AuditEntry { agency: Some(agency.clone()), ..by.entry(event) };
    by.audit(&mut tx, &entry, app.now()).await?;
    tx.commit().await?;
    Ok(undone)
}
