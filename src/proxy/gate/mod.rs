//! The gate: who asks, and what becomes of the request, as a value. Nothing here has a connection.

mod knock;
mod lobby;
mod outcome;
#[cfg(test)]
mod tests;
mod ways;

use std::sync::Arc;

use http::Method;
use pingora::http::RequestHeader;

use super::door::{Door, Visited};
use super::fault::ProxyError;
use super::front::asked::{Asked, Connection};
use super::passage::bodies::{Found, Sent};
use super::passage::extranets::Extranets;
use super::request_id::Source;
use crate::domain::access::Visitor;
use crate::domain::agency::Agency;
use crate::domain::decision::Decision;
use crate::domain::origin::{Origin, Scheme};
use crate::domain::routing::{Directory, Host, House, Place};
use crate::domain::secret::Secret;
use crate::telemetry::{RequestId, traces};
use crate::web::Arrival;
use crate::web::cookies::{self, Kind};

pub use knock::Knock;
pub use outcome::{Answer, Answered, Outcome};

/// Who decides.
pub struct Gate {
    door: Door,
    extranets: Extranets,
}

/// A request, as the gate is asked about it.
pub struct Request<'r> {
    /// Its head.
    pub head: &'r RequestHeader,
    /// What that asks for.
    pub asked: Asked,
    /// Every host and every agency.
    pub directory: Arc<Directory>,
    /// From whom it is.
    pub source: Source,
    /// What its pieces of work hang below, where it is traced.
    pub trace: Option<traces::Current>,
}

/// What is decided by a head.
pub enum Decided {
    /// Everything.
    Outright(Outcome),
    /// What is left to decide by its body.
    ByBody(Box<Knock>),
}

impl Gate {
    /// Behind this door.
    #[must_use]
    pub fn new(door: Door) -> Self {
        Self { extranets: Extranets::new(&door.directory()), door }
    }

    /// Every host and every agency, as they are now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.door.directory()
    }

    /// Decides on a request.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn decide(&self, request: Request<'_>) -> Result<Decided, ProxyError> {
        let outcome = match (request.asked.connection, &request.asked.place) {
            (Connection::ForAnother, _) => request.elsewhere(Decision::Misdirected),
            (Connection::OnlyLeads, place) => request.led_to_https(place),
            (Connection::Fits, Place::Extranet(host)) => {
                let host = host.clone();
                return self.meet(request, host).await;
            }
            (Connection::Fits, Place::Own(host)) => {
                let agency = self.open_here(&request, host).await;
                request.page(Answered { agency, ..Answered::by(Decision::OwnPage) })
            }
            (Connection::Fits, Place::Portal) => request.page(Answered::by(Decision::Portal)),
            (Connection::Fits, Place::Moved(to)) => request.led_on(to),
            (Connection::Fits, Place::Nowhere) => request.elsewhere(Decision::UnknownHost),
        };
        Ok(Decided::Outright(outcome))
    }

    /// What becomes of somebody who knocked, with what was found in the body.
    pub async fn settle(&self, knock: Knock, head: &RequestHeader, found: Found) -> Outcome {
        if let Some(outcome) = knock.answer(head, &found) {
            return outcome;
        }
        match knock.carried(&self.door, head).await {
            Ok(carried) => Outcome::Forward(Box::new(knock.forward(found, carried))),
            Err(unavailable) => knock.unavailable(unavailable),
        }
    }

    /// Somebody asks for an extranet: who is it, and, on a host that several agencies share, which one is meant? That is
    /// said by the session alone; a browser that has none is led back to the agency that it had open last (a24).
    async fn meet(&self, mut request: Request<'_>, host: Host) -> Result<Decided, ProxyError> {
        let cookie = request.session_cookie(host.scheme());
        let (trace, value) = (request.trace.take(), cookie.as_ref().map(Secret::expose));
        let shared = match host {
            Host::House(house) => {
                let visited = traces::within(trace, self.door.visit(&house, value)).await;
                return self.let_in(request, house, cookie, visited).await;
            }
            Host::Shared(shared) => shared,
        };
        let visited = traces::within(trace, self.door.visit_shared(&shared, value)).await;
        let held = request.cookie(Kind::Account, shared.public().scheme());
        let remembered = || Host::Shared(Arc::clone(&shared)).remembered(held);
        let (house, visited) = match visited {
            Ok(Some((house, visitor))) => (Some(house), Ok(visitor)),
            Ok(None) => (remembered(), Ok(Visitor::Stranger)),
            Err(unavailable) => (remembered(), Err(unavailable)),
        };
        match house {
            Some(house) => self.let_in(request, house, cookie, visited).await,
            None => Ok(Decided::Outright(lobby::receive(&request, shared, visited.err())?)),
        }
    }

    async fn let_in(
        &self,
        request: Request<'_>,
        house: House,
        cookie: Option<Secret>,
        visited: Visited,
    ) -> Result<Decided, ProxyError> {
        let to = self.extranets.destination(&request.directory, house)?;
        let visitor = match visited {
            Ok(visitor) => visitor,
            Err(unavailable) => {
                let (agency, fetch) = (Some(Arc::clone(&to.house.agency)), request.asked.fetch);
                let arrival = request.arrival(Place::Own(Host::House(to.house)));
                return Ok(Decided::Outright(Outcome::unavailable(agency, fetch, arrival, unavailable)));
            }
        };
        let head = request.head;
        let knock = Knock::new(request, to, cookie, visitor);
        if knock.looks_for().is_nothing() {
            return Ok(Decided::Outright(self.settle(knock, head, Found::Nothing(Sent::AsIs)).await));
        }
        Ok(Decided::ByBody(Box::new(knock)))
    }

    /// Whose agency's host this is for a browser, as far as its session says so: for the access line.
    async fn open_here(&self, request: &Request<'_>, host: &Host) -> Option<Arc<Agency>> {
        match host {
            Host::House(house) => Some(Arc::clone(&house.agency)),
            Host::Shared(shared) => {
                let cookie = request.session_cookie(host.scheme());
                let known = self.door.visit_shared(shared, cookie.as_ref().map(Secret::expose)).await.ok()?;
                known.map(|(house, _)| house.agency)
            }
        }
    }
}

