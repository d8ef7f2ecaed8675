//! What is typed after a reset: whoever has just set a password is not asked who they are (residents 13).

use crate::app::{App, Fault};
use crate::domain::agency::Agency;
use crate::domain::credential::Login;
use crate::domain::secret::Secret;

/// The address, or the identifier at this agency, of whom the reset was for that this link has just ended.
pub async fn login_of(app: &App, secret: &Secret, agency: Option<&Agency>) -> Result<Option<String>, Fault> {
    let mut tx = app.store.read().await?;
    let Some((_, recovery)) = tx.recovery_by_link(secret.digest()).await? else { return Ok(None) };
    if !recovery.is_just_used(app.now()) {
        return Ok(None);
    }
    let Some(credential) = tx.credential_of(&recovery.identity).await? else { return Ok(None) };
    Ok(match (credential.login, agency) {
        (Login::Address, _) => Some(credential.email.to_string()),
        (Login::Identifier, None) => None,
        (Login::Identifier, Some(agency)) => {
            let links = tx.links_of(&recovery.identity).await?;
            let here = links.into_iter().find(|link| link.account.agency == agency.code);
            here.map(|link| link.account.login.as_str().to_owned())
        }
    })
}
