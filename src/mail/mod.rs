//! Letters composed from the outbox and sent.

mod compose;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::challenge::ChallengeId;
use crate::domain::mail::{Mail, next_attempt};
use crate::domain::secret::{Dice, Secret, eight_digits, long_secret};
use crate::edition::Current;
use crate::pages::{RenderError, RenderedLetter};
use crate::store::{Store, StoreError};
use crate::telemetry::Clock;

pub use self::transport::{SmtpSecurity, SmtpServer, Transport, TransportError};

/// A letter that is claimed and not heard of any more is taken up again after this time.
const LEASE_MS: i64 = 120_000;

/// How often the outbox is looked at when nothing is due.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Empties the outbox.
pub struct Mailer {
    /// Where the letters are.
    pub store: Store,
    /// Who writes them, and what they look like.
    pub current: Current,
    /// The way out.
    pub transport: Transport,
    /// What time it is.
    pub clock: Clock,
    /// Where secrets come from.
    pub dice: Arc<dyn Dice>,
}

/// Why a letter did not go out.
#[derive(Debug, thiserror::Error)]
enum Unsent {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A newer letter replaces it, or what it asks for has gone.
    #[error("superseded")]
    Superseded,
}

/// The one-time secrets of one letter, made when it is sent.
struct Secrets {
    link: Option<Secret>,
    code: Option<Secret>,
    code_minutes: u32,
    link_minutes: u32,
}

impl Mailer {
    /// Sends what is due until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            match self.send_next().await {
                Ok(true) if !stop.is_cancelled() => continue,
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "the outbox cannot be read"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Sends one letter; false when none is due.
    async fn send_next(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let due = self.store.read().await?.next_letter_at().await?.is_some_and(|at| at <= now);
        if !due {
            return Ok(false);
        }
        let mut tx = self.store.write().await?;
        let claimed = tx.claim_letter(LEASE_MS, now).await?;
        tx.commit().await?;
        let Some(mail) = claimed else { return Ok(false) };
        let outcome = self.send(&mail).await;
        self.record(&mail, outcome).await?;
        Ok(true)
    }

    async fn send(&self, mail: &Mail) -> Result<String, Unsent> {
        let letter = self.compose(mail).await?;
        let edition = self.current.edition();
        let agency = mail.agency.as_ref().and_then(|code| edition.directory.agency(code));
        let sender = agency.map_or(&edition.portal.name, |agency| &agency.brand.name);
        Ok(self.transport.deliver(mail, sender, &letter).await?)
    }

    async fn record(&self, mail: &Mail, outcome: Result<String, Unsent>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (letter, attempts) = (mail.id.as_str(), mail.attempts);
        let mut tx = self.store.write().await?;
        match outcome {
            Ok(answer) => {
                tracing::info!(letter, kind = mail.kind.name(), "letter sent");
                tx.letter_sent(&mail.id, &answer, now).await?;
            }
            Err(Unsent::Superseded) => tx.letter_failed(&mail.id, "superseded", None).await?,
            Err(error) => {
                let lasting = matches!(&error, Unsent::Transport(error) if error.is_lasting());
                let next = if lasting { None } else { next_attempt(attempts, now) };
                // What the server said may hold the address: it goes into the trace, not into the log.
                tracing::warn!(letter, kind = mail.kind.name(), attempts, again = next.is_some(), "letter not sent");
                tx.letter_failed(&mail.id, &error.to_string(), next).await?;
            }
        }
        tx.commit().await
    }

    /// Makes the secrets of a proof's letter; their time counts from here. A newer letter goes before an older one.
    async fn proof_secrets(&self, id: &ChallengeId, issue: u32) -> Result<Secrets, Unsent> {
        let mut tx = self.store.write().await?;
        let challenge = tx.challenge(id).await?.ok_or(Unsent::Superseded)?;
        let method = challenge.terms.method;
        let secrets = Secrets {
            link: method.has_link().then(|| long_secret(&*self.dice)),
            code: method.has_code().then(|| eight_digits(&*self.dice)),
            code_minutes: challenge.terms.code_minutes,
            link_minutes: challenge.terms.link_minutes,
        };
        let code = secrets.code.as_ref().map(Secret::digest);
        let link = secrets.link.as_ref().map(Secret::digest);
        if !tx.mark_sent(id, issue, code, link, self.clock.now()).await? {
            return Err(Unsent::Superseded);
        }
        tx.commit().await?;
        Ok(secrets)
    }

    async fn reset_secret(&self, recovery: &str) -> Result<Secret, Unsent> {
        let secret = long_secret(&*self.dice);
        let mut tx = self.store.write().await?;
        if !tx.mark_recovery_sent(recovery, secret.digest(), self.clock.now()).await? {
            return Err(Unsent::Superseded);
        }
        tx.commit().await?;
        Ok(secret)
    }

    async fn compose(&self, mail: &Mail) -> Result<RenderedLetter, Unsent> {
        compose::letter(self, mail).await
    }
}
