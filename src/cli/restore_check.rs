//! `vestibule restore-check`: after a database was brought back from a backup (decision 72).

use std::path::Path;

use jiff::Timestamp;

use super::assemble;
use super::configured::{quoted, to_type};
use super::lost_secrets::{UNCONFIGURED, lost_secrets, names_of};
use super::served;
use super::terminal::{self, say, tell};
use super::{Ended, runtime};
use crate::app::App;
use crate::app::restored::{self, Parting, Settled, Told};
use crate::config::Settings;
use crate::domain::audit::{AuditEvent, AuditLine};
use crate::domain::restored::{Act, Whose};
use crate::domain::secret::Secret;
use crate::store::{Held, LettersBefore, OldDatabase, Store, StoreError};

/// What is known of the database from before.
struct Before {
    lines: Vec<AuditLine>,
    /// None of an exported trace, which has no letters.
    letters: Option<LettersBefore>,
    /// Until when an exported trace tells: what came after it, nobody does.
    until: Option<Timestamp>,
}

/// Does it.
pub(super) fn run(settings: &Settings, old: Option<&str>, yes: bool) -> Ended {
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let checked = async {
        // Held first: the tables of a database that a gateway serves from are not touched.
        let opened = match served::is_the_one_served(settings).await {
            Some(_) => Err(StoreError::Served),
            None => Store::open_alone(settings.database_url.expose()).await,
        };
        let (store, mut held) = match opened {
            Ok(opened) => opened,
            Err(error) => return Err(format!("the database: {}", assemble::explained(settings, error).await)),
        };
        assemble::with_app_over(settings, store, async |app| check(settings, (app, &mut held), old, yes).await).await
    };
    match runtime.block_on(checked) {
        Ok(()) => Ended::Done,
        Err(reason) => Ended::Failed(reason),
    }
}

async fn check(
    settings: &Settings,
    (app, held): (&App, &mut Held),
    old: Option<&str>,
    yes: bool,
) -> Result<(), String> {
    let before = match old {
        Some(old) => Some(read(app, old).await?),
        None => None,
    };
    if before.is_none() {
        tell!(
            "vestibule: without --old nobody knows what came after the backup: give the database from before \
             (sqlite:<path>, postgres://… or @<file> with the URL), or its exported trace"
        );
    }
    let question = "Was this database brought back from a backup? Everybody is signed out, and letters that may have \
                    gone out are held.";
    terminal::confirm(question, yes)?;
    let settled = restored::settle(app, before.as_ref().and_then(|before| before.letters.as_ref())).await;
    tell_settled(&settled.map_err(|fault| super::ours(&fault))?);
    app.store.is_meant(held).await.map_err(|error| error.to_string())?;
    if let Some(before) = &before {
        let told = restored::told(app, &before.lines).await.map_err(|fault| super::ours(&fault))?;
        tell_lost(before, &told);
    }
    if let Some(lost) = lost_secrets(&app.store, &names_of(settings.vault.as_ref()), UNCONFIGURED).await {
        return Err(format!("all of that is done; but {lost}"));
    }
    say!("\nThe database can be served from: start the gateway on every node.");
    Ok(())
}

/// Reads what came after the backup, from the database itself or from an export.
async fn read(app: &App, old: &str) -> Result<Before, String> {
    let behind = restored::wanted_behind(app).await.map_err(|fault| super::ours(&fault))?;
    let url = match old.strip_prefix('@') {
        Some(file) => Some(text(Path::new(file))?.trim().to_owned()),
        None if ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| old.starts_with(scheme)) => {
            Some(old.to_owned())
        }
        None => None,
    };
    let (lines, letters, is_export) = match url {
        Some(url) => {
            let url = Secret::new(url);
            let old = OldDatabase::read(url.expose(), behind).await;
            let old = old.map_err(|error| format!("the database from before: {}", super::chain(&error)))?;
            (old.lines, Some(old.letters), false)
        }
        None => (exported(old, behind)?, None, true),
    };
    if let Some(line) = lines.last().filter(|line| matches!(line.entry.event, AuditEvent::DatabaseRestored { .. })) {
        tell!(
            "warning: the last that {old} tells is that it was brought back itself, {}: is it the database from before this \
             restore, and not a copy of this one? What came after the backup is then in another one",
            line.at.strftime("%Y-%m-%d %H:%M:%S UTC")
        );
    }
    let until = lines.last().filter(|_| is_export).map(|line| line.at);
    match restored::parting(app, &lines).await.map_err(|fault| super::ours(&fault))? {
        Parting::Behind(last) => {
            let lines: Vec<AuditLine> = lines.into_iter().filter(|line| line.seq > last).collect();
            Ok(Before { lines, letters, until })
        }
        Parting::Strangers => Err(format!(
            "{old}: this trace and that of the database have no line in common; nothing was changed (hint: is it that \
             of the same installation? Without --old, letters are held and sign-ins end all the same)"
        )),
    }
}

fn exported(file: &str, behind: i64) -> Result<Vec<AuditLine>, String> {
    let mut lines = Vec::new();
    for (number, line) in text(Path::new(file))?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: AuditLine = serde_json::from_str(line).map_err(|error| {
            format!("{file}:{}: no line of a trace, as {} writes it: {error}", number + 1, to_type("audit export FILE"))
        })?;
        if line.seq > behind {
            lines.push(line);
        }
    }
    lines.sort_by_key(|line| line.seq);
    Ok(lines)
}

