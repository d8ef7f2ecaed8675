//! Which configuration a command works by, and what somebody types to have another one work by it, too.

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Args;

use super::Ended;
use super::terminal::tell;

/// Where it is while one is being written.
const HERE: &str = "config/vestibule.toml";
/// Where it is once it is installed.
const INSTALLED: &str = "/etc/vestibule/vestibule.toml";

/// How the configuration is named to who is told what to type; nothing, where it is found without being named.
static NAMED: OnceLock<String> = OnceLock::new();

/// `--config`.
#[derive(Debug, Clone, Args)]
pub(super) struct ConfigFile {
    /// The configuration; the agencies' files are found from it. Without it `config/vestibule.toml` in the folder where you
    /// stand, else `/etc/vestibule/vestibule.toml`.
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl ConfigFile {
    /// The file; says so where it is not the one that somebody would expect.
    pub(super) fn find(self) -> Result<PathBuf, Ended> {
        let is_given = self.config.is_some();
        let path = self.find_silently()?;
        if !is_given && path == Path::new(INSTALLED) {
            tell!("vestibule: by {INSTALLED}, for there is no {HERE} here");
        }
        Ok(path)
    }

    /// Whether one was named: for who does without one otherwise.
    pub(super) const fn is_named(&self) -> bool {
        self.config.is_some()
    }

    /// The same for who reads only the answer.
    pub(super) fn find_silently(self) -> Result<PathBuf, Ended> {
        let path = match self.config {
            Some(path) => path,
            None if may_be(HERE) => return Ok(PathBuf::from(HERE)),
            None if may_be(INSTALLED) => PathBuf::from(INSTALLED),
            None => {
                tell!(
                    "vestibule: there is neither {HERE} in this folder nor {INSTALLED} (hint: name the configuration, \
                     --config FILE)"
                );
                return Err(Ended::Misconfigured);
            }
        };
        name(&path);
        Ok(path)
    }

    /// The same for who serves: what is told from there is read by people who stand elsewhere.
    pub(super) fn find_to_serve(self) -> Result<PathBuf, Ended> {
        let path = match &self.config {
            Some(path) => path.clone(),
            None => self.clone().find()?,
        };
        name(Path::new(&known_as(&path)));
        Ok(path)
    }
}

/// Whether it is there, or somewhere where this user may not look.
fn may_be(path: &str) -> bool {
    let looked = std::fs::metadata(path);
    looked.map_or_else(|error| !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory), |_| true)
}

fn name(path: &Path) {
    // Of one process only the first is asked for.
    let _ = NAMED.set(quoted(&path.display().to_string()));
}

/// A command to type: its words behind `vestibule`, and the configuration behind these where it has to be named.
pub(super) fn to_type(words: impl Display) -> String {
    match NAMED.get() {
        Some(file) => format!("vestibule {words} --config {file}"),
        None => format!("vestibule {words}"),
    }
}

/// How a file is called whoever asks from wherever, also where it has vanished.
pub(super) fn known_as(file: &Path) -> String {
    let beside = || Some(std::fs::canonicalize(file.parent()?).ok()?.join(file.file_name()?));
    let known = std::fs::canonicalize(file).ok().or_else(beside);
    known.unwrap_or_else(|| file.to_owned()).display().to_string()
}

/// A word as a shell reads it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_alphanumeric() || "/._-+@:,=%".contains(sign);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walk_3_a_shell_reads_a_quoted_word_as_it_was() {
        assert_eq!(quoted("/etc/vestibule/vestibule.toml"), "/etc/vestibule/vestibule.toml");
        assert_eq!(quoted("/srv/l'agence/v 1.toml"), r"'/srv/l'\''agence/v 1.toml'");
        assert_eq!(quoted("$(reboot)"), "'$(reboot)'");
        assert_eq!(quoted(""), "''");
    }
}
