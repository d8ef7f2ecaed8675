//! One line for each request, without personal data: no path, no query, no address, no name (step 8).

use pingora::proxy::Session;

use super::ctx::{Ctx, Fate};
use super::steady;
use crate::domain::decision::Decision;
use crate::telemetry::metrics::METRICS;
use crate::telemetry::traces::Told;
use crate::telemetry::{AccessLine, Clock, Watch};

/// Writes the line, counts the request, and ends its spans.
pub fn write(watch: &Watch, session: &Session, ctx: &mut Ctx) {
    let trace = ctx.trace.take();
    let status = session.response_written().map_or(0, |response| response.status.as_u16());
    let (agency, decision, upstream) = match &ctx.fate {
        Fate::Undecided => (None, Decision::Undecided, None),
        Fate::Answered(answered) => (answered.agency.as_deref(), answered.decision, None),
        Fate::Forward(forward) => (Some(&*forward.extranet.agency), forward.decision(), forward.upstream),
    };
    match (&ctx.fate, agency) {
        (Fate::Forward(forward), _) => forward.extranet.metrics.requests.count(decision, status),
        (_, Some(agency)) => METRICS.agency(&agency.code).requests.count(decision, status),
        (_, None) => METRICS.elsewhere.count(decision, status),
    }
    let line = AccessLine {
        request: ctx.source.id.number(),
        agency: agency.map(|agency| &agency.code),
        decision,
        status,
        duration_ms: steady::milliseconds(steady::now().duration_since(ctx.start)),
        upstream_ms: upstream.map(steady::milliseconds),
        bytes: session.body_bytes_sent(),
        // Also where a browser is led to the page that tells of it, with this request's name.
        fault: (status >= 500 || status == 303 && ctx.fault.is_some()).then(|| why(ctx)),
    };
    watch.log.write(Clock, &line);
    if let Some(trace) = trace {
        trace.end(&Told { request_id: &ctx.source.id.to_string(), agency: line.agency, decision, status });
    }
}

/// Why a request ended with 5xx; what an extranet says itself is nobody's here.
fn why(ctx: &Ctx) -> &'static str {
    ctx.fault.unwrap_or(match ctx.fate {
        Fate::Forward(_) => "the extranet's own answer",
        Fate::Answered(_) => "a page of ours tells of it",
        Fate::Undecided => "a fault of ours",
    })
}
