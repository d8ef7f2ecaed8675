//! The new password of who gets the account.

use super::run;
use super::step::{Mistake, Stepped, step};
use crate::app::hasher::Comparison;
use crate::app::{App, Caller, Fault};
use crate::domain::challenge::ChallengeId;
use crate::domain::migration::Step;
use crate::domain::password::{Broken, Known, is_same};
use crate::domain::secret::Secret;

/// The new password, typed twice.
pub async fn choose(app: &App, caller: &Caller, password: Secret, confirmation: &Secret) -> Result<Stepped, Fault> {
    let Some(open) = run::open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    let Step::Password { address, .. } = &open.flow.step else { return Ok(Stepped::Elsewhere) };
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
    let hash = app.hasher.hash(password).await?;
    let challenge = ChallengeId::random(&*app.dice);
    step(app, caller, move |flow, _| flow.choose_password(hash.clone(), challenge.clone())).await
}
