//! A request on a shared host of which nobody knows for which agency it is: nothing is forwarded (a24).

use std::sync::Arc;

use pingora::Result;
use pingora::proxy::Session;

use crate::domain::access::{self, Access};
use crate::domain::decision::Decision;
use crate::domain::routing::{Directory, Host, Place, SharedHost};
use crate::proxy::bridge;
use crate::proxy::fault::{Fault, Problem};
use crate::proxy::front::asked::{self, Asked};
use crate::proxy::gate::{arrival, back, ended, in_a_frame, tell, understands_json};
use crate::proxy::passage::session_over::{NOT_SENT, not_sent};
use crate::proxy::{Answered, Ctx, Fate, Gateway};

/// Leads to the portal, which finds out; `unknown` says why, where the sessions cannot be asked.
///
/// # Errors
/// The client is gone, or a fault of ours.
pub async fn receive(
    (gateway, directory): (&Gateway, &Directory),
    shared: &Arc<SharedHost>,
    session: &mut Session,
    ctx: &mut Ctx,
    asked: &Asked,
    unknown: Option<&'static str>,
) -> Result<bool> {
    let from = asked::asked_from(&session.req_header().headers, shared.public());
    let (changes, fetch) = (asked.changes, asked.fetch);
    let question =
        access::Asked { path: &asked.path, query: None, changes, fetch, from, stays: false, scripted: false };
    let access: Access<()> = access::decide_without_agency(&question);
    let decision = if unknown.is_none() { access.decision() } else { Decision::SessionsUnavailable };
    ctx.fault = unknown;
    ctx.fate = Fate::Answered(Answered { agency: None, decision });
    let here = (Host::Shared(Arc::clone(shared)), fetch);
    if unknown.is_some() {
        return tell((gateway, directory), session, ctx, here, (Problem::Unavailable, 503)).await;
    }
    let ended = ended(session, &Host::Shared(Arc::clone(shared)));
    let login = format!("{}/login?host={}", directory.portal(), shared.public().host());
    match access {
        Access::Show(_) if in_a_frame(session) => {
            let arrival = arrival(ctx, Place::Own(Host::Shared(Arc::clone(shared))), directory);
            Box::pin(bridge::lead_out(&gateway.pages, session, arrival, login, &ended)).await?;
        }
        Access::Show(_) => bridge::redirect(session, 303, &format!("{login}{}", back(session)), &ended).await?,
        Access::NotSent(_) => {
            let status = not_sent(session);
            bridge::redirect(session, status, NOT_SENT, &ended).await?;
        }
        Access::Unauthorized => bridge::unauthorized(session, &login, understands_json(session), &ended).await?,
        Access::Forbidden(_) => {
            return tell((gateway, directory), session, ctx, here, (Problem::BadRequest, 403)).await;
        }
        // Without an agency there is nowhere to send it.
        Access::Forward(()) | Access::Leave(()) | Access::Public => return Err(Fault::NoExtranet.into()),
    }
    Ok(true)
}
