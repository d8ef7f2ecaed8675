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
use crate::domain::identity::{AccountLabel, IdentityId, LegacyLogin, Link};
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
    /// Several people read letters at the address that was typed: whose password is meant (b18)?
    Which(Vec<Reader>),
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
    /// The accounts that it opens.
    pub links: Vec<Link>,
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

/// Whose password it is; of an address, whoever signs in with it first. Who else reads letters there is asked for behind the
/// letter (b18).
async fn whose(tx: &mut Tx, named: &Named, agency: Option<&Agency>) -> Result<Option<(Credential, By)>, Fault> {
    let (login, linked) = match named {
        Named::Either(login) => (Some(login), login.email.as_ref()),
        Named::Linked(email) => (None, Some(email)),
        Named::Both { login, email } => {
            return Ok(by_login(tx, login, agency).await?.filter(|(found, _)| found.email.key() == email.key()));
        }
    };
    if let Some(login) = login
        && let Some(found) = by_login(tx, login, agency).await?
    {
        return Ok(Some(found));
    }
    let Some(email) = linked else { return Ok(None) };
    if let Some(credential) = tx.credential_typed(Some(email), None).await? {
        return Ok(Some((credential, By::Address)));
    }
    for owner in tx.owners_of(email).await? {
        if !tx.is_disabled(&owner).await? {
            return Ok(tx.credential_of(&owner).await?.map(|credential| (credential, By::Address)));
        }
    }
    Ok(None)
}

/// The person of an address that is typed to sign in, or of an identifier at the agency.
async fn by_login(tx: &mut Tx, login: &TypedLogin, agency: Option<&Agency>) -> Result<Option<(Credential, By)>, Fault> {
    if let Some(credential) = tx.credential_typed(login.email.as_ref(), None).await? {
        return Ok(Some((credential, By::Address)));
    }
    let Some(agency) = agency else { return Ok(None) };
    let spelled = spelling::spelled_at(tx, agency, &login.legacy).await?;
    if let Some(link) = spelling::nearest_link(tx, &agency.code, &spelled).await? {
        return Ok(tx.credential_of(&link.identity).await?.map(|credential| (credential, By::Identifier)));
    }
    Ok(None)
}

/// What a reset was asked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Address,
    Identifier,
}

/// Somebody who reads letters at an address, with the accounts by which they know themselves.
#[derive(Debug)]
pub struct Reader {
    identity: IdentityId,
    /// Never empty.
    pub links: Vec<Link>,
}

