//! The mail server: connections that are kept and used again, each command with its longest wait (REL-031).

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::cause::{Cause, chain};
use super::stream::Wary;
use super::undelivered::Undelivered;
use crate::domain::mail::{Reply, Stage};
use crate::domain::secret::Secret;

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
    /// What we call ourselves (EHLO); the machine's name without it.
    pub hello: Option<String>,
    /// Connections at once, at least one.
    pub connections: usize,
    /// The longest wait for the answer to one command.
    pub patience: Duration,
}

/// A connection that nobody used for so long is closed: servers close theirs after some minutes.
const IDLE: Duration = Duration::from_secs(45);

/// Letters over one connection; some servers close it after a hundred.
const LETTERS: u32 = 90;

/// The last answer, for the whole letter, may take so many times longer: who gives up on it sends twice (RFC 5321,
/// 4.5.3.2.6).
const LAST_ANSWER: u32 = 5;

/// The mail server, with the connections that wait for the next letter.
pub(super) struct SmtpPool {
    server: SmtpServer,
    hello: ClientId,
    tls: Option<TlsParameters>,
    idle: Mutex<Vec<SmtpConnection>>,
}

/// One connection, signed in.
pub(super) struct SmtpConnection {
    connection: AsyncSmtpConnection,
    patience: Duration,
    letters: u32,
    used: Instant,
}

impl SmtpPool {
    pub(super) fn new(server: &SmtpServer) -> Result<Self, lettre::transport::smtp::Error> {
        let mut tls = TlsParameters::builder(server.host.clone());
        if let Some(pem) = &server.ca {
            tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
        }
        let tls = if server.security == SmtpSecurity::None { None } else { Some(tls.build()?) };
        let hello = server.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        Ok(Self { server: server.clone(), hello, tls, idle: Mutex::default() })
    }

    pub(super) const fn connections(&self) -> usize {
        self.server.connections
    }

    /// A connection that answers: one that was kept, or a new one.
    pub(super) async fn open(&self) -> Result<SmtpConnection, Undelivered> {
        while let Some(mut line) = self.take_idle() {
            // It also forgets a letter that was begun and not ended.
            if line.command(Stage::Connection, Rset).await.is_ok() {
                return Ok(line);
            }
        }
        Box::pin(self.connect()).await
    }

    /// Opens a connection as for a letter, signs in, and says goodbye.
    pub(super) async fn reach(&self) -> Result<(), Undelivered> {
        let mut line = Box::pin(self.connect()).await?;
        // Whether it says goodbye makes no difference.
        let _ = timeout(Duration::from_secs(1), line.connection.quit()).await;
        Ok(())
    }

    /// Keeps a connection for the next letter.
    pub(super) fn keep(&self, mut line: SmtpConnection) {
        if line.letters < LETTERS && !line.connection.has_broken() {
            line.used = Instant::now();
            self.idle().push(line);
        }
    }

    /// Closes the connections that nobody has used for a while; all of them `at_once`.
    pub(super) async fn hang_up(&self, at_once: bool) {
        let over: Vec<SmtpConnection> = {
            let mut idle = self.idle();
            let (over, kept) = idle.drain(..).partition(|line| at_once || line.used.elapsed() >= IDLE);
            *idle = kept;
            over
        };
        for mut line in over {
            // Whether it says goodbye makes no difference.
            let _ = timeout(Duration::from_secs(1), line.connection.quit()).await;
        }
    }

