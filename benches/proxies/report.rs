//! Medians, ratios, and the table.

use crate::contenders::Contender;
use crate::load::Stretch;
use crate::{Failed, Size};

/// What ratios are to: the last contender, and the bare proxy.
const REFERENCE: &str = "nginx, auth_request, Redis";
const BARE: &str = "bare pingora";

/// Everything that was measured, by contender.
pub struct Report(Vec<Row>);

#[derive(Default)]
struct Row {
    idle_kib: f64,
    memory_kib: f64,
    stretches: Vec<(Size, Stretch)>,
}

impl Report {
    /// For so many contenders.
    pub fn new(contenders: usize) -> Self {
        Self((0..contenders).map(|_| Row::default()).collect())
    }

    /// Notes the memory of an idle connection.
    pub fn idle(&mut self, row: usize, kib: f64) {
        self.0[row].idle_kib = kib;
    }

    /// Notes the memory after everything.
    pub fn memory(&mut self, row: usize, kib: f64) {
        self.0[row].memory_kib = kib;
    }

    /// Notes a stretch.
    pub fn stretch(&mut self, row: usize, size: Size, stretch: Stretch) {
        self.0[row].stretches.push((size, stretch));
    }

    /// Prints the tables, in the form that `docs/performance.md` takes over.
    pub fn print(&self, contenders: &[Contender]) {
        for size in Size::ALL {
            println!("\n{} a body, {} connections\n", size.title(), size.connections());
            println!("| | CPU µs/request | to the reference | to bare pingora | requests/s | p50 ms | p99 ms |");
            println!("|---|--:|--:|--:|--:|--:|--:|");
            for (row, contender) in self.0.iter().zip(contenders) {
                let of = |value: fn(&Stretch) -> f64| median(row.of(size).map(value));
                println!(
                    "| {} | {:.1} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} |",
                    contender.name,
                    of(|stretch| stretch.cost),
                    self.ratio(row, contenders, REFERENCE, size),
                    self.ratio(row, contenders, BARE, size),
                    of(|stretch| stretch.rate),
                    of(|stretch| stretch.p50),
                    of(|stretch| stretch.p99),
                );
            }
        }
        println!("\nMemory and identity\n");
        println!("| | KiB/idle connection | MiB after the run | right header | wrong | none | failed |");
        println!("|---|--:|--:|--:|--:|--:|--:|");
        for (row, contender) in self.0.iter().zip(contenders) {
            let sum = |value: fn(&Stretch) -> u64| row.stretches.iter().map(|(_, stretch)| value(stretch)).sum::<u64>();
            println!(
                "| {} | {:.1} | {:.1} | {} | {} | {} | {} |",
                contender.name,
                row.idle_kib,
                row.memory_kib / 1024.0,
                sum(|stretch| stretch.counts.right),
                sum(|stretch| stretch.counts.wrong),
                sum(|stretch| stretch.counts.absent),
                sum(|stretch| stretch.failed),
            );
        }
    }

    /// Prints how much others disturbed.
    pub fn disturbance(&self) {
        let others = median(self.0.iter().flat_map(|row| &row.stretches).map(|(_, stretch)| stretch.others));
        println!("\nOthers used {:.0} % of the core of the test (median).", others * 100.0);
        if others > 0.05 {
            println!("That is too much for numbers to be kept: end what else runs, and repeat.");
        }
    }

    /// Whether each request came with its own resident's header, and was answered.
    pub fn verdict(&self, contenders: &[Contender]) -> Result<(), Failed> {
        for (row, contender) in self.0.iter().zip(contenders) {
            for (size, stretch) in &row.stretches {
                let counts = stretch.counts;
                let strangers = if contender.identifies { counts.absent } else { counts.right };
                if counts.wrong + strangers + stretch.failed > 0 {
                    let (name, size) = (contender.name, size.title());
                    return Err(format!("{name}, {size}: {counts:?}, {} failed", stretch.failed).into());
                }
            }
        }
        println!("\nEvery request of a contender that identifies came with its own resident's header; mismatches: 0.");
        Ok(())
    }

    /// The median of the ratios of the rounds: what disturbs a round disturbs both.
    fn ratio(&self, row: &Row, contenders: &[Contender], to: &str, size: Size) -> f64 {
        let base = self.0.iter().zip(contenders).find(|(_, contender)| contender.name == to);
        let base = base.into_iter().flat_map(|(base, _)| base.of(size));
        median(row.of(size).zip(base).map(|(stretch, base)| stretch.cost / base.cost))
    }
}

impl Row {
    fn of(&self, size: Size) -> impl Iterator<Item = &Stretch> {
        self.stretches.iter().filter(move |(its, _)| *its == size).map(|(_, stretch)| stretch)
    }
}

/// The median; not a number where there are none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}
