//! Logs, request ids, the clock and the dice that the rest is handed.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

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

/// Starts logging to the standard error, once per process; a second call changes nothing.
///
/// `filter` is a directive such as `info` or `vestibule=debug,info`. Libraries that would write whole requests or
/// statements at their finer levels are held above them whatever it says: no secret and no person's data in a log.
pub fn start_logging(format: LogFormat, filter: &str) {
    const HELD: &str = "pingora_core=info,pingora_proxy=info,pingora_http=info,hyper=info,hyper_util=info,sqlx=warn";
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(format!("{filter},{HELD}"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => builder.try_init(),
    };
}
