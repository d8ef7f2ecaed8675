//! The command line: the only place that names every module.

#![expect(clippy::disallowed_macros, reason = "this is where the program speaks to the terminal")]

mod assemble;
mod check;
mod demo;
mod health;
mod import;
mod serve;
mod store_copy;
mod vault;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{self, Loaded, Settings, Severity};
use crate::telemetry::SystemDice;

/// An authentication gateway in front of extranets that nobody will change any more.
///
/// Residents sign in once, with an e-mail address and a password of their own; Vestibule finds the account that they
/// have in each agency's extranet, signs them in there, and forwards their traffic.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, arg_required_else_help = true)]
#[command(after_help = "\
Begin with:
  vestibule demo                                try it: two sample extranets, a mailbox, nothing to set up
  vestibule check --config vestibule.toml       what is wrong in the configuration, and where each value comes from
  vestibule serve --config vestibule.toml       run it

Exit codes: 0 done, 1 something failed, 2 the arguments or the configuration are wrong.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gateway.
    ///
    /// Stops on Ctrl-C or SIGTERM: new connections are refused, requests under way may end.
    Serve {
        /// The configuration; the agencies' files are found from it.
        #[arg(long, short, value_name = "FILE", default_value = "config/vestibule.toml")]
        config: PathBuf,
    },
    /// Tells everything that is wrong in the configuration, with file, line and a hint, and where each value comes from.
    ///
    /// Also tries to reach every extranet, which changes nothing there; leave that out with --offline.
    Check {
        /// The configuration.
        #[arg(long, short, value_name = "FILE", default_value = "config/vestibule.toml")]
        config: PathBuf,
        /// Does not try to reach the extranets.
        #[arg(long)]
        offline: bool,
    },
    /// Runs the gateway in front of two sample extranets, with a mailbox page to read its letters in.
    Demo {
        /// Where the demo keeps its files; what was done before is still there the next time.
        #[arg(long, value_name = "FOLDER", default_value = "demo-data")]
        folder: PathBuf,
        /// The gateway's port; extranets, mailbox and health take the four after it.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Takes an agency's roster: accounts with names, kinds, e-mail addresses and provisional credentials.
    ///
    /// The file is CSV with a line of headings (login, password, name, kind, email; only login is needed; French
    /// headings are understood), separated by comma or semicolon, in UTF-8 or Windows-1252. Lines that are wrong are
    /// told with their number and left out; the others are taken. Importing again replaces what was said before.
    Import {
        /// The roster.
        #[arg(value_name = "ROSTER.csv")]
        roster: PathBuf,
        /// The configuration.
        #[arg(long, short, value_name = "FILE", default_value = "config/vestibule.toml")]
        config: PathBuf,
        /// The agency's codes.
        #[arg(long, value_name = "CLIENT/SOCIETE")]
        agency: String,
        /// Days that provisional credentials live; they die with their use all the same.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=90))]
        days: u32,
        /// Writes the lines that were refused to this file, with the reason, to be mended and imported again.
        #[arg(long, value_name = "FILE")]
        refused: Option<PathBuf>,
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
    /// Writes a new key into a new file, for its owner's eyes only.
    NewKey {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Seals everything anew under the current key, and tells which old keys are not needed any more.
    ///
    /// The gateway may go on running, and this may be interrupted and run again.
    Rotate {
        /// The configuration, with the new key as the current one and the one before among the old ones.
        #[arg(long, short, value_name = "FILE", default_value = "config/vestibule.toml")]
        config: PathBuf,
    },
}

/// What a command ends with.
enum Ended {
    Done,
    Failed(String),
    Misconfigured,
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    // rustls would otherwise guess between providers at its first use. A second installation is refused, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ended = match Arguments::parse().command {
        Command::Serve { config } => with_settings(&config, |settings| serve::run(&settings)),
        Command::Check { config, offline } => check::run(&config, offline),
        Command::Demo { folder, port } => demo::run(&folder, port),
        Command::Import { roster, config, agency, days, refused } => {
            with_settings(&config, |settings| import::run(&settings, &import::Wanted { roster, agency, days, refused }))
        }
        Command::Store(StoreCommand::Copy { from, to }) => store_copy::run(&from, &to),
        Command::Vault(VaultCommand::NewKey { file }) => vault::new_key(&file, &SystemDice),
        Command::Vault(VaultCommand::Rotate { config }) => with_settings(&config, |settings| vault::rotate(&settings)),
    };
    match ended {
        Ended::Done => ExitCode::SUCCESS,
        Ended::Failed(reason) => {
            eprintln!("vestibule: {reason}");
            ExitCode::from(1)
        }
        Ended::Misconfigured => ExitCode::from(2),
    }
}

/// Loads the configuration, tells its problems, and goes on where there is no error among them.
fn with_settings(path: &std::path::Path, go_on: impl FnOnce(Settings) -> Ended) -> Ended {
    match config::load(path) {
        Ok(Loaded { settings, warnings }) => {
            for warning in &warnings {
                eprintln!("{warning}");
            }
            go_on(settings)
        }
        Err(problems) => {
            for problem in &problems.0 {
                eprintln!("{problem}");
            }
            let errors = problems.0.iter().filter(|problem| problem.severity == Severity::Error).count();
            eprintln!("vestibule: {errors} error(s) in the configuration; nothing was started");
            Ended::Misconfigured
        }
    }
}

/// The runtime that carries everything.
fn runtime(workers: usize) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers.max(1)).enable_all().build()
}
