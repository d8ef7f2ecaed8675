//! Answering a letter: by the code typed where the wizard is open, or by the link, behind a button (b08 to b11).
//!
//! Who opens the link on another device has to show that the wizard there was begun by the same person, by a password:
//! otherwise somebody could begin with a victim's address and have the victim's click finish it (SEC-040).

use std::sync::Arc;

use super::hasher::Comparison;
use super::join;
use super::migrate::{self, Stepped};
use super::throttle::{self, Subject};
use super::{App, Caller, Fault, letters, not_me};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::challenge::{Challenge, CodeAnswer, LinkAnswer, ProvenEmail, typed_code};
use crate::domain::credential::Credential;
use crate::domain::email::EmailAddress;
use crate::domain::identity::IdentityId;
use crate::domain::lockout::LockoutPolicy;
use crate::domain::mail::{HeldRequest, LetterKind};
use crate::domain::migration::Step;
use crate::domain::secret::Secret;
use crate::store::{Purpose, StoredFlow, Tx};

/// What a typed code comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// Right: the wizard went on.
    Right(Stepped),
    /// Wrong; so many tries are left.
    Wrong {
        /// Tries left.
        left: u32,
    },
    /// Tried too often.
    Dead,
    /// Past its time.
    Expired,
    /// No code is waited for in this browser.
    Elsewhere,
}

/// What an opened link shows.
#[derive(Debug)]
pub enum Opened {
    /// The button.
    Confirm(Box<Confirm>),
    /// A newer letter was sent.
    Superseded,
    /// Past its time.
    Expired,
    /// Answered before.
    Used,
    /// The agency took the account back whose run waited for it (REL-069).
    Withdrawn(AgencyCode),
    /// Somebody who got the letter said « Ce n'est pas moi »: it waits.
    Held,
    /// No such link, or nothing waits for it any more.
    Invalid,
}

/// What the page with the button has to say.
#[derive(Debug)]
pub struct Confirm {
    /// The flow that waits.
    pub waiting: StoredFlow,
    /// The proof.
    pub challenge: Challenge,
    /// What has to be typed besides pressing the button.
    pub asks: Asks,
}

/// What has to be typed besides pressing the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Nothing: this is the browser that began.
    Nothing,
    /// The password chosen in the wizard.
    ChosenPassword,
    /// The password of the account that the address has already.
    ExistingPassword,
    /// The old password: none was chosen yet.
    OldPassword,
}

/// What pressing the button comes to.
#[derive(Debug)]
pub enum Confirmed {
    /// The wizard went on, in the browser that began it or for good.
    Done {
        /// Whether the button was pressed in the browser that began.
        same_browser: bool,
        /// The agency whose account is being migrated.
        agency: Option<Arc<Agency>>,
        /// Where the wizard is now.
        stepped: Stepped,
    },
    /// The password that was asked for is wrong, or was tried too often.
    PasswordRefused(Box<Confirm>),
    /// The link is not open.
    Not(Opened),
}

/// Judges a typed code; the try is counted before it is judged.
///
/// # Errors
/// Something of ours is out of order.
pub async fn type_code(app: &App, caller: &Caller, typed: &str) -> Result<Typed, Fault> {
    let Some(open) = migrate::open(app, caller).await? else { return Ok(Typed::Elsewhere) };
    let Step::Proof { challenge: id, .. } = open.flow.step.clone() else { return Ok(Typed::Elsewhere) };
    let Some(code) = typed_code(typed) else { return not_a_code(app, &open).await };
    let subject = Subject::codes_of_account(&open.agency.code, &open.flow.account.login, CODES);
    let Ok(reserved) = throttle::reserve(app, caller, &[subject]).await? else { return Ok(Typed::Dead) };
    let now = app.now();
    let mut tx = app.store.write().await?;
    let Some(challenge) = tx.count_code_try(&id).await? else { return Ok(Typed::Elsewhere) };
    let answer = answer(app, &challenge, &code)?;
    if !matches!(answer, CodeAnswer::Right(_)) {
        caller.audit(&mut tx, &migrate::entry(&open.flow, AuditEvent::ProofRefused), now).await?;
    }
    tx.commit().await?;
    Ok(match answer.clone() {
        CodeAnswer::Right(proven) => {
            reserved.succeeded(app).await?;
            match open_again(app, caller).await? {
                Some(stored) => Typed::Right(go_on(app, caller, stored, &challenge, proven).await?),
                None => Typed::Elsewhere,
            }
        }
        CodeAnswer::Wrong { left } => {
            reserved.failed();
            Typed::Wrong { left }
        }
        CodeAnswer::Dead => Typed::Dead,
        CodeAnswer::Expired | CodeAnswer::Used => {
            reserved.unanswered(app).await?;
            if answer == CodeAnswer::Expired { Typed::Expired } else { Typed::Elsewhere }
        }
    })
}

