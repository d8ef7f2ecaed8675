//! What the demo says when it is open: where to begin, who is who, and which old accounts are used up.

use std::fmt::Write as _;
use std::path::Path;

use super::super::terminal::say;
use crate::app::{App, Fault};
use crate::demo::setup::Ports;
use crate::demo::{Account, data};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::LegacyLogin;

/// Prints it.
pub(super) async fn print(app: &App, folder: &Path, ports: Ports) -> Result<(), String> {
    let Ports { gateway, mailbox, .. } = ports;
    let vasseur = accounts(app, ("SPI31", "01"), &data::form_accounts()).await.map_err(|fault| fault.to_string())?;
    let tilleuls =
        accounts(app, ("TILLEUL", "02"), &data::header_accounts()).await.map_err(|fault| fault.to_string())?;
    say!(
        "
Vestibule is open. Ctrl-C ends everything.

  Sign in, as residents do (any browser on this machine):
    Cabinet Vasseur & Fils  http://www.localhost:{gateway}/login?client=SPI31&societe=01
    Agence des Tilleuls     http://www.localhost:{gateway}/login?client=TILLEUL&societe=02

  Read the letters that the gateway sends:
    Mailbox                 http://courrier.localhost:{mailbox}/

  Begin with durand at the Cabinet Vasseur: the old identifier and password open the migration, and the code comes to
  the mailbox. Amélie Dufour is in both lists: once she has migrated, sign in as L2001 at the Agence des Tilleuls; her new
  password attaches that account, and she goes from one extranet to the other without signing in again.

  Old accounts (identifier / password):
    Cabinet Vasseur & Fils (its own login form judges them)
{vasseur}    Agence des Tilleuls (provisional, given out by the agency)
{tilleuls}
  What is done is kept in {folder}; to start afresh: rm -r {folder}
",
        folder = folder.display(),
    );
    Ok(())
}

/// A line for each account; one that has migrated is signed in to with the address.
async fn accounts(app: &App, (client, societe): (&str, &str), accounts: &[Account]) -> Result<String, Fault> {
    let mut lines = String::new();
    for account in accounts {
        let Account { login, password, name, .. } = account;
        let _ = write!(lines, "      {login:<12} {password:<26} {name}");
        if let Some(email) = migrated_to(app, (client, societe), login).await? {
            let _ = write!(lines, " (used up: {email} and the new password)");
        }
        lines.push('\n');
    }
    Ok(lines)
}

/// The address of whoever has taken an old account over.
async fn migrated_to(app: &App, (client, societe): (&str, &str), login: &str) -> Result<Option<String>, Fault> {
    let (Some(agency), Some(login)) = (AgencyCode::parse(client, societe), LegacyLogin::parse(login)) else {
        return Ok(None);
    };
    let mut tx = app.store.read().await?;
    let Some(link) = tx.link_of_account(&agency, &login).await? else { return Ok(None) };
    Ok(tx.address_of(&link.identity).await?.map(|email| email.to_string()))
}
