//! The configuration of the demo: written anew at each start, and read by the same code as any other.

use std::io;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use super::ways::{WAYS, Way};
use crate::domain::secret::Dice;

/// The first line of each of its files.
const WRITTEN: &str = "# Written by `vestibule demo` at each start; changes are lost.";

/// The ports of the demo, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The gateway.
    pub gateway: u16,
    /// The first of the extranets, in the order of [`WAYS`].
    pub extranets: u16,
    /// The page to read letters on.
    pub mailbox: u16,
    /// Liveness and readiness.
    pub health: u16,
}

impl Ports {
    /// How many there are: one for each extranet, and three.
    pub const COUNT: u16 = 7;

    /// So many ports from this one on; none where there are not so many above it.
    #[must_use]
    pub fn from(first: u16) -> Option<Self> {
        first.checked_add(Self::COUNT - 1).map(|last| Self {
            gateway: first,
            extranets: first + 1,
            mailbox: last - 1,
            health: last,
        })
    }

    /// The extranets, each with its port.
    pub fn ways(self) -> impl Iterator<Item = (Way, u16)> {
        WAYS.into_iter().zip(self.extranets..)
    }

    /// Where the residents' own pages are.
    #[must_use]
    pub fn portal(self) -> String {
        format!("http://www.localhost:{}", self.gateway)
    }
}

/// The folder that letters are written to.
#[must_use]
pub fn letters(folder: &Path) -> PathBuf {
    folder.join("letters")
}

/// Writes the configuration; the vault's key only if there is none yet, since it opens what is in the database.
///
/// # Errors
/// The folder cannot be written.
pub fn write(folder: &Path, ports: Ports, dice: &dyn Dice) -> io::Result<PathBuf> {
    let (agencies, terms) = (folder.join("agencies"), folder.join("terms"));
    std::fs::create_dir_all(&agencies)?;
    std::fs::create_dir_all(&terms)?;
    forget_earlier(&agencies)?;
    let key = folder.join("vault.key");
    if !key.exists() {
        write_key(&key, dice)?;
    }
    std::fs::write(terms.join("sample-fr.txt"), include_str!("../../config/terms/sample-fr.txt"))?;
    for (way, port) in ports.ways() {
        std::fs::write(agencies.join(format!("{}.toml", way.name)), agency(way, ports.gateway, port))?;
    }
    let main = folder.join("vestibule.toml");
    std::fs::write(&main, gateway(ports))?;
    Ok(main)
}

/// Agencies of an earlier version of the demo would ask for extranets that are not there any more. Nobody else's files are touched.
fn forget_earlier(agencies: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(agencies)? {
        let file = entry?.path();
        if std::fs::read_to_string(&file).is_ok_and(|text| text.starts_with(WRITTEN)) {
            std::fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// The example as it stands, but for where it is: the agency's host, and its extranet.
fn agency(way: Way, gateway: u16, extranet: u16) -> String {
    let name = way.name;
    let example = way
        .file
        .replace(&format!("https://{name}.moncompte.example"), &format!("http://{name}.localhost:{gateway}"))
        .replace("http://127.0.0.1:8000", &format!("http://127.0.0.1:{extranet}"));
    let body = example.split_once('\n').map_or(example.as_str(), |(_schema, body)| body);
    format!("{WRITTEN}\n{body}")
}

fn write_key(file: &Path, dice: &dyn Dice) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut key = [0; 32];
    dice.fill(&mut key);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(BASE64.encode(&key).as_bytes())
}

fn gateway(ports: Ports) -> String {
    let Ports { gateway, health, .. } = ports;
    format!(
        r##"{WRITTEN}
[server]
listen = ["127.0.0.1:{gateway}"]
health = "127.0.0.1:{health}"

[portal]
url = "http://www.localhost:{gateway}"
name = "Mon compte immobilier"
colour = "#1f4f8b"

[database]
url = "sqlite:vestibule.db"

[vault]
key_file = "vault.key"

[mail]
from = "Mon compte immobilier <ne-pas-repondre@moncompte.example>"
transport = "folder"
folder = "letters"

[log]
format = "text"
level = "warn"
"##
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agencies_of_an_earlier_demo_go_and_nobody_elses_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let agencies = folder.path().join("agencies");
        std::fs::create_dir(&agencies).expect("a folder");
        std::fs::write(agencies.join("earlier.toml"), format!("{WRITTEN}\nclient = 'X'\n")).expect("a file");
        std::fs::write(agencies.join("mine.toml"), "client = 'MINE'\n").expect("a file");
        let ports = Ports::from(9000).expect("ports");
        write(folder.path(), ports, &crate::telemetry::SystemDice).expect("written");
        let mut names: Vec<_> =
            std::fs::read_dir(&agencies).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
        names.sort();
        assert_eq!(names, ["code.toml", "link.toml", "lockout.toml", "merge.toml", "mine.toml"]);
    }

    #[test]
    fn each_agency_of_the_demo_is_its_example_in_another_place() {
        let ports = Ports::from(9000).expect("ports");
        for (way, port) in ports.ways() {
            let written = agency(way, ports.gateway, port);
            assert!(written.contains(&format!("url = \"http://{}.localhost:9000\"", way.name)), "{written}");
            assert!(written.contains(&format!("url = \"http://127.0.0.1:{port}\"")), "{written}");
            assert!(written.contains(&format!("societe = \"{}\"", way.societe())), "{written}");
            assert_eq!(written.lines().count(), way.file.lines().count(), "nothing else differs");
        }
        assert_eq!((ports.mailbox, ports.health), (9005, 9006));
    }
}
