//! The letters that the gateway wrote into its folder instead of sending them.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mail_parser::MessageParser;

use super::{eventually, page::plain};

const DELIVERY: Duration = Duration::from_secs(15);

/// A mailbox that remembers which letters were read.
pub struct Letters {
    folder: PathBuf,
    read: Mutex<HashSet<PathBuf>>,
}

/// One letter.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The whole file.
    pub raw: String,
}

impl Letters {
    /// The mailbox of a folder with `.eml` files.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, read: Mutex::default() }
    }

    /// Waits for a letter to this address that was not read before.
    pub fn next(&self, to: &str) -> Letter {
        eventually(&format!("a letter to {to}"), DELIVERY, || self.look(to))
    }

    /// Waits for a letter to this address that is the one, and reads on the way what came before it.
    pub fn wait_for(&self, to: &str, is_it: impl Fn(&Letter) -> bool) -> Letter {
        eventually(&format!("that letter to {to}"), DELIVERY, || self.look(to).filter(|letter| is_it(letter)))
    }

    /// An unread letter to this address, if one is there now.
    pub fn look(&self, to: &str) -> Option<Letter> {
        let mut unread: Vec<_> = self
            .files()
            .into_iter()
            .filter(|file| !self.read().contains(file))
            .filter_map(|file| Some((fs::metadata(&file).ok()?.modified().ok()?, read(&file)?, file)))
            .filter(|(_, letter, _)| letter.to.eq_ignore_ascii_case(to))
            .collect();
        unread.sort_by_key(|(written, ..)| *written);
        let (_, letter, file) = unread.into_iter().next()?;
        self.read().insert(file);
        Some(letter)
    }

    /// Every letter, read or not.
    pub fn all(&self) -> Vec<Letter> {
        self.files().iter().filter_map(|file| read(file)).collect()
    }

    /// How many letters were written in all.
    pub fn count(&self) -> usize {
        self.files().len()
    }

    fn read(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "eml")).collect()
    }
}

impl Letter {
    /// A letter from a file, if it is whole.
    pub fn read(file: &Path) -> Option<Self> {
        read(file)
    }

    /// The code of eight digits.
    pub fn code(&self) -> String {
        let words = self.text.split(|c: char| !c.is_ascii_digit());
        words.into_iter().find(|word| word.len() == 8).unwrap_or_else(|| panic!("no code in {}", self.text)).to_owned()
    }

    /// The first address that carries a secret.
    pub fn link(&self) -> String {
        let links = self.links();
        links.iter().find(|link| link.contains("s=")).unwrap_or_else(|| panic!("no link in {}", self.text)).clone()
    }

    /// Every address in the text.
    pub fn links(&self) -> Vec<String> {
        let words = self.text.split_whitespace();
        words.filter(|word| word.starts_with("http://") || word.starts_with("https://")).map(str::to_owned).collect()
    }
}

/// A letter that is still being written is none yet.
fn read(file: &Path) -> Option<Letter> {
    let bytes = fs::read(file).ok()?;
    let message = MessageParser::default().parse(&bytes)?;
    let letter = Letter {
        to: message.to()?.first()?.address()?.to_owned(),
        subject: plain(message.subject()?),
        text: message.body_text(0)?.replace(['\u{a0}', '\u{202f}'], " ").replace('\u{2019}', "'"),
        html: message.body_html(0)?.into_owned(),
        raw: String::from_utf8_lossy(&bytes).into_owned(),
    };
    Some(letter)
}
