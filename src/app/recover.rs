//! The forgotten password: the letter, and the new password that its link or code leads to (000 II.C, 001 IV, c10, c11).

use std::sync::Arc;

use jiff::Timestamp;

use super::letters::{self, Addressee};
use super::{App, Caller, Fault, by_resident, new_password, not_me, spelling, throttle};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::credential::{Credential, Login, TypedLogin};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, LegacyLogin, Link};
use crate::domain::mail::LetterKind;
use crate::domain::password::{Broken, PasswordRules, is_same};
use crate::domain::recovery::{Named, RecoveryTerms, ResetLink, asked_by};
use crate::domain::secret::{Secret, random_id};
use crate::domain::warning::{Changed, resets_open_at};
use crate::sessions::Change;
use crate::store::Tx;

/// What an opened reset link shows.
#[derive(Debug)]
pub enum Opened {
    /// The form for the new password.
    Form(Box<NewPassword>),
    /// A newer letter was sent.
    Superseded,
    /// Past its time.
    Expired,
    /// Used before.
    Used,
    /// The address is fresh: it opens then.
    Waits {
        /// When.
        opens_at: Timestamp,
        /// Where the person has an account.
        home: Option<Arc<Agency>>,
    },
    /// No such link.
    Invalid,
}

/// What the form for a new password has.
#[derive(Debug)]
pub struct NewPassword {
    /// Its rules.
    pub rules: PasswordRules,
    /// Whether it has to be noted in a safe place (004).
    pub noted: bool,
    /// The address of the person whom the letter went to.
    pub email: EmailAddress,
    /// What that person types to sign in, if it is not the address: whoever has forgotten it finds it here.
    pub identifier: Option<LegacyLogin>,
    /// Where the person has an account.
    pub home: Option<Arc<Agency>>,
}

/// What a new password comes to.
#[derive(Debug)]
pub enum Reset {
    /// It is set; every session of the person has ended.
    Done {
        /// Where the person has an account.
        home: Option<Arc<Agency>>,
    },
    /// It breaks these rules.
    Broken {
        /// What the page asks for.
        form: Box<NewPassword>,
        /// What is broken; empty where the two entries differ.
        broken: Vec<Broken>,
    },
    /// The link is not open.
    Not(Opened),
}

/// Whether a letter is asked for for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    First,
    Again,
}

/// Asks for a reset. The answer is the same whoever is named, and comes after the same time (f03).
pub async fn ask(app: &App, caller: &Caller, named: &Named, agency: Option<&Arc<Agency>>) -> Result<(), Fault> {
    ask_for(app, caller, named, agency, Ask::First).await
}

/// « Recevoir un nouveau code »: the older one dies. While the letter before is still on its way no other one is sent;
/// that is answered as anything else is.
pub async fn ask_again(app: &App, caller: &Caller, named: &Named, agency: Option<&Arc<Agency>>) -> Result<(), Fault> {
    ask_for(app, caller, named, agency, Ask::Again).await
}

async fn ask_for(
    app: &App,
    caller: &Caller,
    named: &Named,
    agency: Option<&Arc<Agency>>,
    ask: Ask,
) -> Result<(), Fault> {
    let floor = tokio::time::Instant::now() + app.failure_floor;
    // Counted at the client, whoever is named: beyond its budget nothing is looked up and nothing written down (B8).
    if let Some(counted) = throttle::reserve(app, caller, &[]).await? {
        counted.failed();
        send(app, caller, named, agency, ask).await?;
    }
    tokio::time::sleep_until(floor).await;
    Ok(())
}

/// Whose password it is.
async fn whose(tx: &mut Tx, named: &Named, agency: Option<&Agency>) -> Result<Option<Credential>, Fault> {
    match named {
        Named::Either(login) => match (by_login(tx, login, agency).await?, &login.email) {
            (None, Some(email)) => Ok(tx.credential_at(email).await?),
            (found, _) => Ok(found),
        },
        Named::Linked(email) => match tx.credential_typed(Some(email), None).await? {
            None => Ok(tx.credential_at(email).await?),
            found => Ok(found),
        },
        Named::Both { login, email } => {
            Ok(by_login(tx, login, agency).await?.filter(|found| found.email.key() == email.key()))
        }
    }
}

/// The person of an address that is typed to sign in, or of an identifier at the agency.
async fn by_login(tx: &mut Tx, login: &TypedLogin, agency: Option<&Agency>) -> Result<Option<Credential>, Fault> {
    if let Some(credential) = tx.credential_typed(login.email.as_ref(), None).await? {
        return Ok(Some(credential));
    }
    let Some(agency) = agency else { return Ok(None) };
    let spelled = spelling::spelled_at(tx, agency, &login.legacy).await?;
    match spelling::nearest_link(tx, &agency.code, &spelled).await? {
        Some(link) => Ok(tx.credential_of(&link.identity).await?),
        None => Ok(None),
    }
}

