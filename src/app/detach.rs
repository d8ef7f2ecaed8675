//! The end of an attachment: by its person (« Détacher », b17, c17), by the agency that took the account back, or because
//! somebody else has the identifier now (SEC-017).

use jiff::Timestamp;

use super::acting::Acting;
use super::letters::{self, Addressee};
use super::{App, Caller, Fault, ask_password, by_resident, holder, sign_out, spelling, switch_account};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::identity::{AccountLabel, IdentityId, LegacyLogin, Link};
use crate::domain::mail::{LetterId, LetterKind};
use crate::domain::roster::ImportId;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::sessions::Change;
use crate::store::{StoredJar, Tx};

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Detached {
    /// The account is the person's no more.
    Done,
    /// The password is wrong, or was tried too often.
    PasswordRefused,
    /// The person has no such account (any more).
    Nothing,
    /// The session has ended meanwhile; nothing was detached.
    SessionOver,
}

/// Detaches an account from the person who is signed in, after the password was typed afresh. The agency's old
/// credentials open the wizard again, as before the first time.
pub async fn detach(
    app: &App,
    caller: &Caller,
    session: &Session,
    label: &AccountLabel,
    password: Secret,
) -> Result<Detached, Fault> {
    // By its own password an account is opened, and not given up.
    if app.store.read().await?.whole_of(&session.identity).await?.is_some() {
        return Ok(Detached::Nothing);
    }
    let theirs = switch_account::accounts(app, session).await?;
    let Some(account) = theirs.into_iter().find(|account| account.link.label() == *label) else {
        return Ok(Detached::Nothing);
    };
    let credential = app.store.read().await?.credential_of(&session.identity).await?;
    let Some(credential) = credential else { return Ok(Detached::PasswordRefused) };
    if !ask_password::is_right(app, caller, Some(&account.agency), &credential, password).await? {
        return Ok(Detached::PasswordRefused);
    }
    let (link, now) = (&account.link, app.now());
    let entered = entered_with(app, link, now).await?;
    let Some(mut tx) = app.write_as(session).await? else { return Ok(Detached::SessionOver) };
    if !tx.detach(&link.id).await? {
        return Ok(Detached::Nothing);
    }
    let spelled = spelling::spelled(app, &mut tx, &link.account.agency, &link.account.login).await?;
    tx.give_back_provisional(&link.account.agency, &spelled.on_roster).await?;
    tell(app, &mut tx, link, Why::Person).await?;
    let entry = about(link, by_resident(&session.identity, AuditEvent::AccountDetached));
    caller.audit(&mut tx, &entry, now).await?;
    app.sessions.commit(tx, &Change::Identity(session.identity.clone())).await?;
    end_upstream(app, caller, link, &entered).await?;
    Ok(Detached::Done)
}

/// The sessions of the link's person that are signed in to its extranet.
pub(super) async fn entered_with(app: &App, link: &Link, now: Timestamp) -> Result<Vec<(Session, StoredJar)>, Fault> {
    let mut entered = Vec::new();
    for session in app.sessions.sessions_of(&link.identity, now).await? {
        if let Some(jar) = app.sessions.jar(&session.id, &link.id).await? {
            entered.push((session, jar));
        }
    }
    Ok(entered)
}

/// Ends them; the extranet's silence keeps nothing attached.
pub(super) async fn end_upstream(
    app: &App,
    caller: &Caller,
    link: &Link,
    entered: &[(Session, StoredJar)],
) -> Result<(), Fault> {
    for (session, jar) in entered {
        sign_out::end_upstream(app, caller, session, link, &jar.sealed).await;
        app.sessions.drop_jar(&session.id, &link.id).await?;
    }
    Ok(())
}

/// What an agency took back.
#[derive(Debug, Default)]
pub(super) struct Withdrawn {
    /// Who had it.
    pub(super) had: Option<IdentityId>,
    /// Whether somebody was about to get it.
    pub(super) run: bool,
}

