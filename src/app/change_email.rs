//! The change of the e-mail address by the resident (000 II.A, c06): the old one stays until the new one is proven.

use jiff::Timestamp;

use super::letters::{self, Addressee};
use super::links::{Closed, proven};
use super::throttle::{self, Subject};
use super::wizard::proof;
use super::{App, Caller, Fault, by_resident, devices};
use super::{address_request, ask_password, not_me};
use crate::domain::audit::AuditEvent;
use crate::domain::challenge::{
    Challenge, ChallengeId, ChallengeTerms, CodeAnswer, ProvenEmail, ResendRefusal, typed_code,
};
use crate::domain::credential::Credential;
use crate::domain::email::EmailAddress;
use crate::domain::email_change::{EmailChangeError, new_address};
use crate::domain::identity::IdentityId;
use crate::domain::mail::LetterKind;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::warning::Changed;
use crate::sessions::Change;
use crate::store::{Purpose, Tx};

/// What asking for the change comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// A letter to the new address is on its way.
    LetterSent,
    /// The current password is wrong, or was tried too often.
    CurrentRefused,
    /// The address is not taken.
    Email(EmailChangeError),
    /// The address is the whole person's, and one account alone is signed in by its own password.
    NotHere,
    /// No further letter is sent for now.
    LettersOver,
    /// Somebody who got a letter said « Ce n'est pas moi »: the address stays as it is for now.
    Held,
    /// The agency alone changes the address (003).
    Agencys,
    /// The session has ended meanwhile; nothing was asked.
    SessionOver,
}

/// What asking for another letter comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resent {
    /// It is on its way; the older secrets are dead.
    Sent,
    /// It can be asked for in so many seconds.
    Later(u64),
    /// No further letter is sent.
    Over,
    /// The agency alone changes the address by now.
    Agencys,
    /// The session has ended meanwhile.
    SessionOver,
}

/// What answering the letter comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Answered {
    /// The address is changed; the old one was written to.
    Changed,
    /// The code is wrong; so many tries are left.
    Wrong {
        /// Tries left.
        left: u32,
    },
    /// Tried too often.
    Dead,
    /// Past its time.
    Expired,
    /// Nothing is waited for, or it was answered before.
    Nothing,
    /// The password that is asked for beside the link is wrong, or was tried too often.
    PasswordRefused,
    /// Somebody who got a letter said « Ce n'est pas moi »: nothing is changed for now.
    Held,
    /// The agency alone changes the address by now: nothing is changed.
    Agencys,
    /// The session has ended meanwhile; nothing was changed.
    SessionOver,
}

/// What an opened link shows.
#[derive(Debug)]
pub enum Opened {
    /// The button.
    Confirm(Box<Confirm>),
    /// Why there is none.
    Not(Closed),
}

/// A change that waits for its button.
#[derive(Debug)]
pub struct Confirm {
    /// The proof.
    pub challenge: Challenge,
    owner: IdentityId,
    proven: ProvenEmail,
}

/// Asks for the change.
pub async fn ask(
    app: &App,
    caller: &Caller,
    session: &Session,
    entry: &str,
    confirmation: &str,
    current: Secret,
) -> Result<Request, Fault> {
    let identity = &session.identity;
    let mut tx = app.store.read().await?;
    let Some(credential) = tx.credential_of(identity).await? else { return Ok(Request::CurrentRefused) };
    if tx.whole_of(identity).await?.is_some() {
        return Ok(Request::NotHere);
    }
    let is_agencys = address_request::is_agencys(app, &mut tx, identity).await?;
    drop(tx);
    if is_agencys {
        return Ok(Request::Agencys);
    }
    let email = match new_address(entry, confirmation, &credential.email) {
        Ok(email) => email,
        Err(error) => return Ok(Request::Email(error)),
    };
    if !ask_password::is_right(app, caller, None, &credential, current).await? {
        return Ok(Request::CurrentRefused);
    }
    let now = app.now();
    let Some(mut tx) = app.write_as(session).await? else { return Ok(Request::SessionOver) };
    if address_request::is_agencys(app, &mut tx, identity).await? {
        return Ok(Request::Agencys);
    }
    if not_me::is_held(&mut tx, identity, now).await? {
        return Ok(Request::Held);
    }
    tx.cancel_email_changes(identity).await?;
    let terms = ChallengeTerms::from(&app.policy_for(None, &tx.links_of(identity).await?));
    let challenge = Challenge::new(ChallengeId::random(&*app.dice), email.clone(), terms, now);
    tx.insert_challenge(&challenge, Purpose::EmailChange, identity.as_str()).await?;
    tx.insert_email_change(&challenge.id, identity, &email).await?;
    if !ask_proof(app, &mut tx, caller, (&challenge, identity)).await? {
        return Ok(Request::LettersOver);
    }
    caller.audit(&mut tx, &by_resident(identity, AuditEvent::EmailChangeAsked), now).await?;
    tx.commit().await?;
    Ok(Request::LetterSent)
}