/// Where somebody who has not migrated is told how the first sign-in goes: the address that an agency knows for what was
/// typed, and whose letter it is (c13).
async fn not_yet(
    app: &App,
    tx: &mut Tx,
    named: &Named,
    agency: Option<&Agency>,
) -> Result<Option<(AgencyCode, EmailAddress)>, Fault> {
    let Some(agency) = agency else {
        let Named::Either(TypedLogin { email: Some(email), .. }) = named else { return Ok(None) };
        let found = tx.roster_by_email(email).await?.map(|(agency, _)| agency);
        return Ok(found.filter(|code| app.directory().agency(code).is_some()).map(|code| (code, email.clone())));
    };
    let (login, email) = match named {
        Named::Either(login) => (Some(login), login.email.as_ref()),
        Named::Linked(email) => (None, Some(email)),
        Named::Both { login, .. } => (Some(login), None),
    };
    if let Some(login) = login {
        let spelled = spelling::spelled_at(tx, agency, &login.legacy).await?;
        let entry = tx.roster_entry(&agency.code, &spelled.on_roster).await?.filter(|entry| !entry.enrolled);
        if let Some(known) = entry.and_then(|entry| entry.email) {
            let is_linked = !matches!(named, Named::Both { email, .. } if email.key() != known.key());
            return Ok(is_linked.then(|| (agency.code.clone(), known)));
        }
    }
    match email {
        Some(email) if tx.is_on_roster_at(&agency.code, email).await? => Ok(Some((agency.code.clone(), email.clone()))),
        _ => Ok(None),
    }
}