/// Wrong codes on one old account or of one person within a day, however often the code is sent anew (SEC-048).
pub(super) const CODES: LockoutPolicy = LockoutPolicy {
    free_failures: 25,
    first_delay_s: 600,
    longest_delay_s: 3600,
    daily_failures: 25,
    calm_s: 24 * 3600,
};

/// Judges a typed code that was counted.
pub(super) fn answer(app: &App, challenge: &Challenge, code: &Secret) -> Result<CodeAnswer, Fault> {
    let vault = app.vault()?;
    Ok(challenge.answer_code(|kept| vault.is_code(&challenge.id, kept, code), app.now()))
}

/// What cannot be a code costs no try.
async fn not_a_code(app: &App, open: &migrate::Open) -> Result<Typed, Fault> {
    let left = migrate::asked_proof(app, open).await?.map_or(0, |challenge| challenge.tries_left());
    Ok(if left == 0 { Typed::Dead } else { Typed::Wrong { left } })
}

async fn open_again(app: &App, caller: &Caller) -> Result<Option<StoredFlow>, Fault> {
    Ok(app.store.read().await?.flow_of_browser(caller.browser.digest()).await?)
}

/// What the link shows; looking changes nothing, however often a scanner looks (b10, LAW-048).
///
/// # Errors
/// The store fails.
pub async fn open_link(app: &App, caller: &Caller, secret: &Secret) -> Result<Opened, Fault> {
    let mut tx = app.store.read().await?;
    let Some((challenge, link)) = tx.challenge_by_link(secret.digest()).await? else { return Ok(Opened::Invalid) };
    if !matches!(tx.owner_of(&challenge.id).await?, Some((Purpose::Migration, _))) {
        return Ok(Opened::Invalid);
    }
    if let Some(agency) = tx.withdrawn_with_proof(&challenge.id).await? {
        return Ok(Opened::Withdrawn(agency));
    }
    match challenge.answer_link(link, app.now()) {
        LinkAnswer::Superseded => return Ok(Opened::Superseded),
        LinkAnswer::Expired => return Ok(Opened::Expired),
        LinkAnswer::Used => return Ok(Opened::Used),
        LinkAnswer::Right(_) => {}
    }
    let Some(waiting) = tx.flow_of_challenge(&challenge.id).await? else { return Ok(Opened::Invalid) };
    let Step::Proof { challenge: asked, password, .. } = &waiting.flow.step else { return Ok(Opened::Superseded) };
    if *asked != challenge.id || !waiting.flow.is_open(app.now()) {
        return Ok(Opened::Superseded);
    }
    let asks = if waiting.browser == caller.browser.digest() {
        Asks::Nothing
    } else if tx.credential_by_email(&challenge.address).await?.is_some() {
        Asks::ExistingPassword
    } else if password.is_some() {
        Asks::ChosenPassword
    } else {
        Asks::OldPassword
    };
    // In the browser that began it opens all the same, as the code does.
    if asks != Asks::Nothing && challenge.held_until(app.now()).is_some() {
        return Ok(Opened::Held);
    }
    Ok(Opened::Confirm(Box::new(Confirm { waiting, challenge, asks })))
}