fn text(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn tell_settled(settled: &Settled) {
    let Settled { held, gone, wait, resets, people } = settled;
    say!(
        "Everybody is signed out ({people} people), wherever sign-ins live; {resets} resets that were asked for are over."
    );
    match held {
        0 => say!("No letter is held."),
        _ => say!(
            "{held} letters may have gone out before, and are held: {}, then {}, or --held for all.",
            to_type("mail list --state held"),
            to_type("mail resend ID")
        ),
    }
    if gone + wait > 0 {
        say!("By the database from before, {gone} letters are over, and {wait} had not gone out: these go now.");
    }
}

fn tell_lost(before: &Before, told: &[Told]) {
    let lines = before.lines.len();
    say!("\nBy the trace from before, {lines} lines came after the backup.");
    if let Some(until) = before.until {
        say!(
            "That trace was exported, and reaches until {}: what came after that is told by nobody.",
            until.strftime("%Y-%m-%d %H:%M:%S UTC")
        );
        if lines == 0 {
            say!("It is no younger than the backup, so it tells nothing of what was lost.");
            return;
        }
    }
    for (whose, title) in [
        (Whose::Operator, "To be done again by you"),
        (
            Whose::Doubtful,
            "What is as it was before: ask the person, or withdraw the access until then (person disable)",
        ),
        (Whose::Person, "What people are asked for again"),
    ] {
        let of_these: Vec<&Told> = told.iter().filter(|told| told.lost.act.whose() == whose).collect();
        if of_these.is_empty() {
            say!("\n{title}: nothing");
            continue;
        }
        say!("\n{title}:");
        for told in of_these {
            say!("  {}  {}", told.lost.at.strftime("%Y-%m-%d %H:%M:%S UTC"), words(told));
        }
    }
}

/// What to type to have an operator's act about somebody again.
fn again(act: &str, whom: &str, reason: &str) -> String {
    // As a person would write it, unless a shell would read something else.
    let is_plain = !reason.contains(['\\', '"', '$', '`', '!']);
    let reason = if is_plain { format!("\"{reason}\"") } else { quoted(reason) };
    to_type(format!("person {act} {whom} --reason {reason}"))
}

/// What was lost, and what to type.
fn words(told: &Told) -> String {
    let id = told.lost.identity.as_ref().map(|identity| identity.as_str().to_owned());
    let who = match (&told.email, &id) {
        (Some(email), _) => email.clone(),
        (None, Some(id)) => format!("{id}, who is not in this database"),
        (None, None) => "nobody who is known".to_owned(),
    };
    let agency = told.lost.account.as_ref().map_or_else(|| "-".to_owned(), |(agency, _)| agency.to_string());
    let login = told.lost.account.as_ref().and_then(|(_, login)| login.as_ref()).map_or("-", |login| login.as_str());
    // Whom the trace names by the account only.
    let whom = quoted(&id.unwrap_or_else(|| format!("{login}@{agency}")));
    let is_here = told.lost.identity.is_none() || told.email.is_some();
    match &told.lost.act {
        Act::Disabled(reason) if is_here => {
            format!("{who} was disabled: {}", again("disable", &whom, reason))
        }
        Act::Disabled(reason) => format!(
            "{who}, was disabled (\"{reason}\"): the old credentials open the wizard again; have the agency close the \
             account, or disable the person once back"
        ),
        Act::Enabled(reason) => format!("{who} was enabled: {}", again("enable", &whom, reason)),
        Act::Unlocked(reason) => {
            format!("locks of {who} were taken away: {}", again("unlock", &whom, reason))
        }
        Act::Unlinked(reason) => {
            let account = format!("{agency} {}", quoted(login));
            format!("{login} of {agency} was taken from its person: {}", again("unlink", &account, reason))
        }
        Act::Erased(_) => match &told.here_again {
            Some(identity) => format!(
                "a person was erased, who is here again: {}",
                again("erase", identity.as_str(), "erased before the restore")
            ),
            None => "a person was erased, who is not in this database".to_owned(),
        },
        Act::AgencyErased => {
            let words = format!("agency erase {agency} --reason \"erased before the restore\"");
            format!("the agency {agency} was erased: {}", to_type(words))
        }
        Act::Roster => format!("the roster of {agency} was imported, or that was undone: import it again"),
        Act::Rotated => format!(
            "secrets were sealed anew: the old key has to be among vault.old_key_files, then {}",
            to_type("vault rotate")
        ),
        Act::Withdrawn => format!("the agency {agency} took {login} back: import its roster again"),
        Act::Password => format!("{who} chose a password: the one from before opens again"),
        Act::Address => {
            format!("{who} changed the address, or changed it back: the one from before is the login again")
        }
        Act::Disowned => format!("{who} ({login} of {agency}) said « Ce n'est pas moi »: what was held goes on"),
        Act::Detached => format!("{who} detached {login} of {agency}: it is attached again"),
        Act::SignedOut => format!("sign-ins were ended ({who}): done"),
        Act::Attached => format!("{login} of {agency} was attached to {who}: with the old credentials, again"),
        Act::Terms => format!("{who} accepted the terms of {agency}: they are asked for again"),
    }
}
