//! Somebody asks for an extranet: what becomes of that, once it is known who it is.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use pingora::http::RequestHeader;

use super::outcome::{Answer, Answered, Outcome};
use super::{Request, arrival, ways};
use crate::app::visit::{Passage, Unavailable};
use crate::domain::access::{self, Access, Fetch, Fields, Forbidden, Screen, Visitor};
use crate::domain::decision::Decision;
use crate::domain::leaving::speaks_of_leaving;
use crate::domain::routing::{Host, Place};
use crate::domain::secret::Secret;
use crate::proxy::door::Door;
use crate::proxy::fault::Problem;
use crate::proxy::front::asked::{self, Asked};
use crate::proxy::passage::bodies::{Found, Sent, Wanted};
use crate::proxy::passage::extranets::Destination;
use crate::proxy::passage::forward::Forward;
use crate::proxy::passage::jar::Carried;
use crate::proxy::passage::left;
use crate::proxy::passage::session_over::{NOT_SENT, not_sent};
use crate::proxy::request_id::Source;
use crate::web::Arrival;
use crate::web::guest::FETCH_DEST;

static SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");

/// A request for an extranet, decided on as far as its head tells.
pub struct Knock {
    to: Destination,
    asked: Asked,
    source: Source,
    cookie: Option<Secret>,
    access: Access<Arc<Passage>>,
    /// Whether a script of the extranet's own asks.
    scripted: bool,
    leaving: Leaving,
    /// What takes the cookies of a sign-in that has ended out of the browser.
    ended: Vec<HeaderValue>,
}

/// Whether a request may turn out to be a logout of which nothing is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// It is none.
    No,
    /// Its form may say so.
    Perhaps,
    /// It says so.
    Yes,
}

impl Knock {
    /// Decides.
    #[must_use]
    pub fn new(request: Request<'_>, to: Destination, cookie: Option<Secret>, visitor: Visitor<Arc<Passage>>) -> Self {
        let Request { head, asked, source, .. } = request;
        let agency = &to.house.agency;
        let from = asked::asked_from(&head.headers, &to.public.origin);
        let (changes, fetch, path) = (asked.changes, asked.fetch, &asked.path);
        let stays = agency.shares_host() && head.headers.contains_key(&SERVICE_WORKER);
        let scripted = access::is_scripted(fetch, changes, from, asked::text(&head.headers, &FETCH_DEST));
        let question = access::Question { path, query: head.uri.query(), changes, fetch, from, stays, scripted };
        let is_over = matches!(visitor, Visitor::Stranger);
        let ended = if is_over { ways::ended(head, agency.public.scheme()) } else { Vec::new() };
        let access = access::decide(visitor, agency, &question);
        let may_leave = resident(&access).is_some() && left::may_leave(agency, fetch, changes, from);
        let leaving = match may_leave {
            false => Leaving::No,
            true if speaks_of_leaving(&String::from_utf8_lossy(head.raw_path())) => Leaving::Yes,
            true => Leaving::Perhaps,
        };
        Self { to, asked, source, cookie, access, scripted, leaving, ended }
    }

