//! A request that was let in, on its way to an extranet.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{COOKIE, UPGRADE};
use http::{HeaderValue, Method};
use pingora::Error;
use pingora::proxy::Session;

use super::bodies::{Returned, Sent};
use super::extranets::{Destination, Extranet, Public};
use super::jar::Carried;
use super::lasting::Lasting;
use super::marker::Signs;
use super::request_headers::Told;
use crate::app::visit::Passage;
use crate::domain::access::Fetch;
use crate::domain::adapter::EnteredBy;
use crate::domain::decision::Decision;
use crate::domain::routing::{Directory, House};
use crate::domain::secret::Secret;
use crate::proxy::fault::ProxyError;
use crate::proxy::front::asked::opens_websocket;
use crate::proxy::request_id::{RequestNumber, Source};
use crate::proxy::steady;

/// Interim answers that an extranet may give to one request (SEC-133).
const MOST_INTERIM: u32 = 20;

/// A request on its way to an extranet.
pub struct Forward {
    /// Which one.
    pub extranet: Arc<Extranet>,
    /// The host that was asked.
    pub house: House,
    /// What the extranet is to browsers there.
    pub public: Arc<Public>,
    /// Every host and every agency, as they were when it came.
    pub directory: Arc<Directory>,
    /// Nobody on public paths.
    pub resident: Option<Arc<Passage>>,
    /// By which cookie.
    pub cookie: Option<Secret>,
    /// How the answer is going to be used.
    pub fetch: Fetch,
    /// Whether it says itself that its resident wants to leave.
    pub leaves: bool,
    /// Whether it is a declared logout that a script asks for: the session ends with the answer, whatever that says.
    pub ends: bool,
    /// How many addresses of the extranet were tried before.
    pub attempt: usize,
    /// When it was sent.
    pub sent_at: Option<Instant>,
    /// Until the extranet's answer began.
    pub upstream: Option<Duration>,
    /// What becomes of its body.
    pub sent: Sent,
    /// What becomes of the answer's.
    pub returned: Returned,
    /// The extranet's cookies, where they live in the session.
    pub carried: Option<Carried>,
    /// What takes the cookies of a sign-in that has ended out of the browser.
    pub ended: Vec<HeaderValue>,
    /// Interim answers (1xx) so far.
    interim: u32,
    /// Ends it with the session, where it lasts long.
    pub lasting: Option<Lasting>,
}

impl Forward {
    /// One that nothing more is known of.
    #[must_use]
    pub fn new(to: Destination, resident: Option<Arc<Passage>>, cookie: Option<Secret>, fetch: Fetch) -> Self {
        let Destination { extranet, house, public, directory } = to;
        Self {
            extranet,
            house,
            public,
            directory,
            resident,
            cookie,
            fetch,
            leaves: false,
            ends: false,
            attempt: 0,
            sent_at: None,
            upstream: None,
            sent: Sent::AsIs,
            returned: Returned::AsIs,
            carried: None,
            ended: Vec::new(),
            interim: 0,
            lasting: None,
        }
    }

    /// Makes its session ready. Only a WebSocket's upgrade goes on, and it may be silent as long as the extranet may.
    pub fn set_out(&self, session: &mut Session) {
        if !self.ended.is_empty() {
            // Nor does an extranet see any more whose cookies these were.
            session.req_header_mut().remove_header(&COOKIE);
        }
        if opens_websocket(session.req_header()) {
            let silence = Duration::from_millis(self.house.agency.upstream.read_timeout_ms);
            session.set_read_timeout(Some(silence));
        } else {
            session.req_header_mut().remove_header(&UPGRADE);
        }
    }

    /// Turns to its extranet's next address, if there is one.
    pub fn has_another_address(&mut self, error: &Error, id: RequestNumber) -> bool {
        self.attempt += 1;
        let backend = &self.extranet.backend;
        let goes_on = self.attempt < backend.addresses();
        if goes_on {
            backend.has_failed(error, id);
        }
        goes_on
    }

    /// What the extranet is told about it.
    #[must_use]
    pub fn told(&self, source: Source) -> Told<'_> {
        let (extranet, public, resident) = (&*self.extranet, &*self.public, self.resident.as_deref());
        let cookies = self.carried.as_ref().and_then(|carried| carried.line.as_ref());
        Told { extranet, public, resident, cookies, source, portal: self.directory.portal() }
    }

    /// One more interim answer (1xx).
    ///
    /// # Errors
    /// It is one too many.
    pub const fn go_on_waiting(&mut self) -> Result<(), ProxyError> {
        self.interim += 1;
        if self.interim > MOST_INTERIM { Err(ProxyError::Interim) } else { Ok(()) }
    }

    /// The extranet's answer has begun.
    pub fn is_answered(&mut self) {
        if let Some(sent_at) = self.sent_at {
            let took = steady::now().duration_since(sent_at);
            self.extranet.metrics.upstream.observe(took);
            self.extranet.backend.has_answered();
            self.upstream = Some(took);
        }
    }

    /// What it is called in the access line.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        match (&self.sent, &self.returned, &self.resident) {
            (Sent::Caught, _, _) => Decision::CredentialsPost,
            (_, Returned::Left, _) => Decision::Left,
            (_, Returned::Replaced, _) => Decision::SessionOver,
            (_, _, Some(_)) => Decision::SignedIn,
            (_, _, None) => Decision::PublicPath,
        }
    }

    /// What is looked for in the answer to a request of this method, if anything is.
    #[must_use]
    pub fn signs(&self, method: &Method) -> Option<&Signs> {
        Some(&self.extranet.signs).filter(|signs| !signs.is_empty() && self.is_page(method))
    }

    /// Whether a page that leads on to the login says that a session is over.
    #[must_use]
    pub fn may_lead_on(&self, method: &Method) -> bool {
        let agency = &self.extranet.agency;
        let ends = agency.session_over.login_redirect && agency.adapter.entered_by() == EnteredBy::Session;
        ends && self.is_page(method)
    }

    fn is_page(&self, method: &Method) -> bool {
        self.fetch == Fetch::Page && matches!(*method, Method::GET | Method::POST) && self.resident.is_some()
    }
}
