//! One line for each request, without personal data: no path, no query, no address, no name (step 8).

use pingora::proxy::Session;

use super::{Ctx, Fate};
use crate::telemetry::{AccessLine, AccessLog, Clock};

/// Writes the line.
pub fn write(log: &AccessLog, session: &Session, ctx: &Ctx) {
    let (agency, decision, upstream_ms) = match &ctx.fate {
        Fate::Undecided => (None, "undecided", None),
        Fate::Answered(answered) => (answered.agency.as_deref(), answered.decision, None),
        Fate::Forward(forward) => (Some(&*forward.extranet.agency), forward.decision(), forward.upstream_ms),
    };
    let line = AccessLine {
        request: ctx.id.number(),
        agency: agency.map(|agency| &agency.code),
        decision,
        status: session.response_written().map_or(0, |response| response.status.as_u16()),
        duration_ms: super::milliseconds_since(ctx.start),
        upstream_ms,
        bytes: session.body_bytes_sent(),
    };
    log.write(Clock, &line);
}