/// Sends the letter; false where it would be one too many. An address that somebody has already gets none that could
/// confirm it, and the page says the same (f03).
async fn ask_proof(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    (challenge, identity): (&Challenge, &IdentityId),
) -> Result<bool, Fault> {
    // In the name of the agency that the person knows.
    let agency = not_me::home_code(app, tx, identity).await?;
    let to = (agency.as_ref(), &challenge.address);
    if tx.credential_typed(Some(&challenge.address), None).await?.is_some() {
        return letters::count(app, tx, caller, to).await;
    }
    let kind = LetterKind::ConfirmNewEmail { challenge: challenge.id.clone(), issue: challenge.issue };
    letters::send(app, tx, caller, to, kind).await
}

/// The change that waits, with its proof; none that the resident cannot finish any more.
pub async fn pending(app: &App, session: &Session) -> Result<Option<Challenge>, Fault> {
    let mut tx = app.store.read().await?;
    if address_request::is_agencys(app, &mut tx, &session.identity).await? {
        return Ok(None);
    }
    match tx.pending_email_change(&session.identity).await? {
        Some((id, _)) => Ok(tx.challenge(&id).await?),
        None => Ok(None),
    }
}

/// Sends the letter again; the older secrets die. Of two presses at once one sends it, and the other waits like any that
/// comes too soon.
pub async fn resend(app: &App, caller: &Caller, session: &Session) -> Result<Resent, Fault> {
    let Some(mut tx) = app.write_as(session).await? else { return Ok(Resent::SessionOver) };
    if address_request::is_agencys(app, &mut tx, &session.identity).await? {
        return Ok(Resent::Agencys);
    }
    let Some((id, _)) = tx.pending_email_change(&session.identity).await? else { return Ok(Resent::Over) };
    let Some(mut challenge) = tx.challenge(&id).await? else { return Ok(Resent::Over) };
    match challenge.resend(app.now()) {
        Err(ResendRefusal::Later(seconds)) => return Ok(Resent::Later(seconds)),
        Err(ResendRefusal::Over) => return Ok(Resent::Over),
        Ok(()) => {}
    }
    if !tx.save_resend(&challenge).await? || !ask_proof(app, &mut tx, caller, (&challenge, &session.identity)).await? {
        return Ok(Resent::Over);
    }
    tx.commit().await?;
    Ok(Resent::Sent)
}

/// Leaves the address as it is; false where the session has ended meanwhile.
pub async fn cancel(app: &App, session: &Session) -> Result<bool, Fault> {
    let Some(mut tx) = app.write_as(session).await? else { return Ok(false) };
    tx.cancel_email_changes(&session.identity).await?;
    tx.commit().await?;
    Ok(true)
}

/// Judges a code typed on the account page.
pub async fn type_code(app: &App, caller: &Caller, session: &Session, typed: &str) -> Result<Answered, Fault> {
    let mut tx = app.store.read().await?;
    if address_request::is_agencys(app, &mut tx, &session.identity).await? {
        return Ok(Answered::Agencys);
    }
    drop(tx);
    let Some(challenge) = pending(app, session).await? else { return Ok(Answered::Nothing) };
    let Some(code) = typed_code(typed) else { return Ok(Answered::Wrong { left: challenge.tries_left() }) };
    let mut tx = app.store.read().await?;
    let own_device = devices::knows(&mut tx, caller, &session.identity, app.now()).await?;
    drop(tx);
    let subject = Subject::codes_of_person(caller, &session.identity, own_device);
    let Some(reserved) = throttle::reserve(app, caller, &[subject]).await? else { return Ok(Answered::Dead) };
    let Some(mut tx) = app.write_as(session).await? else {
        reserved.unanswered(app).await?;
        return Ok(Answered::SessionOver);
    };
    let Some(challenge) = tx.count_code_try(&challenge.id).await? else {
        drop(tx);
        reserved.unanswered(app).await?;
        return Ok(Answered::Nothing);
    };
    let answer = proof::answer(app, &challenge, &code)?;
    if !matches!(answer, CodeAnswer::Right(_)) {
        caller.audit(&mut tx, &by_resident(&session.identity, AuditEvent::ProofRefused), app.now()).await?;
    }
    tx.commit().await?;
    Ok(match answer {
        CodeAnswer::Right(proven) => {
            reserved.succeeded(app).await?;
            let Some(tx) = app.write_as(session).await? else { return Ok(Answered::SessionOver) };
            change(app, caller, tx, &challenge.id, &session.identity, &proven).await?
        }
        CodeAnswer::Wrong { left } => {
            reserved.failed();
            Answered::Wrong { left }
        }
        CodeAnswer::Dead => Answered::Dead,
        CodeAnswer::Expired => {
            reserved.unanswered(app).await?;
            Answered::Expired
        }
        CodeAnswer::Used => {
            reserved.unanswered(app).await?;
            Answered::Nothing
        }
    })
}

