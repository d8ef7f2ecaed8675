//! The steps of the wizard in the browser that began it (000, 001, 004).
//!
//! Each step reads the flow of this browser, lets the domain take the step, and keeps it only if nobody was faster. A
//! step that does not fit is no failure: the caller shows the page of the step that is open.

use std::sync::Arc;

use jiff::Timestamp;

use super::hasher::Comparison;
use super::{App, Caller, Fault, finish, holder, letters};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::challenge::{Challenge, ChallengeId, ProvenEmail, RESEND_AFTER_S, ResendRefusal};
use crate::domain::credential::Credential;
use crate::domain::email::{EmailAddress, EmailError};
use crate::domain::mail::{LetterId, LetterKind, Mail};
use crate::domain::migration::{Effect, Flow, FlowError, Step};
use crate::domain::password::{Broken, Known, is_same};
use crate::domain::secret::Secret;
use crate::sessions::Change;
use crate::store::{Purpose, StoredFlow, Tx};

/// The flow that is open in a browser.
pub struct Open {
    /// The flow.
    pub flow: Flow,
    /// Its agency.
    pub agency: Arc<Agency>,
    stored: StoredFlow,
}

impl Open {
    /// As it is kept, to take a step of it.
    pub(super) fn into_stored(self) -> StoredFlow {
        self.stored
    }
}

/// What came of a step.
#[derive(Debug, PartialEq, Eq)]
pub enum Stepped {
    /// The next step is open.
    On,
    /// The account is migrated: a person was created, or the account was attached to one.
    Finished {
        /// Whether it was attached to a person who existed before.
        joined: bool,
    },
    /// No flow is open in this browser, or another step is: its page is to be shown.
    Elsewhere,
    /// The agency has taken the account back, or given it to somebody else, while the run was under way (REL-069).
    Withdrawn(AgencyCode),
    /// What was typed is wrong.
    Wrong(Mistake),
}

/// What a resident can have typed wrong in the wizard.
#[derive(Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The information page opens in so many seconds.
    TooEarly(u64),
    /// The address.
    Email(EmailError),
    /// The password breaks these rules.
    Password(Vec<Broken>),
    /// The two passwords differ.
    PasswordsDiffer,
    /// The password of the account that exists is wrong.
    JoinRefused,
    /// Another letter can be asked for in so many seconds.
    ResendLater(u64),
    /// No further letter is sent.
    LettersOver,
}

/// The flow that is open in this browser, if there is one.
///
/// # Errors
/// The store fails.
pub async fn open(app: &App, caller: &Caller) -> Result<Option<Open>, Fault> {
    let mut tx = app.store.read().await?;
    let stored = tx.flow_of_browser(caller.browser.digest()).await?;
    Ok(stored.and_then(|stored| found(app, stored)))
}

/// The agency that took the account back whose run was under way in this browser, if nothing was begun there since.
///
/// # Errors
/// The store fails.
pub async fn withdrawn(app: &App, caller: &Caller) -> Result<Option<Arc<Agency>>, Fault> {
    let code = app.store.read().await?.withdrawn_in_browser(caller.browser.digest()).await?;
    Ok(code.and_then(|code| app.directory().agency(&code).cloned()))
}

fn found(app: &App, stored: StoredFlow) -> Option<Open> {
    let agency = app.directory().agency(&stored.flow.account.agency)?.clone();
    let done = matches!(stored.flow.step, Step::Done { .. });
    (done || stored.flow.is_open(app.now())).then(|| Open { flow: stored.flow.clone(), agency, stored })
}

/// « Étape suivante ».
///
/// # Errors
/// Something of ours is out of order.
pub async fn leave_notice(app: &App, caller: &Caller) -> Result<Stepped, Fault> {
    step(app, caller, super::super::domain::migration::Flow::leave_notice).await
}

/// The address, as typed.
///
/// # Errors
/// Something of ours is out of order.
pub async fn choose_email(app: &App, caller: &Caller, typed: &str) -> Result<Stepped, Fault> {
    let email = match EmailAddress::parse(typed) {
        Ok(email) => email,
        Err(error) => return Ok(Stepped::Wrong(Mistake::Email(error))),
    };
    let challenge = ChallengeId::random(&*app.dice);
    step(app, caller, move |flow, _| flow.choose_email(email.clone(), challenge.clone())).await
}

