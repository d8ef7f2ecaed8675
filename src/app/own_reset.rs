//! « Mot de passe oublié ? » of who is signed in: the reset is that person's, and its letter goes to the account's address
//! (003).

use std::sync::Arc;

use super::letters;
use super::recover::{may_reset, terms};
use super::{App, Caller, Fault, by_resident, not_me};
use crate::domain::agency::Agency;
use crate::domain::audit::AuditEvent;
use crate::domain::email::EmailAddress;
use crate::domain::mail::LetterKind;
use crate::domain::recovery::{Named, RecoveryTerms, asked_by};
use crate::domain::secret::random_id;
use crate::domain::session::Session;

/// What asking comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum OwnReset {
    /// A letter is on its way.
    Sent {
        /// To where.
        email: EmailAddress,
        /// What it has.
        terms: RecoveryTerms,
    },
    /// No further letter is sent for now.
    Over,
    /// The session has ended meanwhile; nothing was asked.
    SessionOver,
}

/// Asks for a reset of who is signed in, whoever else reads that mailbox. Its code counts in this browser, with the address.
pub async fn ask(
    app: &App,
    caller: &Caller,
    session: &Session,
    agency: Option<&Arc<Agency>>,
) -> Result<OwnReset, Fault> {
    let (identity, now) = (&session.identity, app.now());
    let Some(mut tx) = app.write_as(session).await? else { return Ok(OwnReset::SessionOver) };
    if !may_reset(&mut tx, identity).await? {
        return Ok(OwnReset::SessionOver);
    }
    let Some(credential) = tx.credential_of(identity).await? else { return Ok(OwnReset::SessionOver) };
    let named = Named::Linked(credential.email.clone());
    let asked_by = asked_by(&caller.browser, agency.map(|agency| &agency.code), &named);
    let opens_at = not_me::resets_wait_until(&mut tx, identity, now).await?;
    let terms = terms(app, agency.map(AsRef::as_ref), &tx.links_of(identity).await?);
    let terms = if opens_at.is_some() { terms.by_link() } else { terms };
    let sent = OwnReset::Sent { email: credential.email.clone(), terms };
    let before = tx.recovery_asked_by(asked_by).await?;
    if before.is_some_and(|before| before.identity == *identity && before.is_on_its_way(now)) {
        return Ok(sent);
    }
    let recovery = random_id(&*app.dice);
    let link_minutes = terms.link_minutes;
    let kind = LetterKind::ResetPassword { recovery: recovery.clone(), link_minutes, opens_at };
    let home = not_me::home_code(app, &mut tx, identity).await?;
    if !letters::send(app, &mut tx, caller, (home.as_ref(), &credential.email), kind).await? {
        return Ok(OwnReset::Over);
    }
    tx.insert_recovery(&recovery, identity, terms, Some(asked_by), now).await?;
    caller.audit(&mut tx, &by_resident(identity, AuditEvent::ResetAsked), now).await?;
    tx.commit().await?;
    Ok(sent)
}

/// How a reset of theirs goes.
pub async fn terms_of(app: &App, session: &Session, agency: Option<&Agency>) -> Result<RecoveryTerms, Fault> {
    let links = app.store.read().await?.links_of(&session.identity).await?;
    Ok(terms(app, agency, &links))
}
