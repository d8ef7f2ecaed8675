//! The address of the run: typed, and typed again.

use super::step::{Mistake, Stepped, step};
use crate::app::{App, Caller, Fault};
use crate::domain::challenge::ChallengeId;
use crate::domain::email::EmailAddress;

/// The address, as typed.
pub async fn choose(app: &App, caller: &Caller, typed: &str) -> Result<Stepped, Fault> {
    let email = match EmailAddress::parse(typed) {
        Ok(email) => email,
        Err(error) => return Ok(Stepped::Wrong(Mistake::Email(error))),
    };
    let challenge = ChallengeId::random(&*app.dice);
    step(app, caller, move |flow, _| flow.choose_email(email.clone(), challenge.clone())).await
}

/// « Modifier l'adresse ».
pub async fn change(app: &App, caller: &Caller) -> Result<Stepped, Fault> {
    step(app, caller, |flow, _| flow.change_email()).await
}
