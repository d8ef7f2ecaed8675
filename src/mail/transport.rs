//! How letters leave: by a mail server, a folder, or memory.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lettre::Address;
use lettre::message::Mailbox;
use tokio::io::AsyncWriteExt as _;

use super::dkim::Dkim;
use super::message::{self, Head, Sender};
use super::smtp::{SmtpConnection, SmtpPool, SmtpServer};
use super::undelivered::Undelivered;
use crate::domain::email::EmailAddress;
use crate::domain::language::Language;
use crate::domain::mail::LetterId;
use crate::domain::secret::Dice;
use crate::pages::RenderedLetter;

enum Way {
    Smtp(Box<SmtpPool>),
    Folder(PathBuf),
    Memory(Kept),
}

/// Letters that were kept in memory, as they would have gone over the wire.
pub type Kept = Arc<Mutex<Vec<Vec<u8>>>>;

/// How letters leave, the address that letters come from, and what signs them.
pub struct Transport {
    way: Way,
    from: Address,
    signer: Option<Dkim>,
}

/// Why letters cannot leave.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The certificates to believe cannot be read, or the like.
    #[error("the mail server: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// There is no certificate among what is to be believed.
    #[error("the mail server: there is no certificate in the file of those to believe")]
    NoCertificate,
    /// The folder cannot be made.
    #[error("the folder of letters: {0}")]
    Folder(#[from] std::io::Error),
    /// The sender's address is not one.
    #[error("the sender \"{0}\" is not an address")]
    From(String),
}

/// Somebody who has agreed to take one letter.
pub(super) enum Taker<'t> {
    Smtp(&'t SmtpPool, Box<SmtpConnection>),
    Folder(&'t PathBuf),
    Memory(&'t Kept),
}

impl Transport {
    /// Letters go to a mail server.
    ///
    /// # Errors
    /// The sender is not an address, or the certificate authority cannot be read.
    pub fn smtp(server: &SmtpServer, from: &str) -> Result<Self, TransportError> {
        if server.ca.as_ref().is_some_and(|pem| !String::from_utf8_lossy(pem).contains("BEGIN CERTIFICATE")) {
            return Err(TransportError::NoCertificate);
        }
        Ok(Self { way: Way::Smtp(Box::new(SmtpPool::new(server)?)), from: address(from)?, signer: None })
    }

    /// Letters become `.eml` files, for the demo and for tests. They hold links that open accounts: nobody else reads them,
    /// nor the folder where it is made here.
    ///
    /// # Errors
    /// The sender is not an address, or the folder cannot be made.
    pub fn folder(folder: PathBuf, from: &str) -> Result<Self, TransportError> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { way: Way::Folder(folder), from: address(from)?, signer: None })
    }

    /// Letters are kept in memory, to be looked at by who holds the other end.
    ///
    /// # Errors
    /// The sender is not an address.
    pub fn memory(from: &str) -> Result<(Self, Kept), TransportError> {
        let letters = Arc::default();
        Ok((Self { way: Way::Memory(Arc::clone(&letters)), from: address(from)?, signer: None }, letters))
    }

    /// Each letter is signed.
    #[must_use]
    pub fn signed(mut self, signer: Dkim) -> Self {
        self.signer = Some(signer);
        self
    }

    /// How many letters may be on their way at once.
    #[must_use]
    pub fn at_once(&self) -> usize {
        match &self.way {
            Way::Smtp(lines) => lines.connections().max(1),
            Way::Folder(_) | Way::Memory(_) => 1,
        }
    }

    /// The domain of our own address: Message-IDs are made in it.
    pub(super) fn domain(&self) -> &str {
        self.from.domain()
    }

    /// Who a letter comes from: an agency's own address, or ours.
    pub(super) fn sender(&self, name: &str, from: Option<&str>, reply_to: Option<&str>) -> Result<Sender, Undelivered> {
        let parse = |text: &str| text.parse::<Address>().map_err(|_| Undelivered::Address(text.to_owned()));
        Ok(Sender {
            name: name.to_owned(),
            address: from.map(parse).transpose()?.unwrap_or_else(|| self.from.clone()),
            reply_to: reply_to.map(parse).transpose()?,
        })
    }

    /// Asks whether a letter to that address is taken. Only then is it written, so that its secrets are made and their
    /// time begins when they really leave.
    pub(super) async fn ask(&self, from: &Address, to: &Address) -> Result<Taker<'_>, Undelivered> {
        Ok(match &self.way {
            Way::Smtp(lines) => {
                let mut line = lines.open().await?;
                if let Err(refused) = line.address(from, to).await {
                    if !refused.is_cut() {
                        lines.keep(line);
                    }
                    return Err(refused);
                }
                Taker::Smtp(lines, Box::new(line))
            }
            Way::Folder(folder) => Taker::Folder(folder),
            Way::Memory(letters) => Taker::Memory(letters),
        })
    }

    /// The letter as it goes over the wire: signed, where we sign.
    pub(super) fn signed_letter(&self, letter: Vec<u8>, now: Timestamp) -> Result<Vec<u8>, Undelivered> {
        match &self.signer {
            Some(signer) => Ok(signer.sign(&letter, now)?),
            None => Ok(letter),
        }
    }

    /// Sends one letter to try it; its Message-ID, and what was said.
    ///
    /// # Errors
    /// It was not taken over.
    pub async fn try_out(
        &self,
        sender: &str,
        to: &EmailAddress,
        dice: &dyn Dice,
        now: Timestamp,
    ) -> Result<(String, String), Undelivered> {
        let id = LetterId::random(dice);
        let sender = self.sender(sender, None, None)?;
        let to: Address = to.as_str().parse().map_err(|_| Undelivered::Address(to.as_str().to_owned()))?;
        let taker = self.ask(&sender.address, &to).await?;
        let head = Head { id: &id, domain: self.domain(), to, language: Language::En };
        let words = "Vestibule sends this letter to try its transport. If you read it, letters arrive.";
        let html = format!("<!DOCTYPE html><html lang=\"en\"><title>Vestibule</title><p>{words}</p></html>");
        let letter = RenderedLetter { subject: "Vestibule: letters arrive".to_owned(), text: words.to_owned(), html };
        let letter = self.signed_letter(message::write(&sender, head, &letter)?, now)?;
        let answer = taker.take(&id, &letter).await?;
        Ok((format!("<{}@{}>", id.as_str(), self.domain()), answer))
    }

    /// Speaks to the mail server as for a letter (TLS, EHLO, AUTH), and sends none.
    ///
    /// # Errors
    /// It does not let us in.
    pub async fn reach(&self) -> Result<(), Undelivered> {
        match &self.way {
            Way::Smtp(lines) => lines.reach().await,
            Way::Folder(_) | Way::Memory(_) => Ok(()),
        }
    }

    /// Closes connections that nobody uses; all of them `at_once`.
    pub async fn hang_up(&self, at_once: bool) {
        if let Way::Smtp(lines) = &self.way {
            lines.hang_up(at_once).await;
        }
    }
}

