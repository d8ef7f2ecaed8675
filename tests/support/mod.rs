//! What every test from outside needs: a gateway, extranets, people, letters, a browser.

pub mod balancer;
pub mod browser;
pub mod clock;
pub mod echo;
pub mod gateway;
pub mod legacy_app;
pub mod letters;
pub mod line;
pub mod load;
pub mod mail_server;
pub mod memory;
pub mod otlp;
pub mod outage;
pub mod page;
pub mod person;
pub mod postgres;
pub mod raw;
pub mod real_app;
pub mod records;
pub mod redis;
pub mod rogue;
pub mod samples;
pub mod servlets;
pub mod site;
pub mod stage;
pub mod tls_front;
pub mod town;

use std::{
    future::Future,
    net::TcpListener,
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::Runtime;

/// Where the in-process extranets and the clients of all tests run; tests themselves are plain functions.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// How often something that is awaited is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(15);

/// Waits for a future from a test, which is not async itself.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// Looks until there is something, and fails with `what` when the time is over.
pub fn eventually<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < within, "waited {} s in vain for {what}", within.as_secs());
        thread::sleep(LOOK_AGAIN);
    }
}

/// The same, for a test that runs in the runtime itself.
pub async fn eventually_async<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < within, "waited {} s in vain for {what}", within.as_secs());
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A port that nobody listens on and that no other test of this process was given. It is below those that the system
/// hands to connections, so that none of them takes it before a server does.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of so many in a row.
pub fn free_ports(count: u16) -> u16 {
    const RANGE: std::ops::Range<u32> = 11_000..32_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let given = NEXT.fetch_add(u32::from(count), Ordering::Relaxed);
        let number = std::process::id().wrapping_mul(97).wrapping_add(given);
        let first = u16::try_from(RANGE.start + number % (RANGE.end - RANGE.start)).expect("a port");
        if (first..first + count).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
}

/// The folder that the package's `Cargo.toml` stands in.
pub fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Where builds and screenshots go.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| package().join("target"), PathBuf::from)
}
