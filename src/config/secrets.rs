//! Secrets: from a file or an environment variable, never from the configuration itself (SEC-260).

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::document::Section;
use super::keys::{self, At, Hidden, Itself, Key, Row, Text, Texts, VAULT};
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

/// What a key says of a secret.
pub(super) enum Given<K> {
    /// The secret itself.
    Here(Key<K, Hidden>),
    /// The file that holds it.
    File(Key<K, Text>),
    /// The variable of the environment that holds it.
    Variable(Key<K, Text>),
}

impl<K> Given<K> {
    fn row(&self) -> &'static Row {
        match self {
            Self::Here(key) => key.row,
            Self::File(key) | Self::Variable(key) => key.row,
        }
    }
}

/// The secret that one of these two keys gives, if one does.
pub(super) fn optional<K>(
    section: &Section<'_, K>,
    file: Key<K, Text>,
    variable: Key<K, Text>,
    around: Surroundings<'_>,
) -> Option<Secret> {
    secret(section, &[Given::File(file), Given::Variable(variable)], false, around)
}

/// The secret that one of these two keys has to give.
pub(super) fn required<K>(
    section: &Section<'_, K>,
    file: Key<K, Text>,
    variable: Key<K, Text>,
    around: Surroundings<'_>,
) -> Option<Secret> {
    secret(section, &[Given::File(file), Given::Variable(variable)], true, around)
}

/// The secret that exactly one of these keys gives. None is an error only where `required`.
pub(super) fn secret<K>(
    section: &Section<'_, K>,
    keys: &[Given<K>],
    required: bool,
    around: Surroundings<'_>,
) -> Option<Secret> {
    let written: Vec<&Given<K>> = keys.iter().filter(|key| section.has(key.row())).collect();
    let names = |keys: &[&Given<K>]| keys.iter().map(|key| key.row().name).collect::<Vec<_>>().join(", ");
    match written.as_slice() {
        [] if required => {
            section.error(
                Itself,
                Wrong::new(format!("missing; expected one of {}", names(&keys.iter().collect::<Vec<_>>()))),
            );
            None
        }
        [] => None,
        [Given::Here(key)] => section.text(*key).map(Secret::new),
        [Given::File(key)] => from_file(section, *key, around),
        [Given::Variable(key)] => variable(section, *key, &section.text(*key)?, around),
        [_, second, ..] => {
            section.error(second.row(), Wrong::new(format!("only one of {} can be given", names(&written))));
            None
        }
    }
}

/// The keys that seal legacy secrets; what is wrong with them is noted.
pub(super) fn vault(section: &Section<'_, keys::Vault>, around: Surroundings<'_>) -> Option<VaultKeys> {
    let current = required(section, VAULT.key_file, VAULT.key_env, around);
    let at = if section.has(VAULT.key_file) { VAULT.key_file } else { VAULT.key_env };
    let current = current.and_then(|text| vault_key(section, at, &text));
    let mut old: Vec<VaultKey> = Vec::new();
    for (at, read) in [(VAULT.old_key_files, file as Reads), (VAULT.old_key_envs, variable as Reads)] {
        for place in section.list(at, |place| Ok(place.to_owned())) {
            let Some(key) = read(section, at, &place, around).and_then(|text| vault_key(section, at, &text)) else {
                continue;
            };
            if current.iter().chain(&old).any(|known| known.id == key.id) {
                section.error(at, Wrong::new(format!("{place} holds a key that is configured already")));
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

type Reads = fn(&Section<'_, keys::Vault>, Key<keys::Vault, Texts>, &str, Surroundings<'_>) -> Option<Secret>;

fn vault_key<F>(section: &Section<'_, keys::Vault>, at: Key<keys::Vault, F>, text: &Secret) -> Option<VaultKey> {
    let bytes = BASE64.decode(text.expose().as_bytes()).map(Zeroizing::new).ok();
    let key: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.as_slice().try_into().ok());
    let Some(key) = key.map(Zeroizing::new) else {
        section.error(at, Wrong::new("this is not 32 bytes in base64").hint("vestibule vault new-key <FILE>"));
        return None;
    };
    Some(VaultKey { id: vault_key_id(&key), key })
}

fn variable<K, F>(section: &Section<'_, K>, at: Key<K, F>, variable: &str, around: Surroundings<'_>) -> Option<Secret> {
    let value = (around.variable)(variable)
        .map(Zeroizing::new)
        .map(|value| Secret::new(value.trim()))
        .filter(|value| !value.expose().is_empty());
    if value.is_none() {
        section.error(at, Wrong::new(format!("the environment variable {variable} is not set, or empty")));
    }
    value
}

/// The secret in the file that a key names.
pub(super) fn from_file<K>(section: &Section<'_, K>, key: Key<K, Text>, around: Surroundings<'_>) -> Option<Secret> {
    file(section, key, &section.text(key)?, around)
}

fn file<K, F>(section: &Section<'_, K>, at: Key<K, F>, path: &str, around: Surroundings<'_>) -> Option<Secret> {
    let path = section.folder().join(path);
    section.notes.depends_on(&path);
    check_mode(section, at, &path, around);
    match std::fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) if text.trim().is_empty() => {
            section.error(at, Wrong::new(format!("{} is empty", path.display())));
            None
        }
        Ok(text) => Some(Secret::new(text.trim())),
        Err(error) => {
            section.error(at, Wrong::new(format!("{} cannot be read: {error}", path.display())));
            None
        }
    }
}

/// A secret that everybody on the machine can read is none; a wide group is worth a look.
pub(super) fn check_mode<K>(section: &Section<'_, K>, at: impl Into<At<K>>, path: &Path, around: Surroundings<'_>) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    let wrong = |who: &str| {
        Wrong::new(format!("{who} {} (mode {mode:04o})", path.display())).hint(format!("chmod 0640 {}", path.display()))
    };
    if mode & 0o007 != 0 && !around.trial {
        section.error(at, wrong("everybody on this machine can open"));
    } else if mode & !0o640 != 0 {
        section.warning(at, wrong("more people than need to can open"));
    }
}
