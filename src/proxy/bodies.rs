//! Who owns a body on its way: decided at the head, driven here.
//!
//! A request's body goes on as it is, or is looked at for an old login's fields before any of it goes on (S1). An answer's
//! goes on as it is, is held while it is looked at (a12), or is thrown away because the answer is one of ours.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use pingora::Result;
use pingora::proxy::Session;

use super::asked;
use super::fault::Fault;
use super::marker::{self, Held, Seen};
use crate::domain::form_data::{self, Shape};
use crate::domain::net::{LOOKED_AT, Net};
use crate::telemetry::metrics::AgencyMetrics;

/// Longest time for a form to come that is read before it goes on.
const FORM_TIMEOUT: Duration = Duration::from_secs(30);

/// A request's body.
#[derive(Default)]
pub enum Sent {
    /// Goes on as it is.
    #[default]
    AsIs,
    /// Its beginning waits while it comes, and is looked at.
    Looked(Look),
    /// It carries an old login, and goes nowhere.
    Caught,
}

/// A form that is looked at on its way.
pub struct Look {
    net: Arc<Net>,
    shapes: Vec<Shape>,
    query: Option<String>,
    held: BytesMut,
}

/// What was found in a request before anything of it goes on.
pub enum Found {
    /// Nothing so far, and what becomes of its body.
    Nothing(Sent),
    /// Both fields of an old login.
    Login,
    /// The form did not come in time.
    TooSlow,
}

/// Looks at a request's query, and at its form where that is short and of a known length. The beginning of others is
/// looked at on its way: a login there ends the request before a byte of its body is sent.
///
/// # Errors
/// The client is gone.
pub async fn look(session: &mut Session, net: &Arc<Net>) -> Result<Found> {
    let head = session.req_header();
    let query = head.uri.query().map(str::to_owned);
    if query.as_ref().is_some_and(|query| net.in_query(query).both()) {
        return Ok(Found::Login);
    }
    let shapes = shapes(&head.headers);
    let length = asked::text(&head.headers, &CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if shapes.is_empty() || session.as_mut().is_body_empty() {
        return Ok(Found::Nothing(Sent::AsIs));
    }
    let look = Look { net: Arc::clone(net), shapes, query, held: BytesMut::new() };
    match length {
        Some(length) if length <= LOOKED_AT => look.at_whole(session, length).await,
        Some(_) | None => Ok(Found::Nothing(Sent::Looked(look))),
    }
}

/// How servers may read the fields; more than one type is more than one way.
fn shapes(headers: &HeaderMap) -> Vec<Shape> {
    let mut types =
        headers.get_all(CONTENT_TYPE).iter().map(|kind| String::from_utf8_lossy(kind.as_bytes())).peekable();
    if types.peek().is_none() {
        return form_data::shape("").into_iter().collect();
    }
    types.filter_map(|kind| form_data::shape(&kind)).collect()
}

impl Look {
    /// Reads a form to its end; the engine keeps it, and sends it as it came.
    async fn at_whole(mut self, session: &mut Session, length: usize) -> Result<Found> {
        session.as_mut().enable_retry_buffering();
        if session.req_header().headers.contains_key(EXPECT) {
            session.write_continue_response().await?;
            session.req_header_mut().remove_header(&EXPECT);
        }
        self.held.reserve(length);
        let reading = async {
            while let Some(piece) = session.read_request_body().await.map_err(pingora::Error::into_down)? {
                self.held.extend_from_slice(&piece);
            }
            Ok::<_, Box<pingora::Error>>(())
        };
        match tokio::time::timeout(FORM_TIMEOUT, reading).await {
            Err(_) => Ok(Found::TooSlow),
            Ok(read) => {
                read?;
                Ok(if self.is_login() { Found::Login } else { Found::Nothing(Sent::AsIs) })
            }
        }
    }

    fn is_login(&self) -> bool {
        let looked_at = &self.held[..self.held.len().min(LOOKED_AT)];
        self.shapes.iter().any(|shape| self.net.in_both(self.query.as_deref(), *shape, looked_at))
    }
}

impl Sent {
    /// The body comes from its beginning: a request can be sent again to another address.
    pub fn begin(&mut self) {
        if let Self::Looked(look) = self {
            look.held.clear();
        }
    }

    /// What of a piece goes on.
    ///
    /// # Errors
    /// It is the old login that goes nowhere.
    pub fn pass(&mut self, body: &mut Option<Bytes>, is_last: bool, metrics: &AgencyMetrics) -> Result<()> {
        let Self::Looked(look) = self else { return Ok(()) };
        look.held.extend_from_slice(&body.take().unwrap_or_default());
        if !is_last && look.held.len() < LOOKED_AT {
            // Nothing yet: to the engine, no body at all is its end.
            *body = Some(Bytes::new());
            return Ok(());
        }
        if look.is_login() {
            *self = Self::Caught;
            return Err(Fault::OldLogin.into());
        }
        if !is_last || look.held.len() > LOOKED_AT {
            metrics.forms_beyond();
        }
        *body = Some(std::mem::take(&mut look.held).freeze());
        *self = Self::AsIs;
        Ok(())
    }
}

/// An answer's body.
#[derive(Default)]
pub enum Answer {
    /// Goes on as it is.
    #[default]
    AsIs,
    /// Waits while it is looked at.
    Looked(Box<Held>),
    /// The answer is one of ours.
    Replaced,
}

impl Answer {
    /// What of a piece goes on. A page that says that the session is over becomes one that leads on.
    pub fn pass(&mut self, body: &mut Option<Bytes>, is_last: bool, way_on: impl FnOnce() -> String) {
        match self {
            Self::AsIs => {}
            Self::Replaced => *body = None,
            Self::Looked(held) => match held.take(body.as_ref(), is_last) {
                Seen::Wait => *body = None,
                Seen::Clean(held) => {
                    *body = Some(held);
                    *self = Self::AsIs;
                }
                Seen::Found => {
                    *body = Some(held.replaced_by(marker::leading_to(&way_on())));
                    *self = Self::Replaced;
                }
            },
        }
    }
}
