//! What lasts as long as somebody looks: `WebSocket`s, event streams, long downloads. They end when the person would not be
//! let in any more (ATT-23), and an ordinary request knows nothing of it.

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::visit::{Passage, Unavailable};
use crate::domain::routing::House;
use crate::domain::secret::Secret;
use crate::proxy::door::Door;
use crate::proxy::front::wire::Wire;
use crate::proxy::steady;

/// An answer that is still coming after this time is a long one.
const LONG: Duration = Duration::from_secs(10);
const EVENTS: &[u8] = b"text/event-stream";
/// How often it is looked whether something has ended on this node, or was heard of from another.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long it goes on while the sessions cannot be asked; an ordinary request is refused in this time.
const UNKNOWN_FOR: Duration = Duration::from_mins(1);

/// The watch over one of them; it goes with its request.
#[derive(Debug)]
pub struct Lasting {
    end: CancellationToken,
    watch: AbortHandle,
}

impl Drop for Lasting {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// Whether an answer is made to last.
#[must_use]
pub fn is_made_to_last(response: &ResponseHeader) -> bool {
    let content = response.headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    response.status == 101 || content.get(..EVENTS.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(EVENTS))
}

/// Whether the answer to what was sent then turns out to be long.
#[must_use]
pub fn is_long(sent_at: Option<std::time::Instant>) -> bool {
    sent_at.is_some_and(|sent_at| steady::now().duration_since(sent_at) > LONG)
}

impl Lasting {
    /// Begins to watch over a resident's answer.
    #[must_use]
    pub fn begin(door: &Door, session: &Session, house: &House, cookie: &Secret, resident: &Arc<Passage>) -> Self {
        let end = CancellationToken::new();
        // A stream of HTTP/2 has no connection of its own: it ends with its next bytes.
        if let Some(wire) = Wire::of(session) {
            wire.lasts_until(end.clone());
        }
        let watched = watch(door.clone(), house.clone(), cookie.clone(), Arc::clone(resident));
        let ends = end.clone();
        let watch = tokio::spawn(async move {
            watched.await;
            ends.cancel();
        });
        Self { end, watch: watch.abort_handle() }
    }

    /// Whether the person would not be let in any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.end.is_cancelled()
    }
}

/// Returns when the person would not be let in any more. Asked is within half of the age that an ordinary request's
/// decision may have, and soon after something has ended.
async fn watch(door: Door, house: House, cookie: Secret, resident: Arc<Passage>) {
    let at_latest = door.cache_age() / 2;
    let every = LOOK_EVERY.min(at_latest).max(Duration::from_millis(500));
    let (mut asked, mut known, mut generation) = (Instant::now(), Instant::now(), door.generation());
    loop {
        tokio::time::sleep(every).await;
        let now_at = door.generation();
        if now_at == generation && asked.elapsed() + every <= at_latest {
            continue;
        }
        match door.lets_in(&house, cookie.expose(), &resident).await {
            Ok(true) => (asked, known, generation) = (Instant::now(), Instant::now(), now_at),
            Ok(false) => return,
            Err(Unavailable(_)) if known.elapsed() > UNKNOWN_FOR => return,
            Err(Unavailable(_)) => asked = Instant::now(),
        }
    }
}