/// Everybody who reads letters where this person does, and has an account.
async fn readers(tx: &mut Tx, identity: &IdentityId) -> Result<Vec<Reader>, Fault> {
    let mut readers = Vec::new();
    let Some(email) = tx.address_of(identity).await? else { return Ok(readers) };
    for identity in tx.owners_of(&email).await? {
        let links = tx.links_of(&identity).await?;
        if !links.is_empty() && !tx.is_disabled(&identity).await? {
            readers.push(Reader { identity, links });
        }
    }
    Ok(readers)
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
    let (credential, by) = whose(&mut tx, named, agency.map(AsRef::as_ref)).await?.unzip();
    if let Some(credential) = &credential
        && !is_on_its_way
        && may_reset(&mut tx, &credential.identity).await?
    {
        let links = match by {
            Some(By::Address) => {
                let readers = readers(&mut tx, &credential.identity).await?;
                readers.into_iter().flat_map(|reader| reader.links).collect()
            }
            _ => tx.links_of(&credential.identity).await?,
        };
        let opens_at = not_me::resets_wait_until(&mut tx, &credential.identity, now).await?;
        let terms = terms(app, agency.map(AsRef::as_ref), &links);
        // Nobody waits on a page until the address is no longer fresh: that letter has a link.
        let terms = if opens_at.is_some() { terms.by_link() } else { terms };
        let recovery = random_id(&*app.dice);
        let link_minutes = terms.link_minutes;
        let kind = LetterKind::ResetPassword { recovery: recovery.clone(), link_minutes, opens_at };
        let name = agency.map(|agency| agency.code.clone()).or_else(|| in_whose_name(app, by, &links));
        let to = (name.as_ref(), &credential.email);
        if letters::send(app, &mut tx, caller, to, kind).await? {
            tx.insert_recovery(&recovery, &credential.identity, terms, Some(asked_by), now).await?;
            if by == Some(By::Address) {
                tx.ask_whose_recovery(&recovery).await?;
            }
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

/// The agency in whose name a reset's letter is that was asked for at none: the one that the person knows, and where several
/// people may read it, the one that all of them know.
fn in_whose_name(app: &App, by: Option<By>, links: &[Link]) -> Option<AgencyCode> {
    let directory = app.directory();
    let mut known = links.iter().map(|link| &link.account.agency).filter(|code| directory.agency(code).is_some());
    let first = known.next()?;
    let is_anybodys = by == Some(By::Address) && links.iter().any(|link| link.identity != links[0].identity);
    (!is_anybodys || known.all(|code| code == first)).then(|| first.clone())
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

/// What the link shows; looking changes nothing. Where several read letters at the address, `who` says by one of their
/// accounts whose password is meant.
pub async fn open_link(app: &App, secret: &Secret, who: Option<&AccountLabel>) -> Result<Opened, Fault> {
    Ok(match judge(app, secret, who).await? {
        Judged::Open { identity, .. } => form_of(app, &identity).await?.map_or(Opened::Invalid, Opened::Form),
        Judged::Not(other) => other,
    })
}

async fn form_of(app: &App, identity: &IdentityId) -> Result<Option<Box<NewPassword>>, Fault> {
    let policy = new_password::policy(app, identity).await?;
    let home = app.home_of(identity).await?;
    let mut tx = app.store.read().await?;
    let Some(credential) = tx.credential_of(identity).await? else { return Ok(None) };
    let links = tx.links_of(identity).await?;
    let account = links.first().map(|link| link.account.login.clone());
    let identifier = account.filter(|_| credential.login == Login::Identifier);
    let (rules, noted, email) = (policy.password, policy.confirm_noted, credential.email);
    Ok(Some(Box::new(NewPassword { rules, noted, email, identifier, links, home })))
}

/// Whether a link is open.
enum Judged {
    /// It is: which reset it belongs to, and whose.
    Open { id: String, identity: IdentityId },
    /// What is shown in its place.
    Not(Opened),
}

async fn judge(app: &App, secret: &Secret, who: Option<&AccountLabel>) -> Result<Judged, Fault> {
    let mut tx = app.store.read().await?;
    judge_in(app, &mut tx, secret, who).await
}

async fn judge_in(app: &App, tx: &mut Tx, secret: &Secret, who: Option<&AccountLabel>) -> Result<Judged, Fault> {
    let Some((id, mut recovery)) = tx.recovery_by_link(secret.digest()).await? else {
        return Ok(Judged::Not(Opened::Invalid));
    };
    if tx.is_by_address(&id).await? {
        let mut readers = readers(tx, &recovery.identity).await?;
        let is_meant = |reader: &Reader| reader.links.iter().any(|link| Some(&link.label()) == who);
        match readers.iter().position(is_meant) {
            Some(meant) => recovery.identity = readers.swap_remove(meant).identity,
            None if readers.len() > 1 && recovery.judge(None, app.now()) == ResetLink::Open => {
                return Ok(Judged::Not(Opened::Which(readers)));
            }
            None => {}
        }
    }
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
    (secret, who): (&Secret, Option<&AccountLabel>),
    password: Secret,
    confirmation: &Secret,
) -> Result<Reset, Fault> {
    let (id, identity) = match judge(app, secret, who).await? {
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
    match judge_in(app, &mut tx, secret, who).await? {
        Judged::Open { identity: meant, .. } if meant == identity => {}
        Judged::Open { .. } => return Ok(Reset::Not(Opened::Superseded)),
        Judged::Not(other) => return Ok(Reset::Not(other)),
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
