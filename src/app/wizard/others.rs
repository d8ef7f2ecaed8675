//! The other accounts of the same person, offered where a run has ended, each with its old password (§7, 004; decision 92).

use jiff::SignedDuration;

use super::run::{self, Open};
use super::same_person::free;
use super::step::{Allowed, Stepped, take};
use crate::app::attempt::{Credentials, Outcome};
use crate::app::{App, Caller, Fault, sign_in, spelling};
use crate::domain::agency::AgencyMode;
use crate::domain::credential::Meant;
use crate::domain::identity::{IdentityId, LegacyAccount, LegacyLogin};
use crate::domain::migration::{OFFERED_MINUTES, Step};
use crate::domain::secret::Secret;
use crate::store::RosterEntry;

/// Accounts that are offered where a run has just ended: each is attached with its old password. Where none is wanted
/// upstream, they were attached by themselves.
pub async fn offered(app: &App, open: &Open) -> Result<Vec<LegacyAccount>, Fault> {
    let (agency, account, now) = (&open.agency, &open.flow.account, app.now());
    if whose(app, open).await?.is_none() {
        return Ok(Vec::new());
    }
    let mut tx = app.store.read().await?;
    let of = |entry: RosterEntry| LegacyAccount {
        agency: agency.code.clone(),
        login: entry.login,
        name: entry.name,
        kind: entry.kind,
    };
    Ok(free(&mut tx, agency, &account.login, now).await?.into_iter().map(of).collect())
}

/// The person whose run has just ended, who has its account still; none where nothing is offered.
async fn whose(app: &App, open: &Open) -> Result<Option<IdentityId>, Fault> {
    let (agency, account) = (&open.agency, &open.flow.account);
    let Step::Done { whose: Some(whose), .. } = &open.flow.step else { return Ok(None) };
    if !agency.adapter.keeps_secret() || agency.mode == AgencyMode::Cutover {
        return Ok(None);
    }
    let mut tx = app.store.read().await?;
    let spelled = spelling::spelled_at(&mut tx, agency, &account.login).await?;
    let link = tx.link_of_account(&agency.code, &spelled.account).await?;
    let Some(link) = link.filter(|link| link.identity == *whose) else { return Ok(None) };
    let until = tx.attached_at(&link.id).await?.checked_add(SignedDuration::from_mins(OFFERED_MINUTES));
    let is_disabled = tx.is_disabled(whose).await?;
    Ok(until.is_ok_and(|until| app.now() < until && !is_disabled).then(|| whose.clone()))
}

/// What came of an old password that was typed there.
#[derive(Debug)]
pub enum Attached {
    /// The account is the person's; this browser carries another secret.
    Done {
        /// The browser's new secret.
        browser: Secret,
    },
    /// The old password is right, and something else came in between: the run of that account is open in the browser that
    /// carries this secret.
    Open {
        /// The browser's new secret.
        browser: Secret,
    },
    /// Refused, like a sign-in.
    Refused,
    /// The provisional credentials are right, and over.
    ProvisionalOver,
    /// They are those from before: the agency has handed out newer ones.
    ProvisionalReplaced,
    /// The extranet wants another password first.
    MustChange,
    /// The extranet could not say; nothing was counted.
    ExtranetSilent,
    /// Nothing is offered here (any more).
    Nothing,
}

/// Attaches one of the accounts that are offered, with its old password, which counts and is asked of whoever knows as in
/// any sign-in.
pub async fn attach(app: &App, caller: &Caller, login: &str, password: Secret) -> Result<Attached, Fault> {
    let Some(open) = run::open(app, caller).await? else { return Ok(Attached::Nothing) };
    let Some(whose) = whose(app, &open).await? else { return Ok(Attached::Nothing) };
    let Some(login) = LegacyLogin::parse(login) else { return Ok(Attached::Nothing) };
    let offered = offered(app, &open).await?;
    let Some(account) = offered.into_iter().find(|account| account.login == login) else {
        return Ok(Attached::Nothing);
    };
    let credentials = Credentials {
        login: account.login.as_str(),
        password,
        meant: Meant::AgencysNew,
        keep: false,
        agency: open.agency.clone(),
    };
    let browser = match sign_in::sign_in(app, caller, credentials).await? {
        Outcome::Wizard { browser } => browser,
        Outcome::ProvisionalOver => return Ok(Attached::ProvisionalOver),
        Outcome::ProvisionalReplaced => return Ok(Attached::ProvisionalReplaced),
        Outcome::MustChange => return Ok(Attached::MustChange),
        Outcome::ExtranetSilent => return Ok(Attached::ExtranetSilent),
        // A password that is said to be the agency's signs nobody in.
        Outcome::Refused | Outcome::OldCredentials(_) | Outcome::SignedIn(_) | Outcome::Ours => {
            return Ok(Attached::Refused);
        }
    };
    let here = Caller { browser: browser.clone(), ..caller.clone() };
    let Some(begun) = run::open(app, &here).await? else { return Ok(Attached::Open { browser }) };
    let stepped =
        take(app, &here, begun.stored, Allowed::Run(&whose), |flow, _| flow.joined_at_once(whose.clone())).await?;
    Ok(match stepped {
        Stepped::Finished { .. } => Attached::Done { browser },
        Stepped::On | Stepped::Elsewhere | Stepped::Withdrawn(_) | Stepped::Wrong(_) => Attached::Open { browser },
    })
}
