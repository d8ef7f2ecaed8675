//! `vestibule serve`.

use std::path::Path;
use std::sync::Arc;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::assemble::{self, Assembled, ReadFrom, Reason};
use super::control;
use super::outcome;
use super::reading::{Attempt, Reading};
use super::reload::Reloader;
use super::said::Said;
use super::upgrade::{Inherited, Predecessor};
use super::{Ended, descriptors, runtime, tell_refused};
use crate::config::{self, ControlPlaces, Settings};
use crate::domain::agency_code::AgencyCode;
use crate::domain::removal::{Consent, Loss, Roll};
use crate::telemetry::{LogFormat, start_logging};

/// Runs the gateway until Ctrl-C or SIGTERM, or until another process takes its listeners over.
pub(super) fn run(path: &Path, upgrade: Option<Consent<'_>>) -> Ended {
    let Attempt { files, outcome } = super::reading::read(path);
    let reading = match outcome {
        Ok(reading) => reading,
        Err(refused) => return tell_refused(&refused),
    };
    let Settings { server, log, portal, agencies, .. } = &reading.settings;
    let (server, portal, agencies) = (server.clone(), portal.origin.clone(), agencies.len());
    let _logging = match start_logging(log_format(log.format), &log.level) {
        Ok(logging) => logging,
        Err(error) => return Ended::Failed(format!("the log: {error}")),
    };
    for warning in reading.warnings.iter().chain(&reading.flaws) {
        tracing::warn!(warning, "in the configuration");
    }
    if let Some(warning) = descriptors::warning(descriptors::raise_limit(), server.max_connections) {
        tracing::warn!(warning, "not every connection can be served");
    }
    keep_memory_private();
    let runtime = match runtime(server.workers) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let ran = runtime.block_on(async {
        let (assembled, predecessor) = assembled(reading, ReadFrom { path, files }, &server.control, upgrade).await?;
        act_on_signals(assembled.stop(), assembled.reloader()).map_err(|error| format!("signals: {error}"))?;
        tracing::info!(listen = ?server.listen, %portal, agencies, "the gateway is open");
        let accepting = || {
            // Before the old one ends: what becomes of a service whose main process ends is decided in that moment.
            tell_systemd(&[sd_notify::NotifyState::MainPid(std::process::id()), sd_notify::NotifyState::Ready]);
            if let Some(error) = predecessor.and_then(|predecessor| predecessor.relieve().err()) {
                tracing::error!(%error, "the old process did not hear that this one has taken over");
            }
        };
        assembled.run(accepting).await;
        tracing::info!("the gateway is closed");
        Ok(())
    });
    match ran {
        Ok(()) => Ended::Done,
        Err(reason) => {
            // For who reads the log; who reads the terminal is told below.
            tracing::error!(reason, "the gateway ends: it could not be opened");
            Ended::Failed(reason)
        }
    }
}

/// A gateway with listeners: those of the process that it replaces, those of systemd, or its own.
async fn assembled(
    reading: Reading,
    from: ReadFrom<'_>,
    control: &ControlPlaces,
    upgrade: Option<Consent<'_>>,
) -> Result<(Assembled, Option<Predecessor>), Reason> {
    if upgrade == Some(Consent::None) {
        keeps_agencies(&reading.settings).await?;
    }
    let prepared = assemble::prepare(reading, from, upgrade).await?;
    if upgrade.is_none() {
        return Ok((prepared.listen(&mut Inherited::from_systemd()).await?, None));
    }
    let (predecessor, mut inherited) = Predecessor::ask(&control.own).map_err(|error| {
        format!("{}: {error} (hint: --upgrade takes over from a gateway that runs)", control.own.display())
    })?;
    Ok((prepared.listen(&mut inherited).await?, Some(predecessor)))
}

/// Whether the files have the agencies that the gateway which runs has: an upgrade takes no more away by itself than a
/// reload does.
async fn keeps_agencies(settings: &Settings) -> Result<(), Reason> {
    // One that does not answer, or is older, is asked again in a moment, for its sockets.
    let Ok(Said::Done(text)) = control::ask(&settings.server.control, "agencies").await else { return Ok(()) };
    let before: Vec<AgencyCode> = text.lines().filter_map(AgencyCode::stored).collect();
    let roll = Roll::new(&before);
    let has = |code: &AgencyCode| settings.agencies.iter().any(|agency| agency.code == *code);
    let agencies: Vec<AgencyCode> = before.iter().filter(|code| !has(code)).cloned().collect();
    let (missing, loss) = (agencies.len(), Loss { agencies, ..Loss::default() });
    if loss.may_be(Consent::None, &roll, missing, settings.server.reload_removes) {
        return Ok(());
    }
    Err(format!("{}, or start this with --yes; the old process goes on", outcome::described(&loss, before.len())))
}

/// What residents type is in this memory for the moment of a request, and the vault's key for good: no core of it is
/// written, and no other program of the same user looks into it.
fn keep_memory_private() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let done = setrlimit(Resource::Core, none).and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    if let Err(error) = done {
        tracing::warn!(%error, "a crash may write the memory to a file");
    }
}

pub(super) const fn log_format(format: config::LogFormat) -> LogFormat {
    match format {
        config::LogFormat::Json => LogFormat::Json,
        config::LogFormat::Text => LogFormat::Text,
    }
}

/// Stops on the first Ctrl-C or SIGTERM, at once on the second, and reloads on SIGHUP. A file that has become as large as
/// it may (`LimitFSIZE=`) is an error for who writes, like a full disk, and not the end of the process.
pub(super) fn act_on_signals(stop: CancellationToken, reloader: Arc<Reloader>) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    // Only that somebody listens matters, and that holds for good.
    drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(()) = interrupt.recv() => {}
                Some(()) = terminate.recv() => {}
                Some(()) = hang_up.recv() => {
                    reloader.reload("SIGHUP", Consent::None).await;
                    continue;
                }
            }
            if stop.is_cancelled() {
                tracing::warn!("told to stop a second time: requests are cut off");
                std::process::exit(1);
            }
            tell_systemd(&[sd_notify::NotifyState::Stopping]);
            stop.cancel();
        }
    });
    Ok(())
}

/// Tells systemd, where it has started this process with `Type=notify`.
fn tell_systemd(state: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd could not be told");
    }
}
