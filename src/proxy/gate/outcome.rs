//! What becomes of a request, as a value: who acts on it is elsewhere.

use std::sync::Arc;

use http::HeaderValue;

use crate::app::visit::Unavailable;
use crate::domain::access::Fetch;
use crate::domain::agency::Agency;
use crate::domain::decision::Decision;
use crate::proxy::fault::Problem;
use crate::proxy::front::refusal::Refusal;
use crate::proxy::passage::forward::Forward;
use crate::web::Arrival;

/// What becomes of a request.
pub enum Outcome {
    /// It goes on to its extranet.
    Forward(Box<Forward>),
    /// It is answered here.
    Answer(Answered, Answer),
}

/// What the access line says of a request that is answered here.
#[derive(Debug)]
pub struct Answered {
    /// On whose host.
    pub agency: Option<Arc<Agency>>,
    /// Why.
    pub decision: Decision,
    /// Why it cannot be answered as it should be, where it cannot.
    pub fault: Option<&'static str>,
}

/// An answer of ours. What `ended` holds takes the cookies of a sign-in that has ended out of the browser.
#[derive(Debug)]
pub enum Answer {
    /// Our own pages answer it, as it came.
    Page(Arrival),
    /// The page that tells of a problem, with this status.
    Problem(Arrival, Problem, u16),
    /// The page that leads the whole window out of a frame of the extranet's (case 12).
    LeadOut { arrival: Arrival, to: String, ended: Vec<HeaderValue> },
    /// The browser goes elsewhere: with GET by 303, with what it asked for by 307.
    Redirect { status: u16, to: String, ended: Vec<HeaderValue> },
    /// 401 with the login's address, as JSON where that is understood (a20).
    Unauthorized { login: String, json: bool, ended: Vec<HeaderValue> },
    /// A line of text.
    Text(u16, String),
    /// A request that can be read in two ways ends its connection: nobody knows where the next one begins.
    Refused(Refusal),
}

impl Outcome {
    /// A request that is refused before it is looked at.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        Self::Answer(Answered::by(refusal.decision()), Answer::Refused(refusal))
    }

    /// Nobody says who that is, or what goes with it.
    #[must_use]
    pub fn unavailable(
        agency: Option<Arc<Agency>>,
        fetch: Fetch,
        arrival: Arrival,
        Unavailable(reason): Unavailable,
    ) -> Self {
        let answered = Answered { agency, decision: Decision::SessionsUnavailable, fault: Some(reason) };
        Self::Answer(answered, Answer::problem(fetch, arrival, Problem::Unavailable, 503))
    }
}

impl Answered {
    /// For no agency.
    #[must_use]
    pub const fn by(decision: Decision) -> Self {
        Self { agency: None, decision, fault: None }
    }
}

impl Answer {
    /// Tells of a problem: as a page, or as a line where a part of one was asked for.
    #[must_use]
    pub fn problem(fetch: Fetch, arrival: Arrival, problem: Problem, status: u16) -> Self {
        match fetch {
            Fetch::Page => Self::Problem(arrival, problem, status),
            Fetch::Part if status >= 500 => Self::Text(status, format!("{}\n{}", problem.text(), arrival.request_id)),
            Fetch::Part => Self::Text(status, problem.text().to_owned()),
        }
    }
}
