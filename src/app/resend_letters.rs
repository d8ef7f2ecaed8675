//! Sending letters again, asked for by an operator (d07).

use super::{App, Fault};
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::mail::{LetterId, LetterState, Over};

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Resent {
    /// It is due now.
    Due,
    /// It was sent before, and goes as another letter.
    Copied(LetterId),
    /// There is no such letter.
    Unknown,
    /// Somebody is sending it at this moment.
    UnderWay,
    /// It was stopped by a decision, and what it says is not true any more.
    Over(&'static str),
}

/// Sends one letter again. What it asks for may be over by now; then it is given up again as superseded.
pub async fn resend(app: &App, id: &LetterId) -> Result<Resent, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let Some(line) = tx.outbox_letter(id).await? else { return Ok(Resent::Unknown) };
    let over = line.answer.as_deref().filter(|_| line.state == LetterState::Abandoned).and_then(Over::of);
    if let Some(why) = over.and_then(Over::decided) {
        return Ok(Resent::Over(why));
    }
    let resent = if line.state == LetterState::Sent {
        let copy = LetterId::random(&*app.dice);
        if !tx.copy_letter(id, &copy, now).await? {
            return Ok(Resent::UnderWay);
        }
        Resent::Copied(copy)
    } else if tx.requeue_letter(id, now).await? {
        Resent::Due
    } else {
        return Ok(Resent::UnderWay);
    };
    let event = AuditEvent::LetterResent { letter: id.as_str().to_owned() };
    tx.append_audit(&AuditEntry::by(Actor::Operator, event), "-", "-", now).await?;
    tx.commit().await?;
    Ok(resent)
}