    async fn connect(&self) -> Result<SmtpConnection, Undelivered> {
        let SmtpServer { host, port, patience, .. } = &self.server;
        let found = timeout(*patience, lookup_host((host.as_str(), *port))).await;
        let found = found.map_err(|_| failed(Cause::Name, &silence(*patience)))?;
        let places: Vec<SocketAddr> = found.map_err(|error| failed(Cause::Name, &error.to_string()))?.collect();
        // Several answers are waited for at once: greeting and EHLO; STARTTLS, the handshake and EHLO; both steps of AUTH.
        let mut connection = match (self.server.security, &self.tls) {
            (SmtpSecurity::StartTls, Some(tls)) => {
                let stream = match timeout(*patience, TcpStream::connect(places.as_slice())).await {
                    Ok(Ok(stream)) => Box::new(Wary::new(stream)),
                    Ok(Err(error)) => return Err(failed(Cause::of_io(&error), &error.to_string())),
                    Err(_) => return Err(failed(Cause::Silent, &silence(*patience))),
                };
                let greeted = AsyncSmtpConnection::connect_with_transport(stream, &self.hello);
                let mut connection = within(*patience * 2, Stage::Connection, greeted).await?;
                within(*patience * 3, Stage::Connection, connection.starttls(tls.clone(), &self.hello)).await?;
                connection
            }
            (_, tls) => {
                let (places, tls) = (places.as_slice(), tls.clone());
                let greeted = AsyncSmtpConnection::connect_tokio1(places, Some(*patience), &self.hello, tls, None);
                within(*patience * 3, Stage::Connection, greeted).await?
            }
        };
        if let Some((name, password)) = &self.server.login {
            let credentials = Credentials::new(name.clone(), password.expose().to_owned());
            let signed_in = connection.auth(DEFAULT_MECHANISMS, &credentials);
            within(*patience * 2, Stage::Connection, signed_in).await.map_err(Undelivered::at_sign_in)?;
        }
        Ok(SmtpConnection { connection, patience: *patience, letters: 0, used: Instant::now() })
    }

    fn take_idle(&self) -> Option<SmtpConnection> {
        let mut idle = self.idle();
        let line = idle.pop();
        line.filter(|line| line.used.elapsed() < IDLE)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SmtpConnection {
    /// Says who writes to whom. When this is taken, the server waits for the letter.
    pub(super) async fn address(&mut self, from: &Address, to: &Address) -> Result<(), Undelivered> {
        self.command(Stage::Sender, Mail::new(Some(from.clone()), Vec::new())).await?;
        self.command(Stage::Recipient, Rcpt::new(to.clone(), Vec::new())).await?;
        Ok(())
    }

    /// Gives the letter over; what the server says to that.
    pub(super) async fn hand_over(&mut self, letter: &[u8]) -> Result<String, Undelivered> {
        self.letters += 1;
        self.command(Stage::Content, Data).await?;
        let patience = self.patience.saturating_mul(LAST_ANSWER);
        let answer = within(patience, Stage::Content, self.connection.message(letter)).await?;
        Ok(words(&format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" "))))
    }

    async fn command(&mut self, stage: Stage, command: impl std::fmt::Display) -> Result<Response, Undelivered> {
        within(self.patience, stage, self.connection.command(command)).await
    }
}

/// Waits for an answer, but not longer than that.
async fn within<T>(
    patience: Duration,
    stage: Stage,
    answer: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Undelivered> {
    match timeout(patience, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(undelivered(stage, &error)),
        Err(_) => Err(without_reply(stage, Cause::Silent, &silence(patience))),
    }
}

fn silence(patience: Duration) -> String {
    format!("no answer within {} s", patience.as_secs().max(1))
}

/// Before there was a conversation.
fn failed(cause: Cause, why: &str) -> Undelivered {
    without_reply(Stage::Connection, cause, why)
}

fn without_reply(stage: Stage, cause: Cause, why: &str) -> Undelivered {
    Undelivered::Smtp { stage, cause, reply: None, said: words(&format!("{}: {why}", cause.words())) }
}

fn undelivered(stage: Stage, error: &lettre::transport::smtp::Error) -> Undelivered {
    let cause = Cause::of(error);
    let source = std::error::Error::source(error).map(ToString::to_string);
    let Some(code) = error.status() else { return without_reply(stage, cause, &chain(error)) };
    let said = source.unwrap_or_default();
    let status = said.split_whitespace().next().and_then(enhanced);
    let reply = Some(Reply { code: code.into(), status });
    Undelivered::Smtp { stage, cause, reply, said: words(&format!("{code} {said}")) }
}

/// `5.1.1`, as numbers.
fn enhanced(word: &str) -> Option<[u16; 3]> {
    let numbers: Vec<u16> = word.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

/// What somebody else wrote, fit for a column and a terminal: one line, not too long.
fn words(text: &str) -> String {
    let calm: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect();
    calm.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_kept_as_one_calm_line() {
        assert_eq!(words("550 5.1.1 no\r\nsuch\u{1b}[31m user"), "550 5.1.1 no such [31m user");
        assert_eq!(words(&"x".repeat(2000)).len(), 400);
        assert_eq!(enhanced("5.1.1"), Some([5, 1, 1]));
        assert_eq!(enhanced("mailbox"), None);
        assert_eq!(enhanced("5.1"), None);
    }
}
