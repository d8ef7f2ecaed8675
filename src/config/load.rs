//! Reads every file, and tells every problem of all of them at once.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::agencies;
use super::document::{Document, Notes, Section};
use super::gateway;
use super::hosts;
use super::keys::{self, GATEWAY, SERVER};
use super::origins::ValueOrigin;
use super::policy::Layers;
use super::problems::{Problem, Problems, Severity, Wrong};
use super::schema;
use super::secrets::{self, Surroundings};
use super::settings::{ControlPlaces, PortalSettings, Settings};
use super::sources::Sources;
use super::tls;
use super::values;
use crate::domain::agency::Agency;

/// A configuration that can be used, and what the operator should look at all the same.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Everything as used.
    pub settings: Settings,
    /// None of them is an error.
    pub warnings: Vec<Problem>,
}

/// What came of a reading.
#[derive(Debug)]
pub struct Attempt {
    /// The files and folders that it depended on, as far as it came: a change in one of them may change the outcome.
    pub files: Vec<PathBuf>,
    /// The configuration, or every problem of every file at once, warnings among them.
    pub outcome: Result<Loaded, Problems>,
    /// What is left of a configuration that has problems: for who serves nobody and needs only a part of it. Agencies
    /// with a mistake may be missing; what the problems name is not to be relied on.
    pub rest: Option<Settings>,
    /// The texts that were read.
    pub sources: Sources,
}

/// What can be made out of the main file, whatever is wrong in it or elsewhere.
#[derive(Debug)]
pub struct Glance {
    /// Where the gateway on it tells its health.
    pub health: Option<SocketAddr>,
    /// Where its control socket may be.
    pub control: ControlPlaces,
}

/// Reads `vestibule.toml` at this path and the agencies' files that it names.
///
/// # Errors
/// Gives every problem of every file at once, warnings among them.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    attempt(path).outcome
}

/// [`load`], and what it depended on.
#[must_use]
pub fn attempt(path: &Path) -> Attempt {
    attempt_with(path, &secrets::process_variable)
}

/// [`attempt`], with these texts in the place of the files.
#[must_use]
pub fn attempt_in_force(path: &Path, sources: Sources) -> Attempt {
    read_all(path, &secrets::process_variable, Notes::of(sources))
}

/// Looks at the main file for how to find the gateway that runs on it.
#[must_use]
pub fn glance(path: &Path) -> Glance {
    let text = std::fs::read_to_string(path).map(Zeroizing::new).unwrap_or_default();
    let (document, is_whole) = Document::made_out(path, &text);
    let notes = Notes::default();
    let root = document.root(&notes);
    let server = root.section(GATEWAY.server);
    // A default counts only where nothing is lost in which another value may have stood.
    let is_told = |server: &Section<'_, _>| (is_whole && !text.is_empty()) || server.has(SERVER.health);
    let health = server.filter(is_told).and_then(|server| server.parsed(SERVER.health, values::listener));
    let around = Surroundings { variable: &secrets::process_variable, trial: true };
    Glance { health, control: gateway::control(&root, around) }
}