impl Taker<'_> {
    /// Hands the letter over; what was said to that.
    pub(super) async fn take(self, id: &LetterId, letter: &[u8]) -> Result<String, Undelivered> {
        match self {
            Self::Smtp(lines, mut line) => {
                let answer = line.hand_over(letter).await;
                if !answer.as_ref().is_err_and(Undelivered::is_cut) {
                    lines.keep(*line);
                }
                answer
            }
            Self::Folder(folder) => {
                // Written beside and renamed, so that nobody reads half a letter.
                let name = format!("{}.eml", id.as_str());
                let beside = folder.join(format!(".{name}.part"));
                // What a process that died has left there may be another's to read.
                let _ = tokio::fs::remove_file(&beside).await;
                let mut options = tokio::fs::OpenOptions::new();
                let mut file = options.write(true).create_new(true).mode(0o600).open(&beside).await?;
                file.write_all(letter).await?;
                file.flush().await?;
                tokio::fs::rename(&beside, folder.join(&name)).await?;
                Ok(name)
            }
            Self::Memory(letters) => {
                letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter.to_vec());
                Ok("kept in memory".to_owned())
            }
        }
    }
}

/// The bare address of `Name <address>` or `address`.
fn address(text: &str) -> Result<Address, TransportError> {
    text.parse::<Mailbox>().map(|mailbox| mailbox.email).map_err(|_| TransportError::From(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn review_letters_in_a_folder_are_read_by_who_runs_the_gateway_only() {
        let above = tempfile::TempDir::new().expect("a folder");
        let folder = above.path().join("new/letters");
        let transport = Transport::folder(folder.clone(), "ne-pas-repondre@moncompte.example").expect("a folder");
        let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        let id = LetterId::stored("abcd".to_owned());
        let left_behind = folder.join(format!(".{}.eml.part", id.as_str()));
        std::fs::write(&left_behind, "half a letter").expect("to write");
        std::fs::set_permissions(&left_behind, std::fs::Permissions::from_mode(0o644)).expect("to change");
        let Way::Folder(folder) = &transport.way else { panic!("a folder") };
        let name = Taker::Folder(folder).take(&id, b"To: anne@exemple.fr").await.expect("it is taken");
        assert_eq!(mode(&folder.join(&name)), 0o600);
        assert_eq!(std::fs::read(folder.join(&name)).expect("to read"), b"To: anne@exemple.fr");
    }
}
