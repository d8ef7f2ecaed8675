//! Sign-ins a second, beside what the core can hash at all; and what residents who browse notice of it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use vestibule::app::hasher::{HashCost, Hasher};
use vestibule::domain::secret::Secret;
use vestibule::telemetry::SystemDice;

use crate::contenders::Contender;
use crate::report::median;
use crate::{COOKIE_NAME, Failed, Ground, LOAD_CORE, TEST_CORE, residents};

/// What everybody's password is.
const PASSWORD: &str = "Platane-58-vert";
/// The cost of a hash, as the gateway has it by default.
const COST: HashCost = HashCost { memory_kib: 19_456, iterations: 2 };
/// People who sign in at the same time.
const AT_A_TIME: usize = 8;
/// Pages a second that signed-in residents look at, whatever else happens, where they do.
const BROWSED: u32 = 200;

/// What a stretch of load saw.
#[derive(Debug, Clone, Copy)]
struct Seen {
    signed_in: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Measures and prints.
pub fn table(ground: &Ground) -> Result<(), Failed> {
    let database = ground.folder.join("sign-ins.db");
    let hash = ground.runtime.block_on(hasher()?.hash(Secret::new(PASSWORD)))?;
    let residents = ground.runtime.block_on(residents::sign_in(&database, 1, 1, &hash))?;
    let list = ground.list("sign-ins", &residents)?;
    // One thread hashes, on the one core.
    let setting = ground.setting(&database, &residents, 1, "[argon2]\nthreads = 1\n");
    let gateway = Contender::gateway("sign-ins", &ground.folder, &setting, "info")?;
    load(ground, &gateway, &list, (1, BROWSED))?;
    let (mut limits, mut only, mut quiet, mut busy) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ground.rounds {
        eprint!("\rround {round} of {}, {:40}", ground.rounds, "sign-ins");
        limits.push(alone(ground.seconds)?);
        only.push(load(ground, &gateway, &list, (AT_A_TIME, 0))?);
        quiet.push(load(ground, &gateway, &list, (0, BROWSED))?);
        busy.push(load(ground, &gateway, &list, (AT_A_TIME, BROWSED))?);
    }
    eprintln!("\r{:70}", "");
    let of = |seen: &[Seen], value: fn(&Seen) -> f64| median(seen.iter().map(value));
    println!("\nSign-ins, {AT_A_TIME} at a time, one core, Argon2id 19 MiB and 2 passes\n");
    println!("| | a second | of the limit |\n|---|--:|--:|");
    println!("| hashes, with nothing else on the core | {:.1} | 100 % |", median(limits.iter().copied()));
    for (name, seen) in [("sign-ins".to_owned(), &only), (format!("sign-ins, beside {BROWSED} pages a second"), &busy)]
    {
        let share = median(seen.iter().zip(&limits).map(|(seen, limit)| seen.signed_in / limit));
        println!("| {name} | {:.1} | {:.0} % |", of(seen, |seen| seen.signed_in), 100.0 * share);
    }
    println!("\n| residents who browse | p50 ms | p99 ms |\n|---|--:|--:|");
    for (name, seen) in [("quiet", &quiet), ("while others sign in", &busy)] {
        println!("| {name} | {:.2} | {:.2} |", of(seen, |seen| seen.p50_ms), of(seen, |seen| seen.p99_ms));
    }
    Ok(())
}

fn hasher() -> Result<Hasher, Failed> {
    Ok(Hasher::start(COST, 1, 16, Arc::new(SystemDice))?)
}

/// Hashes a second on the core of the test, with nothing else to do.
fn alone(seconds: u32) -> Result<f64, Failed> {
    let told = ours(TEST_CORE, &["hash-alone", &seconds.to_string()])?;
    told.first().copied().ok_or_else(|| "no hashes".into())
}

/// Puts the gateway under load: sign-ins at a time, and pages a second.
fn load(ground: &Ground, gateway: &Contender, list: &Path, (at_a_time, browsed): (usize, u32)) -> Result<Seen, Failed> {
    let load = ground.load(list);
    load.counts()?;
    let (address, list) = (gateway.address.to_string(), list.to_string_lossy());
    let numbers = [ground.seconds.to_string(), at_a_time.to_string(), browsed.to_string()];
    let [seconds, at_a_time, pages] = numbers.each_ref().map(String::as_str);
    let told = ours(LOAD_CORE, &["sign-in-load", &address, &list, seconds, at_a_time, pages])?;
    let counts = load.counts()?;
    if counts.wrong + counts.absent > 0 || (counts.right == 0) != (browsed == 0) {
        return Err(format!("sign-ins: {counts:?}").into());
    }
    let &[signed_in, p50_ms, p99_ms] = told.as_slice() else { return Err("the load tells nothing".into()) };
    Ok(Seen { signed_in, p50_ms, p99_ms })
}

/// What another part of this program says, on a core.
fn ours(core: &str, arguments: &[&str]) -> Result<Vec<f64>, Failed> {
    let done = Command::new("taskset").args(["-c", core]).arg(std::env::current_exe()?).args(arguments).output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    Ok(String::from_utf8_lossy(&done.stdout).split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
}

/// The part that only hashes.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
pub fn hash_alone(seconds: u32) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let hasher = hasher()?;
    let (begun, whole) = (Instant::now(), Duration::from_secs(seconds.into()));
    let count = runtime.block_on(async {
        let mut count = 0;
        while begun.elapsed() < whole {
            // Two at a time: the thread never waits for the next.
            let (one, two) = tokio::join!(hasher.hash(Secret::new(PASSWORD)), hasher.hash(Secret::new(PASSWORD)));
            one?;
            two?;
            count += 2;
        }
        Ok::<u32, Failed>(count)
    })?;
    println!("{}", f64::from(count) / begun.elapsed().as_secs_f64());
    Ok(())
}

/// The part that signs in and browses; prints sign-ins a second, and the times of the pages.
pub fn load_part(gateway: SocketAddr, list: &Path, seconds: u32, at_a_time: usize, browsed: u32) -> Result<(), Failed> {
    let text = std::fs::read_to_string(list)?;
    let residents: Arc<Vec<(String, String, String)>> = Arc::new(
        text.lines()
            .filter_map(|line| {
                let mut words = line.split(' ').map(str::to_owned);
                Some((words.next()?, words.next()?, words.next()?))
            })
            .collect(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (done, turn) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let end = tokio::time::Instant::now() + Duration::from_secs(seconds.into());
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..at_a_time {
            let (residents, done, turn) = (Arc::clone(&residents), Arc::clone(&done), Arc::clone(&turn));
            workers.spawn(async move {
                while tokio::time::Instant::now() < end {
                    let next = usize::try_from(turn.fetch_add(1, Ordering::Relaxed)).unwrap_or(0);
                    sign_in(gateway, &residents[next % residents.len()].0).await.map_err(|error| error.to_string())?;
                    if tokio::time::Instant::now() < end {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Ok::<(), String>(())
            });
        }
        let times = if browsed > 0 { browse(gateway, &residents, browsed, end).await? } else { Vec::new() };
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
        // Without pages there are no times: 0.
        let at = |share: usize| {
            times.get(times.len() * share / 100).or(times.last()).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = done.load(Ordering::Relaxed) as f64 / f64::from(seconds);
        println!("{rate} {} {}", at(50), at(99));
        Ok(())
    })
}

/// Pages at a fixed rate, whether the ones before have come or not; their times from when they were due, sorted.
async fn browse(
    gateway: SocketAddr,
    residents: &[(String, String, String)],
    browsed: u32,
    end: tokio::time::Instant,
) -> Result<Vec<Duration>, Failed> {
    let host = residents.first().map(|(_, _, host)| host.clone()).ok_or("no residents")?;
    let client = reqwest::Client::builder().resolve(&host, gateway).pool_max_idle_per_host(64).build()?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / browsed);
    let mut pages = tokio::task::JoinSet::new();
    let mut next = 0;
    while tokio::time::Instant::now() < end {
        let due = ticks.tick().await;
        let (login, cookie, host) = &residents[next % residents.len()];
        let page = client
            .get(format!("http://{host}:{}/{login}/1k", gateway.port()))
            .header("cookie", format!("{COOKIE_NAME}={cookie}"))
            .header("sec-fetch-mode", "navigate")
            .send();
        next += 1;
        pages.spawn(async move {
            let answer = page.await.map_err(|error| error.to_string())?;
            let status = answer.status();
            let body = answer.bytes().await.map_err(|error| error.to_string())?;
            if status != 200 || body.len() != 1024 {
                return Err(format!("a page with status {status}"));
            }
            Ok(due.elapsed())
        });
    }
    let mut times = Vec::with_capacity(next);
    while let Some(page) = pages.join_next().await {
        times.push(page??);
    }
    times.sort_unstable();
    Ok(times)
}

/// One person, on a browser of their own: the page of the sign-in, and its form.
async fn sign_in(gateway: SocketAddr, login: &str) -> Result<(), Failed> {
    const PORTAL: &str = "www.localhost";
    let client = reqwest::Client::builder()
        .resolve(PORTAL, gateway)
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let base = format!("http://{PORTAL}:{}/login", gateway.port());
    let page = client.get(format!("{base}?client=BENCH&societe=00000")).send().await?.text().await?;
    let token = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let token = token.ok_or("the page of the sign-in has no token")?;
    let email = format!("{login}@example.org");
    let fields = [
        ("csrf", token),
        ("client", "BENCH"),
        ("societe", "00000"),
        ("return", "/"),
        ("login", &email),
        ("password", PASSWORD),
    ];
    let answer = client.post(&base).form(&fields).send().await?;
    let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    if answer.status() != 303 || to.contains("/migration") {
        return Err(format!("a sign-in was answered {} {to}", answer.status()).into());
    }
    Ok(())
}
