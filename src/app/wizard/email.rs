//! The address of the run: typed, and typed again.

use super::run;
use super::step::{Allowed, Mistake, Stepped, step, take};
use crate::app::{App, Caller, Fault};
use crate::domain::challenge::ChallengeId;
use crate::domain::email::EmailAddress;

/// The address, as typed; from its page as it was shown again, it corrects the one that was typed before.
pub async fn choose(app: &App, caller: &Caller, typed: &str, seen: Option<i64>) -> Result<Stepped, Fault> {
    let email = match EmailAddress::parse(typed) {
        Ok(email) => email,
        Err(error) => return Ok(Stepped::Wrong(Mistake::Email(error))),
    };
    let challenge = ChallengeId::random(&*app.dice);
    let Some(open) = run::open(app, caller).await? else { return Ok(Stepped::Elsewhere) };
    // A browser's Back may show the page as it was kept: before a letter goes, what is typed there corrects all the same.
    let is_seen = open.is_seen(seen) || (seen.is_some() && open.flow.is_before_the_letter());
    take(app, caller, open.stored, Allowed::Browser, move |flow, _| {
        let (email, challenge) = (email.clone(), challenge.clone());
        if is_seen { flow.correct_email(email, challenge) } else { flow.choose_email(email, challenge) }
    })
    .await
}

/// « Modifier l'adresse ».
pub async fn change(app: &App, caller: &Caller) -> Result<Stepped, Fault> {
    step(app, caller, |flow, _| flow.change_email()).await
}
