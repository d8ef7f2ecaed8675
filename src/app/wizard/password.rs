//! The new password of who gets the account.

use super::run::{self, Open};
use super::step::{Allowed, Mistake, Stepped, take};
use crate::app::hasher::Comparison;
use crate::app::{App, Caller, Fault};
use crate::domain::challenge::ChallengeId;
use crate::domain::migration::Step;
use crate::domain::password::{Broken, Known, is_same};
use crate::domain::secret::Secret;
use crate::domain::way_back::Stop;

/// The new password, typed twice; from its page as it was shown again, it replaces the one that was chosen before. One from
/// a page that was shown for another address is not taken.
pub async fn choose(
    app: &App,
    caller: &Caller,
    password: Secret,
    confirmation: &Secret,
    seen: Option<i64>,
) -> Result<Stepped, Fault> {
    let Some(open) = run::open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    let again = if open.is_seen(seen) { open.flow.again(Stop::Password) } else { None };
    let is_current = seen.is_none() || open.is_seen(seen);
    let step = again.as_ref().or(Some(&open.flow.step).filter(|_| is_current));
    let Some(Step::Password { address, .. }) = step else { return elsewhere(app, &open, password).await };
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
    let hash = app.hasher.hash(password.clone()).await?;
    let challenge = ChallengeId::random(&*app.dice);
    let is_again = again.is_some();
    let stepped = take(app, caller, open.stored, Allowed::Browser, move |flow, _| {
        let (hash, challenge) = (hash.clone(), challenge.clone());
        if is_again { flow.correct_password(hash, challenge) } else { flow.choose_password(hash, challenge) }
    })
    .await?;
    match stepped {
        // What was sent meanwhile from another tab came first.
        Stepped::Elsewhere => match run::open(app, caller).await? {
            Some(open) => elsewhere(app, &open, password).await,
            None => Ok(Stepped::Elsewhere),
        },
        stepped => Ok(stepped),
    }
}

/// A password that comes too late, unless it is the one that was chosen: a second press of the same button.
async fn elsewhere(app: &App, open: &Open, password: Secret) -> Result<Stepped, Fault> {
    let Step::Proof { password: Some(chosen), .. } = &open.flow.step else { return Ok(Stepped::Elsewhere) };
    let compared = app.hasher.compare(password, chosen.clone()).await?;
    Ok(if compared == Comparison::Wrong { Stepped::Elsewhere } else { Stepped::On })
}
