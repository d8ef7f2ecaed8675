//! `make bench`: what a request through the gateway costs, beside a bare pingora proxy, nginx as a plain proxy, and the
//! reference, nginx with `auth_request` to a backend that looks the session up in Redis.
//!
//! Everything is on loopback. What is measured has one core; load and extranet have another one. The contenders take
//! turns, several rounds, and the medians count. `docs/performance.md` tells how to read the table.

#![expect(clippy::disallowed_macros, reason = "a bench speaks to the terminal")]

mod bare_proxy;
mod certificate;
mod contenders;
mod encrypted;
mod extranet;
mod idle;
mod load;
mod report;
mod residents;
mod scale;
mod session_lookup;
mod sign_ins;
mod start;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use vestibule::domain::password::PasswordHash;

use contenders::{Contender, Process, Setting, free_address, wait_for};
use load::Load;
use report::Report;
use residents::Resident;

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
    /// Which tables; all of them by default.
    #[arg(long, value_delimiter = ',', value_enum)]
    only: Vec<Table>,
    /// Measures this gateway instead of the one that was built for the bench.
    #[arg(long)]
    gateway: Option<PathBuf>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Table {
    /// The gateway beside other proxies, by size of the answer.
    Proxies,
    /// The same with TLS and HTTP/2.
    Encrypted,
    /// The cost of a request by the number of agencies and of sessions.
    Scale,
    /// Start, reload and `check` with 10,000 agency files.
    Start,
    /// Sign-ins a second, and residents who browse meanwhile.
    SignIns,
    /// No table: traffic for the optimisation by a profile (`dist/build.sh`).
    Train,
}

impl Table {
    const ALL: [Self; 5] = [Self::Proxies, Self::Encrypted, Self::Scale, Self::Start, Self::SignIns];
}

/// The processes that this program starts of itself.
#[derive(Debug, Subcommand)]
#[command(rename_all = "kebab-case")]
enum Part {
    #[command(hide = true)]
    Extranet { listen: SocketAddr },
    #[command(hide = true)]
    BareProxy { listen: SocketAddr, upstream: SocketAddr, cert: Option<String>, key: Option<String> },
    #[command(hide = true)]
    SessionLookup { listen: SocketAddr, redis: SocketAddr },
    #[command(hide = true)]
    HashAlone { seconds: u32 },
    #[command(hide = true)]
    SignInLoad { gateway: SocketAddr, list: PathBuf, seconds: u32, at_a_time: usize, browsed: u32 },
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
        None => bench(&arguments),
        Some(Part::Extranet { listen }) => extranet::run(listen),
        Some(Part::BareProxy { listen, upstream, cert, key }) => bare_proxy::run(listen, upstream, cert.zip(key)),
        Some(Part::SessionLookup { listen, redis }) => session_lookup::run(listen, redis),
        Some(Part::HashAlone { seconds }) => sign_ins::hash_alone(seconds),
        Some(Part::SignInLoad { gateway, list, seconds, at_a_time, browsed }) => {
            sign_ins::load_part(gateway, &list, seconds, at_a_time, browsed)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &Arguments) -> Result<(), Failed> {
    if std::thread::available_parallelism()?.get() < 2 {
        return Err("two cores are needed: one for what is measured, one for the load".into());
    }
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let ground = Ground::prepare(arguments)?;
    let tables = if arguments.only.is_empty() { &Table::ALL[..] } else { &arguments.only };
    for table in tables {
        match table {
            Table::Proxies => proxies(&ground)?,
            Table::Encrypted => encrypted::table(&ground)?,
            Table::Scale => scale::table(&ground)?,
            Table::Start => start::table(&ground)?,
            Table::SignIns => sign_ins::table(&ground)?,
            Table::Train => train(&ground)?,
        }
    }
    Ok(())
}

/// What every table stands on.
struct Ground {
    folder: PathBuf,
    script: PathBuf,
    extranet: SocketAddr,
    _extranet: Process,
    program: PathBuf,
    seconds: u32,
    rounds: u32,
    runtime: tokio::runtime::Runtime,
}

impl Ground {
    fn prepare(arguments: &Arguments) -> Result<Self, Failed> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
        // Nothing of a run before; it is not there the first time.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let script = folder.join("load.lua");
        fs::write(&script, include_str!("load.lua"))?;
        let extranet = free_address()?;
        let process = Process::of_ours(LOAD_CORE, &["extranet", &extranet.to_string()], &folder.join("extranet.log"))?;
        wait_for(extranet)?;
        let program = arguments.gateway.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_vestibule")));
        Ok(Self {
            folder,
            script,
            extranet,
            _extranet: process,
            program: program.canonicalize()?,
            seconds: arguments.seconds,
            rounds: arguments.rounds,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        })
    }

