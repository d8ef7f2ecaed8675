//! `make bench`: what a request through the gateway costs, beside a bare pingora proxy, nginx as a plain proxy, and the
//! reference, nginx with `auth_request` to a backend that looks the session up in Redis.
//!
//! Everything is on loopback. What is measured has one core; load and extranet have another one. The contenders take
//! turns, several rounds, and the medians count. `docs/performance.md` tells how to read the table.

#![expect(clippy::disallowed_macros, reason = "a bench speaks to the terminal")]

mod bare_proxy;
mod contenders;
mod extranet;
mod idle;
mod load;
mod report;
mod residents;
mod session_lookup;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use vestibule::domain::agency::AgencyCode;

use contenders::{Contender, Process, Setting, free_address, wait_for};
use load::Load;
use report::Report;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Whatever ends the bench before its time.
type Failed = Box<dyn std::error::Error>;

/// The core of what is measured.
const TEST_CORE: &str = "0";
/// The core of load and extranet.
const LOAD_CORE: &str = "1";
/// The header that tells the extranet who is there.
const IDENTITY_HEADER: &str = "X-Extranet-User";
/// The session cookie on an agency's host without TLS.
const COOKIE_NAME: &str = "vestibule";

/// Measures the gateway beside other proxies.
#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds of load for each contender, size and round.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Rounds; the medians count.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The processes that this program starts of itself.
#[derive(Debug, Subcommand)]
#[command(rename_all = "kebab-case")]
enum Part {
    #[command(hide = true)]
    Extranet { listen: SocketAddr },
    #[command(hide = true)]
    BareProxy { listen: SocketAddr, upstream: SocketAddr },
    #[command(hide = true)]
    SessionLookup { listen: SocketAddr, redis: SocketAddr },
}

/// How large the answers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Small,
    Middle,
    Large,
}

impl Size {
    const ALL: [Self; 3] = [Self::Small, Self::Middle, Self::Large];

    const fn bytes(self) -> usize {
        match self {
            Self::Small => 1 << 10,
            Self::Middle => 64 << 10,
            Self::Large => 10 << 20,
        }
    }

    /// The last part of the paths that are asked for.
    const fn name(self) -> &'static str {
        match self {
            Self::Small => "1k",
            Self::Middle => "64k",
            Self::Large => "10m",
        }
    }

    /// As the table names it.
    const fn title(self) -> &'static str {
        match self {
            Self::Small => "1 KiB",
            Self::Middle => "64 KiB",
            Self::Large => "10 MiB",
        }
    }

    /// Connections at a time.
    const fn connections(self) -> u32 {
        match self {
            Self::Small => 64,
            Self::Middle => 32,
            Self::Large => 4,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.part {
        None => bench(arguments.seconds, arguments.rounds),
        Some(Part::Extranet { listen }) => extranet::run(listen),
        Some(Part::BareProxy { listen, upstream }) => bare_proxy::run(listen, upstream),
        Some(Part::SessionLookup { listen, redis }) => session_lookup::run(listen, redis),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(seconds: u32, rounds: u32) -> Result<(), Failed> {
    if std::thread::available_parallelism()?.get() < 2 {
        return Err("two cores are needed: one for what is measured, one for the load".into());
    }
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    // Nothing of a run before; it is not there the first time.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;

    let database = folder.join("vestibule.db");
    let agency = AgencyCode::parse("BENCH", "01").ok_or("codes")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let residents = runtime.block_on(residents::sign_in(&database, &agency))?;
    let lines: Vec<String> =
        residents.iter().map(|resident| format!("{} {}", resident.login, resident.cookie)).collect();
    let (list_file, script) = (folder.join("residents"), folder.join("load.lua"));
    fs::write(&list_file, lines.join("\n"))?;
    fs::write(&script, include_str!("load.lua"))?;

    let upstream = free_address()?;
    let _extranet = Process::of_ours(LOAD_CORE, &["extranet", &upstream.to_string()], &folder.join("extranet.log"))?;
    wait_for(upstream)?;
    let host = "agence.localhost";
    let setting = Setting { host, extranet: upstream, database: &database, residents: &residents };
    let contenders = [
        Contender::gateway("gateway", &folder, &setting, "info")?,
        Contender::gateway("gateway, no access log", &folder, &setting, "warn")?,
        Contender::bare("bare pingora", &folder, &setting)?,
        Contender::nginx("nginx, plain proxy", &folder, &setting)?,
        Contender::reference("nginx, auth_request, Redis", &folder, &setting)?,
    ];

    let mut report = Report::new(contenders.len());
    for (contender, row) in contenders.iter().zip(0..) {
        eprint!("\ridle connections of {:40}", contender.name);
        report.idle(row, idle::memory(contender, host, &residents)?);
    }
    let load = Load { script: &script, residents: &list_file, host, extranet: upstream };
    for contender in &contenders {
        load.on(contender, Size::Small, 1)?;
    }
    for round in 1..=rounds {
        for size in Size::ALL {
            for (contender, row) in contenders.iter().zip(0..) {
                eprint!("\rround {round} of {rounds}, {:7} {:40}", size.title(), contender.name);
                report.stretch(row, size, load.on(contender, size, seconds)?);
            }
        }
    }
    for (contender, row) in contenders.iter().zip(0..) {
        report.memory(row, contender.memory_kib()?);
    }
    eprintln!("\r{:70}", "");
    report.print(&contenders);
    report.disturbance();
    report.verdict(&contenders)
}
