//! What the nodes tell each other, so that what ends on one is refused on the next request at every other.
//!
//! The notice travels with the transaction of its cause; several nodes share `PostgreSQL` in any case. While it cannot be
//! heard, the age of the cache does its work, and when it can be heard again nothing of before is believed.

use std::time::Duration;

use tokio::time::sleep;

use super::{Change, Sessions};

/// Each node gives a sign of life this often, so that a line on which nothing is heard is known to be dead.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// After so long without any, the line is opened anew.
const SILENCE: Duration = Duration::from_secs(12);
/// Wait before the next attempt to listen.
const AGAIN: Duration = Duration::from_millis(500);
/// What says nothing but that somebody is there.
const ALIVE: &str = "alive";

impl<P: Clone> Sessions<P> {
    /// Listens to what other nodes tell, for as long as it is polled; comes back at once where there are none.
    pub async fn listen(&self) {
        tokio::join!(self.hear(), self.live());
    }

    async fn hear(&self) {
        let mut deaf = false;
        loop {
            match self.store.notices().await {
                Ok(Some(mut notices)) => {
                    // Nobody knows what was told before.
                    self.forget(&Change::Everything);
                    if std::mem::take(&mut deaf) {
                        tracing::info!("notices of other nodes are heard again");
                    }
                    while let Some(notice) = notices.next(SILENCE).await {
                        if notice != ALIVE {
                            self.forget(&Change::heard(&notice));
                        }
                    }
                    tracing::warn!(
                        "notices of other nodes are not heard; until they are, the cache's age does their work"
                    );
                    deaf = true;
                }
                Ok(None) => return,
                Err(error) => {
                    if !std::mem::replace(&mut deaf, true) {
                        tracing::warn!(%error, "notices of other nodes are not heard; the cache's age does their work");
                    }
                }
            }
            sleep(AGAIN).await;
        }
    }

    async fn live(&self) {
        while self.store.has_other_nodes() {
            // Where the database is gone, so is the line, and that is told elsewhere.
            let _ = self.store.tell(ALIVE).await;
            sleep(SIGN_OF_LIFE).await;
        }
    }
}
