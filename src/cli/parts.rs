//! The configuration for commands that serve nobody: a mistake in a file keeps nobody from helping a resident (decision 71).
//!
//! Where the files are not in order, what is in force in the gateway that runs is as good. Where none runs, what is left of
//! the files is enough if no mistake is in what the command needs.

use std::path::Path;

use super::control;
use super::reading::Refused;
use super::said::Said;
use super::terminal::tell;
use super::{Ended, runtime, tell_refused};
use crate::config::{self, Attempt, Loaded, Problems, Settings, Severity, Sources};

/// What everything that looks at people needs of the main file.
pub(super) const PEOPLE: &[&str] = &["database", "redis"];

/// What everything that looks at sealed secrets needs.
pub(super) const VAULT: &[&str] = &["database", "redis", "vault"];

/// Goes on with the configuration, or with as much of it as is needed: tables of the main file.
pub(super) fn with_parts(path: &Path, needed: &[&str], go_on: impl FnOnce(Settings) -> Ended) -> Ended {
    let Attempt { outcome, rest, .. } = config::attempt(path);
    let problems = match outcome {
        Ok(Loaded { settings, warnings }) => {
            for warning in &warnings {
                tell!("{warning}");
            }
            // Files that have all vanished are no mistake, and no help either.
            let others = if settings.agencies.is_empty() { in_force(path, needed) } else { None };
            return go_on(others.unwrap_or(settings));
        }
        Err(problems) => problems,
    };
    if let Some(settings) = in_force(path, needed) {
        tell_left(&problems, "what is in force in the gateway that runs is used instead");
        return go_on(settings);
    }
    with_rest(path, needed, &problems, rest, go_on)
}

/// The same with the files alone: for who looks at what is written in them, whatever is in force.
pub(super) fn with_files(path: &Path, needed: &[&str], go_on: impl FnOnce(Settings) -> Ended) -> Ended {
    let Attempt { outcome, rest, .. } = config::attempt(path);
    match outcome {
        Ok(Loaded { settings, .. }) => go_on(settings),
        Err(problems) => with_rest(path, needed, &problems, rest, go_on),
    }
}

/// What is left of files that are not in order, if that is enough.
fn with_rest(
    path: &Path,
    needed: &[&str],
    problems: &Problems,
    rest: Option<Settings>,
    go_on: impl FnOnce(Settings) -> Ended,
) -> Ended {
    match rest.filter(|_| !concerns(problems, path, needed)) {
        Some(settings) => {
            tell_left(problems, "what is in order is used");
            go_on(settings)
        }
        None => tell_refused(&Refused::of(problems)),
    }
}

/// The configuration in force in the gateway that runs on this file.
fn in_force(path: &Path, needed: &[&str]) -> Option<Settings> {
    let places = config::glance(path).control;
    let said = runtime(1).ok()?.block_on(control::ask(&places, "configuration")).ok()?;
    let Said::Done(text) = said else { return None };
    let Attempt { outcome, rest, .. } = config::attempt_in_force(path, Sources::told(&text)?);
    match outcome {
        Ok(Loaded { settings, .. }) => Some(settings),
        // A secret's file may be broken, too.
        Err(problems) => rest.filter(|_| !concerns(&problems, path, needed)),
    }
}

/// Whether something that is needed is wrong.
fn concerns(problems: &Problems, main: &Path, needed: &[&str]) -> bool {
    let errors = problems.0.iter().filter(|problem| problem.severity == Severity::Error && problem.file == main);
    let table = |key: &str| key.split(['.', '[']).next().unwrap_or_default().to_owned();
    errors.into_iter().any(|problem| problem.key.is_empty() || needed.contains(&table(&problem.key).as_str()))
}

fn tell_left(problems: &Problems, what: &str) {
    tell!("{}", Refused::of(problems).describe());
    let errors = problems.0.iter().filter(|problem| problem.severity == Severity::Error).count();
    tell!("vestibule: {errors} error(s) in the configuration; {what}");
}
