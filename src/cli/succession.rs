//! `vestibule upgrade`: the gateway that runs starts the new program itself (decision 71).
//!
//! So the new process has what a service manager gave the old one (its user, its folders, its protection, the socket on
//! which it tells that it is the main one), and nobody has to start it from outside.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::Command;

use super::operated::Operated;
use super::outcome::{described, names};
use super::said::{ANY, Said};
use super::upgrade;
use crate::domain::removal::Consent;

/// How long a new process may take to check its configuration, and to accept connections.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts the program that lies where this one came from, and lets it take the listeners over.
pub(super) async fn replace(operated: &Arc<Operated>, consent: Consent<'_>) -> Said {
    let Some(program) = operated.successor.program.as_deref() else {
        return Said::Failed("this process does not know where its program is: restart it".to_owned());
    };
    if operated.stop.is_cancelled() || operated.successor.is_starting.swap(true, Ordering::Relaxed) {
        return Said::Failed("this process is being replaced, or stopped, already".to_owned());
    }
    let said = start(operated, program, consent).await;
    operated.successor.is_starting.store(false, Ordering::Relaxed);
    said
}

async fn start(operated: &Operated, program: &Path, consent: Consent<'_>) -> Said {
    let config = operated.reloader.path();
    // A program that is newer may read what this one cannot: then that one sees to it.
    let loss = operated.reloader.would_lose().await;
    let is_agreed = match (&loss, consent) {
        (_, Consent::ToAny) => true,
        (Some(loss), Consent::To(name)) => loss.name() == name,
        _ => false,
    };
    if let Some(loss) = loss.filter(|_| !is_agreed) {
        return Said::Asks { consent: loss.name(), text: described(&loss, operated.agencies()) };
    }
    if let Err(reason) = check(program, config).await {
        return Said::Failed(reason);
    }
    let relieved = operated.successor.relieved.notified();
    let mut command = Command::new(program);
    command.args(["serve", "--upgrade"]).args(is_agreed.then_some("--yes")).arg("--config").arg(config);
    let mut child = match command.stdin(Stdio::null()).spawn() {
        Ok(child) => child,
        Err(error) => return Said::Failed(format!("{}: {error}", program.display())),
    };
    let process = child.id().unwrap_or_default();
    tracing::info!(process, program = %program.display(), "a new process was started to take the listeners over");
    let ended = tokio::select! {
        () = relieved => {
            let gone = operated.reloader.gone();
            let by_that_word = if is_agreed && !gone.is_empty() {
                format!("\nby that word these agencies, which were missing, have gone: {}", names(&gone))
            } else {
                String::new()
            };
            return Said::Done(format!(
                "process {process} has taken over; the old one ends with its last request{by_that_word}"
            ));
        }
        ended = child.wait() => ended,
        () = tokio::time::sleep(PATIENCE) => {
            // It may be about to take over in this moment; then its end changes nothing any more.
            let _ = child.start_kill();
            return Said::Failed(format!("the new process did not accept connections within {PATIENCE:?}; this one goes on"));
        }
    };
    let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
    // What it said stands in the log; what is likely, this one can ask, too.
    let likely = match operated.app.store.ping().await {
        Err(error) => format!("{error}\n"),
        Ok(()) => String::new(),
    };
    Said::Failed(format!(
        "{likely}the new process ended ({how}) and this one goes on; why stands in the log (journalctl -u vestibule -n 20)"
    ))
}

/// Lets the new program read the configuration first: what it says is for whoever asked, and not for the log.
async fn check(program: &Path, config: &Path) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(["check", "--offline", "--config"]).arg(config).stdin(Stdio::null()).kill_on_drop(true);
    let checked = tokio::time::timeout(PATIENCE, command.output()).await;
    match checked {
        // 1 is said of a configuration without agencies: whether that is meant, was asked before.
        Ok(Ok(output)) if matches!(output.status.code(), Some(0 | 1)) => Ok(()),
        Ok(Ok(output)) => Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()),
        Ok(Err(error)) => Err(format!("{}: {error}", program.display())),
        Err(_) => Err(format!("{} check did not end within {PATIENCE:?}", program.display())),
    }
}

/// Gives the sockets to the process that asks for them, and stops once it accepts on them. One that dies before that has
/// changed nothing.
pub(super) async fn give_way(stream: UnixStream, operated: &Operated) {
    match upgrade::give(stream, &operated.held).await {
        // It is closed when everything is told.
        Ok(_stream) => {
            tracing::info!("another process has taken the listeners over");
            operated.is_replaced.store(true, Ordering::Relaxed);
            operated.successor.relieved.notify_waiters();
            operated.stop.cancel();
        }
        Err(error) => tracing::error!(%error, "the process that wanted the listeners did not get ready"),
    }
}

/// The word by which the control socket is told that somebody agrees.
pub(super) fn agreeing(line: &str, name: Option<&str>) -> String {
    format!("{line} removing {}", name.unwrap_or(ANY))
}
