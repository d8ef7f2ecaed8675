//! What a request costs with few and many agencies, few and many sessions; and what a session takes in memory.

use crate::contenders::{Contender, free_address, redis_server};
use crate::report::median;
use crate::residents::RESIDENTS;
use crate::{Failed, Ground, Size};

/// Sessions whose cookies are visited, for the memory that a decided one takes.
const VISITED: usize = 50_000;
/// Sign-ins that are written to Redis, for the memory that one takes there.
const IN_REDIS: usize = 10_000;

/// An installation that is measured.
struct Row {
    name: &'static str,
    /// Agencies that have a file.
    agencies: usize,
    /// Agencies that the residents who browse are of: 200 residents visit at most 200.
    visited: usize,
    /// Sessions beside those of the residents who browse.
    others: usize,
    /// Whether decided sessions are kept in memory, or the store is asked with each request.
    cached: bool,
}

const ONE: Row = Row { name: "scale, one", agencies: 1, visited: 1, others: 0, cached: true };
const ROWS: [Row; 8] = [
    ONE,
    // What the machine's unrest makes of the same.
    Row { name: "scale, the same again", ..ONE },
    Row { name: "scale, 100 agencies", agencies: 100, visited: 100, ..ONE },
    Row { name: "scale, 10000 agencies", agencies: 10_000, ..ONE },
    Row { name: "scale, 200 of 10000 agencies", agencies: 10_000, visited: RESIDENTS, ..ONE },
    Row { name: "scale, 1000 sessions", others: 1_000, ..ONE },
    Row { name: "scale, 1000000 sessions", others: 1_000_000, ..ONE },
    Row { name: "scale, each looked up", others: 1_000_000, cached: false, ..ONE },
];

/// Measures and prints.
pub fn table(ground: &Ground) -> Result<(), Failed> {
    let mut contenders = Vec::new();
    let mut crowd = None;
    for row in &ROWS {
        eprint!("\r{:60}", row.name);
        let (database, residents) = ground.residents(row.name, row.agencies, row.visited)?;
        let known = if row.others > VISITED { VISITED } else { 0 };
        if row.others > 0 {
            let others = ground.runtime.block_on(crate::residents::crowd(&database, row.others, known))?;
            if known > 0 && row.cached {
                crowd = Some((ground.list("crowd", &others)?, database.clone(), residents.clone()));
            }
        }
        let list = ground.list(row.name, &residents)?;
        let mut setting = ground.setting(&database, &residents, row.agencies, "");
        setting.cache_seconds = if row.cached { 30 } else { 0 };
        contenders.push((Contender::gateway(row.name, &ground.folder, &setting, "info")?, list));
    }
    let mut costs = vec![Vec::new(); contenders.len()];
    for (contender, list) in &contenders {
        ground.load(list).on(contender, Size::Small, 1)?;
    }
    // Short stretches in many rounds: neighbours that are compared are then a second apart, whatever the machine does.
    let rounds = ground.rounds * ground.seconds;
    for round in 1..=rounds {
        for ((contender, list), costs) in contenders.iter().zip(&mut costs) {
            eprint!("\rround {round} of {rounds}, {:40}", contender.name);
            let stretch = ground.load(list).on(contender, Size::Small, 1)?;
            if stretch.counts.wrong + stretch.counts.absent + stretch.failed > 0 {
                return Err(format!("{}: {:?}, {} failed", contender.name, stretch.counts, stretch.failed).into());
            }
            costs.push(stretch.cost);
        }
    }
    eprintln!("\r{:70}", "");
    println!("\nBy agencies and sessions, 1 KiB, 64 connections, {RESIDENTS} residents who browse\n");
    println!("| agencies | of these visited | sessions | | CPU µs/request | to the first |\n|--:|--:|--:|---|--:|--:|");
    let first = costs[0].clone();
    for (row, costs) in ROWS.iter().zip(&costs) {
        let ratio = median(costs.iter().zip(&first).map(|(cost, first)| cost / first));
        let how = if row.cached { "" } else { "cache_seconds = 0: each asks the store" };
        let (sessions, cost) = (row.others + RESIDENTS, median(costs.iter().copied()));
        println!("| {} | {} | {sessions} | {how} | {cost:.1} | {ratio:.2} |", row.agencies, row.visited);
    }
    drop(contenders);
    if let Some((crowd, database, residents)) = crowd {
        // One that has just begun: in one that has worked, memory that is free already would hide what is taken.
        let setting = ground.setting(&database, &residents, 1, "");
        let contender = Contender::gateway("scale, memory", &ground.folder, &setting, "info")?;
        ground.load(&ground.list("scale, memory", &residents)?).on(&contender, Size::Small, 1)?;
        memory(ground, &contender, &crowd)?;
    }
    redis(ground)
}

/// Signs many people in with Redis, and prints what that took there.
fn redis(ground: &Ground) -> Result<(), Failed> {
    let address = free_address()?;
    let _server = redis_server(&ground.folder, address, &[])?;
    let used = || -> Result<u64, Failed> {
        let told: String = ::redis::cmd("INFO")
            .arg("memory")
            .query(&mut ::redis::Client::open(format!("redis://{address}"))?.get_connection()?)?;
        let line = told.lines().find_map(|line| line.strip_prefix("used_memory:"));
        Ok(line.ok_or("Redis does not tell its memory")?.trim().parse()?)
    };
    let before = used()?;
    let database = ground.folder.join("redis.db");
    ground.runtime.block_on(crate::residents::sign_in_with_redis(&database, address, IN_REDIS))?;
    let bytes = (used()? - before) / u64::try_from(IN_REDIS)?;
    println!("\nA session in Redis: {bytes} bytes, with one agency entered ({IN_REDIS} sign-ins).");
    Ok(())
}

/// Has so many sessions visited that each is in memory, and prints what that took.
fn memory(ground: &Ground, contender: &Contender, list: &std::path::Path) -> Result<(), Failed> {
    let before = contender.memory_kib()?;
    let mut visits = 0;
    while visits < u64::try_from(VISITED)? + u64::try_from(VISITED)? / 2 {
        let counts = ground.load(list).on(contender, Size::Small, 2)?.counts;
        if counts.wrong + counts.absent > 0 || counts.right == 0 {
            return Err(format!("{}: {counts:?}", contender.name).into());
        }
        visits += counts.right;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let bytes = (contender.memory_kib()? - before) * 1024.0 / VISITED as f64;
    println!("\nA session in memory: {bytes:.0} bytes (resident memory, {VISITED} visited).");
    Ok(())
}
