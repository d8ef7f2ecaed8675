//! How a letter stands that is waited for, in the wizard and on the account page.

use crate::app::{App, Fault};
use crate::domain::challenge::Challenge;
use crate::domain::waiting::Waiting;

/// What can be done about it now.
pub async fn of(app: &App, challenge: &Challenge) -> Result<Waiting, Fault> {
    let refusal = app.store.read().await?.refusal_of(&challenge.address).await?;
    Ok(challenge.waiting(refusal.map(|refusal| refusal.at), app.now()))
}
