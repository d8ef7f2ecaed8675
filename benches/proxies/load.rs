//! One contender under load for a few seconds: what wrk saw, and what the processes cost in that time.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::contenders::{Contender, TICKS};
use crate::extranet::{self, Counts};
use crate::{Failed, LOAD_CORE, Size, TEST_CORE};

/// Time in which what is under way arrives.
const SETTLE: Duration = Duration::from_millis(100);

/// What one contender did in one stretch.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Processor time of every process under test, user and system, microseconds for each request.
    pub cost: f64,
    /// Requests per second.
    pub rate: f64,
    /// Milliseconds until half of the answers were there.
    pub p50: f64,
    /// Milliseconds until 99 of 100 answers were there.
    pub p99: f64,
    /// Whose header the requests brought to the extranet.
    pub counts: Counts,
    /// Answers that wrk counts as failed.
    pub failed: u64,
    /// What others used of the core of the test, as a part of the time: the more, the less the rest is worth.
    pub others: f64,
}

/// Where the load comes from: wrk's script and its residents.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    /// `load.lua`.
    pub script: &'a Path,
    /// One `login cookie host` a line.
    pub residents: &'a Path,
    /// The extranet, which is asked what it saw.
    pub extranet: SocketAddr,
}

impl Load<'_> {
    /// Puts a contender under load.
    pub fn on(&self, contender: &Contender, size: Size, seconds: u32) -> Result<Stretch, Failed> {
        self.counts()?;
        let (before, core_before) = (contender.processor_time()?, core_time()?);
        let wrk = Command::new("taskset")
            .args(["-c", LOAD_CORE, "wrk", "-t1", &format!("-c{}", size.connections()), &format!("-d{seconds}s")])
            .args(["--timeout", "20s", "--latency", "-s"])
            .arg(self.script)
            .arg(format!("http://{}/", contender.address))
            .arg("--")
            .arg(self.residents)
            .arg(size.name())
            .output()?;
        let used = contender.processor_time()?.saturating_sub(before);
        let core = core_time()?.saturating_sub(core_before);
        let told = String::from_utf8_lossy(&wrk.stdout);
        let numbers: Option<Vec<f64>> = told
            .lines()
            .find_map(|line| line.strip_prefix("result "))
            .and_then(|line| line.split_whitespace().map(|word| word.parse().ok()).collect());
        let Some(&[requests, duration, failed, p50, p99]) = numbers.as_deref() else {
            return Err(format!("wrk: {told}{}", String::from_utf8_lossy(&wrk.stderr)).into());
        };
        Ok(Stretch {
            cost: used.as_secs_f64() * 1e6 / requests,
            rate: requests * 1e6 / duration,
            p50: p50 / 1e3,
            p99: p99 / 1e3,
            counts: self.counts()?,
            others: core.saturating_sub(used).as_secs_f64() * 1e6 / duration,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count, printed by wrk as one"
            )]
            failed: failed as u64,
        })
    }

    /// What the extranet saw since it was last asked. What was under way when wrk ended still arrives for a moment.
    pub fn counts(&self) -> Result<Counts, Failed> {
        let mut sum = Counts::default();
        loop {
            let answer = crate::idle::get(self.extranet, "localhost", extranet::COUNTS, "")?.1;
            let more = Counts::read(&answer).ok_or("the extranet does not tell what it saw")?;
            if more == Counts::default() {
                return Ok(sum);
            }
            sum.right += more.right;
            sum.wrong += more.wrong;
            sum.absent += more.absent;
            std::thread::sleep(SETTLE);
        }
    }
}

/// Processor time that was used on the core of the test, by whomever.
fn core_time() -> Result<Duration, Failed> {
    let stat = fs::read_to_string("/proc/stat")?;
    let name = format!("cpu{TEST_CORE} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).ok_or("the core of the test")?;
    let ticks = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    // user, nice, system, idle, iowait, irq, softirq
    let busy = [0, 1, 2, 5, 6].into_iter().filter_map(|field| ticks.get(field)).sum::<u64>();
    Ok(Duration::from_millis(busy * 1000 / TICKS))
}
