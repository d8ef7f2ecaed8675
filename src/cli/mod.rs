//! The command line: the only place that names every module.

mod ageing;
mod agency;
mod ask_health;
mod assemble;
mod audit;
mod check;
mod configured;
mod control;
mod demo;
mod descriptors;
mod fingerprint;
mod health;
mod import;
mod lost_secrets;
mod mail;
mod operated;
mod outcome;
mod pages;
mod parts;
mod person;
mod reach;
mod readable;
mod reading;
mod reload;
mod restore_check;
mod said;
mod serve;
mod served;
mod store_copy;
mod succession;
mod terminal;
mod upgrade;
mod vault;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use configured::ConfigFile;
use parts::{VAULT, with_parts};
use said::{Said, UNASKED};
use terminal::{say, tell};

use crate::app::Fault;
use crate::config::{self, Settings};
use crate::domain::removal::Consent;
use crate::telemetry::SystemDice;

/// An authentication gateway in front of extranets that nobody will change any more.
///
/// Residents sign in once, with an e-mail address and a password of their own; Vestibule finds the account that they
/// have in each agency's extranet, signs them in there, and forwards their traffic.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, arg_required_else_help = true)]
#[command(after_help = "\
Begin with:
  vestibule demo                                try it: four sample extranets, a mailbox, nothing to set up
  vestibule check --config vestibule.toml       what is wrong in the configuration, and where each value comes from
  vestibule serve --config vestibule.toml       run it

