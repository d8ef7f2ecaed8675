//! A password of its own for one account, by choice, and back to the one for all (004, b19; decision 92).

use super::letters::{self, Addressee};
use super::{App, Caller, Fault, ask_password, by_resident, detach, new_password, switch_account, throttle};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::credential::{Credential, CredentialId, Login};
use crate::domain::identity::{AccountLabel, IdentityId, Link};
use crate::domain::mail::LetterKind;
use crate::domain::password::{Broken, is_same};
use crate::domain::policy::{AgencyPolicy, PasswordScope};
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::sessions::Change;
use crate::store::Tx;

/// What can be done about one account's password.
#[derive(Debug, Clone)]
pub enum Choice {
    /// It can get one of its own.
    Set(Link, Box<AgencyPolicy>),
    /// It has one; the one for all can be valid for it again.
    Back(Link),
    /// Nothing: another one's, the only one, or its agency does not want it.
    Nothing,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Changed {
    /// It holds from now on, and the owner was written to.
    Done,
    /// The present password is wrong, or was tried too often.
    CurrentRefused,
    /// The new one breaks these rules.
    Broken(Vec<Broken>),
    /// The two entries differ.
    Differ,
    /// There is nothing to change (any more).
    Nothing,
    /// The session has ended meanwhile; nothing was changed.
    SessionOver,
}

/// Whether an account of this agency can get a password of its own, if its person has so many.
#[must_use]
pub fn may_be_set(agency: &Agency, accounts: usize) -> bool {
    agency.policy.password_scope == PasswordScope::PerAccount && accounts > 1
}

/// Whether who is signed in is one account only, by its own password: nothing that is the whole person's can be done then.
pub async fn is_part(app: &App, identity: &IdentityId) -> Result<bool, Fault> {
    Ok(app.store.read().await?.whole_of(identity).await?.is_some())
}

/// The accounts of a person that have passwords of their own.
pub async fn set_apart(app: &App, identity: &IdentityId) -> Result<Vec<Link>, Fault> {
    let mut tx = app.store.read().await?;
    let mut links = Vec::new();
    for part in tx.parts_of(identity).await? {
        links.extend(tx.links_of(&part).await?);
    }
    Ok(links)
}

/// What the person who is signed in can choose for an account.
pub async fn choice(app: &App, session: &Session, label: &AccountLabel) -> Result<Choice, Fault> {
    if is_part(app, &session.identity).await? {
        return Ok(Choice::Nothing);
    }
    let theirs = switch_account::accounts(app, session).await?;
    let many = app.store.read().await?.links_of(&session.identity).await?.len();
    if let Some(account) = theirs.into_iter().find(|account| account.link.label() == *label) {
        let policy = Box::new(app.policy_for(None, std::slice::from_ref(&account.link)));
        let wants_it = may_be_set(&account.agency, many);
        return Ok(if wants_it { Choice::Set(account.link, policy) } else { Choice::Nothing });
    }
    let apart = set_apart(app, &session.identity).await?;
    Ok(apart.into_iter().find(|link| link.label() == *label).map_or(Choice::Nothing, Choice::Back))
}

/// « Définir un mot de passe différent pour ce compte »: from now on that one alone opens it, with its identifier.
pub async fn set(
    app: &App,
    caller: &Caller,
    session: &Session,
    label: &AccountLabel,
    current: Secret,
    (password, confirmation): (Secret, &Secret),
) -> Result<Changed, Fault> {
    let Choice::Set(link, _) = choice(app, session, label).await? else { return Ok(Changed::Nothing) };
    let Some(credential) = app.store.read().await?.credential_of(&session.identity).await? else {
        return Ok(Changed::CurrentRefused);
    };
    if !ask_password::is_right(app, caller, None, &credential, current).await? {
        return Ok(Changed::CurrentRefused);
    }
    let broken = new_password::broken_by(app, &credential, std::slice::from_ref(&link), &password).await?;
    if !broken.is_empty() {
        return Ok(Changed::Broken(broken));
    }
    if !is_same(&password, confirmation) {
        return Ok(Changed::Differ);
    }
    let hash = app.hasher.hash(password).await?;
    let entered = detach::entered_with(app, &link, app.now()).await?;
    let Some(mut tx) = app.write_as(session).await? else { return Ok(Changed::SessionOver) };
    if !tx.still_has(&credential).await? {
        return Ok(Changed::CurrentRefused);
    }
    let part = IdentityId::random(&*app.dice);
    let own = Credential {
        id: CredentialId::random(&*app.dice),
        identity: part.clone(),
        login: Login::Identifier,
        password: hash,
        ..credential.clone()
    };
    if tx.links_of(&session.identity).await?.len() < 2
        || !tx.create_person(&part, &own, caller.language, app.now()).await?
    {
        return Ok(Changed::Nothing);
    }
    tx.set_part_of(&part, &session.identity).await?;
    // The roster may have taken it meanwhile.
    if !tx.hand_link(&link, &part).await? {
        return Ok(Changed::Nothing);
    }
    tell(app, caller, &mut tx, (&session.identity, &link), AuditEvent::OwnPasswordSet).await?;
    app.sessions.commit(tx, &Change::Identity(session.identity.clone())).await?;
    detach::end_upstream(app, caller, &link, &entered).await?;
    Ok(Changed::Done)
}

/// « Revenir au mot de passe commun »: the account is opened by the one for all again, and its own one is over.
pub async fn bring_back(
    app: &App,
    caller: &Caller,
    session: &Session,
    label: &AccountLabel,
    current: Secret,
) -> Result<Changed, Fault> {
    let Choice::Back(link) = choice(app, session, label).await? else { return Ok(Changed::Nothing) };
    let Some(credential) = app.store.read().await?.credential_of(&session.identity).await? else {
        return Ok(Changed::CurrentRefused);
    };
    if !ask_password::is_right(app, caller, None, &credential, current).await? {
        return Ok(Changed::CurrentRefused);
    }
    let (part, entered) = (link.identity.clone(), detach::entered_with(app, &link, app.now()).await?);
    let Some(mut tx) = app.write_as(session).await? else { return Ok(Changed::SessionOver) };
    if !tx.still_has(&credential).await? {
        return Ok(Changed::CurrentRefused);
    }
    if tx.whole_of(&part).await?.as_ref() != Some(&session.identity) {
        return Ok(Changed::Nothing);
    }
    // Whoever resets its password at this moment waits, and finds nobody.
    tx.hold_person(&part).await?;
    if !tx.hand_link(&link, &session.identity).await? {
        return Ok(Changed::Nothing);
    }
    app.sessions.end_all_of(&mut tx, &part, None).await?;
    tx.remove_part(&part).await?;
    tx.forget_attempts(&throttle::person_key(&part)).await?;
    tell(app, caller, &mut tx, (&session.identity, &link), AuditEvent::OwnPasswordGone).await?;
    app.sessions.commit(tx, &Change::Identity(part)).await?;
    detach::end_upstream(app, caller, &link, &entered).await?;
    Ok(Changed::Done)
}

async fn tell(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    (identity, link): (&IdentityId, &Link),
    event: AuditEvent,
) -> Result<(), Fault> {
    if let Some(email) = tx.address_of(identity).await? {
        let (account, own) = (link.account.login.masked(), event == AuditEvent::OwnPasswordSet);
        let to = Addressee { agency: Some(link.account.agency.clone()), email, language: caller.language };
        letters::tell(app, tx, to, LetterKind::OwnPassword { account, own }).await?;
    }
    let entry = AuditEntry {
        agency: Some(link.account.agency.clone()),
        login: Some(link.account.login.clone()),
        ..by_resident(identity, event)
    };
    Ok(caller.audit(tx, &entry, app.now()).await?)
}
