//! `vestibule serve`.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Ended, assemble, runtime};
use crate::config::{self, Settings};
use crate::telemetry::{LogFormat, start_logging};

/// Runs the gateway until Ctrl-C or SIGTERM.
pub(super) fn run(settings: &Settings) -> Ended {
    let _logging = match start_logging(log_format(settings.log.format), &settings.log.level) {
        Ok(logging) => logging,
        Err(error) => return Ended::Failed(format!("the log: {error}")),
    };
    let runtime = match runtime(settings.server.workers) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    runtime.block_on(async {
        let assembled = match assemble::gateway(settings).await {
            Ok(assembled) => assembled,
            Err(reason) => return Ended::Failed(reason),
        };
        let stop = CancellationToken::new();
        if let Err(error) = stop_on_signal(stop.clone()) {
            return Ended::Failed(format!("signals: {error}"));
        }
        let (listen, agencies) = (&settings.server.listen, settings.agencies.len());
        tracing::info!(?listen, portal = %settings.portal.origin, agencies, "the gateway is open");
        assembled.run(stop).await;
        tracing::info!("the gateway is closed");
        Ended::Done
    })
}

pub(super) const fn log_format(format: config::LogFormat) -> LogFormat {
    match format {
        config::LogFormat::Json => LogFormat::Json,
        config::LogFormat::Text => LogFormat::Text,
    }
}

/// Cancels on the first Ctrl-C or SIGTERM.
pub(super) fn stop_on_signal(stop: CancellationToken) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stop.cancel();
    });
    Ok(())
}
