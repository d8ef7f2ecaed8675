//! How many letters somebody can cause (f04, SEC-248, REL-035): further requests are answered as before, without a
//! letter.

use jiff::Timestamp;

use super::{App, Caller, Fault};
use crate::domain::agency_code::AgencyCode;
use crate::domain::client::Client;
use crate::domain::email::EmailAddress;
use crate::domain::identity::LegacyAccount;
use crate::domain::mail::{LetterId, LetterKind, Mail};
use crate::store::Tx;

/// Whether another letter may go there, and if so, counts it.
pub(super) async fn may_write_to(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    agency: Option<&AgencyCode>,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<bool, Fault> {
    let limits = app.letter_limits;
    let now = tx.time(now).await?;
    let mut subjects = vec![
        (format!("address:{}", email.key()), limits.per_address),
        (format!("client:{}", Client::from(caller.client)), limits.per_client),
    ];
    subjects.extend(agency.map(|code| (format!("agency:{code}"), limits.per_agency)));
    subjects.push(("all".to_owned(), limits.per_hour));
    for (number, (subject, most)) in subjects.iter().enumerate() {
        if tx.letters_in_last_hour(subject, now).await? >= *most {
            if number > 1 {
                // One address or client at its limit is somebody's impatience; this is a flood.
                tracing::warn!(subject, most, "no more letters are written this hour");
            }
            return Ok(false);
        }
    }
    if is_outbox_full(app, tx).await? {
        return Ok(false);
    }
    for (subject, _) in &subjects {
        tx.count_letter(subject, now).await?;
    }
    Ok(true)
}

/// Whether the address that an agency knows for an account is to be told that another one was chosen (b23), and if so,
/// counts it: once a day, however many runs there are and however the account is spelt. It takes nothing from the letters
/// of anybody, and nobody who has caused too many can keep it from being written (decision 53).
pub(super) async fn may_tell_roster(
    app: &App,
    tx: &mut Tx,
    account: &LegacyAccount,
    known: &EmailAddress,
    now: Timestamp,
) -> Result<bool, Fault> {
    let now = tx.time(now).await?;
    let subject = format!("roster:{}:{}:{}", account.agency, account.login.fold(), known.key());
    if tx.letters_in_last_day(&subject, now).await? > 0 || is_outbox_full(app, tx).await? {
        return Ok(false);
    }
    tx.count_letter(&subject, now).await?;
    Ok(true)
}

async fn is_outbox_full(app: &App, tx: &mut Tx) -> Result<bool, Fault> {
    let most = app.letter_limits.queue;
    let is_full = tx.is_outbox_full(most).await?;
    if is_full {
        tracing::error!(most, "the outbox is full: no letter is written");
    }
    Ok(is_full)
}

/// Tells the same to everybody whom it concerns, each address once, in the language of the letters that went there.
pub(super) async fn tell(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    agency: Option<&AgencyCode>,
    to: &[&EmailAddress],
    kind: &LetterKind,
) -> Result<(), Fault> {
    let now = app.now();
    for (number, address) in to.iter().enumerate() {
        if to[..number].iter().any(|told| told.key() == address.key()) {
            continue;
        }
        let mail = Mail {
            id: LetterId::random(&*app.dice),
            agency: agency.cloned(),
            to: (*address).clone(),
            language: tx.language_to(address).await?.unwrap_or(caller.language),
            kind: kind.clone(),
            attempts: 0,
        };
        tx.enqueue(&mail, now, now).await?;
    }
    Ok(())
}
