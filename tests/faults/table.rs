//! Runs rows one after another and prints what came of them.

use std::{
    fmt::Write as _,
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

/// One fault: what is done to a gateway that has to stand it.
pub struct Row {
    /// As in `checks/security.tsv`; several rows may share one.
    pub id: &'static str,
    /// What is done, in a few words.
    pub done: &'static str,
    /// Does it, notes what it measures, and panics where the row does not hold.
    pub run: fn(&mut Notes),
}

/// What a row measured.
pub struct Notes {
    measured: Vec<String>,
    is_run: bool,
}

/// What came of a row.
struct Outcome<'a> {
    row: &'a Row,
    notes: Notes,
    failure: Option<String>,
    took: Duration,
}

impl Notes {
    /// Notes a figure or a fact.
    pub fn add(&mut self, note: impl Into<String>) {
        self.measured.push(note.into());
    }

    /// Notes that this machine does not allow what the row needs, and why.
    pub fn not_run(&mut self, why: &str) {
        self.add(format!("not run: {why}"));
        self.is_run = false;
    }
}

/// Runs the rows that are wanted (all, where none is named) and prints the table; fails when one fails.
pub fn run(rows: &[&Row], wanted: &[String]) -> ExitCode {
    if wanted.iter().any(|word| word == "list") {
        for row in rows {
            println!("{:<8} {}", row.id, row.done);
        }
        return ExitCode::SUCCESS;
    }
    let unknown: Vec<_> = wanted.iter().filter(|id| !rows.iter().any(|row| row.is(id))).collect();
    if !unknown.is_empty() {
        eprintln!("no row is called {unknown:?}; ROWS=list names them all");
        return ExitCode::from(2);
    }
    let chosen: Vec<_> =
        rows.iter().filter(|row| wanted.is_empty() || wanted.iter().any(|id| row.is(id))).copied().collect();
    let (mut outcomes, begin) = (Vec::new(), Instant::now());
    if wanted.is_empty() {
        println!("All rows take about 15 minutes, most of them waiting; ROWS=list names them.");
    }
    for (number, row) in chosen.iter().enumerate() {
        println!("[{}/{}] {} {} …", number + 1, chosen.len(), row.id, row.done);
        let outcome = row.outcome();
        println!("      {} after {:.0} s", outcome.verdict(), outcome.took.as_secs_f64());
        outcomes.push(outcome);
    }
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let (minutes, cores) =
        (begin.elapsed().as_secs().div_ceil(60), thread::available_parallelism().map_or(1, usize::from));
    let not_run = outcomes.iter().filter(|outcome| !outcome.notes.is_run).count();
    println!("\n{} rows on {cores} cores in {minutes} minutes, {failed} failed, {not_run} not run:\n", outcomes.len());
    println!("{}", table(&outcomes));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

impl Row {
    fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }

    fn outcome(&self) -> Outcome<'_> {
        static MESSAGE: Mutex<String> = Mutex::new(String::new());
        let shown = panic::take_hook();
        panic::set_hook(Box::new(|info| {
            let said = info.payload_as_str().unwrap_or("it panicked");
            let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
            // The first panic is the reason; others follow from it.
            let mut message = MESSAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if message.is_empty() {
                *message = format!("{said}{}", place.unwrap_or_default());
            }
        }));
        let (mut notes, begin) = (Notes { measured: Vec::new(), is_run: true }, Instant::now());
        let ended = panic::catch_unwind(AssertUnwindSafe(|| (self.run)(&mut notes)));
        let took = begin.elapsed();
        panic::set_hook(shown);
        let message = std::mem::take(&mut *MESSAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        Outcome { row: self, notes, failure: ended.is_err().then_some(message), took }
    }
}

impl Outcome<'_> {
    const fn verdict(&self) -> &'static str {
        match self.failure {
            Some(_) => "FAILED",
            None if self.notes.is_run => "holds",
            None => "NOT RUN",
        }
    }
}

/// Markdown, so that it can be pasted where somebody asks for it.
fn table(outcomes: &[Outcome]) -> String {
    let mut text = String::from("| Row | What was done | What was measured | Verdict |\n|---|---|---|---|\n");
    for outcome in outcomes {
        let mut measured = outcome.notes.measured.join("; ");
        if let Some(failure) = &outcome.failure {
            let short: String = failure.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect();
            measured.push_str(if measured.is_empty() { "" } else { "; " });
            measured.push_str(&short);
        }
        let (row, verdict) = (outcome.row, outcome.verdict());
        let cells = [row.id, row.done, &measured, verdict].map(|cell| cell.replace('|', "\\|"));
        writeln!(text, "| {} |", cells.join(" | ")).expect("a text takes it");
    }
    text
}
