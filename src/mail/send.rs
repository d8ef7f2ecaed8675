//! One letter: asked for, written, handed over, and what came of it kept in its row.

use std::time::Duration;

use lettre::Address;

use super::message::Sender;
use super::undelivered::Undelivered;
use super::{LEASE, Mailer, Unsent, compose, message};
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::mail::{LONGEST_WAIT, Mail, Over, Setback, next_attempt};
use crate::store::{Claimed, StoreError, Tx};

/// What came of one try, for who decides about the next ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The letter is sent, put off or given up.
    Settled,
    /// The mail server takes nothing just now; why, in words that name no resident.
    ServerAway(String),
}

/// The row is written again so often when the database does not answer: a letter that is out and not marked as sent
/// goes out twice.
const TRIES_TO_RECORD: u32 = 10;

/// Sends one letter and keeps what came of it; the lease is renewed meanwhile, however slow the server is.
pub(super) async fn send(mailer: &Mailer, claimed: &Claimed) -> Ended {
    let outcome = {
        let mut sending = std::pin::pin!(deliver(mailer, claimed));
        loop {
            tokio::select! {
                outcome = &mut sending => break outcome,
                () = tokio::time::sleep(LEASE / 3) => renew(mailer, claimed).await,
            }
        }
    };
    for again in 0..TRIES_TO_RECORD {
        match record(mailer, claimed, &outcome).await {
            Ok(()) => break,
            Err(error) => {
                tracing::error!(letter = claimed.claim.id.as_str(), %error, again, "what came of a letter is not kept");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    match outcome {
        Err(Unsent::Undelivered(error)) if error.setback() == Setback::ServerAway => Ended::ServerAway(error.reason()),
        _ => Ended::Settled,
    }
}

async fn deliver(mailer: &Mailer, claimed: &Claimed) -> Result<String, Unsent> {
    let mail = claimed.mail.as_ref().map_err(|why| Unsent::Unreadable(why.clone()))?;
    let transport = &mailer.transport;
    let sender = sender(mailer, mail)?;
    let to: Address = mail.to.as_str().parse().map_err(|_| Undelivered::Address(mail.to.as_str().to_owned()))?;
    let taker = transport.ask(&sender.address, &to).await?;
    let letter = compose::letter(mailer, mail).await?;
    let head = message::Head { id: &mail.id, domain: transport.domain(), to, language: mail.language };
    let letter = message::write(&sender, head, &letter).map_err(Undelivered::from)?;
    let letter = transport.signed_letter(letter, mailer.clock.now())?;
    Ok(taker.take(&mail.id, &letter).await?)
}

/// The agency, with its own address where it has one; the portal for letters of no agency. Answers go to the agency, else to
/// the portal.
fn sender(mailer: &Mailer, mail: &Mail) -> Result<Sender, Undelivered> {
    let edition = mailer.current.edition();
    let agency = mail.agency.as_ref().and_then(|code| edition.directory.agency(code));
    let brand = agency.map(|agency| &agency.brand);
    mailer.transport.sender(
        brand.map_or(&edition.portal.name, |brand| &brand.name),
        brand.and_then(|brand| brand.mail_from.as_deref()),
        brand.and_then(|brand| brand.support_email.as_deref()).or(edition.portal.support_email.as_deref()),
    )
}

async fn renew(mailer: &Mailer, claimed: &Claimed) {
    let kept = async {
        let mut tx = mailer.store.write().await?;
        let now = tx.time(mailer.clock.now()).await?;
        let kept = tx.renew_lease(&claimed.claim, super::lease_ms(), now).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(kept)
    };
    match kept.await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(letter = claimed.claim.id.as_str(), "somebody else has taken this letter"),
        Err(error) => tracing::warn!(letter = claimed.claim.id.as_str(), %error, "a lease is not renewed"),
    }
}

async fn record(mailer: &Mailer, claimed: &Claimed, outcome: &Result<String, Unsent>) -> Result<(), StoreError> {
    let now = mailer.clock.now();
    let mut tx = mailer.store.write().await?;
    match (outcome, &claimed.mail) {
        (Ok(answer), Ok(mail)) => {
            tx.letter_sent(&mail.id, answer, now).await?;
            tx.clear_address(&mail.to).await?;
            tracing::info!(letter = mail.id.as_str(), kind = mail.kind.name(), "letter sent");
        }
        (Err(Unsent::Superseded), _) => {
            tx.letter_abandoned(&claimed.claim, Over::Superseded.as_str(), now).await?;
        }
        (Err(Unsent::Undelivered(error)), Ok(mail)) => set_back(mailer, &mut tx, claimed, mail, error).await?,
        (Err(error), _) => put_off(mailer, &mut tx, claimed, &error.to_string()).await?,
        // Nothing is sent of a letter that cannot be read.
        (Ok(_), Err(_)) => {}
    }
    tx.commit().await
}

async fn set_back(
    mailer: &Mailer,
    tx: &mut Tx,
    claimed: &Claimed,
    mail: &Mail,
    error: &Undelivered,
) -> Result<(), StoreError> {
    let now = mailer.clock.now();
    let (setback, said) = (error.setback(), error.to_string());
    match setback {
        Setback::ServerAway if now.duration_since(claimed.created_at) <= LONGEST_WAIT => {
            tx.letter_put_back(&claimed.claim, Some(&said)).await
        }
        Setback::Later => put_off(mailer, tx, claimed, &said).await,
        Setback::ServerAway | Setback::AddressRefused | Setback::LetterRefused => {
            if !tx.letter_abandoned(&claimed.claim, &said, now).await? {
                return Ok(());
            }
            let marked = setback == Setback::AddressRefused;
            if marked {
                tx.mark_address(&mail.to, &mail.id, &said, now).await?;
            }
            let (letter, kind) = (mail.id.as_str().to_owned(), mail.kind.name());
            tracing::warn!(letter, kind, marked, "letter given up");
            let event = AuditEvent::LetterGivenUp { letter, kind: kind.to_owned(), address_marked: marked };
            let mut owners = tx.owners_of(&mail.to).await?;
            // Of a couple at one address nobody knows here whom the letter was for.
            let identity = if owners.len() == 1 { owners.pop() } else { None };
            let agency = mail.agency.clone();
            let entry = AuditEntry { agency, identity, ..AuditEntry::by(Actor::Gateway, event) };
            tx.append_audit(&entry, "-", "-", now).await
        }
    }
}

/// Tries again later, or gives up in the end.
async fn put_off(mailer: &Mailer, tx: &mut Tx, claimed: &Claimed, said: &str) -> Result<(), StoreError> {
    let now = tx.time(mailer.clock.now()).await?;
    let (letter, attempts) = (claimed.claim.id.as_str(), claimed.attempts);
    let kind = claimed.mail.as_ref().map_or("unreadable", |mail| mail.kind.name());
    let next = next_attempt(attempts, now);
    // What the server said may hold the address: it goes into the row, not into the log.
    tracing::warn!(letter, kind, attempts, again = next.is_some(), "letter not sent");
    match next {
        Some(next) => tx.letter_put_off(&claimed.claim, said, next).await,
        None => tx.letter_abandoned(&claimed.claim, said, now).await.map(drop),
    }
}
