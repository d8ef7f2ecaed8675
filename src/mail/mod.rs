//! Letters composed from the outbox and sent.

mod cause;
mod compose;
mod dkim;
mod message;
mod readers;
mod secrets;
mod send;
mod smtp;
mod stream;
mod transport;
mod undelivered;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::mail::pause_s;
use crate::domain::secret::Dice;
use crate::edition::Current;
use crate::pages::RenderError;
use crate::store::{Claim, Claimed, Store, StoreError, Vault};
use crate::telemetry::Clock;
use crate::telemetry::seldom::Spell;

pub use self::cause::Cause;
pub use self::dkim::{Dkim, DkimError};
use self::send::Ended;
pub use self::smtp::{SmtpSecurity, SmtpServer};
pub use self::transport::{Kept, Transport, TransportError};
pub use self::undelivered::Undelivered;

/// A letter that is claimed and not heard of any more is taken up again after this time; who is still at it renews.
const LEASE: Duration = Duration::from_mins(1);

/// How often the outbox is looked at when nothing is due.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Letters under way at a stop may take so long; then they are left to whoever comes next.
const LAST_LETTERS: Duration = Duration::from_secs(8);

/// Empties the outbox.
pub struct Mailer {
    /// Where the letters are.
    pub store: Store,
    /// Who writes them, and what they look like.
    pub current: Current,
    /// How letters leave.
    pub transport: Transport,
    /// Makes digests of codes; absent where no letter has one.
    pub vault: Option<Arc<Vault>>,
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
    Undelivered(#[from] Undelivered),
    /// A newer letter replaces it, or what it asks for has gone.
    #[error("superseded")]
    Superseded,
    /// Its row is of another version, or broken: it keeps no other letter back.
    #[error("{0}")]
    Unreadable(String),
}

/// The letters that are under way, each in a task of its own.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<Ended>,
    letters: HashMap<Id, (Claim, String)>,
}

/// Whether the mail server answers. While it does not, one letter at a time asks, later and later.
#[derive(Default)]
struct Away {
    failures: u32,
    until: Option<Instant>,
    /// Reasons that were told; each is told once while it is away.
    told: BTreeSet<String>,
}

impl Mailer {
    /// Sends what is due until told to stop: several letters at once, but never so many to one domain that no other
    /// gets its turn.
    pub async fn run(self, stop: CancellationToken) {
        let mailer = Arc::new(self);
        let (mut under_way, mut away) = (UnderWay::default(), Away::default());
        let unread = Spell::default();
        while !stop.is_cancelled() {
            match mailer.fill(&mut under_way, &away).await {
                Ok(()) => unread.is_over("the outbox can be read again"),
                // An outage of the database is told once, where it begins; here and elsewhere.
                Err(_) if mailer.store.is_away() => {}
                Err(error) if unread.is_due() => tracing::error!(%error, "the outbox cannot be read"),
                Err(_) => {}
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(ended) = under_way.tasks.join_next_with_id() => away.heard(under_way.ended(ended)),
                () = tokio::time::sleep(LOOK_EVERY) => mailer.transport.hang_up(false).await,
            }
        }
        mailer.finish(under_way).await;
        mailer.transport.hang_up(true).await;
    }

    /// Takes letters until as many are under way as may be.
    async fn fill(self: &Arc<Self>, under_way: &mut UnderWay, away: &Away) -> Result<(), StoreError> {
        let at_once = away.at_once(self.transport.at_once());
        while under_way.tasks.len() < at_once {
            let crowded = under_way.crowded_domains(self.transport.at_once());
            let Some(claimed) = self.claim(&crowded).await? else { break };
            let domain = claimed.mail.as_ref().map_or_else(|_| String::new(), |mail| mail.to.domain().to_owned());
            let claim = claimed.claim.clone();
            let mailer = Arc::clone(self);
            let task = under_way.tasks.spawn(async move { send::send(&mailer, &claimed).await });
            under_way.letters.insert(task.id(), (claim, domain.to_ascii_lowercase()));
        }
        Ok(())
    }

    async fn claim(&self, except: &[&str]) -> Result<Option<Claimed>, StoreError> {
        let mut tx = self.store.read().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.is_letter_due(except, now).await? {
            return Ok(None);
        }
        drop(tx);
        let mut tx = self.store.write().await?;
        let claimed = tx.claim_letter(lease_ms(), except, now).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Waits a little for the letters that are under way; the others are given back.
    async fn finish(&self, mut under_way: UnderWay) {
        let waiting = async {
            while let Some(ended) = under_way.tasks.join_next_with_id().await {
                under_way.ended(ended);
            }
        };
        if tokio::time::timeout(LAST_LETTERS, waiting).await.is_ok() {
            return;
        }
        under_way.tasks.shutdown().await;
        for (claim, _) in under_way.letters.into_values() {
            if let Err(error) = self.give_back(&claim).await {
                tracing::warn!(letter = claim.id.as_str(), %error, "a letter waits for its lease");
            }
        }
    }

    async fn give_back(&self, claim: &Claim) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        tx.letter_put_back(claim, None).await?;
        tx.commit().await
    }
}

impl UnderWay {
    /// Takes note of a task that has ended.
    fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) -> Ended {
        match ended {
            Ok((id, ended)) => {
                self.letters.remove(&id);
                ended
            }
            Err(error) => {
                self.letters.remove(&error.id());
                tracing::error!(%error, "sending a letter broke off");
                Ended::Settled
            }
        }
    }

    /// The domains to which so many letters are under way that the next one has to go elsewhere. Each may have half of
    /// what the others leave, so that one after the other leaves a connection for the next.
    fn crowded_domains(&self, connections: usize) -> Vec<&str> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (_, domain) in self.letters.values() {
            *counts.entry(domain).or_default() += 1;
        }
        let free = connections.saturating_sub(self.letters.len());
        let is_crowded = |count: usize| count >= (count + free).div_ceil(2);
        counts.into_iter().filter_map(|(domain, count)| is_crowded(count).then_some(domain)).collect()
    }
}

impl Away {
    fn heard(&mut self, ended: Ended) {
        match ended {
            Ended::Settled if self.failures > 0 => {
                tracing::info!("the mail server takes letters again");
                *self = Self::default();
            }
            Ended::Settled => {}
            // Those that failed together count as one.
            Ended::ServerAway(_) if self.until.is_some_and(|until| until > Instant::now()) => {}
            Ended::ServerAway(reason) => {
                self.failures = self.failures.saturating_add(1);
                let pause_s = pause_s(self.failures);
                if self.told.insert(reason.clone()) {
                    tracing::error!(reason, pause_s, "the mail server takes no letters");
                }
                self.until = Some(Instant::now() + Duration::from_secs(pause_s));
            }
        }
    }

    fn at_once(&self, most: usize) -> usize {
        match self.until {
            Some(until) if until > Instant::now() => 0,
            Some(_) => 1,
            None => most,
        }
    }
}

/// How long a letter stays taken when its sender says nothing more, milliseconds.
#[must_use]
pub fn lease_ms() -> i64 {
    i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a10_a_mail_server_that_is_away_is_told_once_for_each_reason() {
        let mut away = Away::default();
        for again in 0..40 {
            let reason = if again % 2 == 0 { "Connection refused" } else { "no answer within 5 s" };
            away.heard(Ended::ServerAway(reason.to_owned()));
            tokio::time::advance(Duration::from_secs(100)).await;
        }
        assert_eq!((away.failures, away.told.len()), (40, 2));
        away.heard(Ended::Settled);
        assert!(away.told.is_empty(), "the next outage is told again");
    }
}
