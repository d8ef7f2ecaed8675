//! `vestibule upgrade`: the gateway that runs starts the new program itself (decision 71).
//!
//! So the new process has what a service manager gave the old one (its user, its folders, its protection, the socket on
//! which it tells that it is the main one), and nobody has to start it from outside.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

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
    if let Err(reason) = check(program, config, PATIENCE).await {
        return Said::Failed(reason);
    }
    let relieved = operated.successor.relieved.notified();
    let mut command = Command::new(program);
    command.args(["serve", "--upgrade"]).args(is_agreed.then_some("--yes")).arg("--config").arg(config);
    let mut child = match command.stdin(Stdio::null()).process_group(0).spawn() {
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
            end(&mut child).await;
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
async fn check(program: &Path, config: &Path, patience: Duration) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(["check", "--offline", "--config"]).arg(config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let told = |error: io::Error| format!("{}: {error}", program.display());
    let mut child = command.spawn().map_err(told)?;
    let mut stderr = child.stderr.take();
    let mut said = Vec::new();
    let reading = async {
        if let Some(stderr) = &mut stderr {
            stderr.read_to_end(&mut said).await?;
        }
        child.wait().await
    };
    let Ok(ended) = tokio::time::timeout(patience, reading).await else {
        end(&mut child).await;
        return Err(format!("{} check did not end within {patience:?}", program.display()));
    };
    let status = ended.map_err(told)?;
    let said = String::from_utf8_lossy(&said);
    match (status.code(), said.trim_end()) {
        // 1 is said of a configuration without agencies: whether that is meant, was asked before.
        (Some(0 | 1), _) => Ok(()),
        (Some(code), "") => Err(format!("{} check said nothing, and ended with {code}", program.display())),
        (None, "") => Err(format!("{} check said nothing, and was ended ({status})", program.display())),
        (_, said) => Err(said.to_owned()),
    }
}

/// Ends a program that hangs, with whatever it has started: it leads a group of its own.
async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    // Nobody else hears that it has ended.
    let _ = child.kill().await;
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    /// What is told of a program that is this script.
    async fn told(script: &str, patience: Duration) -> (Result<(), String>, TempDir) {
        let folder = TempDir::new().expect("a folder");
        let program = folder.path().join("vestibule");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        (check(&program, &folder.path().join("child"), patience).await, folder)
    }

    #[tokio::test]
    async fn walk_3_of_a_program_that_ends_is_told_what_it_said_or_how_it_ended() {
        for (script, words) in [
            ("exit 0", None),
            ("exit 1", None),
            ("exit 7", Some("ended with 7")),
            ("kill -9 $$", Some("signal: 9")),
            ("echo 'the new one says why' >&2; exit 2", Some("the new one says why")),
            ("echo '  ' >&2; exit 2", Some("ended with 2")),
        ] {
            let (said, _folder) = told(script, PATIENCE).await;
            match words {
                None => assert_eq!(said, Ok(()), "{script}"),
                Some(words) => assert!(said.as_ref().is_err_and(|said| said.contains(words)), "{script}: {said:?}"),
            }
        }
    }

    #[tokio::test]
    async fn walk_3_of_a_program_that_hangs_nothing_is_left() {
        // The last argument is a file: the child's child writes its number there.
        let script = "for last; do :; done; sleep 600 & echo $! >\"$last\"; wait";
        let (said, folder) = told(script, Duration::from_secs(2)).await;
        assert!(said.is_err_and(|said| said.contains("did not end within 2s")));
        let child = fs::read_to_string(folder.path().join("child")).expect("it had begun");
        let status = format!("/proc/{}/stat", child.trim());
        for _ in 0..100 {
            // Who has ended, and whose parent has not heard of it, is a zombie.
            let is_left = fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z "));
            if !is_left {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{status} is still there");
    }
}
