//! The time of day as a gateway believes it, which a test sets while it runs (libfaketime); what is measured goes on by
//! the real, steady clock.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where distributions keep the library; below a folder named after the machine.
const LIBRARY: (&str, &str) = ("/usr/lib", "faketime/libfaketimeMT.so.1");
/// Says how many seconds the clock is ahead; in the gateway's folder.
const FILE: &str = "clock";
/// A zone that has summer time, of which no line of the log may know.
const ZONE: &str = "Europe/Paris";

/// Lets gateways that are started in this folder have a clock of their own, which is right at first.
pub fn prepare(folder: &Path) {
    set(folder, 0);
}

/// Sets the clock of a gateway of one node to so many seconds after the right time.
pub fn set(folder: &Path, seconds: i64) {
    write(&folder.join(FILE), seconds);
}

/// Sets the clock of one of several nodes.
pub fn set_of(folder: &Path, config: &Path, seconds: i64) {
    write(&of(folder, config), seconds);
}

fn write(file: &Path, seconds: i64) {
    let next = file.with_extension("next");
    fs::write(&next, format!("{seconds:+}\n")).expect("a file for the clock");
    fs::rename(next, file).expect("the clock is set");
}

/// The clock of the node with this configuration.
fn of(folder: &Path, config: &Path) -> PathBuf {
    match config.file_stem().and_then(OsStr::to_str) {
        Some(node) if node.starts_with("node-") => folder.join(format!("{FILE}-{node}")),
        _ => folder.join(FILE),
    }
}

/// Lets a program believe its clock in the folder, where there is one.
pub fn lend(folder: &Path, config: &Path, command: &mut Command) {
    if !folder.join(FILE).exists() {
        return;
    }
    let file = of(folder, config);
    if !file.exists() {
        write(&file, 0);
    }
    let machines = fs::read_dir(LIBRARY.0).expect("libraries").filter_map(Result::ok);
    let library = machines.map(|machine| machine.path().join(LIBRARY.1)).find(|path| path.exists());
    command
        .env("LD_PRELOAD", library.expect("libfaketime; `make test-deps` installs it"))
        .env("FAKETIME_TIMESTAMP_FILE", file)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("NO_FAKE_STAT", "1")
        .env("TZ", ZONE);
}
