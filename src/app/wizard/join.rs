//! Attaching an agency's account to a person who exists (« rattachement », 000 I.B, b16).

use super::run;
use super::step::{Allowed, Mistake, Stepped, step, take};
use crate::app::throttle::{self, Subject};
use crate::app::{App, Caller, Fault, ask_password, spelling};
use crate::domain::agency::Agency;
use crate::domain::credential::{Credential, TypedLogin};
use crate::domain::email::EmailAddress;
use crate::domain::identity::IdentityId;
use crate::domain::migration::Step;
use crate::domain::secret::Secret;
use crate::domain::way_back::Stop;

/// « J'ai déjà un compte »: the password of the person who is known on this browser is asked for, or else address and
/// password.
pub async fn join_existing(app: &App, caller: &Caller, signed_in: Option<&IdentityId>) -> Result<Stepped, Fault> {
    let known = match signed_in {
        Some(identity) => app.store.read().await?.credential_of(identity).await?.map(|credential| credential.identity),
        None => None,
    };
    step(app, caller, move |flow, _| flow.join_existing(known.clone())).await
}

/// « Nous sommes deux à cette adresse » (b18).
pub async fn stay_apart(app: &App, caller: &Caller) -> Result<Stepped, Fault> {
    step(app, caller, |flow, _| flow.stay_apart()).await
}

/// The address of a person who is signed in; the run itself keeps it nowhere, where somebody else could meet it.
pub async fn address_of(app: &App, identity: &IdentityId) -> Result<Option<EmailAddress>, Fault> {
    Ok(app.store.read().await?.address_of(identity).await?)
}

/// The password of the person who exists, typed in the wizard (000 I.B).
pub async fn join(
    app: &App,
    caller: &Caller,
    typed: &str,
    password: Secret,
    seen: Option<i64>,
) -> Result<Stepped, Fault> {
    let floor = tokio::time::Instant::now() + app.failure_floor;
    let Some(open) = run::open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    let known = match &open.flow.step {
        Step::Join { identity, .. } => identity.clone().filter(|_| typed.is_empty()),
        // « J'ai déjà un compte » leads from the address to the form without a step of its own.
        Step::Email { .. } => None,
        _ if open.is_seen(seen) && open.flow.again(Stop::Join).is_some() => None,
        _ => return Ok(Stepped::Elsewhere),
    };
    let credential = joining(app, &open.agency, known.as_ref(), typed).await?;
    let right = match &credential {
        Some(credential) => ask_password::is_right(app, caller, Some(&open.agency), credential, password).await?,
        None => count_unknown(app, caller, typed, password).await?,
    };
    let (Some(credential), true) = (credential, right) else {
        tokio::time::sleep_until(floor).await;
        return Ok(Stepped::Wrong(Mistake::JoinRefused));
    };
    // The run may have moved meanwhile: it is looked up again.
    let Some(open) = run::open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    let is_seen = open.is_seen(seen);
    take(app, caller, open.stored, Allowed::Password(&credential), |flow, _| {
        // Begun where somebody was signed in, and gone on with by somebody else.
        if matches!(flow.step, Step::Email { .. } | Step::Join { email: None, .. }) {
            flow.join_existing(None)?;
        } else if is_seen && flow.again(Stop::Join).is_some() {
            flow.turn_to_join()?;
        }
        flow.joined(credential.identity.clone())
    })
    .await
}

/// Whose password is asked for: the person's who is known already, or else of what was typed: an address with which
/// somebody signs in, or which one person alone has; or the identifier of another account at this agency.
async fn joining(
    app: &App,
    agency: &Agency,
    known: Option<&IdentityId>,
    typed: &str,
) -> Result<Option<Credential>, Fault> {
    let mut tx = app.store.read().await?;
    if let Some(identity) = known {
        return Ok(tx.credential_of(identity).await?);
    }
    let Some(typed) = TypedLogin::parse(typed) else { return Ok(None) };
    let spelled = spelling::spelled_at(&mut tx, agency, &typed.legacy).await?;
    let link = tx.link_of_account(&agency.code, &spelled.account).await?;
    if let Some(credential) = tx.credential_typed(typed.email.as_ref(), link.as_ref()).await? {
        return Ok(Some(credential));
    }
    match &typed.email {
        Some(email) => Ok(tx.credential_at(email).await?),
        None => Ok(None),
    }
}

/// An address that nobody has is counted like one that somebody has (SEC-053).
async fn count_unknown(app: &App, caller: &Caller, typed: &str, password: Secret) -> Result<bool, Fault> {
    if let Some(reserved) = throttle::reserve(app, caller, &[Subject::unknown(typed)]).await? {
        let compared = app.hasher.compare(password, app.hasher.decoy().clone()).await;
        let (reserved, _) = reserved.unless(app, compared).await?;
        reserved.failed();
    }
    Ok(false)
}