    /// What its body is looked at for before anything is done.
    #[must_use]
    pub fn looks_for(&self) -> Wanted<'_> {
        let (agency, path) = (&self.to.house.agency, &self.asked.path);
        let logout = Some(&agency.logout).filter(|logout| self.asked.changes && logout.may_be_sent_to(path));
        let logout = logout.map(|logout| (logout, path));
        match &self.access {
            // Whose session is over may go all the same.
            Access::NotSent(_) => Wanted { logout, ..Wanted::default() },
            Access::Forward(_) | Access::Leave(_) | Access::Public => Wanted {
                net: self.to.extranet.net.as_ref().filter(|_| !agency.paths.may_post_credentials(path)),
                logout: logout.filter(|_| resident(&self.access).is_some()),
                leaving: self.leaving == Leaving::Perhaps && self.asked.changes,
            },
            Access::Show(_) | Access::Unauthorized | Access::Forbidden(_) => Wanted::default(),
        }
    }

    /// How it is answered here, with what was found in it; None where it goes on.
    #[must_use]
    pub fn answer(&self, head: &RequestHeader, found: &Found) -> Option<Outcome> {
        let ended = || self.ended.clone();
        let (decision, answer) = match (&self.access, found) {
            // The extranet's own logout button was pressed.
            (Access::NotSent(_), Found::Logout) => (Decision::LegacyLogout, self.shown(Screen::SignOut, head)),
            (Access::NotSent(fields), _) => {
                let status = if *fields == Fields::Shown { not_sent(head) } else { 303 };
                (self.access.decision(), Answer::Redirect { status, to: NOT_SENT.to_owned(), ended: ended() })
            }
            (Access::Show(screen), _) => (self.access.decision(), self.shown(*screen, head)),
            (Access::Unauthorized, _) => {
                let (login, json) = (self.at_portal("login", ""), ways::understands_json(head));
                (self.access.decision(), Answer::Unauthorized { login, json, ended: ended() })
            }
            (Access::Forbidden(why), _) => (self.access.decision(), self.problem(problem(*why), 403)),
            (_, Found::Logout) if !self.scripted => (Decision::LegacyLogout, self.shown(Screen::SignOut, head)),
            (_, Found::Login) => (Decision::CredentialsPost, self.problem(Problem::OldLogin, 403)),
            (_, Found::TooSlow) => (self.access.decision(), self.problem(Problem::BadRequest, 408)),
            (Access::Forward(_) | Access::Leave(_) | Access::Public, _) => return None,
        };
        Some(Outcome::Answer(Answered { decision, ..self.answered() }, answer))
    }

    /// The extranet's cookies that go with it, where they live in the session.
    pub async fn carried(&self, door: &Door, head: &RequestHeader) -> Result<Option<Carried>, Unavailable> {
        match resident(&self.access) {
            Some(resident) if self.to.extranet.keeps_cookies() => {
                Box::pin(Carried::of(door, resident, head.raw_path())).await.map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }

    /// It goes on.
    #[must_use]
    pub fn forward(self, found: Found, carried: Option<Carried>) -> Forward {
        let resident = resident(&self.access).cloned();
        let mut forward = Forward::new(self.to, resident, self.cookie, self.asked.fetch);
        forward.leaves = self.leaving == Leaving::Yes || matches!(found, Found::Leaving);
        forward.ends = matches!(self.access, Access::Leave(_)) || matches!(found, Found::Logout);
        forward.sent = if let Found::Nothing(sent) = found { sent } else { Sent::AsIs };
        forward.carried = carried;
        forward.ended = self.ended;
        forward
    }

    /// Nobody says what goes with it.
    #[must_use]
    pub fn unavailable(&self, unavailable: Unavailable) -> Outcome {
        Outcome::unavailable(self.answered().agency, self.asked.fetch, self.arrival(), unavailable)
    }

    /// What its access line says, as far as is known.
    #[must_use]
    pub fn answered(&self) -> Answered {
        let agency = Some(Arc::clone(&self.to.house.agency));
        Answered { agency, decision: self.access.decision(), fault: None }
    }

    fn problem(&self, problem: Problem, status: u16) -> Answer {
        Answer::problem(self.asked.fetch, self.arrival(), problem, status)
    }

    fn arrival(&self) -> Arrival {
        arrival(self.source, Place::Own(Host::House(self.to.house.clone())), &self.to.directory)
    }

    /// A page of ours in the place of the extranet's. None of them stands in a frame; the extranet's own logout button is
    /// pressed there all the same, and is a logout, while its link is only the way to ours (SEC-070).
    fn shown(&self, screen: Screen, head: &RequestHeader) -> Answer {
        let is_pressed = screen == Screen::SignOut && self.asked.changes;
        let ended = self.ended.clone();
        if self.asked.fetch == Fetch::Page && !is_pressed && ways::in_a_frame(head) {
            let may = |page: &_| self.to.house.agency.paths.closing(page).is_none();
            let back = ways::back_around(head, &self.to.house.origin(), may);
            return Answer::LeadOut { arrival: self.arrival(), to: self.location(screen, &back), ended };
        }
        let status = if is_pressed { 307 } else { 303 };
        Answer::Redirect { status, to: self.location(screen, &ways::back(head)), ended }
    }

    fn location(&self, screen: Screen, back: &str) -> String {
        match screen {
            Screen::SignIn => self.at_portal("login", back),
            Screen::SignInHome | Screen::Agency => self.at_portal("login", ""),
            Screen::Terms => self.at_portal("terms", back),
            Screen::ExtranetPassword => self.at_portal("account/extranet-password", back),
            Screen::SignOut => "/.vestibule/logout".to_owned(),
            Screen::Account => format!("{}/account", self.to.directory.portal()),
        }
    }

    fn at_portal(&self, page: &str, more: &str) -> String {
        let (portal, house) = (self.to.directory.portal(), &self.to.house);
        let account = house.account.as_ref().map(|account| format!("&account={}", account.as_str()));
        let (code, account) = (&house.agency.code, account.unwrap_or_default());
        format!("{portal}/{page}?client={}&societe={}{account}{more}", code.client(), code.societe())
    }
}

/// As whom it would go on.
const fn resident(access: &Access<Arc<Passage>>) -> Option<&Arc<Passage>> {
    match access {
        Access::Forward(passage) | Access::Leave(passage) => Some(passage),
        Access::Public | Access::Show(_) | Access::NotSent(_) | Access::Unauthorized | Access::Forbidden(_) => None,
    }
}

/// What who is refused is told.
const fn problem(why: Forbidden) -> Problem {
    match why {
        Forbidden::Unnamed => Problem::Unnamed,
        Forbidden::LegacyLogin => Problem::OldLogin,
        Forbidden::ForeignOrigin | Forbidden::LegacyAccount | Forbidden::ServiceWorker => Problem::BadRequest,
    }
}