/// The new password, typed twice.
///
/// # Errors
/// Something of ours is out of order.
pub async fn choose_password(
    app: &App,
    caller: &Caller,
    password: Secret,
    confirmation: &Secret,
) -> Result<Stepped, Fault> {
    let Some(open) = open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    let Step::Password { address } = &open.flow.step else { return Ok(Stepped::Elsewhere) };
    let account = &open.flow.account;
    let mut own = vec![address.email().as_str(), account.login.as_str()];
    own.extend(account.name.as_deref());
    let (code, brand) = (&open.agency.code, &open.agency.brand);
    let known = Known { own, agency: vec![&brand.name, code.client(), code.societe()] };
    let broken = open.flow.plan.password.broken_by(&password, &known);
    if !broken.is_empty() {
        return Ok(Stepped::Wrong(Mistake::Password(broken)));
    }
    if !is_same(&password, confirmation) {
        return Ok(Stepped::Wrong(Mistake::PasswordsDiffer));
    }
    if let Some(old) = &open.stored.old_digest
        && app.hasher.compare(password.clone(), old.clone()).await? != Comparison::Wrong
    {
        return Ok(Stepped::Wrong(Mistake::Password(vec![Broken::Old])));
    }
    let hash = app.hasher.hash(password).await?;
    let challenge = ChallengeId::random(&*app.dice);
    step(app, caller, move |flow, _| flow.choose_password(hash.clone(), challenge.clone())).await
}

/// « Modifier l'adresse ».
///
/// # Errors
/// Something of ours is out of order.
pub async fn change_email(app: &App, caller: &Caller) -> Result<Stepped, Fault> {
    step(app, caller, |flow, _| flow.change_email()).await
}

/// « Revenir à la 1re étape »: the flow ends; the old credentials open another one (b12).
///
/// # Errors
/// Something of ours is out of order.
pub async fn restart(app: &App, caller: &Caller) -> Result<Option<Arc<Agency>>, Fault> {
    let Some(open) = open(app, caller).await? else { return Ok(None) };
    let mut tx = app.store.write().await?;
    tx.close_flow(&open.flow.id).await?;
    tx.commit().await?;
    Ok(Some(open.agency))
}

/// The proof that this browser's flow waits for.
///
/// # Errors
/// The store fails.
pub async fn asked_proof(app: &App, open: &Open) -> Result<Option<Challenge>, Fault> {
    let Step::Proof { challenge, .. } = &open.flow.step else { return Ok(None) };
    Ok(app.store.read().await?.challenge(challenge).await?)
}

/// « Renvoyer l'e-mail »: the older secrets die (b11).
///
/// # Errors
/// Something of ours is out of order.
pub async fn resend(app: &App, caller: &Caller) -> Result<Stepped, Fault> {
    let Some(open) = open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    let Step::Proof { challenge, .. } = &open.flow.step else { return Ok(Stepped::Elsewhere) };
    let now = app.now();
    let mut tx = app.store.write().await?;
    let Some(mut challenge) = tx.challenge(challenge).await? else { return Ok(Stepped::Elsewhere) };
    match challenge.resend(now) {
        Err(ResendRefusal::Later(seconds)) => return Ok(Stepped::Wrong(Mistake::ResendLater(seconds))),
        Err(ResendRefusal::Over) => return Ok(Stepped::Wrong(Mistake::LettersOver)),
        Ok(()) => {}
    }
    if !letters::may_write_to(app, &mut tx, caller, Some(&open.flow.account.agency), &challenge.address, now).await? {
        return Ok(Stepped::Wrong(Mistake::LettersOver));
    }
    if !tx.save_resend(&challenge).await? {
        // A press at the same moment was faster: its letter is on its way, and this one waits as any that comes too soon.
        return Ok(Stepped::Wrong(Mistake::ResendLater(RESEND_AFTER_S.unsigned_abs())));
    }
    enqueue_proof(app, &mut tx, caller, &open.flow, &challenge, now).await?;
    tx.commit().await?;
    Ok(Stepped::On)
}

/// Takes one step of this browser's flow.
pub(super) async fn step(
    app: &App,
    caller: &Caller,
    transition: impl Fn(&mut Flow, Timestamp) -> Result<Effect, FlowError>,
) -> Result<Stepped, Fault> {
    let Some(open) = open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    take(app, caller, open.stored, None, transition).await
}

