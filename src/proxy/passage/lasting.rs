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
use crate::proxy::fault::Fault;
use crate::proxy::front::wire::Wire;
use crate::proxy::{Forward, now};

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

impl Lasting {
    /// Begins to watch over an answer that is made to last.
    pub fn begin_with(door: &Door, session: &Session, response: &ResponseHeader, forward: &mut Forward) {
        let content = response.headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
        let is_made_to_last =
            response.status == 101 || content.get(..EVENTS.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(EVENTS));
        if is_made_to_last {
            Self::begin(door, session, forward);
        }
    }

    /// Begins to watch over an answer that turns out to be long.
    ///
    /// # Errors
    /// It is over.
    pub fn go_on(door: &Door, session: &Session, forward: &mut Forward) -> Result<(), Fault> {
        if let Some(lasting) = &forward.lasting {
            return if lasting.end.is_cancelled() { Err(Fault::Over) } else { Ok(()) };
        }
        let is_long = || forward.sent_at.is_some_and(|sent_at| now().duration_since(sent_at) > LONG);
        if forward.resident.is_some() && is_long() {
            Self::begin(door, session, forward);
        }
        Ok(())
    }

    fn begin(door: &Door, session: &Session, forward: &mut Forward) {
        let (Some(resident), Some(cookie)) = (&forward.resident, &forward.cookie) else { return };
        let end = CancellationToken::new();
        // A stream of HTTP/2 has no connection of its own: it ends with its next bytes.
        if let Some(wire) = Wire::of(session) {
            wire.lasts_until(end.clone());
        }
        let watched = watch(door.clone(), forward.house.clone(), cookie.clone(), Arc::clone(resident));
        let ends = end.clone();
        let watch = tokio::spawn(async move {
            watched.await;
            ends.cancel();
        });
        forward.lasting = Some(Self { end, watch: watch.abort_handle() });
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