impl Request<'_> {
    /// A page of ours, as it was asked for.
    fn page(&self, answered: Answered) -> Outcome {
        Outcome::Answer(answered, Answer::Page(self.arrival(self.asked.place.clone())))
    }

    /// This host is not served on this connection.
    fn elsewhere(&self, decision: Decision) -> Outcome {
        let portal = self.directory.portal();
        let said =
            format!("Ce site n'est pas, ou plus, servi ici. / This site is not served here (any more).\n{portal}");
        Outcome::Answer(Answered::by(decision), Answer::Text(421, said))
    }

    /// On a listener that only leads to https: what is read is led there, what was sent in the clear is refused.
    fn led_to_https(&self, place: &Place) -> Outcome {
        let Some(public) = self.directory.origin(place).filter(|public| public.scheme() == Scheme::Https) else {
            return self.elsewhere(Decision::UnknownHost);
        };
        let refused = || Answer::Text(403, "Connexion non chiffrée refusée. / Use https.".to_owned());
        Outcome::Answer(Answered::by(Decision::ToHttps), self.same_page_at(&public).unwrap_or_else(refused))
    }

    /// Where something was before it moved: what is read is found there, and nothing is sent on.
    fn led_on(&self, to: &Origin) -> Outcome {
        let gone = || {
            let said =
                "Ce site a changé d'adresse ; rien n'a été transmis. / This site has moved; nothing was sent on.";
            Answer::Text(410, format!("{said}\n{to}"))
        };
        Outcome::Answer(Answered::by(Decision::Moved), self.same_page_at(to).unwrap_or_else(gone))
    }

    /// What is read is read there; None for what was sent.
    fn same_page_at(&self, origin: &Origin) -> Option<Answer> {
        let is_read = matches!(self.head.method, Method::GET | Method::HEAD);
        let to = || format!("{origin}{}", ways::target(self.head));
        is_read.then(|| Answer::Redirect { status: 301, to: to(), ended: Vec::new() })
    }

    fn arrival(&self, place: Place) -> Arrival {
        arrival(self.source, place, &self.directory)
    }

    fn session_cookie(&self, scheme: Scheme) -> Option<Secret> {
        self.cookie(Kind::Session, scheme).map(Secret::new)
    }

    fn cookie(&self, kind: Kind, scheme: Scheme) -> Option<&str> {
        cookies::find(&self.head.headers, kind.name(scheme))
    }
}

/// What a page of ours is told of a request.
#[must_use]
pub fn arrival(source: Source, place: Place, directory: &Directory) -> Arrival {
    let scheme = directory.scheme(&place);
    Arrival { request_id: RequestId::named(&source.id.to_string()), client: source.client, place, scheme }
}
