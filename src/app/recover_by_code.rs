//! The forgotten password, by code: in the browser that asked, a right code leads on as the letter's link would (004, c11).

use tokio::time::{Instant, sleep_until};

use super::throttle::{self, Subject};
use super::{App, Caller, Fault, devices};
use crate::domain::agency::Agency;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::challenge::typed_code;
use crate::domain::recovery::{Asked, Named, ResetCode, asked_by};
use crate::domain::secret::{Secret, long_secret};
use crate::domain::warning::resets_open_at;

/// Judges a typed code for the reset that was asked for in this browser with what is typed beside it. Gives the secret of
/// a link; none where the code opens nothing, whatever the reason, and after the same time (f03).
pub async fn type_code(
    app: &App,
    caller: &Caller,
    agency: Option<&Agency>,
    named: &Named,
    code: &str,
) -> Result<Option<Secret>, Fault> {
    let floor = Instant::now() + app.failure_floor;
    let outcome = judge(app, caller, &Typed { agency, named, code }).await;
    if !matches!(outcome, Ok(Some(_))) {
        sleep_until(floor).await;
    }
    outcome
}

/// What was sent.
struct Typed<'a> {
    agency: Option<&'a Agency>,
    named: &'a Named,
    code: &'a str,
}

/// What cannot be a code costs no try. For whom there is no reset the try is counted as a person's would be.
async fn judge(app: &App, caller: &Caller, typed: &Typed<'_>) -> Result<Option<Secret>, Fault> {
    let Some(code) = typed_code(typed.code) else { return Ok(None) };
    let asked_by = asked_by(&caller.browser, typed.agency.map(|agency| &agency.code), typed.named);
    let mut tx = app.store.read().await?;
    let asked = tx.recovery_asked_by(asked_by).await?;
    let subject = match &asked {
        Some(Asked { identity, .. }) => {
            let own_device = devices::knows(&mut tx, caller, identity, app.now()).await?;
            Subject::codes_of_person(caller, identity, own_device)
        }
        None => Subject::codes_of_nobody(asked_by),
    };
    drop(tx);
    let Some(reserved) = throttle::reserve(app, caller, &[subject]).await? else { return Ok(None) };
    let answer = answer(app, caller, typed, asked.as_ref(), &code).await;
    let (reserved, (answer, link)) = reserved.unless(app, answer).await?;
    match answer {
        ResetCode::Right => reserved.succeeded(app).await?,
        ResetCode::Wrong => reserved.failed(),
        ResetCode::Over => reserved.unanswered(app).await?,
    }
    Ok(link)
}

/// Judges a typed code, and keeps the link that a right one leads to, in one transaction.
async fn answer(
    app: &App,
    caller: &Caller,
    typed: &Typed<'_>,
    asked: Option<&Asked>,
    code: &Secret,
) -> Result<(ResetCode, Option<Secret>), Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let (mut answer, mut link) = (ResetCode::Wrong, None);
    if let Some(Asked { id, identity, .. }) = asked {
        // First, as everybody does who writes for this person.
        tx.hold_person(identity).await?;
        if let Some(reset) = tx.count_recovery_try(id).await? {
            let opens_at = resets_open_at(&tx.warnings_of(identity).await?);
            let is_typed = |kept: &_| app.vault.as_ref().is_some_and(|vault| vault.is_code(id, kept, code));
            answer = reset.answer(is_typed, opens_at, now);
        }
        // Disabled wins (e11), also over a code that was sent before.
        if answer == ResetCode::Right && tx.is_disabled(identity).await? {
            answer = ResetCode::Over;
        }
        if answer == ResetCode::Right {
            let secret = long_secret(&*app.dice);
            tx.insert_recovery_link(id, secret.digest(), now).await?;
            link = Some(secret);
        }
    }
    if link.is_none() {
        let entry = AuditEntry {
            event: AuditEvent::ProofRefused,
            actor: Actor::Visitor,
            agency: typed.agency.map(|agency| agency.code.clone()),
            identity: asked.map(|asked| asked.identity.clone()),
            login: typed.named.login(),
        };
        caller.audit(&mut tx, &entry, now).await?;
    }
    tx.commit().await?;
    Ok((answer, link))
}
