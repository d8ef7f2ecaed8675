//! Notices from one node to the others, by `PostgreSQL`'s LISTEN and NOTIFY: told with the transaction that causes them,
//! and not told if it does not happen. `SQLite` has one node, and nobody to tell.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::time::timeout;

use super::{Dialect, PATIENCE, Store, StoreError, Tx};

const CHANNEL: &str = "vestibule";

/// What the nodes tell each other, this one included.
#[derive(Debug)]
pub struct Notices(PgListener);

impl Store {
    /// Begins to listen; none where there is nobody to listen to.
    pub async fn notices(&self) -> Result<Option<Notices>, StoreError> {
        let Some(url) = &self.postgres else { return Ok(None) };
        let listening = async {
            let mut listener = PgListener::connect(url.expose()).await?;
            // Whoever listens has to know that something may have been missed.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok::<_, sqlx::Error>(listener)
        };
        match timeout(PATIENCE, listening).await {
            Ok(Ok(listener)) => Ok(Some(Notices(listener))),
            Ok(Err(error)) => Err(self.why(error).await),
            Err(_) => Err(self.why(sqlx::Error::PoolTimedOut).await),
        }
    }

    /// Tells every node something at once.
    pub async fn tell(&self, notice: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.notify(notice).await?;
        tx.commit().await
    }
}

impl Tx {
    /// Tells every node something, once this transaction has happened.
    pub async fn notify(&mut self, notice: &str) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(notice).execute(self.conn()).await?;
        }
        Ok(())
    }
}

impl Notices {
    /// The next notice; none if nothing came for so long, or the connection is lost: then listen anew, for something may
    /// have been missed.
    pub async fn next(&mut self, patience: Duration) -> Option<String> {
        let notice = timeout(patience, self.0.try_recv()).await.ok()?.ok()??;
        Some(notice.payload().to_owned())
    }
}
