//! What the demo says when it is open: where to begin, what each account shows, and which old accounts are used up.

use std::fmt::Write as _;
use std::path::Path;

use super::super::terminal::say;
use crate::app::{App, Fault};
use crate::demo::setup::Ports;
use crate::demo::ways::{self, Try, Way};
use crate::domain::agency_code::AgencyCode;
use crate::domain::credential::Login;
use crate::domain::identity::LegacyLogin;

/// Prints it: one screen of a terminal.
pub(super) async fn print(app: &App, folder: &Path, ports: Ports) -> Result<(), String> {
    let mut agencies = String::new();
    for (way, _) in ports.ways() {
        agencies += &paragraph(app, way, &ports.portal()).await.map_err(|fault| fault.to_string())?;
    }
    say!(
        "
Vestibule is open: four agencies, each in front of an old extranet of its own. Ctrl-C ends everything.

  Letters, and this list to click on:  http://courrier.localhost:{mailbox}/
{agencies}
  What is done is kept in {folder}; to start afresh: rm -r {folder}
",
        mailbox = ports.mailbox,
        folder = folder.display(),
    );
    Ok(())
}

/// What one agency shows, and a line for each account to try.
async fn paragraph(app: &App, way: Way, portal: &str) -> Result<String, Fault> {
    let mut text = format!("\n  {:<8} {}\n           {}\n", way.name, way.sign_in(portal), way.shows);
    for Try { login, what, .. } in way.tries {
        let _ = write!(text, "    {login:<7} {:<12} ", way.password(login));
        match used_up(app, way, login).await? {
            Some(now) => drop(writeln!(text, "(used up: {now} and the new password)")),
            None => drop(writeln!(text, "{what}")),
        }
    }
    Ok(text)
}

/// What is typed in place of the old credentials, once somebody has taken the account over.
async fn used_up(app: &App, way: Way, login: &str) -> Result<Option<String>, Fault> {
    let (Some(agency), Some(login)) = (AgencyCode::parse(ways::CLIENT, &way.societe()), LegacyLogin::parse(login))
    else {
        return Ok(None);
    };
    let mut tx = app.store.read().await?;
    let Some(link) = tx.link_of_account(&agency, &login).await? else { return Ok(None) };
    let Some(credential) = tx.credential_of(&link.identity).await? else { return Ok(None) };
    Ok(Some(match credential.login {
        Login::Address => credential.email.to_string(),
        Login::Identifier => login.as_str().to_owned(),
    }))
}
