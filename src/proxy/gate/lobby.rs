//! A request on a shared host of which nobody knows for which agency it is: nothing is forwarded (a24).

use std::sync::Arc;

use super::outcome::{Answer, Answered, Outcome};
use super::{Request, ways};
use crate::app::visit::Unavailable;
use crate::domain::access::{self, Access};
use crate::domain::routing::{Host, Place, SharedHost};
use crate::proxy::fault::{Problem, ProxyError};
use crate::proxy::front::asked;
use crate::proxy::passage::session_over::{NOT_SENT, not_sent};

/// Leads to the portal, which finds out; `unknown` says why, where the sessions cannot be asked.
///
/// # Errors
/// Never: without an agency there is nowhere to send it.
pub fn receive(
    request: &Request<'_>,
    shared: Arc<SharedHost>,
    unknown: Option<Unavailable>,
) -> Result<Outcome, ProxyError> {
    let (head, fetch) = (request.head, request.asked.fetch);
    let from = asked::asked_from(&head.headers, shared.public());
    let (path, changes) = (&request.asked.path, request.asked.changes);
    let question = access::Question { path, query: None, changes, fetch, from, stays: false, scripted: false };
    let access: Access<()> = access::decide_without_agency(&question);
    let ended = ways::ended(head, shared.public().scheme());
    let login = format!("{}/login?host={}", request.directory.portal(), shared.public().host());
    let arrival = request.arrival(Place::Own(Host::Shared(shared)));
    if let Some(unavailable) = unknown {
        return Ok(Outcome::unavailable(None, fetch, arrival, unavailable));
    }
    let answer = match access {
        Access::Show(_) if ways::in_a_frame(head) => Answer::LeadOut { arrival, to: login, ended },
        Access::Show(_) => Answer::Redirect { status: 303, to: format!("{login}{}", ways::back(head)), ended },
        Access::NotSent(_) => Answer::Redirect { status: not_sent(head), to: NOT_SENT.to_owned(), ended },
        Access::Unauthorized => Answer::Unauthorized { login, json: ways::understands_json(head), ended },
        Access::Forbidden(_) => Answer::problem(fetch, arrival, Problem::BadRequest, 403),
        Access::Forward(()) | Access::Leave(()) | Access::Public => return Err(ProxyError::NoExtranet),
    };
    Ok(Outcome::Answer(Answered::by(access.decision()), answer))
}
