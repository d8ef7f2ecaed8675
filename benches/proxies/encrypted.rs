//! What TLS and HTTP/2 cost: the gateway, the bare proxy and nginx with the same certificate, under the load of h2load.

use std::fs;
use std::process::Command;

use crate::certificate::Certificate;
use crate::contenders::Contender;
use crate::report::median;
use crate::residents::Resident;
use crate::{Failed, Ground, LOAD_CORE, Size};

/// The session cookie on an agency's host with TLS.
const COOKIE_NAME: &str = "__Host-vestibule";
/// Connections that are opened for one request each.
const HANDSHAKES: u32 = 1000;

/// A way in which requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// HTTP/1.1 on connections that stay.
    Http1,
    /// HTTP/2, several requests at a time on each connection.
    Http2,
    /// A connection for each request.
    Opened,
}

impl Way {
    const ALL: [Self; 3] = [Self::Http1, Self::Http2, Self::Opened];

    const fn title(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1 over TLS 1.3, 64 connections",
            Self::Http2 => "HTTP/2 over TLS 1.3, 16 connections with 4 requests at a time",
            Self::Opened => "a new connection for each request, HTTP/1.1 over TLS 1.3, a full handshake",
        }
    }

    fn arguments(self, seconds: u32) -> Vec<String> {
        let words = match self {
            Self::Http1 => format!("--h1 -c64 -D{seconds}"),
            Self::Http2 => format!("-c16 -m4 -D{seconds}"),
            Self::Opened => format!("--h1 -c{HANDSHAKES} -n{HANDSHAKES}"),
        };
        words.split(' ').map(str::to_owned).collect()
    }
}

/// Measures and prints.
pub fn table(ground: &Ground) -> Result<(), Failed> {
    let certificate = Certificate::write(&ground.folder)?;
    let (database, residents) = ground.residents("encrypted", 1, 1)?;
    let resident = residents.first().ok_or("no residents")?;
    let mut setting = ground.setting(&database, &residents, 1, "");
    setting.certificate = Some(&certificate);
    let folder = ground.folder.join("encrypted");
    fs::create_dir_all(&folder)?;
    let contenders = [
        Contender::gateway("gateway", &folder, &setting, "info")?,
        Contender::bare("bare pingora", &folder, &setting)?,
        Contender::nginx("nginx, plain proxy", &folder, &setting)?,
    ];
    let mut seen = vec![[const { Vec::new() }; Way::ALL.len()]; contenders.len()];
    for round in 1..=ground.rounds {
        for (at, way) in Way::ALL.into_iter().enumerate() {
            for (contender, seen) in contenders.iter().zip(&mut seen) {
                eprint!("\rround {round} of {}, {way:?} {:30}", ground.rounds, contender.name);
                seen[at].push(load(ground, contender, resident, way)?);
            }
        }
    }
    eprintln!("\r{:70}", "");
    for (at, way) in Way::ALL.into_iter().enumerate() {
        println!("\n{}, 1 KiB a body\n", way.title());
        println!("| | CPU µs/request | to bare pingora | requests/s |\n|---|--:|--:|--:|");
        for (contender, mine) in contenders.iter().zip(&seen) {
            let ratio = median(mine[at].iter().zip(&seen[1][at]).map(|(mine, bare)| mine.0 / bare.0));
            let (cost, rate) = (median(mine[at].iter().map(|it| it.0)), median(mine[at].iter().map(|it| it.1)));
            println!("| {} | {cost:.1} | {ratio:.2} | {rate:.0} |", contender.name);
        }
    }
    Ok(())
}

/// One stretch: processor time for each request in microseconds, and requests a second.
fn load(ground: &Ground, contender: &Contender, resident: &Resident, way: Way) -> Result<(f64, f64), Failed> {
    let list = ground.folder.join("unused");
    let load = ground.load(&list);
    load.counts()?;
    let before = contender.processor_time()?;
    let port = contender.address.port();
    let h2load = Command::new("taskset")
        .args(["-c", LOAD_CORE, "h2load", "-t1", &format!("--connect-to=127.0.0.1:{port}")])
        .args(way.arguments(ground.seconds))
        .args(["-H", &format!("Cookie: theme=clair; {COOKIE_NAME}={}", resident.cookie)])
        .args(["-H", "Accept: text/html", "-H", "Sec-Fetch-Mode: navigate", "-H", "Accept-Language: fr"])
        .arg(format!("https://{}:{port}/{}/{}", resident.host, resident.login, Size::Small.name()))
        .output()?;
    let used = contender.processor_time()?.saturating_sub(before).as_secs_f64() * 1e6;
    let told = String::from_utf8_lossy(&h2load.stdout);
    let (done, rate) =
        read(&told).ok_or_else(|| format!("h2load: {told}{}", String::from_utf8_lossy(&h2load.stderr)))?;
    let counts = load.counts()?;
    if counts.wrong > 0 || (contender.identifies && (counts.absent > 0 || counts.right == 0)) {
        return Err(format!("{}: {counts:?}", contender.name).into());
    }
    Ok((used / done, rate))
}

/// How many requests were answered well, all of those that were answered, and how many a second.
fn read(told: &str) -> Option<(f64, f64)> {
    let line = |begin: &str| told.lines().find_map(|line| line.strip_prefix(begin));
    let requests = line("requests: ")?;
    let count = |what: &str| -> Option<f64> {
        requests.split(", ").find_map(|part| part.strip_suffix(what)?.trim().parse().ok())
    };
    let rate = line("finished in ")?.split(", ").find_map(|part| part.strip_suffix(" req/s")?.parse().ok())?;
    let well = count("succeeded").filter(|well| *well > 0.0 && count("failed") == Some(0.0))?;
    let answers =
        line("status codes: ")?.split(", ").find_map(|part| part.strip_suffix(" 2xx")?.parse::<f64>().ok())?;
    (answers >= well).then_some((well, rate))
}
