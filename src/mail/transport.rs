//! The ways out: a mail server, a folder, or memory.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::domain::mail::Mail;
use crate::domain::secret::Secret;
use crate::pages::RenderedLetter;

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SmtpSecurity {
    /// STARTTLS, required (SEC-076).
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: a server on the same machine.
    None,
}

/// A mail server.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// Its name, as on its certificate.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Name and password, if it asks for them.
    pub login: Option<(String, Secret)>,
    /// A certificate authority of one's own, PEM.
    pub ca: Option<Vec<u8>>,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(PathBuf),
    Memory(Kept),
}

/// Letters that were kept in memory, as they would have gone over the wire.
pub type Kept = Arc<Mutex<Vec<Vec<u8>>>>;

/// A way out, and the address that letters come from.
pub struct Transport {
    way: Way,
    from: Address,
}

/// Why a letter was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The letter cannot be built.
    #[error("the letter cannot be built: {0}")]
    Message(#[from] lettre::error::Error),
    /// The mail server did not take it.
    #[error("{0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// The folder cannot be written.
    #[error("the folder of letters: {0}")]
    Folder(#[from] std::io::Error),
    /// The sender's address is not one.
    #[error("the sender \"{0}\" is not an address")]
    From(String),
}

impl TransportError {
    /// Whether trying again is useless: the server said so (5xx, REL-033).
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Smtp(error) if error.is_permanent())
    }
}

impl Transport {
    /// Letters go to a mail server.
    ///
    /// # Errors
    /// The sender is not an address, or the certificate authority cannot be read.
    pub fn smtp(server: &SmtpServer, from: &str) -> Result<Self, TransportError> {
        let mut tls = TlsParameters::builder(server.host.clone());
        if let Some(pem) = &server.ca {
            tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
        }
        let tls = match server.security {
            SmtpSecurity::StartTls => Tls::Required(tls.build()?),
            SmtpSecurity::Tls => Tls::Wrapper(tls.build()?),
            SmtpSecurity::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(Duration::from_mins(1)));
        if let Some((name, password)) = &server.login {
            builder = builder.credentials(Credentials::new(name.clone(), password.expose().to_owned()));
        }
        Ok(Self { way: Way::Smtp(Box::new(builder.build())), from: address(from)? })
    }

    /// Letters become `.eml` files, for the demo and for tests.
    ///
    /// # Errors
    /// The sender is not an address, or the folder cannot be made.
    pub fn folder(folder: PathBuf, from: &str) -> Result<Self, TransportError> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { way: Way::Folder(folder), from: address(from)? })
    }

    /// Letters are kept in memory, to be looked at by who holds the other end.
    ///
    /// # Errors
    /// The sender is not an address.
    pub fn memory(from: &str) -> Result<(Self, Kept), TransportError> {
        let letters = Arc::default();
        Ok((Self { way: Way::Memory(Arc::clone(&letters)), from: address(from)? }, letters))
    }

    /// Hands a letter over. Its Message-ID is its own id, so that a repeat is recognised (g04).
    ///
    /// # Errors
    /// It was not taken over.
    pub async fn deliver(&self, mail: &Mail, sender: &str, letter: &RenderedLetter) -> Result<String, TransportError> {
        let to: Address = address(mail.to.as_str())?;
        let message = Message::builder()
            .from(Mailbox::new(Some(sender.to_owned()), self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(letter.subject.clone())
            .message_id(Some(format!("<{}@{}>", mail.id.as_str(), self.from.domain())))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))?;
        match &self.way {
            Way::Smtp(server) => {
                let answer = server.send(message).await?;
                Ok(answer.message().collect::<Vec<_>>().join(" "))
            }
            Way::Folder(folder) => {
                // Written beside and renamed, so that nobody reads half a letter.
                let name = format!("{}.eml", mail.id.as_str());
                let beside = folder.join(format!(".{name}.part"));
                tokio::fs::write(&beside, message.formatted()).await?;
                tokio::fs::rename(&beside, folder.join(&name)).await?;
                Ok(name)
            }
            Way::Memory(letters) => {
                letters.lock().unwrap_or_else(PoisonError::into_inner).push(message.formatted());
                Ok("kept in memory".to_owned())
            }
        }
    }
}

/// The bare address of `Name <address>` or `address`.
fn address(text: &str) -> Result<Address, TransportError> {
    text.parse::<Mailbox>().map(|mailbox| mailbox.email).map_err(|_| TransportError::From(text.to_owned()))
}

/// `Auto-Submitted: auto-generated` (RFC 3834): nobody's absence note answers a letter of ours.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
