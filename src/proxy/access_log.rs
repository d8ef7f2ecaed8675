//! One line for each request, without personal data: no path, no query, no address, no name (step 8).

use pingora::proxy::Session;

use super::{Ctx, Fate};

/// Writes the line.
pub fn write(session: &Session, ctx: &Ctx) {
    let (agency, decision, upstream_ms) = match &ctx.fate {
        Fate::Undecided => (None, "undecided", None),
        Fate::Answered(answered) => (answered.agency.as_deref(), answered.decision, None),
        Fate::Forward(forward) => (Some(&*forward.extranet.agency), forward.decision(), forward.upstream_ms),
    };
    let status = session.response_written().map_or(0, |response| response.status.as_u16());
    let duration_ms = super::milliseconds_since(ctx.start);
    let bytes = session.body_bytes_sent();
    tracing::info!(
        target: "access",
        request_id = %ctx.id,
        agency = agency.map(|agency| tracing::field::display(&agency.code)),
        decision,
        status,
        duration_ms,
        upstream_ms,
        bytes,
    );
}
