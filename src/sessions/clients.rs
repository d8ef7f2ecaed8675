//! What has been counted of guesses from one client. It slows down, and locks nobody out for long: what a
//! failover of Redis loses of it costs nothing (decision 20).

use super::{Sessions, SessionsError, Truth};
use crate::domain::lockout::Attempts;
use crate::store::Tx;

impl<P: Clone> Sessions<P> {
    /// Whether what is counted of a client is written before the transaction happens, and stays if it does not.
    #[must_use]
    pub const fn counts_clients_at_once(&self) -> bool {
        matches!(self.truth, Truth::Redis(_))
    }

    /// What has been counted of a client, and the version to save it with; 0 if nothing was.
    pub async fn attempts_at(&self, tx: &mut Tx, client: &str) -> Result<(Attempts, i64), SessionsError> {
        match &self.truth {
            Truth::Sql => Ok(tx.attempts(client).await?),
            Truth::Redis(redis) => Ok(redis.attempts_at(client).await?),
        }
    }

    /// Changes what has been counted of a client where that does not live in SQL; false where `change` gives nothing. Not
    /// within a transaction that writes: nobody who writes waits for Redis.
    pub async fn count_at_once(
        &self,
        client: &str,
        change: impl Fn(&Attempts) -> Option<Attempts>,
    ) -> Result<bool, SessionsError> {
        let Truth::Redis(redis) = &self.truth else { return Ok(true) };
        loop {
            let (attempts, version) = redis.attempts_at(client).await?;
            let Some(next) = change(&attempts) else { return Ok(false) };
            if redis.save_attempts_at(client, &next, version).await? {
                return Ok(true);
            }
        }
    }
}