/// [`load`], with an environment of the caller's choice.
#[cfg(test)]
pub(super) fn load_with(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, Problems> {
    attempt_with(path, variable).outcome
}

fn attempt_with(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Attempt {
    read_all(path, variable, Notes::default())
}

fn read_all(path: &Path, variable: &dyn Fn(&str) -> Option<String>, notes: Notes) -> Attempt {
    let settings = read_main(path, &notes).and_then(|text| {
        let document = Document::parse(path, &text, &notes)?;
        read_gateway(&document.root(&notes), variable)
    });
    let (mut problems, files, sources) = notes.into_parts();
    problems.sort_by(|left, right| {
        let place = |problem: &Problem| (problem.file.clone(), problem.line, problem.severity);
        place(left).cmp(&place(right))
    });
    let mut told = std::collections::HashSet::new();
    problems.retain(|problem| told.insert(problem.clone()));
    let (outcome, rest) = match settings {
        Some(settings) if problems.iter().all(|problem| problem.severity != Severity::Error) => {
            (Ok(Loaded { settings, warnings: problems }), None)
        }
        rest => (Err(Problems(problems)), rest),
    };
    Attempt { files, outcome, rest, sources }
}

fn read_gateway(root: &Section<'_, keys::Gateway>, variable: &dyn Fn(&str) -> Option<String>) -> Option<Settings> {
    let written = schema::check(root);
    let portal = root.section(GATEWAY.portal).and_then(|section| gateway::portal(&section));
    let trial = portal.as_ref().is_some_and(|portal| values::is_this_machine(portal.origin.host()));
    let around = Surroundings { variable, trial };
    let (agencies, origins) = read_agencies(root, portal.as_ref(), around);
    let mut settings = gateway::read(root, portal, around)?;
    settings.origins = written;
    settings.origins.extend(origins);
    settings.agencies = agencies;
    settings.agencies.sort_by(|left, right| left.code.cmp(&right.code));
    if let Some(section) = root.section(GATEWAY.tls) {
        tls::check_names(&section, &settings);
    }
    Some(settings)
}

fn read_agencies(
    root: &Section<'_, keys::Gateway>,
    portal: Option<&PortalSettings>,
    around: Surroundings<'_>,
) -> (Vec<Agency>, Vec<ValueOrigin>) {
    let files = agency_files(root);
    let texts: Vec<(&Path, Zeroizing<String>)> =
        files.iter().filter_map(|file| Some((file.as_path(), read_agency(file, root.notes)?))).collect();
    let documents: Vec<Document<'_>> =
        texts.iter().filter_map(|(file, text)| Document::parse(file, text, root.notes)).collect();
    let layers = Layers::read(root);
    let read: Vec<agencies::Read<'_>> = documents
        .iter()
        .map(|document| {
            let section = document.root(root.notes);
            let written = schema::check(&section);
            agencies::read(section, written, &layers, portal, around)
        })
        .collect();
    hosts::check_together(&read, portal);
    let codes: Vec<_> = read.iter().filter_map(|read| read.code.as_ref()).collect();
    if codes.len() == files.len() {
        layers.warn_unused(&codes);
    }
    if !root.has(GATEWAY.vault)
        && let Some((first, why)) = read.iter().find_map(|read| Some((read, needs_vault(read)?)))
    {
        let file = first.section.document.file.display();
        let wrong = Wrong::new(format!("missing; {why} ({file})"));
        root.error(GATEWAY.vault, wrong.hint("[vault] with key_file or key_env"));
    }
    let (agencies, origins): (Vec<_>, Vec<_>) = read.into_iter().map(|read| (read.agency, read.origins)).unzip();
    (agencies.into_iter().flatten().collect(), origins.into_iter().flatten().collect())
}

/// Why an agency cannot do without a key that is not in the database.
fn needs_vault(read: &agencies::Read<'_>) -> Option<&'static str> {
    if read.replays {
        return Some("old passwords that are replayed, and cookies that are kept, have to be sealed");
    }
    let has_code = read.agency.as_ref().is_some_and(|agency| agency.policy.confirmation.has_code());
    has_code.then_some("codes are kept as digests under a key, because eight digits are found by trying")
}

/// The agencies' files, by name.
fn agency_files(root: &Section<'_, keys::Gateway>) -> Vec<PathBuf> {
    let Some(folder) = root.path(GATEWAY.agencies) else { return Vec::new() };
    if let Some(sources) = &root.notes.in_force {
        return sources.names().map(|name| folder.join(name)).collect();
    }
    let listed = std::fs::read_dir(&folder).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<Result<Vec<PathBuf>, _>>()
    });
    let mut files = match listed {
        Ok(files) => files,
        Err(error) => {
            let wrong = Wrong::new(format!("the folder {} cannot be read: {error}", folder.display()));
            root.error(GATEWAY.agencies, wrong);
            return Vec::new();
        }
    };
    // Editors leave `.#a.toml` and the like beside a file that is being written.
    files.retain(|file| {
        let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        !hidden && file.extension().is_some_and(|extension| extension == "toml")
    });
    files.sort();
    if files.is_empty() {
        root.warning(
            GATEWAY.agencies,
            Wrong::new(format!("there is no agency's file (*.toml) in {}", folder.display())),
        );
    }
    files
}

fn read_main(file: &Path, notes: &Notes) -> Option<Zeroizing<String>> {
    let text = match &notes.in_force {
        Some(sources) => sources.main().map(|text| Zeroizing::new(text.to_owned())),
        None => read_text(file, notes),
    }?;
    notes.sources.borrow_mut().keep_main(&text);
    Some(text)
}

fn read_agency(file: &Path, notes: &Notes) -> Option<Zeroizing<String>> {
    let text = match &notes.in_force {
        Some(sources) => sources.agency(file).map(|text| Zeroizing::new(text.to_owned())),
        None => read_text(file, notes),
    }?;
    notes.sources.borrow_mut().keep_agency(file, &text);
    Some(text)
}

/// A file's text, wiped when dropped: a database's password may stand in it.
fn read_text(file: &Path, notes: &Notes) -> Option<Zeroizing<String>> {
    notes.depends_on(file);
    std::fs::read_to_string(file)
        .map(Zeroizing::new)
        .map_err(|error| {
            notes.add(Problem {
                severity: Severity::Error,
                file: file.to_owned(),
                line: None,
                key: String::new(),
                message: format!("cannot be read: {error}"),
                hint: None,
            });
        })
        .ok()
}
