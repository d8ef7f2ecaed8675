//! Whether what a gateway stands on can be reached from here: database, mail server, Redis. Nothing is changed there, and
//! no letter is sent (A10).

use std::time::Duration;

use super::control;
use super::lost_secrets::{NOT_THERE_YET, UNCONFIGURED, lost_secrets, names_of};
use super::served::{self, KeysThere, keys_there};
use super::terminal::{patiently, say, tell};
use super::{assemble, mail, runtime};
use crate::config::{MailSettings, Settings, SmtpSettings, TransportSettings};
use crate::domain::agency_code::AgencyCode;
use crate::sessions;
use crate::store::{self, Store, Tables};

/// Longest wait for the answer to one command of a mail server, by whom it is looked at. Some let everybody wait for seconds
/// before they greet; that and the answer to EHLO may take twice as long.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found of what a gateway stands on.
#[derive(Default)]
pub(super) struct Found {
    /// What cannot be reached, by its name; each was told, with the reason.
    pub(super) away: Vec<&'static str>,
    /// The agencies that were in force last, as the database knows them.
    pub(super) agencies: Vec<AgencyCode>,
}

/// Looks at all of it.
pub(super) fn look(settings: &Settings) -> Found {
    let Ok(runtime) = runtime(1) else { return Found { away: vec!["everything"], ..Found::default() } };
    runtime.block_on(async {
        let mut agencies = Vec::new();
        let asked = [
            ("the database", patiently("the database", database(settings, &mut agencies)).await),
            ("the vault", vault(settings).await),
            ("the mail server", patiently("the mail server", mail_server(settings)).await),
            ("Redis", patiently("Redis", redis(settings)).await),
        ];
        let mut away = Vec::new();
        for (name, said) in asked {
            match said {
                Ok(words) if words.is_empty() => {}
                Ok(words) => say!("{words}"),
                Err(reason) => {
                    tell!("{reason}");
                    away.push(name);
                }
            }
        }
        Found { away, agencies }
    })
}

async fn database(settings: &Settings, agencies: &mut Vec<AgencyCode>) -> Result<String, String> {
    served::refuse_another(settings).await.map_err(|error| error.to_string())?;
    let found = store::reach(settings.database_url.expose()).await.map_err(|error| error.to_string())?;
    *agencies = found.agencies;
    let tables = match found.tables {
        Tables::None if control::runs(&settings.server.control).await => {
            return Err(format!(
                "the gateway runs, and there is no database any more: {} (hint: put it, or its backup, back, and run \
                 nothing else meanwhile: operations.md, At night; if database.url has changed: vestibule store copy)",
                found.place
            ));
        }
        Tables::None if store::was_served(settings.database_url.expose()) => {
            tell!(
                "warning: there is no database any more where a gateway has served from one: {}; the next start makes a \
                 new, empty one (hint: put it, or its backup, back before: operations.md, Going back)",
                found.place
            );
            return Ok(String::new());
        }
        Tables::None => "no tables yet: the first start makes them".to_owned(),
        Tables::Older(steps) => format!("older tables: the next start brings them up to date ({steps} steps)"),
        Tables::Current => "the tables of this version".to_owned(),
    };
    Ok(format!("the database can be opened: {}, {tables}", found.place))
}

/// Whether every key is configured that something is sealed under. A database that cannot be asked has been told of, and is
/// not opened.
async fn vault(settings: &Settings) -> Result<String, String> {
    let url = settings.database_url.expose();
    let is_there = served::refuse_another(settings).await.is_ok()
        && store::reach(url).await.is_ok_and(|found| found.tables == Tables::Current);
    let Some(store) = (if is_there { Store::open_beside(url).await.ok() } else { None }) else {
        return Ok(String::new());
    };
    let mut lost = lost_secrets(&store, &names_of(settings.vault.as_ref()), UNCONFIGURED).await;
    if lost.is_none()
        && let KeysThere::Told(keys) = keys_there(settings).await
    {
        lost = lost_secrets(&store, &keys, NOT_THERE_YET).await;
    }
    store.close().await;
    lost.map_or_else(|| Ok(String::new()), Err)
}

async fn mail_server(settings: &Settings) -> Result<String, String> {
    let TransportSettings::Smtp(smtp) = &settings.mail.transport else { return Ok(String::new()) };
    // The gateway waits for as long as it is told; somebody at a terminal is told sooner.
    let patience = smtp.timeout.min(PATIENCE);
    let looked_at = TransportSettings::Smtp(SmtpSettings { timeout: patience, ..smtp.clone() });
    let transport = assemble::transport(&MailSettings { transport: looked_at, ..settings.mail.clone() })?;
    let at = format!("{}:{}", smtp.host, smtp.port);
    match transport.reach().await {
        Ok(()) if smtp.login.is_some() => Ok(format!("the mail server {at} lets us in")),
        Ok(()) => Ok(format!("the mail server {at} answers")),
        Err(error) => Err(format!("the mail server {at}: {}", mail::not_taken(&error))),
    }
}

/// Writes something into Redis, if sessions live there.
async fn redis(settings: &Settings) -> Result<String, String> {
    let Some(redis) = &settings.redis else { return Ok(String::new()) };
    match sessions::reach(redis).await {
        Ok(()) => Ok(format!("Redis answers at {}", redis.urls.join(", "))),
        Err(outage) => Err(outage.to_string()),
    }
}
