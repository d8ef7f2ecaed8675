//! Secrets: from a file or an environment variable, never from the configuration itself (SEC-260).

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::document::Section;
use super::problems::Wrong;
use super::settings::{VaultKey, VaultKeys};
use crate::domain::secret::Secret;

/// Where secrets may come from.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'e> {
    /// Reads a variable of the environment.
    pub(super) variable: &'e dyn Fn(&str) -> Option<String>,
    /// Whether this is a trial whose portal nobody else can reach: a careless file is then no reason not to start.
    pub(super) trial: bool,
}

/// A variable of this process: the only place that reads it.
#[expect(clippy::disallowed_methods, reason = "only config reads the environment, and it does so here")]
pub(super) fn process_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The secret that exactly one of `{name}`, `{name}_file` and `{name}_env` gives; which of them there are, the table of
/// keys says. None is an error only where `required`.
pub(super) fn secret(section: &Section<'_>, name: &str, required: bool, around: Surroundings<'_>) -> Option<Secret> {
    let spellings = [name.to_owned(), format!("{name}_file"), format!("{name}_env")];
    let known: Vec<&str> =
        spellings.iter().map(String::as_str).filter(|name| section.keys.iter().any(|key| key.name == *name)).collect();
    let written: Vec<&str> = known.iter().copied().filter(|name| section.has(name)).collect();
    match written.as_slice() {
        [] if required => {
            section.error("", Wrong::new(format!("missing; expected one of {}", known.join(", "))));
            None
        }
        [] => None,
        [one] if one.ends_with("_file") => from_file(section, one, around),
        [one] if one.ends_with("_env") => from_environment(section, one, around),
        [one] => section.text(one).map(Secret::new),
        [_, second, ..] => {
            section.error(second, Wrong::new(format!("only one of {} can be given", written.join(", "))));
            None
        }
    }
}

/// The keys that seal legacy secrets; what is wrong with them is noted.
pub(super) fn vault(section: &Section<'_>, around: Surroundings<'_>) -> Option<VaultKeys> {
    let current = secret(section, "key", true, around);
    let at = if section.has("key_file") { "key_file" } else { "key_env" };
    let current = current.and_then(|text| vault_key(section, at, &text));
    let mut old: Vec<VaultKey> = Vec::new();
    for (name, read) in [("old_key_files", file as Reads), ("old_key_envs", variable as Reads)] {
        for place in section.list(name, |place| Ok(place.to_owned())) {
            let Some(key) = read(section, name, &place, around).and_then(|text| vault_key(section, name, &text)) else {
                continue;
            };
            if current.iter().chain(&old).any(|known| known.id == key.id) {
                section.error(name, Wrong::new(format!("{place} holds a key that is configured already")));
            }
            old.push(key);
        }
    }
    Some(VaultKeys { current: current?, old })
}

/// The name of a key, which is no secret.
#[must_use]
pub fn vault_key_id(key: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(key)[..4])
}

type Reads = fn(&Section<'_>, &str, &str, Surroundings<'_>) -> Option<Secret>;

fn vault_key(section: &Section<'_>, name: &str, text: &Secret) -> Option<VaultKey> {
    let bytes = BASE64.decode(text.expose().as_bytes()).map(Zeroizing::new).ok();
    let key: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.as_slice().try_into().ok());
    let Some(key) = key.map(Zeroizing::new) else {
        section.error(name, Wrong::new("this is not 32 bytes in base64").hint("vestibule vault new-key <FILE>"));
        return None;
    };
    Some(VaultKey { id: vault_key_id(&key), key })
}

fn from_environment(section: &Section<'_>, name: &str, around: Surroundings<'_>) -> Option<Secret> {
    variable(section, name, &section.text(name)?, around)
}

fn variable(section: &Section<'_>, name: &str, variable: &str, around: Surroundings<'_>) -> Option<Secret> {
    let value = (around.variable)(variable)
        .map(Zeroizing::new)
        .map(|value| Secret::new(value.trim()))
        .filter(|value| !value.expose().is_empty());
    if value.is_none() {
        section.error(name, Wrong::new(format!("the environment variable {variable} is not set, or empty")));
    }
    value
}

/// The secret in the file that a key names.
pub(super) fn from_file(section: &Section<'_>, name: &str, around: Surroundings<'_>) -> Option<Secret> {
    file(section, name, &section.text(name)?, around)
}

fn file(section: &Section<'_>, name: &str, path: &str, around: Surroundings<'_>) -> Option<Secret> {
    let path = section.folder().join(path);
    section.notes.depends_on(&path);
    check_mode(section, name, &path, around);
    match std::fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) if text.trim().is_empty() => {
            section.error(name, Wrong::new(format!("{} is empty", path.display())));
            None
        }
        Ok(text) => Some(Secret::new(text.trim())),
        Err(error) => {
            section.error(name, Wrong::new(format!("{} cannot be read: {error}", path.display())));
            None
        }
    }
}

/// A secret that everybody on the machine can read is none; a wide group is worth a look.
pub(super) fn check_mode(section: &Section<'_>, name: &str, path: &Path, around: Surroundings<'_>) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    let wrong = |who: &str| {
        Wrong::new(format!("{who} {} (mode {mode:04o})", path.display())).hint(format!("chmod 0640 {}", path.display()))
    };
    if mode & 0o007 != 0 && !around.trial {
        section.error(name, wrong("everybody on this machine can open"));
    } else if mode & !0o640 != 0 {
        section.warning(name, wrong("more people than need to can open"));
    }
}