/// The change that a link belongs to, if it is one and its link is open. In the browser of its owner it opens, though
/// somebody said « Ce n'est pas moi ».
pub async fn open_link(app: &App, secret: &Secret, signed_in: Option<&IdentityId>) -> Result<Opened, Fault> {
    let mut tx = app.store.read().await?;
    let Some((challenge, link)) = tx.challenge_by_link(secret.digest()).await? else {
        return Ok(Opened::Not(Closed::Invalid));
    };
    let Some((Purpose::EmailChange, owner)) = tx.owner_of(&challenge.id).await? else {
        return Ok(Opened::Not(Closed::Invalid));
    };
    let owner = IdentityId::stored(owner);
    if address_request::is_agencys(app, &mut tx, &owner).await? {
        return Ok(Opened::Not(Closed::Agencys));
    }
    Ok(match proven(challenge.answer_link(link, app.now())) {
        Ok(_) if is_held_from(&challenge, &owner, signed_in, app.now()) => Opened::Not(Closed::Held),
        Ok(proven) => Opened::Confirm(Box::new(Confirm { challenge, owner, proven })),
        Err(closed) => Opened::Not(closed),
    })
}

/// The button of the link was pressed, with the password of the person whose address it is, in whatever browser: a
/// session alone, or a letter alone, changes no address (SEC-042).
pub async fn confirm(
    app: &App,
    caller: &Caller,
    secret: &Secret,
    signed_in: Option<&IdentityId>,
    password: Secret,
) -> Result<Answered, Fault> {
    let Confirm { challenge, owner: identity, proven } = match open_link(app, secret, signed_in).await? {
        Opened::Confirm(confirm) => *confirm,
        Opened::Not(Closed::Held) => return Ok(Answered::Held),
        Opened::Not(Closed::Agencys) => return Ok(Answered::Agencys),
        Opened::Not(_) => return Ok(Answered::Nothing),
    };
    let credential = app.store.read().await?.credential_of(&identity).await?;
    let Some(credential) = credential else { return Ok(Answered::Nothing) };
    if !ask_password::is_right(app, caller, None, &credential, password).await? {
        return Ok(Answered::PasswordRefused);
    }
    let mut tx = app.store.write().await?;
    if !tx.still_has(&credential).await? {
        return Ok(Answered::PasswordRefused);
    }
    // « Ce n'est pas moi » may have been pressed while the password was compared.
    let held = tx.challenge(&challenge.id).await?;
    if held.is_some_and(|challenge| is_held_from(&challenge, &identity, signed_in, app.now())) {
        return Ok(Answered::Held);
    }
    change(app, caller, tx, &challenge.id, &identity, &proven).await
}

/// Whether the link waits in this browser: where the owner is signed in, it opens all the same.
fn is_held_from(challenge: &Challenge, owner: &IdentityId, signed_in: Option<&IdentityId>, now: Timestamp) -> bool {
    challenge.held_until(now).is_some() && signed_in != Some(owner)
}

/// Changes the address in a transaction in which nobody else writes for this person.
async fn change(
    app: &App,
    caller: &Caller,
    mut tx: Tx,
    challenge: &ChallengeId,
    identity: &IdentityId,
    proven: &ProvenEmail,
) -> Result<Answered, Fault> {
    let now = app.now();
    let Some(before) = tx.credential_of(identity).await? else { return Ok(Answered::Nothing) };
    // An account of an agency that alone changes it may have been attached, or the file changed, since it was asked for.
    if address_request::is_agencys(app, &mut tx, identity).await? {
        return Ok(Answered::Agencys);
    }
    if not_me::is_held(&mut tx, identity, now).await? {
        return Ok(Answered::Held);
    }
    let waits = tx.pending_email_change(identity).await?.is_some_and(|(pending, _)| pending == *challenge);
    if !waits || !tx.mark_answered(challenge, now).await? || !tx.set_email(identity, proven.address(), now).await? {
        return Ok(Answered::Nothing);
    }
    tell_old_address(app, &mut tx, caller, before, proven.address()).await?;
    caller.audit(&mut tx, &by_resident(identity, AuditEvent::EmailChanged), now).await?;
    app.sessions.commit(tx, &Change::Identity(identity.clone())).await?;
    Ok(Answered::Changed)
}

/// The address from before is told at once, in the name of the agency that the person knows, and can hold or undo it.
async fn tell_old_address(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    before: Credential,
    new: &EmailAddress,
) -> Result<(), Fault> {
    let now = app.now();
    let agency = not_me::home_code(app, tx, &before.identity).await?;
    let to = Addressee { agency, email: before.email.clone(), language: caller.language };
    let warning = not_me::warn(app, tx, Changed::Email, before, new, now).await?;
    letters::tell(app, tx, to, LetterKind::EmailChanged { new_email: new.masked(), at: now, warning }).await?;
    Ok(())
}
