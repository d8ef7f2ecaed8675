//! Writing letters: those that somebody asks for, within limits (f04, SEC-248, REL-035), and those that somebody has to
//! be told by, whoever causes them.
//!
//! No other file puts a letter into the outbox, so that none forgets its limit.

use super::{App, Caller, Fault};
use crate::domain::address_request::REQUESTS_A_DAY;
use crate::domain::agency_code::AgencyCode;
use crate::domain::client::Client;
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, LegacyAccount};
use crate::domain::language::Language;
use crate::domain::mail::{LetterId, LetterKind, Mail};
use crate::store::Tx;

/// To whom a letter goes.
#[derive(Debug)]
pub(super) struct Addressee {
    /// The agency in whose name it is, if in an agency's.
    pub(super) agency: Option<AgencyCode>,
    pub(super) email: EmailAddress,
    pub(super) language: Language,
}

/// Writes a letter that somebody asks for; false where it would be one too many. Further requests are answered as before,
/// without a letter.
pub(super) async fn send(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    (agency, email): (Option<&AgencyCode>, &EmailAddress),
    kind: LetterKind,
) -> Result<bool, Fault> {
    let is_counted = count(app, tx, caller, (agency, email)).await?;
    if is_counted {
        let to = Addressee { agency: agency.cloned(), email: email.clone(), language: caller.language };
        tell(app, tx, to, kind).await?;
    }
    Ok(is_counted)
}

/// Counts a letter that is asked for, whether it is written or not; false where it would be one too many.
pub(super) async fn count(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    (agency, email): (Option<&AgencyCode>, &EmailAddress),
) -> Result<bool, Fault> {
    let limits = app.letter_limits;
    let now = tx.time(app.now()).await?;
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

/// Writes to somebody whatever was written before: what has happened to what is theirs, which nobody who has caused too
/// many letters can keep from being told, or what an operator sends.
pub(super) async fn tell(app: &App, tx: &mut Tx, to: Addressee, kind: LetterKind) -> Result<LetterId, Fault> {
    let (Addressee { agency, email, language }, now) = (to, app.now());
    let mail = Mail { id: LetterId::random(&*app.dice), agency, to: email, language, kind, attempts: 0 };
    tx.enqueue(&mail, now, now).await?;
    Ok(mail.id)
}

/// Tells the same to everybody whom it concerns, each address once, in the language of the letters that went there.
pub(super) async fn tell_all(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    agency: Option<&AgencyCode>,
    to: &[&EmailAddress],
    kind: &LetterKind,
) -> Result<(), Fault> {
    for (number, address) in to.iter().enumerate() {
        if to[..number].iter().any(|told| told.key() == address.key()) {
            continue;
        }
        let language = tx.language_to(address).await?.unwrap_or(caller.language);
        let to = Addressee { agency: agency.cloned(), email: (*address).clone(), language };
        tell(app, tx, to, kind.clone()).await?;
    }
    Ok(())
}

/// Tells the address that an agency knows for an account that another one was chosen (b23): once a day, however many runs
/// there are and however the account is spelt; whether it was told now. It takes nothing from the letters of anybody, and
/// nobody who has caused too many can keep it from being written (decision 53).
pub(super) async fn tell_roster(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    account: &LegacyAccount,
    known: &EmailAddress,
) -> Result<bool, Fault> {
    let now = tx.time(app.now()).await?;
    let subject = format!("roster:{}:{}:{}", account.agency, account.login.fold(), known.key());
    if tx.letters_in_last_day(&subject, now).await? > 0 || is_outbox_full(app, tx).await? {
        return Ok(false);
    }
    tx.count_letter(&subject, now).await?;
    let to = Addressee { agency: Some(account.agency.clone()), email: known.clone(), language: caller.language };
    tell(app, tx, to, LetterKind::AddressChosen { account: account.login.masked() }).await?;
    Ok(true)
}

/// Counts a person's request to an agency; false where it would be one too many for today.
pub(super) async fn count_request(app: &App, tx: &mut Tx, identity: &IdentityId) -> Result<bool, Fault> {
    let now = tx.time(app.now()).await?;
    let subject = format!("request:{}", identity.as_str());
    if tx.letters_in_last_day(&subject, now).await? >= REQUESTS_A_DAY || is_outbox_full(app, tx).await? {
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