/// The button was pressed.
///
/// # Errors
/// Something of ours is out of order.
pub async fn confirm(app: &App, caller: &Caller, secret: &Secret, password: Secret) -> Result<Confirmed, Fault> {
    let confirm = match open_link(app, caller, secret).await? {
        Opened::Confirm(confirm) => confirm,
        other => return Ok(Confirmed::Not(other)),
    };
    let Some(owner) = is_the_same_person(app, caller, &confirm, password).await? else {
        return Ok(Confirmed::PasswordRefused(confirm));
    };
    let mut tx = app.store.read().await?;
    let Some((challenge, link)) = tx.challenge_by_link(secret.digest()).await? else {
        return Ok(Confirmed::Not(Opened::Invalid));
    };
    drop(tx);
    let LinkAnswer::Right(proven) = challenge.answer_link(link, app.now()) else {
        return Ok(Confirmed::Not(Opened::Used));
    };
    let same_browser = confirm.asks == Asks::Nothing;
    // « Ce n'est pas moi » may have been pressed while the password was compared.
    if !same_browser && challenge.held_until(app.now()).is_some() {
        return Ok(Confirmed::Not(Opened::Held));
    }
    let flow = confirm.waiting.flow.id.clone();
    let agency = app.directory().agency(&confirm.waiting.flow.account.agency).cloned();
    let mut stepped = go_on(app, caller, confirm.waiting, &challenge, proven).await?;
    if let (Stepped::On, Some(owner)) = (&stepped, owner) {
        // The existing account's password was typed here already: it need not be typed again on the other device.
        if let Some(stored) = app.store.read().await?.flow(&flow).await? {
            let joined = migrate::take_as(app, caller, stored, None, Some(&owner), |flow, _| {
                flow.joined(owner.identity.clone())
            });
            stepped = match joined.await? {
                // The password was replaced at this moment: the new one is asked for where the wizard is open.
                Stepped::Wrong(_) => Stepped::On,
                stepped => stepped,
            };
        }
    }
    Ok(Confirmed::Done { same_browser, agency, stepped })
}

/// Some: yes, and whose existing password was typed, if that was asked for. None: no.
async fn is_the_same_person(
    app: &App,
    caller: &Caller,
    confirm: &Confirm,
    password: Secret,
) -> Result<Option<Option<Credential>>, Fault> {
    let Some(agency) = app.directory().agency(&confirm.waiting.flow.account.agency).cloned() else { return Ok(None) };
    let hash = match (confirm.asks, &confirm.waiting.flow.step) {
        (Asks::Nothing, _) => return Ok(Some(None)),
        (Asks::ExistingPassword, _) => {
            let mut tx = app.store.read().await?;
            let Some(owner) = tx.credential_by_email(&confirm.challenge.address).await? else { return Ok(None) };
            drop(tx);
            let right = join::is_password_of(app, caller, Some(&agency), &owner, password).await?;
            return Ok(right.then_some(Some(owner)));
        }
        (Asks::ChosenPassword, Step::Proof { password: Some(hash), .. }) => Some(hash.clone()),
        (Asks::ChosenPassword | Asks::OldPassword, _) => confirm.waiting.old_digest.clone(),
    };
    let Some(hash) = hash else { return Ok(None) };
    let subject = Subject::confirmation(&confirm.challenge.id, agency.policy.lockout);
    let Ok(reserved) = throttle::reserve(app, caller, &[subject]).await? else { return Ok(None) };
    let (reserved, compared) = reserved.unless(app, app.hasher.compare(password, hash).await).await?;
    if compared == Comparison::Wrong {
        reserved.failed();
        return Ok(None);
    }
    reserved.succeeded(app).await?;
    Ok(Some(None))
}

/// The proof is marked as answered, by exactly one caller, and the flow goes on.
async fn go_on(
    app: &App,
    caller: &Caller,
    stored: StoredFlow,
    challenge: &Challenge,
    proven: ProvenEmail,
) -> Result<Stepped, Fault> {
    let owner = app.store.read().await?.credential_by_email(proven.address()).await?;
    let owner = owner.map(|credential| credential.identity);
    let id = challenge.id.clone();
    migrate::take(app, caller, stored, Some(&challenge.id), move |flow, _| {
        flow.proven(&id, proven.clone(), owner.clone())
    })
    .await
}

/// What a letter with a proof is about, for « Ce n'est pas moi ».
#[derive(Debug)]
pub struct Doubted {
    /// What waits for the proof.
    pub request: HeldRequest,
    /// Whether that was said already.
    pub is_held: bool,
    /// In whose name the letter was, if in an agency's.
    pub agency: Option<Arc<Agency>>,
    challenge: Challenge,
    told: Vec<EmailAddress>,
    entry: AuditEntry,
}