Exit codes: 0 done, 1 something failed, 2 the arguments or the configuration are wrong, 3 a roster was imported, but
lines of it were refused.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gateway.
    ///
    /// Stops on Ctrl-C or SIGTERM: new connections are refused, requests under way may end. Reloads on SIGHUP. Takes
    /// listeners that systemd has opened, if their addresses are those of the configuration.
    Serve {
        #[command(flatten)]
        config: ConfigFile,
        /// Takes the listeners over from the gateway that runs on this configuration, so that no connection is refused;
        /// the old process ends once its last request has.
        #[arg(long)]
        upgrade: bool,
        /// Takes over although more agencies would be gone than may go by themselves.
        #[arg(long, short, requires = "upgrade")]
        yes: bool,
    },
    /// Puts the changed configuration in force, in the gateway that runs on it: all of it, or nothing.
    ///
    /// What is wrong is told with file, line and a hint, and the old one stays in force. Listeners, the database, keys
    /// and mail need a restart (or `vestibule upgrade`); which of them have changed is told by name. Where more agencies
    /// would be gone than may go by themselves (`server.reload_removes`), they are told, and it asks.
    Reload {
        #[command(flatten)]
        config: ConfigFile,
        /// Does not ask whether agencies that are gone from the files are to go.
        #[arg(long, short)]
        yes: bool,
    },
    /// Has the gateway that runs start the program that is installed now, which takes its listeners over: no connection is
    /// refused, and the old process ends once its last request has.
    ///
    /// The new process runs as the old one does, also as a unit of systemd. It reads the configuration anew. Where it does
    /// not get ready, the old one goes on.
    Upgrade {
        #[command(flatten)]
        config: ConfigFile,
        /// Does not ask whether agencies that are gone from the files are to go.
        #[arg(long, short)]
        yes: bool,
    },
    /// Tells how the gateway that runs on this configuration is: version, readiness, what is in force, the last reload.
    Status {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Tells everything that is wrong in the configuration, with file, line and a hint, and where each value comes from.
    ///
    /// Also tries the database, the mail server (no letter is sent), Redis and every extranet, which changes nothing there;
    /// leave that out with --offline. Where the gateway runs, it tells what that has learnt of them. Exit codes: 0 all in
    /// order, 1 something cannot be reached, 2 the configuration is wrong.
    Check {
        #[command(flatten)]
        config: ConfigFile,
        /// Does not try to reach anything.
        #[arg(long)]
        offline: bool,
        /// As whom the gateway runs, whose right to read each file is looked at; `vestibule`, where root asks and such a
        /// user is there.
        #[arg(long, value_name = "USER")]
        user: Option<String>,
    },
    /// Runs the gateway in front of four sample extranets, with a mailbox page to read its letters in.
    Demo {
        /// Where the demo keeps its files; what was done before is still there the next time.
        #[arg(long, value_name = "FOLDER", default_value = "demo-data")]
        folder: PathBuf,
        /// The gateway's port; extranets, mailbox and health take the four after it.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Draws every page and every letter that residents see, as files to look at: in every state, in both languages.
    ///
    /// Open FOLDER/index.html in a browser, without a server: phone and desktop side by side, letters with their plain text,
    /// and beside each what the agency has to have set for it. Names of sentences and templates stand there, too, for own
    /// copies of them (`[pages]` in the configuration). Nothing is sent, and no database is opened.
    ///
    /// Without --config it is the sample agency. With --config it is the portal and the own pages that the file names, and
    /// with --agency that agency's brand, terms, rules and times; files that it has no need of may be missing. It takes
    /// seconds. A folder that holds anything else is refused; what an earlier run has written is replaced.
    #[command(
        after_help = "Exit codes: 0 drawn, 1 the folder cannot be written, or holds something else, 2 the arguments, the \
                            configuration or the own pages are wrong."
    )]
    Pages {
        /// Where to; made if it is not there.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
        /// The agency's codes.
        #[arg(long, value_name = "CLIENT/SOCIETE")]
        agency: Option<String>,
    },
    /// Looks at the letters and sends them again, tries the transport, tells what belongs into the DNS.
    Mail {
        #[command(flatten)]
        config: ConfigFile,
        #[command(subcommand)]
        command: mail::MailCommand,
    },
    /// Takes an agency's roster: accounts with names, kinds, e-mail addresses and provisional credentials.
    ///
    /// The file is CSV with a line of headings (login, password, name, kind, email; only login is needed; French
    /// headings are understood), separated by comma or semicolon, in UTF-8 or Windows-1252. Lines that are wrong are
    /// told with their number and left out; the others are taken. Importing again replaces what was said before.
    ///
    /// What would happen is told first, and asked where accounts are taken away. More of them than
    /// `policy.roster_loss_percent` are refused.
    #[command(
        after_help = "Exit codes: 0 all lines taken, 1 nothing or not everything was done, 2 the arguments or the \
                            configuration are wrong, 3 done, but lines were refused."
    )]
    Import {
        /// The roster.
        #[arg(value_name = "ROSTER.csv", required_unless_present = "undo", conflicts_with = "undo")]
        roster: Option<PathBuf>,
        #[command(flatten)]
        config: ConfigFile,
        /// The agency's codes.
        #[arg(long, value_name = "CLIENT/SOCIETE")]
        agency: String,
        /// Days that provisional credentials live; they die with their use all the same.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=90))]
        days: u32,
        /// The file is the whole roster: accounts that do not stand in it are closed, and their owners told by letter.
        #[arg(long, conflicts_with = "undo")]
        replace: bool,
        /// Writes the lines that were refused to this file, with the reason, to be mended and imported again.
        #[arg(long, value_name = "FILE", conflicts_with = "undo")]
        refused: Option<PathBuf>,
        /// Tells what would happen, or with --undo what that would come to, and changes nothing.
        #[arg(long)]
        dry_run: bool,
        /// So many accounts may be taken away, whatever `policy.roster_loss_percent` says.
        #[arg(long, value_name = "ACCOUNTS", conflicts_with = "undo")]
        accept_loss: Option<u64>,
        /// Undoes the agency's last import, within a week: the roster is as before, and accounts that were taken away
        /// are their persons' again.
        #[arg(long)]
        undo: bool,
        /// Does not ask whether you are sure.
        #[arg(long, short)]
        yes: bool,
    },
    /// Asks the gateway that runs on this machine whether it is ready; fails where it is not.
    ///
    /// Meant for a container engine's health check, and for whoever is called at night. A mistake in the files is none of
    /// its concern.
    Health {
        #[command(flatten)]
        config: ConfigFile,
        /// Asks only whether it is alive: one that waits for its database is.
        #[arg(long)]
        alive: bool,
    },
    /// Tells support why somebody does not get in, and mends it: locks, letters, attached accounts, access.
    ///
    /// Works beside a running gateway. Everything that is changed wants a reason, which is kept in the trace.
    Person(person::Person),
    /// What is left of an agency that has gone: erases it.
    Agency(agency::Agency),
    /// Asks the trace: who was refused and why, who guesses, what happened to somebody, whether a line is missing.
    ///
    /// Works beside a running gateway, on SQLite and PostgreSQL. That somebody looked at lines is traced.
    Audit(audit::Audit),
    /// After a database was brought back from a backup, and before a gateway serves from it.
    ///
    /// The backup knows nothing of what came after it: letters that may have gone out are held, everybody is signed out
    /// wherever sign-ins live, and resets that were asked for are over. With --old it tells what operators, agencies and
    /// people did since, and what to type to have it again. A database that a gateway has open is refused.
    RestoreCheck {
        #[command(flatten)]
        config: ConfigFile,
        /// The database from before, if it can still be read (`sqlite:<path>`, `postgres://…`, or `@<file>` that holds
        /// the URL), or its trace as `vestibule audit export` wrote it.
        #[arg(long, value_name = "URL|FILE")]
        old: Option<String>,
        /// Does not ask whether you are sure.
        #[arg(long, short)]
        yes: bool,
    },
    /// Moves an installation to another database.
    #[command(subcommand)]
    Store(StoreCommand),
    /// The keys that seal old passwords.
    #[command(subcommand)]
    Vault(VaultCommand),
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Copies everything from one database to another, which has to be empty; either may be SQLite or PostgreSQL.
    ///
    /// Stop the gateway before, and afterwards put the new URL into its configuration: that is all. Nothing is changed
    /// in the database that is copied from; the other one holds everything in the end, or nothing.
    Copy {
        /// The database to copy from: `sqlite:<path>`, `postgres://…`, or `@<file>` that holds the URL.
        #[arg(long, value_name = "URL")]
        from: String,
        /// The database to copy to. A password belongs into a file: everybody on the machine can read arguments.
        #[arg(long, value_name = "URL")]
        to: String,
    },
}

