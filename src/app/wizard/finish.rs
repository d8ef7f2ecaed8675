//! The end of the wizard: a person is created, or the account is attached to one (b14, b16, b20).

use jiff::Timestamp;

use super::{run, same_person};
use crate::app::letters::{self, Addressee};
use crate::app::{App, Caller, Fault, by_resident, detach, holder, spelling};
use crate::domain::adapter::Verifier;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::challenge::ProvenEmail;
use crate::domain::credential::{Credential, CredentialId, Login};
use crate::domain::identity::{IdentityId, Link, LinkId};
use crate::domain::kept_secret::Record;
use crate::domain::mail::LetterKind;
use crate::domain::migration::Flow;
use crate::domain::password::PasswordHash;
use crate::domain::spelling::Spellings;
use crate::store::{StoredFlow, Tx};

/// Whether the account is still this run's to give (REL-069), and not somebody else's under a spelling that may be the
/// same account: nobody knows that any more than when the run began (decision 41).
pub(super) async fn is_still_to_give(app: &App, tx: &mut Tx, flow: &Flow) -> Result<bool, Fault> {
    let Some(agency) = app.directory().agency(&flow.account.agency).cloned() else { return Ok(false) };
    tx.hold_spellings(&agency.code).await?;
    let spelled = spelling::spelled_at(tx, &agency, &flow.account.login).await?;
    if spelled.spellings == Spellings::Unlearnt
        && !spelling::links_of(tx, &agency.code, &spelled.others).await?.is_empty()
    {
        return Ok(false);
    }
    holder::may_be_given(tx, &agency, &flow.account.login, flow.holding.as_ref()).await
}

/// The account is attached.
pub(super) struct Finished {
    /// Who had the identifier before, and has it no more (SEC-017).
    pub(super) instead_of: Option<IdentityId>,
}

/// A run that gives its account to somebody.
pub(super) struct Finishing<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    /// As it was read, with the old password.
    pub(super) stored: &'a StoredFlow,
    /// As it is now.
    pub(super) flow: &'a Flow,
    pub(super) now: Timestamp,
}

impl Finishing<'_> {
    /// To a new person; None where somebody has the address, or the account.
    pub(super) async fn create(
        &self,
        tx: &mut Tx,
        identity: &IdentityId,
        email: &ProvenEmail,
        password: PasswordHash,
        login: Login,
    ) -> Result<Option<Finished>, Fault> {
        let Self { app, caller, flow, now, .. } = *self;
        let id = CredentialId::random(&*app.dice);
        let by_address = Credential::of_address(id, identity.clone(), email.address().clone(), password);
        let credential = Credential { login, ..by_address };
        if !tx.create_person(identity, &credential, caller.language, now).await? {
            return Ok(None);
        }
        let Some(finished) = self.hand_on(tx, identity).await? else { return Ok(None) };
        let entry = AuditEntry { identity: Some(identity.clone()), ..run::entry(flow, AuditEvent::Migrated) };
        caller.audit(tx, &entry, now).await?;
        same_person::attach_by_roster(app, caller, tx, &flow.account, (identity, now)).await?;
        Ok(Some(finished))
    }

    /// To somebody who exists; None where somebody else has the account.
    pub(super) async fn attach(&self, tx: &mut Tx, identity: &IdentityId) -> Result<Option<Finished>, Fault> {
        let Self { app, caller, flow, now, .. } = *self;
        let Some(finished) = self.hand_on(tx, identity).await? else { return Ok(None) };
        if let Some(email) = tx.address_of(identity).await? {
            let agency = Some(flow.account.agency.clone());
            let to = Addressee { agency, email, language: caller.language };
            letters::tell(app, tx, to, LetterKind::AccountAttached { account: flow.account.login.masked() }).await?;
        }
        let entry = AuditEntry {
            agency: Some(flow.account.agency.clone()),
            login: Some(flow.account.login.clone()),
            ..by_resident(identity, AuditEvent::AccountAttached)
        };
        caller.audit(tx, &entry, now).await?;
        same_person::attach_by_roster(app, caller, tx, &flow.account, (identity, now)).await?;
        Ok(Some(finished))
    }

    /// The old account now belongs to the person: attached, its secret sealed anew for the attachment, its old password
    /// remembered as a digest, provisional credentials used up (b14, b20).
    async fn hand_on(&self, tx: &mut Tx, identity: &IdentityId) -> Result<Option<Finished>, Fault> {
        let Self { app, caller, stored, flow, now } = *self;
        let link = Link { id: LinkId::random(&*app.dice), identity: identity.clone(), account: flow.account.clone() };
        let agency = &flow.account.agency;
        let spelled = spelling::spelled(app, tx, agency, &flow.account.login).await?;
        let instead_of = detach::give_way(app, tx, caller, (&link, &spelled.account), flow.started_at, now).await?;
        let is_free = tx.link_of_account(agency, &spelled.account).await?.is_none();
        if !is_free || !tx.attach(&link, now).await? {
            return Ok(None);
        }
        if let Some(sealed) = &stored.secret {
            let vault = app.vault()?;
            let secret = vault.open(flow.id.as_str(), sealed)?;
            let sealed = vault.seal(&*app.dice, link.id.as_str(), &secret);
            // Where the extranet itself said that it is right, it has worked; a roster knows nothing of the extranet.
            let agency = app.directory().agency(&flow.account.agency).cloned();
            let worked = agency.is_some_and(|agency| agency.verifier != Verifier::Roster);
            let record = if worked { Record::WORKED } else { Record::UNTRIED };
            tx.keep_legacy_secret(&link.id, &sealed, (now.as_millisecond(), record), now).await?;
        }
        if let Some(digest) = &stored.old_digest {
            tx.set_old_digest(&flow.account.agency, &flow.account.login, digest).await?;
        }
        tx.mark_provisional_used(&flow.account.agency, &spelled.on_roster, now).await?;
        Ok(Some(Finished { instead_of }))
    }
}
