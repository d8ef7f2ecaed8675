//! One attempt at the sign-in page: what was typed, what is known of it, and what came of it (000, 001, f03).

use std::sync::Arc;

use super::throttle::Subject;
use super::{App, Caller, Fault, devices, spelling};
use crate::domain::agency::Agency;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent, Refusal};
use crate::domain::credential::{Credential, Login, Meant, TypedLogin};
use crate::domain::identity::{IdentityId, Link};
use crate::domain::policy::AgencyPolicy;
use crate::domain::roster::OnRoster;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::spelling::Spelled;
use crate::store::{RosterEntry, Tx};

/// What was typed, and where.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// « E-mail ou identifiant », as typed.
    pub login: &'a str,
    /// The password.
    pub password: Secret,
    /// Whose password it is said to be.
    pub meant: Meant,
    /// « Garder ma session active ».
    pub keep: bool,
    /// The agency that is being entered.
    pub agency: Arc<Agency>,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// The new credentials are right.
    SignedIn(Box<SignedIn>),
    /// The old credentials are right: the wizard is open in the browser that carries this secret.
    Wizard {
        /// The browser's new secret.
        browser: Secret,
    },
    /// They sign somebody in here, and an agency's account was meant: nothing came of it.
    Ours,
    /// Refused; the page says the same whatever the reason (f03).
    Refused,
    /// The old credentials were right once, and are switched off: this is what is typed now (b14).
    OldCredentials(Login),
    /// The provisional credentials are right, and used up or past their time (b20).
    ProvisionalOver,
    /// The provisional credentials were right, and the agency has replaced them (002, b20).
    ProvisionalReplaced,
    /// The extranet takes the old credentials but wants another password first.
    MustChange,
    /// The extranet could not say; nothing was counted (b03).
    ExtranetSilent,
}

/// A fresh session.
#[derive(Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Its secret, for the portal's cookie.
    pub cookie: Secret,
    /// The secret by which this device is known from now on.
    pub device: Secret,
}

/// What the store knows about the typed identifier.
pub(super) struct Known {
    pub(super) typed: TypedLogin,
    /// What the typed login opens here.
    pub(super) credential: Option<Credential>,
    /// Whose old account it is.
    pub(super) link: Option<Link>,
    /// Who has accounts of other spellings, of which it is not known, or which are, the same account; two at most.
    pub(super) neighbours: Vec<Link>,
    /// What the identifier means at the agency.
    pub(super) spelled: Spelled,
    pub(super) roster: Option<RosterEntry>,
    pub(super) on_roster: OnRoster,
    own_device: bool,
    /// Of the agency and of every other account of the owner.
    pub(super) policy: AgencyPolicy,
    /// Whether an operator has withdrawn the access of the person whose address it is.
    pub(super) owner_is_disabled: bool,
    /// Or of the person whose old account it is.
    pub(super) holder_is_disabled: bool,
    /// Read before it is asked who is disabled, and before the password is looked at: one that is changed meanwhile opens
    /// nothing.
    pub(super) epoch: i64,
}

impl Known {
    /// Whose it is: the person of the typed address, or else of the old account.
    pub(super) fn owner(&self) -> Option<&IdentityId> {
        let by_credential = self.credential.as_ref().map(|credential| &credential.identity);
        by_credential.or(self.link.as_ref().map(|link| &link.identity))
    }

    /// Whether an operator has withdrawn the access of anybody whom the typed identifier leads to.
    pub(super) fn is_disabled(&self) -> bool {
        self.owner_is_disabled || self.holder_is_disabled
    }

    /// What the attempt counts for: the person, however the identifier is spelled (SEC-050), and the old account, wherever its
    /// password is guessed at.
    pub(super) fn subjects(&self, caller: &Caller, credentials: &Credentials<'_>) -> Vec<Subject> {
        let person = self.owner().map(|owner| Subject::person(caller, owner, self.own_device, self.policy.lockout));
        let person = person.into_iter().flatten();
        let is_old = self.credential.is_none() || self.link.is_some() || credentials.meant == Meant::AgencysNew;
        let code = &credentials.agency.code;
        let account = is_old.then(|| Subject::account(code, &self.typed.legacy, self.policy.lockout));
        person.chain(account).collect()
    }

    /// Whose password of ours must not leave the house, and is compared first.
    pub(super) async fn ours(&self, tx: &mut Tx, meant: Meant) -> Result<Option<Credential>, Fault> {
        Ok(match (&self.credential, &self.link, meant) {
            (Some(credential), _, _) => Some(credential.clone()),
            (None, Some(link), Meant::AgencysNew) => tx.credential_of(&link.identity).await?,
            (None, _, _) => None,
        })
    }
}

/// Looks up what the typed identifier is here.
pub(super) async fn look_up(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    typed: TypedLogin,
    agency: &Agency,
) -> Result<Known, Fault> {
    let spelled = spelling::spelled_at(tx, agency, &typed.legacy).await?;
    let link = tx.link_of_account(&agency.code, &spelled.account).await?;
    let credential = tx.credential_typed(typed.email.as_ref(), link.as_ref()).await?;
    let mut neighbours = spelling::links_of(tx, &agency.code, &spelled.others).await?;
    neighbours.truncate(2);
    let mut known = Known {
        credential,
        link,
        neighbours,
        roster: tx.roster_entry(&agency.code, &spelled.on_roster).await?,
        on_roster: tx.on_roster(&agency.code, &spelled.on_roster).await?,
        spelled,
        typed,
        own_device: false,
        policy: agency.policy.clone(),
        owner_is_disabled: false,
        holder_is_disabled: false,
        epoch: 0,
    };
    if let Some(owner) = known.owner().cloned() {
        known.epoch = tx.session_epoch(&owner).await?;
        known.owner_is_disabled = tx.is_disabled(&owner).await?;
        known.policy = app.policy_for(Some(agency), &tx.links_of(&owner).await?);
        known.own_device = devices::knows(tx, caller, &owner, app.now()).await?;
    }
    if let Some(link) = &known.link {
        known.holder_is_disabled = tx.is_disabled(&link.identity).await?;
    }
    Ok(known)
}

/// Writes down a refusal and its reason, which no page tells.
pub(super) async fn refuse(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    reason: Refusal,
) -> Result<(), Fault> {
    audit(app, caller, known, credentials, AuditEvent::SignInRefused { reason }).await
}

/// Writes down what happened to what was typed.
pub(super) async fn audit(
    app: &App,
    caller: &Caller,
    known: &Known,
    credentials: &Credentials<'_>,
    event: AuditEvent,
) -> Result<(), Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    caller.audit(&mut tx, &entry(known, credentials, event), now).await?;
    tx.commit().await?;
    Ok(())
}

/// A line of the trace about what was typed.
pub(super) fn entry(known: &Known, credentials: &Credentials<'_>, event: AuditEvent) -> AuditEntry {
    AuditEntry {
        event,
        actor: Actor::Visitor,
        agency: Some(credentials.agency.code.clone()),
        identity: known.owner().cloned(),
        login: Some(known.typed.legacy.clone()),
    }
}
