//! Comparing times with those of the same run without the fault, on a machine that others may use as well.

use std::{
    fs,
    time::{Duration, Instant},
};

use rustix::{
    process::Pid,
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

use crate::{
    support::gateway::Gateway,
    table::Notes,
    traffic::{Times, milliseconds},
};

/// What a thread that is ready may wait for its turn on a core, before and beside a fault alike; twice as long is no
/// sign of a fault yet where the times themselves are shorter.
const TURN: Duration = Duration::from_millis(4);
/// Cores that others may use on the average before a row that does not hold is tried again, in hundredths.
const LITTLE: u64 = 25;

/// The gateway on the last core, this process with its clients and extranets on the others, until this value ends: what
/// is measured at the gateway is not what the load costs. Its threads have less than the machine to share.
pub struct Apart {
    all: CpuSet,
}

/// Before a fault, beside it, and after it.
pub struct Compared {
    pub before: Times,
    pub beside: Times,
    pub after: Times,
}

impl Apart {
    /// Puts them apart; none where there is only one core.
    pub fn of(gateway: &Gateway, notes: &mut Notes) -> Option<Self> {
        let all = sched_getaffinity(None).expect("cores");
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)).collect();
        let (last, others) = cores.split_last().filter(|(_, others)| !others.is_empty())?;
        pin(gateway.pid(), &[*last]);
        pin(std::process::id(), others);
        notes.add(format!("the gateway on one core, the load on {}", others.len()));
        Some(Self { all })
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| self.all.is_set(*core)).collect();
        pin(std::process::id(), &cores);
    }
}

/// Keeps every thread of a process, and those that they start, on these cores.
fn pin(process: u32, cores: &[usize]) {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    for thread in fs::read_dir(format!("/proc/{process}/task")).expect("threads").filter_map(Result::ok) {
        let number = thread.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        // A thread that has ended meanwhile needs no core.
        let _ = sched_setaffinity(number, &set);
    }
}

impl Compared {
    /// Whether residents were answered within twice the time of the same run without the fault; otherwise, why not.
    /// Without the fault is before and after it together: what others do on the machine comes and goes.
    ///
    /// # Errors
    /// They were not.
    pub fn holds(self, notes: &mut Notes) -> Result<(), String> {
        for (name, times) in [("before", &self.before), ("beside", &self.beside), ("after", &self.after)] {
            notes.add(format!("{name}: {}", times.told()));
            times.assert_all_right();
        }
        let without = self.before.and(self.after).within(0.95);
        let (beside, most) = (self.beside.within(0.95), (without * 2).max(without + TURN));
        if beside <= most {
            return Ok(());
        }
        Err(format!("p95 {} ms beside it, {} ms without it", milliseconds(beside), milliseconds(without)))
    }
}

/// Does a row that compares times, and fails where it does not hold; once more where others were busy on the machine.
pub fn compare(notes: &mut Notes, measure: impl Fn(&mut Notes) -> Result<(), String>) {
    let (begin, machine, ours) = (Instant::now(), busy(), used());
    let outcome = measure(notes);
    let ticks = (busy() - machine).saturating_sub(used() - ours);
    // A tick is a hundredth of a second.
    let others = ticks * 1000 / u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    notes.add(format!("others used {}.{:02} cores", others / 100, others % 100));
    match outcome {
        Ok(()) => {}
        Err(why) if others > LITTLE => {
            notes.add(format!("{why}: once more, since others were busy"));
            if let Err(why) = measure(notes) {
                panic!("{why}");
            }
        }
        Err(why) => panic!("{why}"),
    }
}

/// Ticks that all cores have worked for programs: without waiting, and without interrupts, which are nobody's.
fn busy() -> u64 {
    let all = fs::read_to_string("/proc/stat").expect("the machine's times");
    let ticks: Vec<u64> = all.lines().next().expect("all cores").split_whitespace().filter_map(number).collect();
    ticks[..3].iter().sum()
}

/// Ticks that this process has worked, and those of its children that have ended.
fn used() -> u64 {
    let own = fs::read_to_string("/proc/self/stat").expect("our times");
    let (_, after_name) = own.rsplit_once(") ").expect("a name");
    after_name.split(' ').skip(11).take(4).filter_map(number).sum()
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}