/// What « Ce n'est pas moi » would hold; looking changes nothing. Only what waits for this very letter: one that was
/// replaced holds nothing (review B14).
///
/// # Errors
/// The store fails.
pub async fn doubted(app: &App, secret: &Secret) -> Result<Result<Doubted, Opened>, Fault> {
    let mut tx = app.store.read().await?;
    doubted_in(app, &mut tx, secret).await
}

async fn doubted_in(app: &App, tx: &mut Tx, secret: &Secret) -> Result<Result<Doubted, Opened>, Fault> {
    let now = app.now();
    let Some((challenge, link)) = tx.challenge_by_link(secret.digest()).await? else { return Ok(Err(Opened::Invalid)) };
    match challenge.answer_link(link, now) {
        LinkAnswer::Superseded => return Ok(Err(Opened::Superseded)),
        LinkAnswer::Expired => return Ok(Err(Opened::Expired)),
        LinkAnswer::Used => return Ok(Err(Opened::Used)),
        LinkAnswer::Right(_) => {}
    }
    let is_held = challenge.held_at.is_some();
    let mut told = vec![challenge.address.clone()];
    Ok(match tx.owner_of(&challenge.id).await? {
        Some((Purpose::Migration, _)) => {
            let Some(stored) = tx.flow_of_challenge(&challenge.id).await? else { return Ok(Err(Opened::Invalid)) };
            let flow = &stored.flow;
            let waits = matches!(&flow.step, Step::Proof { challenge: asked, .. } if *asked == challenge.id);
            if !waits || !flow.is_open(now) {
                return Ok(Err(Opened::Superseded));
            }
            told.extend(flow.roster_email.clone());
            let request = HeldRequest::Run { account: flow.account.login.masked() };
            let agency = app.directory().agency(&flow.account.agency).cloned();
            let entry = migrate::entry(flow, AuditEvent::MigrationDisowned);
            Ok(Doubted { request, is_held, agency, challenge, told, entry })
        }
        Some((Purpose::EmailChange, owner)) => {
            let identity = IdentityId::stored(owner);
            let pending = tx.pending_email_change(&identity).await?;
            if pending.is_none_or(|(pending, _)| pending != challenge.id) {
                return Ok(Err(Opened::Superseded));
            }
            told.extend(tx.credential_of(&identity).await?.map(|credential| credential.email));
            let request = HeldRequest::NewEmail { email: challenge.address.masked() };
            let agency = not_me::home_code(app, tx, &identity).await?;
            let agency = agency.and_then(|code| app.directory().agency(&code).cloned());
            let entry =
                AuditEntry { identity: Some(identity), ..AuditEntry::by(Actor::Visitor, AuditEvent::ChangeDisowned) };
            Ok(Doubted { request, is_held, agency, challenge, told, entry })
        }
        None => Err(Opened::Invalid),
    })
}

/// « Ce n'est pas moi », pressed by who has shown nothing but the letter (a mail scanner presses too): what waits for it
/// is held for a while, and everybody whom it concerns is told. Nothing ends: the code, and the link in the browser that
/// began, win over it (ATT-18, decision 38).
///
/// # Errors
/// The store fails.
pub async fn disown(app: &App, caller: &Caller, secret: &Secret) -> Result<Result<Doubted, Opened>, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let doubted = match doubted_in(app, &mut tx, secret).await? {
        Ok(doubted) => doubted,
        Err(other) => return Ok(Err(other)),
    };
    if !tx.hold_challenge(&doubted.challenge.id, now).await? {
        return Ok(Ok(doubted));
    }
    let held = Challenge { held_at: Some(now), ..doubted.challenge.clone() };
    if let Some(until) = held.held_until(now) {
        let kind = LetterKind::RequestHeld { request: doubted.request.clone(), until };
        let agency = doubted.agency.as_ref().map(|agency| &agency.code);
        let told: Vec<&EmailAddress> = doubted.told.iter().collect();
        letters::tell(app, &mut tx, caller, agency, &told, &kind).await?;
    }
    caller.audit(&mut tx, &doubted.entry, now).await?;
    tx.commit().await?;
    Ok(Ok(doubted))
}
