//! `vestibule agency`: what is left of an agency that has gone.

use clap::{Args, Subcommand};

use super::assemble::{self, Absent};
use super::configured::{ConfigFile, to_type};
use super::person::Sure;
use super::terminal::say;
use super::{Ended, ours, runtime};
use crate::app::App;
use crate::app::acting::Acting;
use crate::app::support::{self, AgencyErased, Found};
use crate::config::Settings;
use crate::domain::agency_code::AgencyCode;

/// The arguments of `vestibule agency`.
#[derive(Debug, Args)]
pub(super) struct Agency {
    #[command(flatten)]
    pub(super) config: ConfigFile,
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Erases what is kept for an agency that the configuration does not have any more: roster, attached accounts, old
    /// passwords, runs of the wizard, letters. It cannot be undone.
    ///
    /// Persons stay, with their accounts elsewhere; those who have none left go too with --with-people. The trace stays
    /// for its time, and acceptances of terms with their persons.
    Erase {
        /// The agency's codes.
        #[arg(value_name = "CLIENT/SOCIETE")]
        agency: String,
        /// Erases the persons, too, who have no account anywhere else.
        #[arg(long)]
        with_people: bool,
        #[command(flatten)]
        sure: Sure,
    },
}

/// Does it.
pub(super) fn run(settings: &Settings, agency: Agency) -> Ended {
    let Act::Erase { agency, with_people, sure } = agency.act;
    let Some(code) = AgencyCode::stored(&agency) else {
        return Ended::Failed(format!("\"{agency}\" is not CLIENT/SOCIETE"));
    };
    if settings.agencies.iter().any(|agency| agency.code == code) {
        return Ended::Failed(format!(
            "the configuration has {code} still; nothing was changed (hint: take its file out of agencies/, {} on every node, \
             then run this again)",
            to_type("reload")
        ));
    }
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let erased = runtime.block_on(assemble::with_app(settings, Absent::Told, async |app| {
        erase(settings, app, &code, with_people, &sure).await
    }));
    erased.map_or_else(Ended::Failed, |()| Ended::Done)
}

async fn erase(
    settings: &Settings,
    app: &App,
    code: &AgencyCode,
    with_people: bool,
    sure: &Sure,
) -> Result<(), String> {
    if support::is_in_force(app, code).await.map_err(|fault| ours(&fault))? {
        return Err(format!(
            "{code} was in force last, and nobody has said that it is to go: its file may only be missing; nothing was changed \
             (hint: put the file back; or, if it is to go, {} says so, where a gateway runs)",
            to_type("reload")
        ));
    }
    let whom = if with_people { ", and the persons who have no other account" } else { "" };
    sure.confirm(&format!("Erase everything that is kept for {code}{whom}? It cannot be undone."))?;
    let erased = support::erase_agency(app, &Acting::operator("agency"), code, &sure.reason)
        .await
        .map_err(|fault| ours(&fault))?;
    let AgencyErased { accounts, attached, alone } = erased;
    say!(
        "{code} is erased: {accounts} accounts of its roster, {attached} attached accounts with what was kept for them."
    );
    if with_people {
        for person in &alone {
            let found = Found::Person(person.clone());
            support::erase(app, &Acting::operator("person"), &found, &sure.reason)
                .await
                .map_err(|fault| ours(&fault))?;
        }
        say!("{} persons who had no other account are erased, too.", alone.len());
    } else if !alone.is_empty() {
        say!("{} persons have no account anywhere now ({}):", alone.len(), to_type("person erase WHO --reason TEXT"));
        for person in &alone {
            say!("  {}", person.as_str());
        }
    }
    super::person::remembered(settings, app, "all").await;
    Ok(())
}
