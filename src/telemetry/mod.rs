//! Logs, request ids, the clock and the dice that the rest is handed.

mod access;
pub mod metrics;
pub mod seldom;
mod sink;
mod stamp;
pub mod traces;

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use access::{AccessLine, AccessLog};
use sink::{Hurry, Sink};

use crate::domain::secret::Dice;

/// What time it is. The only place that asks the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    /// The time of day, UTC.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    pub fn now(self) -> Timestamp {
        Timestamp::now()
    }
}

/// Chance from the operating system's generator, through a generator of our own thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDice;

impl Dice for SystemDice {
    fn fill(&self, bytes: &mut [u8]) {
        rand::Rng::fill_bytes(&mut rand::rng(), bytes);
    }
}

/// The name of one request: in the logs, in the trace, on error pages and in the header to the extranet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The one that the data plane gave out; a client's own is never taken over.
    #[must_use]
    pub fn named(text: &str) -> Self {
        Self(text.into())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people at a terminal.
    Text,
}

/// What tells of requests while they pass.
#[derive(Clone, Default)]
pub struct Watch {
    /// One line for each.
    pub log: AccessLog,
    /// Spans of some.
    pub traces: traces::Traces,
}

/// How long an end waits for the last lines to be written.
const FLUSH_PATIENCE: Duration = Duration::from_secs(2);
/// What a pipe takes whole, so that two processes that share it (an upgrade) do not tear each other's lines.
const PIECE_OF_A_PIPE: usize = 4096;
/// The largest write to anything else.
const PIECE: usize = 256 * 1024;

static STARTED: OnceLock<(Arc<Sink>, LogFormat)> = OnceLock::new();

/// Logging; when it goes, the last lines are written.
#[derive(Debug)]
#[must_use = "the last lines are written when it goes"]
pub struct Logging(());

/// Starts logging to the standard error, once per process; a second call changes nothing.
///
/// `filter` is a directive such as `info` or `vestibule=debug,info`. Libraries that would write whole requests or
/// statements at their finer levels are held above them whatever it says: no secret and no person's data in a log. And the
/// HTTP engine, which has a line for whatever a client does, speaks only where the filter names it (REL-072). What the
/// pool of connections to the database says with each request, the store tells once.
///
/// # Errors
/// The thread that writes cannot be started.
pub fn start_logging(format: LogFormat, filter: &str) -> io::Result<Logging> {
    const HELD: &str = concat!(
        "hyper=info,hyper_util=info,sqlx=warn,sqlx_core::pool=off,sqlx",
        "::postgres::notice=error,opentelemetry=warn,opentelemetry_sdk=warn,opentelemetry-otlp=warn"
    );
    let piece = if is_pipe() { PIECE_OF_A_PIPE } else { PIECE };
    let sink = Sink::start(StandardError, piece)?;
    if STARTED.set((Arc::clone(&sink), format)).is_err() {
        return Ok(Logging(()));
    }
    let engine = if filter.contains("pingora") { "info" } else { "off" };
    let engine =
        ["pingora_core", "pingora_proxy", "pingora_http"].map(|library| format!("{library}={engine}")).join(",");
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(format!("{filter},{HELD},{engine}"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Events(sink));
    let ours = filter_fn(says_nothing_of_people);
    let _ = match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).finish().with(ours).try_init(),
        LogFormat::Text if io::stderr().is_terminal() => builder.finish().with(ours).try_init(),
        LogFormat::Text => builder.with_ansi(false).finish().with(ours).try_init(),
    };
    Ok(Logging(()))
}

/// Below `info` only our own lines are written, whatever the filter says: libraries tell at length what they carry, and
/// that is codes, cookies and addresses (SEC-260).
fn says_nothing_of_people(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::INFO || line.target() == "access" || line.target().starts_with("vestibule")
}

/// The access lines, beside all others; none before logging starts, or where the filter keeps `access` at `warn`.
#[must_use]
pub fn access_log() -> AccessLog {
    let wanted = tracing::enabled!(target: "access", Level::INFO);
    STARTED.get().filter(|_| wanted).map(|(sink, format)| AccessLog::to(Arc::clone(sink), *format)).unwrap_or_default()
}

/// Log lines that were dropped since the start.
#[must_use]
pub fn dropped_lines() -> u64 {
    STARTED.get().map_or(0, |(sink, _)| sink.dropped())
}

impl Drop for Logging {
    fn drop(&mut self) {
        if let Some((sink, _)) = STARTED.get() {
            // Where the sink takes nothing, the end does not wait for ever.
            sink.flush(FLUSH_PATIENCE);
        }
    }
}

/// Under the lock that the messages of a panic take, too.
struct StandardError;

impl Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_pipe() -> bool {
    let kind = io::stderr().as_fd().try_clone_to_owned().and_then(|copy| File::from(copy).metadata());
    kind.is_ok_and(|kind| kind.file_type().is_fifo())
}

/// Where tracing's lines go: the same buffers as the access lines, so that none tears another.
struct Events(Arc<Sink>);

struct Event<'a>(&'a Sink, Hurry);

impl<'a> MakeWriter<'a> for Events {
    type Writer = Event<'a>;

    fn make_writer(&'a self) -> Event<'a> {
        Event(&self.0, Hurry::Now)
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Event<'a> {
        Event(&self.0, if *meta.level() <= Level::WARN { Hurry::Now } else { Hurry::Batch })
    }
}

impl Write for Event<'_> {
    /// tracing hands a whole line over.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.add(self.1, |bytes, _| bytes.extend_from_slice(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sixteen hexadecimal digits.
fn append_hex(number: u64, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&hex(number));
}

/// A number as sixteen hexadecimal digits: how a request is named.
#[must_use]
pub fn hex(number: u64) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 16];
    for (digit, byte) in text.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        digit[0] = DIGITS[usize::from(byte >> 4)];
        digit[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}
