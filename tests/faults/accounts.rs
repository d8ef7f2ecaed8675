//! Many residents with several accounts each, at once.

use crate::{
    hammer::hammer,
    table::{Notes, Row},
};

/// The rows of this file.
pub const ROWS: &[Row] = &[
    Row {
        id: "SEC-060",
        done: "50 residents with three accounts each at two agencies, one open at a time",
        run: |notes| fifty(notes, "one-at-a-time"),
    },
    Row { id: "SEC-060", done: "the same, each account on a host of its own", run: |notes| fifty(notes, "labels") },
];

fn fifty(notes: &mut Notes, accounts: &str) {
    let answered = hammer(50, accounts);
    notes.add(format!("{answered} requests came through, no answer was another account's"));
}
