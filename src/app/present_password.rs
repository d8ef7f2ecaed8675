//! The present password of who is signed in, where a form asks for it beside what it changes.

use super::{App, Caller, Fault, ask_password};
use crate::domain::credential::Login;
use crate::domain::secret::Secret;
use crate::domain::session::Session;

/// What is typed with it to sign in; empty of somebody who is not there any more.
pub async fn login(app: &App, session: &Session) -> Result<String, Fault> {
    let mut tx = app.store.read().await?;
    let Some(credential) = tx.credential_of(&session.identity).await? else { return Ok(String::new()) };
    if credential.login == Login::Identifier
        && let Some(link) = tx.links_of(&session.identity).await?.first()
    {
        return Ok(link.account.login.as_str().to_owned());
    }
    Ok(credential.email.to_string())
}

/// Whether it is the right one, where nothing is changed yet since something else of the form is wrong; counted as at a
/// sign-in.
pub async fn is_right(app: &App, caller: &Caller, session: &Session, typed: Secret) -> Result<bool, Fault> {
    let Some(credential) = app.store.read().await?.credential_of(&session.identity).await? else { return Ok(false) };
    ask_password::is_right(app, caller, None, &credential, typed).await
}
