//! Taking a step: the domain decides, and the whole of its effect is kept in one transaction or not at all.

use jiff::Timestamp;

use super::finish::{self, Finished, Finishing};
use super::letter::ask_proof;
use super::run;
use crate::app::{App, Caller, Fault, holder, letters};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::AuditEvent;
use crate::domain::challenge::{Challenge, ChallengeId, ProvenEmail};
use crate::domain::credential::Credential;
use crate::domain::email::{EmailAddress, EmailError};
use crate::domain::identity::IdentityId;
use crate::domain::migration::{Effect, Flow, FlowError};
use crate::domain::password::Broken;
use crate::sessions::Change;
use crate::store::{Purpose, StoredFlow, Tx};

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

/// What allows a step to be taken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Allowed<'a> {
    /// That the run is open in this browser.
    Browser,
    /// The answer to this proof, by which only one step is taken.
    Proof(&'a ChallengeId),
    /// The password of who exists, which has to be that still.
    Password(&'a Credential),
    /// That a run of this person's has just ended in this browser.
    Run(&'a IdentityId),
}

/// Takes one step of this browser's run.
pub(super) async fn step(
    app: &App,
    caller: &Caller,
    transition: impl Fn(&mut Flow, Timestamp) -> Result<Effect, FlowError>,
) -> Result<Stepped, Fault> {
    let Some(open) = run::open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    take(app, caller, open.stored, Allowed::Browser, transition).await
}

/// The proof is marked as answered, by exactly one caller, and the run goes on.
pub(super) async fn go_on(
    app: &App,
    caller: &Caller,
    stored: StoredFlow,
    challenge: &Challenge,
    proven: ProvenEmail,
) -> Result<Stepped, Fault> {
    let owner = app.store.read().await?.owners_of(proven.address()).await?.into_iter().next();
    let id = &challenge.id;
    take(app, caller, stored, Allowed::Proof(id), |flow, _| flow.proven(id, proven.clone(), owner.clone())).await
}

/// Takes one step of a run: the domain decides, and the whole of its effect is kept in one transaction or not at all,
/// together with the answer to the proof that allowed it.
pub(super) async fn take(
    app: &App,
    caller: &Caller,
    stored: StoredFlow,
    allowed: Allowed<'_>,
    transition: impl Fn(&mut Flow, Timestamp) -> Result<Effect, FlowError>,
) -> Result<Stepped, Fault> {
    let now = app.now();
    let mut flow = stored.flow.clone();
    let effect = match transition(&mut flow, now) {
        Ok(effect) => effect,
        Err(FlowError::TooEarly(seconds)) => return Ok(Stepped::Wrong(Mistake::TooEarly(seconds))),
        Err(FlowError::WrongStep(_)) => return Ok(Stepped::Elsewhere),
    };
    let created = IdentityId::random(&*app.dice);
    if matches!(effect, Effect::Create { .. }) {
        flow.is_of(&created);
    }
    let mut tx = app.store.write().await?;
    match allowed {
        Allowed::Password(shown) if !tx.still_has(shown).await? => {
            return Ok(Stepped::Wrong(Mistake::JoinRefused));
        }
        Allowed::Run(identity) => drop(tx.hold_person(identity).await?),
        Allowed::Browser | Allowed::Proof(_) | Allowed::Password(_) => {}
    }
    let is_last = matches!(effect, Effect::Create { .. } | Effect::Attach { .. });
    if is_last {
        // Before the run itself, as a sign-in does that replaces it.
        tx.hold_spellings(&flow.account.agency).await?;
    }
    if let Some(chosen) = chosen(&mut tx, &effect).await? {
        tell_roster(app, &mut tx, caller, &mut flow, &chosen).await?;
    }
    if !tx.save_flow(&flow, stored.version).await? {
        return overtaken(&mut tx, &flow).await;
    }
    if is_last && !finish::is_still_to_give(app, &mut tx, &flow).await? {
        drop(tx);
        return withdraw(app, caller, &flow).await;
    }
    if let Allowed::Proof(challenge) = allowed
        && !tx.mark_answered(challenge, now).await?
    {
        return Ok(Stepped::Elsewhere);
    }
    let finishing = Finishing { app, caller, stored: &stored, flow: &flow, now };
    let (stepped, instead_of) = match effect {
        Effect::Nothing => (Stepped::On, None),
        Effect::AskProof { challenge, email } => {
            let challenge = Challenge::new(challenge, email, flow.plan.proof, now);
            tx.insert_challenge(&challenge, Purpose::Migration, flow.id.as_str()).await?;
            if !ask_proof(app, &mut tx, caller, &flow, &challenge).await? {
                return Ok(Stepped::Wrong(Mistake::LettersOver));
            }
            (Stepped::On, None)
        }
        Effect::Create { email, password, login } => {
            let Some(Finished { instead_of }) = finishing.create(&mut tx, &created, &email, password, login).await?
            else {
                drop(tx);
                return owner_decides(app, &stored, allowed, &email).await;
            };
            (Stepped::Finished { joined: false }, instead_of)
        }
        // Disabled wins over a right password, and is told what a wrong one is told (e11).
        // Nor is anything attached to one account that has a password of its own.
        Effect::Attach { identity } if tx.is_disabled(&identity).await? || tx.whole_of(&identity).await?.is_some() => {
            return Ok(Stepped::Wrong(Mistake::JoinRefused));
        }
        Effect::Attach { identity } => match finishing.attach(&mut tx, &identity).await? {
            Some(Finished { instead_of }) => (Stepped::Finished { joined: true }, instead_of),
            None => return Ok(Stepped::Elsewhere),
        },
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
        Effect::Attach { identity } => tx.address_of(identity).await?,
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
) -> Result<(), Fault> {
    let Some(known) = flow.address_to_tell(chosen).cloned() else { return Ok(()) };
    flow.roster_told = letters::tell_roster(app, tx, caller, &flow.account, &known).await?;
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
        caller.audit(&mut tx, &run::entry(flow, AuditEvent::MigrationWithdrawn), now).await?;
    }
    tx.commit().await?;
    Ok(Stepped::Withdrawn(account.agency.clone()))
}

/// The same address was proven elsewhere at the same moment, by the same person with two contracts or by another one:
/// the password of who has it now is asked for.
async fn owner_decides(
    app: &App,
    stored: &StoredFlow,
    allowed: Allowed<'_>,
    email: &ProvenEmail,
) -> Result<Stepped, Fault> {
    let mut tx = app.store.write().await?;
    let Some(owner) = tx.credential_typed(Some(email.address()), None).await? else { return Ok(Stepped::Elsewhere) };
    let mut flow = stored.flow.clone();
    flow.found_owner(owner.identity, email);
    let is_kept = tx.save_flow(&flow, stored.version).await?;
    if let (true, Allowed::Proof(challenge)) = (is_kept, allowed) {
        tx.mark_answered(challenge, app.now()).await?;
    }
    tx.commit().await?;
    Ok(if is_kept { Stepped::On } else { Stepped::Elsewhere })
}
