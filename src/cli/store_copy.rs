//! `vestibule store copy`: moves an installation to another database.

use std::path::Path;

use super::terminal::{self, say};
use super::{Ended, runtime};
use crate::domain::secret::Secret;
use crate::store::{self, CopiedTable};

/// Copies, and prints what was copied.
pub(super) fn run(from: &str, to: &str) -> Ended {
    let (from, to) = match (url(from), url(to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(reason), _) | (_, Err(reason)) => return Ended::Failed(reason),
    };
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let bar = terminal::progress(0, "rows");
    let copied = runtime.block_on(store::copy(from.expose(), to.expose(), |progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.done);
    }));
    bar.finish_and_clear();
    match copied {
        Ok(tables) => {
            print(&tables);
            Ended::Done
        }
        Err(error) => {
            let reason = super::chain(&error);
            Ended::Failed(format!("{reason}; nothing was copied"))
        }
    }
}

/// The URL itself, or that in a file: a password does not belong among the arguments, which everybody on the machine
/// can read.
fn url(argument: &str) -> Result<Secret, String> {
    let Some(file) = argument.strip_prefix('@') else { return Ok(Secret::new(argument)) };
    let text = std::fs::read_to_string(Path::new(file)).map_err(|error| format!("{file}: {error}"))?;
    Ok(Secret::new(text.trim()))
}

fn print(tables: &[CopiedTable]) {
    let widest = tables.iter().map(|table| table.name.len()).max().unwrap_or_default().max("table".len());
    say!("{:widest$}  {:>10}  {:>10}", "table", "from", "to");
    for table in tables {
        say!("{:widest$}  {:>10}  {:>10}", table.name, table.from, table.to);
    }
    let rows: u64 = tables.iter().map(|table| table.to).sum();
    say!("{} tables, {rows} rows: everything is there", tables.len());
}
