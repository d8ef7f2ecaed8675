//! Clients that are too many, too slow, or do not mean well.

use std::time::Duration;

use crate::{
    support::{raw::Raw, town::Town},
    table::{Notes, Row},
    traffic::{Traffic, milliseconds},
};

/// The rows of this file.
pub const ROWS: &[Row] = &[Row {
    id: "REL-049",
    done: "10,000 idle keep-alive connections without TLS, each after one request",
    run: idle_connections,
}];

const MANY: usize = 10_000;
/// What an idle connection may cost (docs/performance.md), KiB.
const KIB_EACH: u64 = 45;

fn idle_connections(notes: &mut Notes) {
    let town = Town::build();
    let alice = town.alice();
    Traffic::during(&town, &alice, 4, Duration::from_secs(2)).assert_all_right();
    let before = town.gateway.memory_kib();
    let open: Vec<Raw> = (0..MANY).map(|_| idle(&town)).collect();
    let grown = town.gateway.memory_kib().saturating_sub(before);
    notes.add(format!("{} KiB a connection (at most {KIB_EACH})", grown / MANY as u64));
    let times = Traffic::during(&town, &alice, 4, Duration::from_secs(5));
    notes.add(times.told());
    times.assert_all_right();
    let p95 = times.within(0.95);
    assert!(p95 < Duration::from_millis(50), "p95 {} ms beside them (below 50)", milliseconds(p95));
    assert!(grown / MANY as u64 <= KIB_EACH, "{grown} KiB for {MANY} connections");
    drop(open);
}

/// A connection that has had its answer and is left open.
fn idle(town: &Town) -> Raw {
    let mut raw = Raw::connect(town.gateway.port());
    raw.send(format!(
        "GET /login?client=CA&societe=SA HTTP/1.1\r\nHost: www.localhost:{}\r\n\r\n",
        town.gateway.port()
    ));
    assert_eq!(raw.answer().expect("an answer").status, 200);
    raw
}
