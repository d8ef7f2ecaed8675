//! What the commands say at the terminal, or into a pipe.
//!
//! A reader that has gone away (`vestibule check | head`) ends nothing: what was begun is done, and only the rest of
//! what would be said is lost. A disk that takes no more is a failure, told in the exit code.

use std::fmt::Arguments;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufRead as _, ErrorKind, IsTerminal as _, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How long nothing is said while somebody is waited for, and how long it is said again.
const FIRST_WORD_S: u64 = 3;
const NEXT_WORD_S: u64 = 10;

/// Whether something was lost although somebody wanted it.
static LOST: AtomicBool = AtomicBool::new(false);

/// A new file for what names people, or an emptied one: its owner's alone.
///
/// # Errors
/// It cannot be written.
pub(super) fn private(file: &Path) -> std::io::Result<File> {
    let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    made.set_permissions(Permissions::from_mode(0o600))?;
    Ok(made)
}

/// How far long work is, of so many of something; nothing where nobody looks.
pub(super) fn progress(length: u64, of: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {of}, {{eta}} left"))
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

/// Writes a line to the standard output.
pub(super) fn out(line: Arguments<'_>) {
    keep(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Writes a line to the standard error.
pub(super) fn err(line: Arguments<'_>) {
    keep(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Writes without ending the line, and shows it at once.
pub(super) fn ask(words: Arguments<'_>) {
    let mut out = std::io::stderr().lock();
    keep(write!(out, "{words}").and_then(|()| out.flush()));
}

/// Whether somebody is there to be asked.
pub(super) fn is_there() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks whether something is meant, unless that was said with `--yes`.
///
/// # Errors
/// It is not meant, or nobody is there to be asked.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), String> {
    if yes {
        return Ok(());
    }
    if !is_there() {
        return Err(
            "nobody is there to be asked whether this is meant; nothing was changed (hint: say --yes)".to_owned()
        );
    }
    ask(format_args!("{question} [y/N] "));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(|error| error.to_string())?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" | "o" | "oui" => Ok(()),
        _ => Err("nothing was changed".to_owned()),
    }
}

/// Waits for an answer, and says so: who waits before a silent terminal takes the program for the one that hangs.
pub(super) async fn patiently<T>(whose: &str, answer: impl Future<Output = T>) -> T {
    let mut answer = std::pin::pin!(answer);
    let (mut waited, mut pause) = (0, FIRST_WORD_S);
    loop {
        if let Ok(done) = tokio::time::timeout(Duration::from_secs(pause), &mut answer).await {
            return done;
        }
        waited += pause;
        err(format_args!("waiting for {whose}: no answer for {waited} s"));
        pause = NEXT_WORD_S;
    }
}

/// Whether something that was to be said could not be written, although somebody was there to read it.
pub(super) fn lost() -> bool {
    keep(std::io::stdout().lock().flush());
    LOST.load(Ordering::Relaxed)
}

fn keep(written: std::io::Result<()>) {
    if written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// `println!` for the commands.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::terminal::out(format_args!($($words)*)) };
}

/// `eprintln!` for the commands.
macro_rules! tell {
    ($($words:tt)*) => { $crate::cli::terminal::err(format_args!($($words)*)) };
}

pub(super) use {say, tell};
