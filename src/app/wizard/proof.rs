//! The proof of the address, where the wizard is open: the letter once more, and its code (b08, b09, b11).

use super::letter::ask_proof;
use super::run::{self, Open};
use super::step::{Mistake, Stepped, go_on};
use crate::app::throttle::{self, Subject};
use crate::app::{App, Caller, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::challenge::{Challenge, CodeAnswer, RESEND_AFTER_S, ResendRefusal, typed_code};
use crate::domain::migration::Step;
use crate::domain::secret::Secret;
use crate::store::StoredFlow;

/// What a typed code comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// Right: the wizard went on.
    Right(Stepped),
    /// Wrong; so many tries are left.
    Wrong {
        /// Tries left.
        left: u32,
    },
    /// Tried too often.
    Dead,
    /// Past its time.
    Expired,
    /// No code is waited for in this browser.
    Elsewhere,
}

/// The proof that this browser's flow waits for.
pub async fn asked(app: &App, open: &Open) -> Result<Option<Challenge>, Fault> {
    let Step::Proof { challenge, .. } = &open.flow.step else { return Ok(None) };
    Ok(app.store.read().await?.challenge(challenge).await?)
}

/// « Renvoyer l'e-mail »: the older secrets die (b11).
pub async fn resend(app: &App, caller: &Caller) -> Result<Stepped, Fault> {
    let Some(open) = run::open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    let Step::Proof { challenge, .. } = &open.flow.step else { return Ok(Stepped::Elsewhere) };
    let mut tx = app.store.write().await?;
    let Some(mut challenge) = tx.challenge(challenge).await? else { return Ok(Stepped::Elsewhere) };
    match challenge.resend(app.now()) {
        Err(ResendRefusal::Later(seconds)) => return Ok(Stepped::Wrong(Mistake::ResendLater(seconds))),
        Err(ResendRefusal::Over) => return Ok(Stepped::Wrong(Mistake::LettersOver)),
        Ok(()) => {}
    }
    if !tx.save_resend(&challenge).await? {
        // A press at the same moment was faster: its letter is on its way, and this one waits as any that comes too soon.
        return Ok(Stepped::Wrong(Mistake::ResendLater(RESEND_AFTER_S.unsigned_abs())));
    }
    if !ask_proof(app, &mut tx, caller, &open.flow, &challenge).await? {
        return Ok(Stepped::Wrong(Mistake::LettersOver));
    }
    tx.commit().await?;
    Ok(Stepped::On)
}

/// Judges a typed code; the try is counted before it is judged.
pub async fn type_code(app: &App, caller: &Caller, typed: &str) -> Result<Typed, Fault> {
    let Some(open) = run::open(app, caller).await? else { return Ok(Typed::Elsewhere) };
    let Step::Proof { challenge: id, .. } = open.flow.step.clone() else { return Ok(Typed::Elsewhere) };
    let Some(code) = typed_code(typed) else { return not_a_code(app, &open).await };
    let subject = Subject::codes_of_account(&open.agency.code, &open.flow.account.login);
    let Some(reserved) = throttle::reserve(app, caller, &[subject]).await? else { return Ok(Typed::Dead) };
    let now = app.now();
    let mut tx = app.store.write().await?;
    let Some(challenge) = tx.count_code_try(&id).await? else { return Ok(Typed::Elsewhere) };
    let answer = answer(app, &challenge, &code)?;
    if !matches!(answer, CodeAnswer::Right(_)) {
        caller.audit(&mut tx, &run::entry(&open.flow, AuditEvent::ProofRefused), now).await?;
    }
    tx.commit().await?;
    Ok(match answer.clone() {
        CodeAnswer::Right(proven) => {
            reserved.succeeded(app).await?;
            match open_again(app, caller).await? {
                Some(stored) => Typed::Right(go_on(app, caller, stored, &challenge, proven).await?),
                None => Typed::Elsewhere,
            }
        }
        CodeAnswer::Wrong { left } => {
            reserved.failed();
            Typed::Wrong { left }
        }
        CodeAnswer::Dead => Typed::Dead,
        CodeAnswer::Expired | CodeAnswer::Used => {
            reserved.unanswered(app).await?;
            if answer == CodeAnswer::Expired { Typed::Expired } else { Typed::Elsewhere }
        }
    })
}

/// Judges a typed code that was counted.
pub(in crate::app) fn answer(app: &App, challenge: &Challenge, code: &Secret) -> Result<CodeAnswer, Fault> {
    let vault = app.vault()?;
    Ok(challenge.answer_code(|kept| vault.is_code(challenge.id.as_str(), kept, code), app.now()))
}

/// What cannot be a code costs no try.
async fn not_a_code(app: &App, open: &Open) -> Result<Typed, Fault> {
    let left = asked(app, open).await?.map_or(0, |challenge| challenge.tries_left());
    Ok(if left == 0 { Typed::Dead } else { Typed::Wrong { left } })
}

async fn open_again(app: &App, caller: &Caller) -> Result<Option<StoredFlow>, Fault> {
    Ok(app.store.read().await?.flow_of_browser(caller.browser.digest()).await?)
}