/// Takes one step of a flow that nobody's password is asked for.
pub(super) async fn take(
    app: &App,
    caller: &Caller,
    stored: StoredFlow,
    answers: Option<&ChallengeId>,
    transition: impl Fn(&mut Flow, Timestamp) -> Result<Effect, FlowError>,
) -> Result<Stepped, Fault> {
    take_as(app, caller, stored, answers, None, transition).await
}

/// Takes one step of a flow: the domain decides, and the whole of its effect is kept in one transaction or not at all,
/// together with the answer to the proof that allowed it, if there was one. Where somebody's password allowed it, it has to
/// be that still.
pub(super) async fn take_as(
    app: &App,
    caller: &Caller,
    stored: StoredFlow,
    answers: Option<&ChallengeId>,
    shown: Option<&Credential>,
    transition: impl Fn(&mut Flow, Timestamp) -> Result<Effect, FlowError>,
) -> Result<Stepped, Fault> {
    let now = app.now();
    let mut flow = stored.flow.clone();
    let effect = match transition(&mut flow, now) {
        Ok(effect) => effect,
        Err(FlowError::TooEarly(seconds)) => return Ok(Stepped::Wrong(Mistake::TooEarly(seconds))),
        Err(FlowError::WrongStep(_)) => return Ok(Stepped::Elsewhere),
    };
    let mut tx = app.store.write().await?;
    if let Some(shown) = shown
        && !tx.still_has(shown).await?
    {
        return Ok(Stepped::Wrong(Mistake::JoinRefused));
    }
    if matches!(effect, Effect::Create { .. } | Effect::Attach { .. }) {
        // Before the run itself, as a sign-in does that replaces it.
        tx.hold_spellings(&flow.account.agency).await?;
    }
    if let Effect::AskProof { email, .. } = &effect
        && !letters::may_write_to(app, &mut tx, caller, Some(&flow.account.agency), email, now).await?
    {
        return Ok(Stepped::Wrong(Mistake::LettersOver));
    }
    if let Some(chosen) = chosen(&mut tx, &effect).await? {
        tell_roster(app, &mut tx, caller, &mut flow, &chosen, now).await?;
    }
    if !tx.save_flow(&flow, stored.version).await? {
        return overtaken(&mut tx, &flow).await;
    }
    if matches!(effect, Effect::Create { .. } | Effect::Attach { .. })
        && !finish::is_still_to_give(app, &mut tx, &flow).await?
    {
        drop(tx);
        return withdraw(app, caller, &flow).await;
    }
    if let Some(challenge) = answers
        && !tx.mark_answered(challenge, now).await?
    {
        return Ok(Stepped::Elsewhere);
    }
    let mut instead_of = None;
    let stepped = match effect {
        Effect::Nothing => Stepped::On,
        Effect::AskProof { challenge, email } => {
            let challenge = Challenge::new(challenge, email, flow.plan.proof, now);
            tx.insert_challenge(&challenge, Purpose::Migration, flow.id.as_str()).await?;
            enqueue_proof(app, &mut tx, caller, &flow, &challenge, now).await?;
            Stepped::On
        }
        Effect::Create { email, password } => {
            if let Some(finished) = finish::create(app, &mut tx, caller, &stored, &flow, &email, password, now).await? {
                instead_of = finished.instead_of;
                Stepped::Finished { joined: false }
            } else {
                drop(tx);
                return owner_decides(app, &stored, answers, &email).await;
            }
        }
        // Disabled wins over a right password, and is told what a wrong one is told (e11).
        Effect::Attach { identity } if tx.is_disabled(&identity).await? => {
            return Ok(Stepped::Wrong(Mistake::JoinRefused));
        }
        Effect::Attach { identity } => {
            if let Some(finished) = finish::attach(app, &mut tx, caller, &stored, &flow, &identity, now).await? {
                instead_of = finished.instead_of;
                Stepped::Finished { joined: true }
            } else {
                return Ok(Stepped::Elsewhere);
            }
        }
    };
    match instead_of {
        Some(before) => app.sessions.commit(tx, &Change::Identity(before)).await?,
        None => tx.commit().await?,
    }
    Ok(stepped)
}

/// The address that an effect is for.
async fn chosen(tx: &mut Tx, effect: &Effect) -> Result<Option<EmailAddress>, Fault> {
    Ok(match effect {
        Effect::Nothing => None,
        Effect::AskProof { email, .. } => Some(email.clone()),
        Effect::Create { email, .. } => Some(email.address().clone()),
        Effect::Attach { identity } => tx.credential_of(identity).await?.map(|credential| credential.email),
    })
}