#[derive(Debug, Subcommand)]
enum VaultCommand {
    /// Writes a new key into a new file, for its owner's eyes only; of root's, also for the group of the folder.
    NewKey {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Tells how many secrets each key has sealed, and which old keys are not needed any more. Nothing is changed.
    Keys {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Seals everything anew under the current key, and tells which old keys are not needed any more.
    ///
    /// The gateway may go on running, if it has the new key already (`vestibule upgrade`), and this may be interrupted and
    /// run again. Where others serve from the same database, it asks whether they have it.
    Rotate {
        #[command(flatten)]
        config: ConfigFile,
        /// Does not ask whether the other nodes have the new key.
        #[arg(long, short)]
        yes: bool,
    },
}

/// What a command ends with.
enum Ended {
    Done,
    /// Done, but for lines of a roster that were refused.
    Partly,
    Failed(String),
    Misconfigured,
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    // rustls would otherwise guess between providers at its first use. A second installation is refused, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ended = carry_out(Arguments::parse().command).unwrap_or_else(|ended| ended);
    match ended {
        Ended::Done | Ended::Partly if terminal::lost() => {
            tell!("vestibule: not everything that was to be said could be written");
            ExitCode::from(1)
        }
        Ended::Done => ExitCode::SUCCESS,
        Ended::Partly => ExitCode::from(3),
        Ended::Failed(reason) => {
            tell!("vestibule: {reason}");
            ExitCode::from(1)
        }
        Ended::Misconfigured => ExitCode::from(2),
    }
}

/// Does what the arguments say; the error is that no configuration is found.
fn carry_out(command: Command) -> Result<Ended, Ended> {
    Ok(match command {
        Command::Serve { config, upgrade, yes } => {
            let consent = if yes { Consent::ToAny } else { Consent::None };
            serve::run(&config.find_to_serve()?, upgrade.then_some(consent))
        }
        Command::Reload { config, yes } => reload(&config.find()?, yes),
        Command::Upgrade { config, yes } => ask(&config.find()?, "replace", yes),
        Command::Status { config } => ask(&config.find()?, "status", false),
        Command::Check { config, offline, user } => check::run(&config.find()?, offline, user.as_deref()),
        Command::Demo { folder, port } => demo::run(&folder, port),
        Command::Pages { folder, config, agency } => pages::run(&folder, config, agency.as_deref()),
        Command::Mail { config, command } => {
            with_parts(&config.find()?, mail::needs(&command), |settings| mail::run(&settings, &command))
        }
        Command::Import { config, agency, undo: true, dry_run, yes, .. } => {
            with_parts(&config.find()?, parts::PEOPLE, |settings| import::undo(&settings, &agency, dry_run, yes))
        }
        Command::Import { roster, config, agency, days, replace, refused, dry_run, accept_loss, undo: false, yes } => {
            let roster = roster.unwrap_or_default();
            let wanted = import::Wanted { roster, days, replace, refused, dry_run, accept_loss, yes };
            with_parts(&config.find()?, parts::PEOPLE, |settings| import::run(&settings, &agency, &wanted))
        }
        // Whole: an agency whose file is broken is not one that is gone.
        Command::Agency(agency) => {
            let config = agency.config.clone();
            with_settings(&config.find()?, |settings, _| agency::run(&settings, agency))
        }
        Command::Audit(asked) => {
            let config = asked.config.clone();
            with_parts(&config.find()?, parts::PEOPLE, |settings| audit::run(&settings, asked))
        }
        Command::RestoreCheck { config, old, yes } => {
            with_parts(&config.find()?, parts::PEOPLE, |settings| restore_check::run(&settings, old.as_deref(), yes))
        }
        Command::Store(StoreCommand::Copy { from, to }) => store_copy::run(&from, &to),
        Command::Vault(VaultCommand::NewKey { file }) => vault::new_key(&file, &SystemDice),
        Command::Vault(VaultCommand::Rotate { config, yes }) => {
            with_parts(&config.find()?, VAULT, |settings| vault::rotate(&settings, yes))
        }
        Command::Vault(VaultCommand::Keys { config }) => {
            with_parts(&config.find()?, VAULT, |settings| vault::keys(&settings))
        }
        Command::Health { config, alive } => ask_health::run(&config.find_silently()?, alive),
        Command::Person(person) => {
            let config = person.config.clone();
            with_parts(&config.find()?, parts::PEOPLE, |settings| person::run(&settings, person))
        }
    })
}

/// What else is known of a configuration that was read.
struct Read<'f> {
    /// The files that it depends on.
    files: &'f [PathBuf],
    /// How much a start goes on with, and a reload does not.
    flaws: usize,
}

/// Loads the configuration, tells its problems, and goes on where there is no error among them.
fn with_settings(path: &std::path::Path, go_on: impl FnOnce(Settings, Read<'_>) -> Ended) -> Ended {
    let reading::Attempt { files, outcome } = reading::read(path);
    match outcome {
        Ok(reading) => {
            for warning in reading.warnings.iter().chain(&reading.flaws) {
                tell!("{warning}");
            }
            go_on(reading.settings, Read { files: &files, flaws: reading.flaws.len() })
        }
        Err(refused) => tell_refused(&refused),
    }
}

fn tell_refused(refused: &reading::Refused) -> Ended {
    tell!("{}", refused.describe());
    tell!("vestibule: {} error(s) in the configuration; nothing was started", refused.errors);
    Ended::Misconfigured
}

/// Asked about agencies.
const GO: &str = "Are they to go?";

/// Has the configuration put in force. Where nobody is there to be asked, that is no word about agencies that are missing.
fn reload(path: &std::path::Path, yes: bool) -> Ended {
    if yes || terminal::is_there() {
        return ask(path, "reload", yes);
    }
    ask(path, &format!("reload {UNASKED}"), false)
}

/// Asks the gateway that runs on this configuration, and shows what it says. What it asks back is asked at the terminal.
fn ask(path: &std::path::Path, line: &str, yes: bool) -> Ended {
    // A configuration that is refused is just what a reload has to tell: where the socket is, is all that is needed.
    let places = config::glance(path).control;
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let mut words = if yes { succession::agreeing(line, None) } else { line.to_owned() };
    loop {
        match runtime.block_on(control::ask(&places, &words)) {
            Ok(Said::Done(text)) => {
                say!("{text}");
                return Ended::Done;
            }
            Ok(Said::Failed(text)) => {
                tell!("{text}");
                return Ended::Failed(format!("{}: refused", line.split(' ').next().unwrap_or(line)));
            }
            Ok(Said::Misses { consent, text }) => {
                say!("{text}");
                if terminal::confirm(GO, false).is_err() {
                    // The rest is in force, and a hook that has renewed a certificate has not failed.
                    let why = if terminal::is_there() {
                        ""
                    } else {
                        ": nobody is here to be asked (hint: --yes, if they are to go)"
                    };
                    tell!("warning: the agencies that are missing stay missed{why}");
                    return Ended::Done;
                }
                words = succession::agreeing(line, Some(&consent));
            }
            Ok(Said::Asks { consent, text }) => {
                tell!("{text}");
                if let Err(reason) = terminal::confirm(GO, false) {
                    return Ended::Failed(format!("{reason}; the configuration before stays in force"));
                }
                words = succession::agreeing(line, Some(&consent));
            }
            Err(reason) => return Ended::Failed(reason),
        }
    }
}

/// A fault of ours in words, with what lies under it.
fn ours(fault: &Fault) -> String {
    chain(fault)
}

/// An error and everything under it. A word that is said already is not said again.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        let deeper_words = deeper.to_string();
        if !words.contains(&deeper_words) {
            words = format!("{words}: {deeper_words}");
        }
        source = deeper.source();
    }
    words
}

/// The runtime that carries everything.
fn runtime(workers: usize) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers.max(1)).enable_all().build()
}