async fn send(app: &App, caller: &Caller, named: &Named, agency: Option<&Arc<Agency>>, ask: Ask) -> Result<(), Fault> {
    let now = app.now();
    let asked_by = asked_by(&caller.browser, agency.map(|agency| &agency.code), named);
    let mut tx = app.store.write().await?;
    let before = tx.recovery_asked_by(asked_by).await?.filter(|before| before.is_on_its_way(now));
    let is_on_its_way = ask == Ask::Again && before.is_some();
    let credential = whose(&mut tx, named, agency.map(AsRef::as_ref)).await?;
    if let Some(credential) = &credential
        && !is_on_its_way
        && may_reset(&mut tx, &credential.identity).await?
    {
        let links = tx.links_of(&credential.identity).await?;
        let opens_at = not_me::resets_wait_until(&mut tx, &credential.identity, now).await?;
        let terms = terms(app, agency.map(AsRef::as_ref), &links);
        // Nobody waits on a page until the address is no longer fresh: that letter has a link.
        let terms = if opens_at.is_some() { terms.by_link() } else { terms };
        let recovery = random_id(&*app.dice);
        let link_minutes = terms.link_minutes;
        let kind = LetterKind::ResetPassword { recovery: recovery.clone(), link_minutes, opens_at };
        let to = (agency.map(|agency| &agency.code), &credential.email);
        if letters::send(app, &mut tx, caller, to, kind).await? {
            tx.insert_recovery(&recovery, &credential.identity, terms, Some(asked_by), now).await?;
        }
    }
    if credential.is_none()
        && ask == Ask::First
        && let Some((code, email)) = not_yet(app, &mut tx, named, agency.map(AsRef::as_ref)).await?
    {
        letters::send(app, &mut tx, caller, (Some(&code), &email), LetterKind::FirstSignIn).await?;
    }
    let entry = AuditEntry {
        event: AuditEvent::ResetAsked,
        actor: Actor::Visitor,
        agency: agency.map(|agency| agency.code.clone()),
        identity: credential.map(|credential| credential.identity),
        login: named.login(),
    };
    caller.audit(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(())
}

/// How a reset goes: as the agency says where one is asked at, so that its page can say it too without knowing whose it
/// is; only the link lives no longer than any of the person's agencies wants.
pub(super) fn terms(app: &App, agency: Option<&Agency>, links: &[Link]) -> RecoveryTerms {
    if let Some(agency) = agency {
        return RecoveryTerms {
            method: agency.policy.confirmation,
            code_minutes: agency.policy.reset_code_minutes,
            link_minutes: app.policy_for(Some(agency), links).link_minutes,
        };
    }
    let directory = app.directory();
    RecoveryTerms::of_all(
        links.iter().filter_map(|link| directory.agency(&link.account.agency)).map(|agency| &agency.policy),
    )
}

/// Whether the person's access stands, which nobody withdraws until this transaction is over.
pub(super) async fn may_reset(tx: &mut Tx, identity: &IdentityId) -> Result<bool, Fault> {
    tx.hold_person(identity).await?;
    Ok(!tx.is_disabled(identity).await?)
}

/// What the link shows; looking changes nothing.
pub async fn open_link(app: &App, secret: &Secret) -> Result<Opened, Fault> {
    Ok(match judge(app, secret).await? {
        Judged::Open { identity, .. } => form_of(app, &identity).await?.map_or(Opened::Invalid, Opened::Form),
        Judged::Not(other) => other,
    })
}

async fn form_of(app: &App, identity: &IdentityId) -> Result<Option<Box<NewPassword>>, Fault> {
    let policy = new_password::policy(app, identity).await?;
    let home = app.home_of(identity).await?;
    let mut tx = app.store.read().await?;
    let Some(credential) = tx.credential_of(identity).await? else { return Ok(None) };
    let account = tx.links_of(identity).await?.into_iter().next().map(|link| link.account.login);
    let identifier = account.filter(|_| credential.login == Login::Identifier);
    let (rules, noted, email) = (policy.password, policy.confirm_noted, credential.email);
    Ok(Some(Box::new(NewPassword { rules, noted, email, identifier, home })))
}

/// Whether a link is open.
enum Judged {
    /// It is: which reset it belongs to, and whose.
    Open { id: String, identity: IdentityId },
    /// What is shown in its place.
    Not(Opened),
}

async fn judge(app: &App, secret: &Secret) -> Result<Judged, Fault> {
    let mut tx = app.store.read().await?;
    judge_in(app, &mut tx, secret).await
}

async fn judge_in(app: &App, tx: &mut Tx, secret: &Secret) -> Result<Judged, Fault> {
    let Some((id, recovery)) = tx.recovery_by_link(secret.digest()).await? else {
        return Ok(Judged::Not(Opened::Invalid));
    };
    let opens_at = resets_open_at(&tx.warnings_of(&recovery.identity).await?);
    Ok(match recovery.judge(opens_at, app.now()) {
        // Disabled wins (e11), also over a link that was asked for at that moment.
        ResetLink::Open | ResetLink::Waits(_) if tx.is_disabled(&recovery.identity).await? => {
            Judged::Not(Opened::Superseded)
        }
        ResetLink::Open => Judged::Open { id, identity: recovery.identity },
        ResetLink::Superseded => Judged::Not(Opened::Superseded),
        ResetLink::Expired => Judged::Not(Opened::Expired),
        ResetLink::Used => Judged::Not(Opened::Used),
        ResetLink::Waits(opens_at) => {
            Judged::Not(Opened::Waits { opens_at, home: app.home_of(&recovery.identity).await? })
        }
    })
}

/// Sets the new password of the person whom the link was sent to, and of nobody else (SEC-036).
pub async fn reset(
    app: &App,
    caller: &Caller,
    secret: &Secret,
    password: Secret,
    confirmation: &Secret,
) -> Result<Reset, Fault> {
    let (id, identity) = match judge(app, secret).await? {
        Judged::Open { id, identity } => (id, identity),
        Judged::Not(other) => return Ok(Reset::Not(other)),
    };
    let Some(form) = form_of(app, &identity).await? else { return Ok(Reset::Not(Opened::Invalid)) };
    let Some(credential) = app.store.read().await?.credential_of(&identity).await? else {
        return Ok(Reset::Not(Opened::Invalid));
    };
    let links = app.store.read().await?.links_of(&identity).await?;
    let broken = new_password::broken_by(app, &credential, &links, &password).await?;
    if !broken.is_empty() || !is_same(&password, confirmation) {
        return Ok(Reset::Broken { form, broken });
    }
    let hash = app.hasher.hash(password).await?;
    let now = app.now();
    let mut tx = app.store.write().await?;
    // First, as everybody does: whoever writes for this person waits, and sees what has become of it.
    tx.hold_person(&identity).await?;
    if let Judged::Not(other) = judge_in(app, &mut tx, secret).await? {
        return Ok(Reset::Not(other));
    }
    if !tx.use_recovery(&id, now).await? {
        return Ok(Reset::Not(Opened::Used));
    }
    let Some(credential) = tx.credential_of(&identity).await? else { return Ok(Reset::Not(Opened::Invalid)) };
    tx.reset_password(&identity, &hash, now).await?;
    tx.cancel_email_changes(&identity).await?;
    app.sessions.end_all_of(&mut tx, &identity, None).await?;
    tx.forget_devices(&identity).await?;
    tx.end_warnings(&identity, Changed::Password, Timestamp::UNIX_EPOCH, now).await?;
    let warning = not_me::warn(app, &mut tx, Changed::Password, credential.clone(), &credential.email, now).await?;
    let agency = not_me::home_code(app, &mut tx, &identity).await?;
    let kind = LetterKind::PasswordChanged { at: now, warning };
    let to = Addressee { agency, email: credential.email, language: caller.language };
    letters::tell(app, &mut tx, to, kind).await?;
    caller.audit(&mut tx, &by_resident(&identity, AuditEvent::PasswordReset), now).await?;
    app.sessions.commit(tx, &Change::Identity(identity.clone())).await?;
    throttle::unlock(app, &identity, &links).await?;
    Ok(Reset::Done { home: app.home_of(&identity).await? })
}