/// Tells the address that the agency knows that another one was chosen, once in a run and once a day (b23). Where no letter
/// can be written now, a later step tries again.
async fn tell_roster(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    flow: &mut Flow,
    chosen: &EmailAddress,
    now: Timestamp,
) -> Result<(), Fault> {
    let Some(known) = flow.address_to_tell(chosen).cloned() else { return Ok(()) };
    if !letters::may_tell_roster(app, tx, &flow.account, &known, now).await? {
        return Ok(());
    }
    let mail = Mail {
        id: LetterId::random(&*app.dice),
        agency: Some(flow.account.agency.clone()),
        to: known,
        language: caller.language,
        kind: LetterKind::AddressChosen { account: flow.account.login.masked() },
        attempts: 0,
    };
    tx.enqueue(&mail, now, now).await?;
    flow.roster_told = true;
    Ok(())
}

/// Somebody was faster: another tab, another node, or the agency.
async fn overtaken(tx: &mut Tx, flow: &Flow) -> Result<Stepped, Fault> {
    let is_withdrawn = tx.is_withdrawn(&flow.id).await?;
    Ok(if is_withdrawn { Stepped::Withdrawn(flow.account.agency.clone()) } else { Stepped::Elsewhere })
}

/// At its end, the account turns out not to be this run's to give any more.
async fn withdraw(app: &App, caller: &Caller, flow: &Flow) -> Result<Stepped, Fault> {
    let (account, now) = (&flow.account, app.now());
    let mut tx = app.store.write().await?;
    if holder::end_runs(app, &mut tx, &account.agency, &account.login, now).await? {
        caller.audit(&mut tx, &entry(flow, AuditEvent::MigrationWithdrawn), now).await?;
    }
    tx.commit().await?;
    Ok(Stepped::Withdrawn(account.agency.clone()))
}

/// The same address was proven elsewhere at the same moment, by the same person with two contracts or by another one:
/// the password of who has it now is asked for.
async fn owner_decides(
    app: &App,
    stored: &StoredFlow,
    answers: Option<&ChallengeId>,
    email: &ProvenEmail,
) -> Result<Stepped, Fault> {
    let mut tx = app.store.write().await?;
    let Some(owner) = tx.credential_by_email(email.address()).await? else { return Ok(Stepped::Elsewhere) };
    let mut flow = stored.flow.clone();
    flow.found_owner(owner.identity, email);
    let is_kept = tx.save_flow(&flow, stored.version).await?;
    if let (true, Some(challenge)) = (is_kept, answers) {
        tx.mark_answered(challenge, app.now()).await?;
    }
    tx.commit().await?;
    Ok(if is_kept { Stepped::On } else { Stepped::Elsewhere })
}

/// Puts the letter into the outbox: the same step for every address, but who has an account already is told so in the
/// letter and not on the page (f03).
async fn enqueue_proof(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    flow: &Flow,
    challenge: &Challenge,
    now: Timestamp,
) -> Result<(), Fault> {
    let kind = proof_letter(tx, flow, challenge).await?;
    let mail = Mail {
        id: LetterId::random(&*app.dice),
        agency: Some(flow.account.agency.clone()),
        to: challenge.address.clone(),
        language: caller.language,
        kind,
        attempts: 0,
    };
    tx.enqueue(&mail, now, now).await?;
    caller.audit(tx, &entry(flow, AuditEvent::ProofAsked), now).await?;
    Ok(())
}

/// Which letter asks for the proof of a flow.
pub(super) async fn proof_letter(tx: &mut Tx, flow: &Flow, challenge: &Challenge) -> Result<LetterKind, Fault> {
    let account = flow.account.login.masked();
    let (id, issue) = (challenge.id.clone(), challenge.issue);
    Ok(match tx.credential_by_email(&challenge.address).await? {
        Some(_) => LetterKind::AlreadyAccount { challenge: id, issue, account },
        None => LetterKind::ConfirmAddress { challenge: id, issue, account },
    })
}

/// A line of the trace about a flow.
pub(super) fn entry(flow: &Flow, event: AuditEvent) -> AuditEntry {
    AuditEntry {
        event,
        actor: Actor::Visitor,
        agency: Some(flow.account.agency.clone()),
        identity: None,
        login: Some(flow.account.login.clone()),
    }
}
