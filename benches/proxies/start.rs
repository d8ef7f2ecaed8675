//! How long a start, a check and a reload take with 10,000 agency files.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::contenders::{Process, configure, free_address, wait_for};
use crate::report::median;
use crate::{Failed, Ground, TEST_CORE, idle};

/// How many agencies there are.
const AGENCIES: usize = 10_000;

/// Measures and prints.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
pub fn table(ground: &Ground) -> Result<(), Failed> {
    let (database, residents) = ground.residents("start", 1, 1)?;
    let setting = ground.setting(&database, &residents, AGENCIES, "");
    let (listen, health) = (free_address()?, free_address()?);
    let folder = ground.folder.join("start");
    let config = configure(&folder, &setting, listen, health, "info")?.to_string_lossy().into_owned();
    let (mut checks, mut starts, mut reloads) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ground.rounds {
        eprint!("\rround {round} of {}, {:40}", ground.rounds, "start");
        checks.push(command(ground, &["check", "--offline", "--config", &config])?);
        let begun = Instant::now();
        let gateway = Process::start(TEST_CORE, &ground.program, &["serve", "--config", &config], &folder.join("log"))?;
        wait_for(listen)?;
        while idle::get(health, "localhost", "/readyz", "").is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
        starts.push(begun.elapsed().as_secs_f64());
        let resident = &residents[0];
        let cookie = format!("Cookie: {}={}\r\n", crate::COOKIE_NAME, resident.cookie);
        idle::get(listen, &resident.host, &format!("/{}/1k", resident.login), &cookie)?;
        // One agency has another name; everything is read again all the same.
        let file = folder.join("agencies").join("agency-0.toml");
        let text = std::fs::read_to_string(&file)?;
        std::fs::write(&file, text.replace("name = \"Agence 0", &format!("name = \"Agence 0, {round}")))?;
        reloads.push(command(ground, &["reload", "--config", &config])?);
        idle::get(listen, &resident.host, &format!("/{}/1k", resident.login), &cookie)?;
        drop(gateway);
    }
    eprintln!("\r{:70}", "");
    println!("\nWith {AGENCIES} agency files, one core\n");
    println!("| | seconds |\n|---|--:|");
    println!("| `vestibule check --offline` | {:.2} |", median(checks.into_iter()));
    println!("| start, until ready | {:.2} |", median(starts.into_iter()));
    println!("| `vestibule reload`, until the new files are in force | {:.2} |", median(reloads.into_iter()));
    Ok(())
}

/// How long one of the gateway's commands takes, on the core of the test, seconds.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn command(ground: &Ground, arguments: &[&str]) -> Result<f64, Failed> {
    let begun = Instant::now();
    let done = Command::new("taskset").args(["-c", TEST_CORE]).arg(&ground.program).args(arguments).output()?;
    if !done.status.success() {
        return Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(begun.elapsed().as_secs_f64())
}
