//! From the portal to an agency's own host, by a one-time code (a24): single use, seconds, bound to the browser.
//!
//! The agency's host gives the browser a secret first and passes only its digest through the portal; the code is worth
//! nothing in a browser without that secret.

use jiff::SignedDuration;

use super::{App, Caller, Fault, accept_terms, by_resident};
use crate::domain::accounts::{Accounts, Choice, choose};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::identity::AccountLabel;
use crate::domain::path::ReturnPath;
use crate::domain::routing::{Host, House};
use crate::domain::secret::{Secret, SecretDigest, long_secret};
use crate::domain::session::Session;
use crate::store::OpenAccount;

/// How long a code lives.
const LIFETIME: SignedDuration = SignedDuration::from_secs(30);

/// What the portal answers to an agency's host.
#[derive(Debug)]
pub enum Handed {
    /// The code.
    Code(Secret),
    /// The person has to say which account.
    Choose,
    /// The account has a host of its own, which has to ask.
    AtHome(AccountLabel),
    /// The terms come first.
    OwesTerms,
    /// The person has no account at this agency (SEC-017).
    NoAccount,
    /// The session has ended meanwhile.
    SessionOver,
}

/// What an agency's host asks for.
#[derive(Debug)]
pub struct Request<'a> {
    /// Which agency.
    pub agency: &'a Agency,
    /// Which account, if that was said.
    pub account: Option<AccountLabel>,
    /// The digest of the secret that the browser got there.
    pub browser: SecretDigest,
    /// The page to go on to.
    pub return_to: &'a ReturnPath,
}

/// Hands a signed-in person over to an agency's host.
pub async fn hand_over(app: &App, caller: &Caller, session: &Session, request: Request<'_>) -> Result<Handed, Fault> {
    let agency = request.agency;
    let mut tx = app.store.read().await?;
    let mut theirs = tx.links_of(&session.identity).await?;
    theirs.retain(|link| link.account.agency == agency.code);
    let open = tx.open_accounts(&session.id).await?;
    drop(tx);
    let open = open.into_iter().find(|open| open.host == agency.public.host()).map(|open| open.link);
    let choice = choose(&theirs, open.as_ref(), request.account.as_ref());
    if choice == Choice::Nothing {
        deny(app, caller, session, agency).await?;
        return Ok(Handed::NoAccount);
    }
    if accept_terms::owes(app, &session.identity, agency).await? {
        return Ok(Handed::OwesTerms);
    }
    let Choice::Enter(link) = choice else { return Ok(Handed::Choose) };
    if agency.accounts == Accounts::Labels && request.account != Some(link.label()) {
        return Ok(Handed::AtHome(link.label()));
    }
    let code = long_secret(&*app.dice);
    let Some(mut tx) = app.write_as(session).await? else { return Ok(Handed::SessionOver) };
    if tx.link_of(&link.id, &session.identity).await?.is_none() {
        return Ok(Handed::Choose);
    }
    // It lives for seconds, and another node may take it: by the clock of all of them (REL-056).
    let now = tx.time(app.now()).await?;
    let expires_at = now.checked_add(LIFETIME).unwrap_or(now);
    if !tx.open_account(&session.id, agency.origin_of(&link.label()).host(), &link.id, session.ends_at_latest()).await?
    {
        return Ok(Handed::Choose);
    }
    tx.insert_handover(code.digest(), &session.id, &link.id, request.browser, request.return_to, expires_at).await?;
    tx.commit().await?;
    Ok(Handed::Code(code))
}

async fn deny(app: &App, caller: &Caller, session: &Session, agency: &Agency) -> Result<(), Fault> {
    let entry =
        AuditEntry { agency: Some(agency.code.clone()), ..by_resident(&session.identity, AuditEvent::AccessDenied) };
    let mut tx = app.store.write().await?;
    caller.audit(&mut tx, &entry, app.now()).await?;
    Ok(tx.commit().await?)
}

/// What the agency's host got for a code.
#[derive(Debug)]
pub struct Entered {
    /// Whose house this is now, on a host that several agencies share.
    pub house: House,
    /// The secret for this host's own cookie.
    pub cookie: Secret,
    /// The account.
    pub account: AccountLabel,
    /// The way on.
    pub return_to: ReturnPath,
}

/// An agency's host takes the code; not where another account was opened on it in the meantime.
pub async fn enter(app: &App, host: &Host, code: &Secret, browser: &Secret) -> Result<Option<Entered>, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let time = tx.time(now).await?;
    let Some(handed) = tx.take_handover(code.digest(), time).await? else { return Ok(None) };
    let open = tx.open_accounts(&handed.session).await?.into_iter();
    let open = open.filter(|_| handed.browser == browser.digest());
    let mut open = open.filter(|open| open.host == host.origin().host() && open.link.id == handed.link);
    let at_home = |open: OpenAccount| Some((host.house_of(&open.link.account.agency, &open.link.label())?, open));
    let Some((house, open)) = open.next().and_then(at_home) else {
        // A code in a wrong place, or for an account that was closed since, is burnt all the same.
        tx.commit().await?;
        return Ok(None);
    };
    tx.visited(&open.link.id, now).await?;
    let cookie = long_secret(&*app.dice);
    let opened = app.sessions.open_agency(tx, &handed.session, &open, &cookie, now).await?;
    Ok(opened.then(|| Entered { house, cookie, account: open.link.label(), return_to: handed.return_to }))
}