    /// Residents who are signed in, at so many `visited` ones of the agencies, in a database of this name.
    fn residents(&self, name: &str, agencies: usize, visited: usize) -> Result<(PathBuf, Vec<Resident>), Failed> {
        let database = self.folder.join(format!("{name}.db"));
        // Nobody types a password.
        let password = PasswordHash::phc("$argon2id$v=19$m=19456,t=2,p=1$none$none");
        let residents = self.runtime.block_on(residents::sign_in(&database, agencies, visited, &password))?;
        Ok((database, residents))
    }

    /// Their list, for wrk.
    fn list(&self, name: &str, residents: &[Resident]) -> Result<PathBuf, Failed> {
        let line = |resident: &Resident| format!("{} {} {}", resident.login, resident.cookie, resident.host);
        let file = self.folder.join(format!("{name}.list"));
        fs::write(&file, residents.iter().map(line).collect::<Vec<_>>().join("\n"))?;
        Ok(file)
    }

    fn load<'a>(&'a self, list: &'a Path) -> Load<'a> {
        Load { script: &self.script, residents: list, extranet: self.extranet }
    }

    fn setting<'a>(
        &'a self,
        database: &'a Path,
        residents: &'a [Resident],
        agencies: usize,
        more: &'a str,
    ) -> Setting<'a> {
        Setting {
            program: &self.program,
            agencies,
            cache_seconds: 30,
            more,
            extranet: self.extranet,
            database,
            residents,
            certificate: None,
        }
    }
}

fn proxies(ground: &Ground) -> Result<(), Failed> {
    let (database, residents) = ground.residents("proxies", 1, 1)?;
    let list = ground.list("proxies", &residents)?;
    let folder = &ground.folder;
    let setting = ground.setting(&database, &residents, 1, "");
    let contenders = [
        Contender::gateway("gateway", folder, &setting, "info")?,
        Contender::gateway("gateway, no access log", folder, &setting, "warn")?,
        Contender::bare("bare pingora", folder, &setting)?,
        Contender::nginx("nginx, plain proxy", folder, &setting)?,
        Contender::reference("nginx, auth_request, Redis", folder, &setting)?,
    ];
    let mut report = Report::new(contenders.len());
    for (contender, row) in contenders.iter().zip(0..) {
        eprint!("\ridle connections of {:40}", contender.name);
        report.idle(row, idle::memory(contender, &residents)?);
    }
    let load = ground.load(&list);
    for contender in &contenders {
        load.on(contender, Size::Small, 1)?;
    }
    for round in 1..=ground.rounds {
        for size in Size::ALL {
            for (contender, row) in contenders.iter().zip(0..) {
                eprint!("\rround {round} of {}, {:7} {:40}", ground.rounds, size.title(), contender.name);
                report.stretch(row, size, load.on(contender, size, ground.seconds)?);
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

/// The ways that requests go in production, the frequent ones the most: what the compiler is told of.
fn train(ground: &Ground) -> Result<(), Failed> {
    const AGENCIES: usize = 20;
    const STRANGERS: usize = 200;
    let (database, residents) = ground.residents("train", AGENCIES, AGENCIES)?;
    let list = ground.list("train", &residents)?;
    let setting = ground.setting(&database, &residents, AGENCIES, "");
    let gateway = Contender::gateway("train", &ground.folder, &setting, "info")?;
    let agency = residents::host(0);
    for _ in 0..STRANGERS {
        // A stranger is sent to sign in, and an image of nobody's gets 401: neither is a failure here.
        for path in ["/", "/logo.png"] {
            idle::ask(gateway.address, &agency, path, "")?;
        }
        idle::ask(gateway.address, "www.localhost", "/login?client=BENCH&societe=00000", "")?;
    }
    for size in Size::ALL {
        ground.load(&list).on(&gateway, size, ground.seconds)?;
    }
    Ok(())
}
