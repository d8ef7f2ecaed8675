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

use super::marker::{Held, Says, Seen, Text};
use crate::domain::form_data::{self, Shape};
use crate::domain::leading;
use crate::domain::leaving::is_field_of_leaving;
use crate::domain::logout::Logout;
use crate::domain::net::{LOOKED_AT, Net};
use crate::domain::path::NormalisedPath;
use crate::proxy::fault::ProxyError;
use crate::proxy::front::asked;
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

/// What a request's body is looked at for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// An old login.
    pub net: Option<&'w Arc<Net>>,
    /// A form that is the extranet's logout at this path.
    pub logout: Option<(&'w Logout, &'w NormalisedPath)>,
    /// One that says so itself, of which nothing is declared.
    pub leaving: bool,
}

impl Wanted<'_> {
    /// Whether nothing is looked for.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.net.is_none() && self.logout.is_none() && !self.leaving
    }
}

/// A form that is looked at on its way.
pub struct Look {
    net: Option<Arc<Net>>,
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
    /// The extranet's logout.
    Logout,
    /// A form that says itself that it is for leaving; nothing is declared of it, and it goes on.
    Leaving,
    /// The form did not come in time.
    TooSlow,
}

/// Looks at a request's query, and at its form where that is short and of a known length. The beginning of others is
/// looked at on its way: a login there ends the request before a byte of its body is sent.
///
/// # Errors
/// The client is gone.
pub async fn look(session: &mut Session, wanted: Wanted<'_>) -> Result<Found> {
    let head = session.req_header();
    let query = head.uri.query().map(str::to_owned);
    if query.as_ref().is_some_and(|query| wanted.net.is_some_and(|net| net.in_query(query).both())) {
        return Ok(Found::Login);
    }
    let shapes = shapes(&head.headers);
    let length = asked::text(&head.headers, &CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if shapes.is_empty() || session.as_mut().is_body_empty() {
        return Ok(Found::Nothing(Sent::AsIs));
    }
    let look = Look { net: wanted.net.cloned(), shapes, query, held: BytesMut::new() };
    match length {
        Some(length) if length <= LOOKED_AT => look.at_whole(session, length, wanted).await,
        Some(_) | None if wanted.net.is_some() => Ok(Found::Nothing(Sent::Looked(look))),
        Some(_) | None => Ok(Found::Nothing(Sent::AsIs)),
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
    async fn at_whole(mut self, session: &mut Session, length: usize, wanted: Wanted<'_>) -> Result<Found> {
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
                let kind = asked::text(&session.req_header().headers, &CONTENT_TYPE).unwrap_or_default();
                if self.is_login() {
                    return Ok(Found::Login);
                }
                let asks = wanted.logout.is_some() || wanted.leaving;
                let fields = if asks { form_data::fields(kind, &self.held) } else { Vec::new() };
                Ok(match wanted.logout {
                    Some((logout, path)) if logout.is_sent(path, &fields) => Found::Logout,
                    _ if wanted.leaving && fields.iter().any(is_field_of_leaving) => Found::Leaving,
                    _ => Found::Nothing(Sent::AsIs),
                })
            }
        }
    }

    fn is_login(&self) -> bool {
        let Some(net) = &self.net else { return false };
        let looked_at = &self.held[..self.held.len().min(LOOKED_AT)];
        self.shapes.iter().any(|shape| net.in_both(self.query.as_deref(), *shape, looked_at))
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
            return Err(ProxyError::OldLogin.into());
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
pub enum Returned {
    /// Goes on as it is.
    #[default]
    AsIs,
    /// Waits while it is looked at.
    Looked(Box<Held>),
    /// Waits as long as it may be a page that only leads on.
    Brief(Brief),
    /// The answer is one of ours.
    Replaced,
    /// So it is, and its resident has left.
    Left,
}

/// A page that may only lead on to the login.
pub struct Brief {
    held: BytesMut,
    text: Text,
    /// Whether its length was told, and it is sure to end soon.
    is_short: bool,
}

impl Brief {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(text: Text, is_short: bool) -> Self {
        Self { held: BytesMut::new(), text, is_short }
    }

    fn take(&mut self, piece: Option<&Bytes>, is_last: bool, leads_to_login: impl Fn(&[u8]) -> bool) -> Seen {
        let piece = piece.map(Bytes::as_ref).unwrap_or_default();
        self.held.extend_from_slice(piece);
        let can_be_read = self.text.take(piece);
        let text = self.text.read();
        let is_long = !can_be_read || self.held.len().max(text.len()) > leading::LONGEST;
        if !is_last && !is_long && (self.is_short || text.is_empty()) {
            return Seen::Wait;
        }
        // A page of unknown length waits only while it looks like one.
        match !is_long && leads_to_login(text) {
            true if is_last => Seen::Found(Says::Over),
            true => Seen::Wait,
            false => Seen::Clean(std::mem::take(&mut self.held).freeze()),
        }
    }
}

impl Returned {
    /// What of a piece goes on. A page that says that the session is over, or that its resident has left, becomes one that
    /// leads on; the session of who `leaves` is over because of that. True where it has turned out to say neither.
    pub fn pass(
        &mut self,
        body: &mut Option<Bytes>,
        is_last: bool,
        leaves: bool,
        leads_to_login: impl Fn(&[u8]) -> bool,
        way_on: impl FnOnce(Says) -> Bytes,
    ) -> bool {
        let seen = match self {
            Self::AsIs => return false,
            Self::Replaced | Self::Left => {
                *body = None;
                return false;
            }
            Self::Looked(held) => match held.take(body.as_ref(), is_last) {
                Seen::Clean(_) if is_last && leads_to_login(held.text()) => Seen::Found(Says::Over),
                seen => seen,
            },
            Self::Brief(brief) => brief.take(body.as_ref(), is_last, leads_to_login),
        };
        match seen {
            Seen::Wait => {
                *body = None;
                false
            }
            Seen::Clean(held) => {
                *body = Some(held);
                *self = Self::AsIs;
                true
            }
            Seen::Found(says) => {
                let page = way_on(if leaves { Says::Left } else { says });
                *body = Some(match self {
                    Self::Looked(held) => held.replaced_by(page),
                    Self::Brief(brief) => brief.text.coded(page),
                    Self::AsIs | Self::Replaced | Self::Left => page,
                });
                *self = if leaves || says == Says::Left { Self::Left } else { Self::Replaced };
                false
            }
        }
    }
}
