//! `make faults`: what takes too long, or too much of the machine, for `make test`; prints a table.
//!
//! **To add a row**, write a function `fn(&mut Notes)` into the file of its kind (or a new file, named in `ALL`) and a
//! [`Row`] for it in that file's `ROWS`: the id as in `checks/security.tsv`, and a short sentence of what is done. The
//! function starts its own gateway as tests do (everything of `tests/support` is there, as `crate::support`), does
//! what the row says, notes what it measured (`notes.add(format!(..))`: figures with units, also where all is well),
//! and panics (`assert!`) where the row does not hold. Rows run one after another, so that they do not measure each
//! other; each runs alone by `make faults ROWS="REL-047"`, and `ROWS=list` names them. A row that compares times does so
//! by `quiet::compare`. What runs in some seconds belongs into `tests/` instead, with the row's id in its name;
//! `docs/faults.md` lists both.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests stand outside: they wait for real processes, read the environment and print what went wrong"
)]

mod accounts;
mod clients;
mod full;
#[path = "../security/hammer.rs"]
#[expect(dead_code, reason = "`make test` does it with fewer people")]
mod hammer;
mod letters;
mod process;
mod quiet;
mod redis;
mod small_disk;
mod stores;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other tests from outside use the rest")]
mod support;
mod table;
mod traffic;

use std::process::ExitCode;

use table::Row;

/// Every row, file by file.
const ALL: &[&[Row]] =
    &[process::ROWS, redis::ROWS, stores::ROWS, full::ROWS, letters::ROWS, clients::ROWS, accounts::ROWS];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let rows: Vec<&Row> = ALL.iter().copied().flatten().collect();
    table::run(&rows, &wanted)
}