/// The agency took an account back by an import: nobody has it any more, nor gets it who began before (REL-069). What is
/// taken from a person is kept for who undoes the import.
pub(super) async fn withdraw(
    app: &App,
    tx: &mut Tx,
    (agency, import): (&AgencyCode, &ImportId),
    login: &LegacyLogin,
    now: Timestamp,
) -> Result<Withdrawn, Fault> {
    let by = Acting::operator("import");
    let run = end_run(app, tx, agency, login, now).await?;
    let Some(link) = had_by(app, tx, agency, login).await? else { return Ok(Withdrawn { had: None, run }) };
    tx.keep_link_before(import, &link.id).await?;
    if !tx.detach(&link.id).await? {
        return Ok(Withdrawn { had: None, run });
    }
    if let Some(letter) = tell(app, tx, &link, Why::Agency).await? {
        tx.keep_letter_of(import, &link.id, &letter).await?;
    }
    let entry = by.entry(AuditEvent::AccountWithdrawn);
    let entry = AuditEntry { identity: Some(link.identity.clone()), ..about(&link, entry) };
    by.audit(tx, &entry, now).await?;
    Ok(Withdrawn { had: Some(link.identity), run })
}

/// An import ends the runs of an account; whether there were any.
pub(super) async fn end_run(
    app: &App,
    tx: &mut Tx,
    agency: &AgencyCode,
    login: &LegacyLogin,
    now: Timestamp,
) -> Result<bool, Fault> {
    let by = Acting::operator("import");
    let run = holder::end_runs(app, tx, agency, login, now).await?;
    if run {
        let entry = by.entry(AuditEvent::MigrationWithdrawn);
        let entry = AuditEntry { agency: Some(agency.clone()), login: Some(login.clone()), ..entry };
        by.audit(tx, &entry, now).await?;
    }
    Ok(run)
}

/// Who has an account as the roster spells it: or as somebody typed it, where no other line is that one's.
pub(super) async fn had_by(
    app: &App,
    tx: &mut Tx,
    agency: &AgencyCode,
    login: &LegacyLogin,
) -> Result<Option<Link>, Fault> {
    let spelled = spelling::spelled(app, tx, agency, login).await?;
    let Some(link) = spelling::nearest_link(tx, agency, &spelled).await? else { return Ok(None) };
    let has_its_own_line =
        link.account.login != *login && tx.roster_entry(agency, &link.account.login).await?.is_some();
    Ok((!has_its_own_line).then_some(link))
}

/// Somebody has shown the extranet's own credentials for an identifier that is attached already, and they are not the
/// ones that we keep: whoever the extranet takes for its holder has it now. Gives who had it before.
///
/// `account` is the spelling under which it is attached. Only an attachment from before `since`, when those credentials were shown, gives way.
pub(super) async fn give_way(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    (link, account): (&Link, &LegacyLogin),
    since: Timestamp,
    now: Timestamp,
) -> Result<Option<IdentityId>, Fault> {
    let before = tx.link_of_account(&link.account.agency, account).await?;
    let Some(before) = before else { return Ok(None) };
    if !tx.is_attached_before(&before.id, since).await? || !tx.detach(&before.id).await? {
        return Ok(None);
    }
    if before.identity != link.identity {
        tell(app, tx, &before, Why::Agency).await?;
        let entry = AuditEntry::by(Actor::Gateway, AuditEvent::AccountWithdrawn);
        let entry = AuditEntry { identity: Some(before.identity.clone()), ..about(&before, entry) };
        caller.audit(tx, &entry, now).await?;
    }
    Ok(Some(before.identity))
}

/// Who ended the attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Person,
    Agency,
}

/// The owner is told by letter: by which.
async fn tell(app: &App, tx: &mut Tx, link: &Link, why: Why) -> Result<Option<LetterId>, Fault> {
    let Some(email) = tx.address_of(&link.identity).await? else { return Ok(None) };
    let account = link.account.login.masked();
    let to = Addressee {
        agency: Some(link.account.agency.clone()),
        email,
        language: tx.language_of(&link.identity).await?.unwrap_or_default(),
    };
    let kind = match why {
        Why::Person => LetterKind::AccountDetached { account },
        Why::Agency => LetterKind::AccountWithdrawn { account },
    };
    Ok(Some(letters::tell(app, tx, to, kind).await?))
}

fn about(link: &Link, entry: AuditEntry) -> AuditEntry {
    AuditEntry { agency: Some(link.account.agency.clone()), login: Some(link.account.login.clone()), ..entry }
}
