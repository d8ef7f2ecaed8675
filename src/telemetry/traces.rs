//! Traces through the gateway to the extranet, sent to a collector by OTLP over HTTP (e08). Off, they cost nothing.
//!
//! A span holds what the access line holds and nothing else: no path, no query, no address, no name of a person.

mod collector;
mod current;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan,
};

use crate::config::TraceSettings;
use crate::domain::agency_code::AgencyCode;
use crate::domain::decision::Decision;

pub use current::{Current, Step, carried, step, traceparent, within};

/// Spans that may wait to be sent; what comes beyond is dropped.
const WAITING: usize = 8192;
/// The longest that a span waits.
const LATEST: Duration = Duration::from_secs(1);
/// How long an end waits for the last spans to be sent.
const PATIENCE: Duration = Duration::from_secs(3);

/// Traces cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("traces: {0}")]
pub struct TracesError(String);

/// Who begins traces; a copy costs nothing. By default, nobody.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Arc<Sending>>);

#[derive(Debug)]
struct Sending {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// The spans of one request: its own, and the one of the extranet.
#[derive(Debug)]
pub struct RequestTrace {
    sending: Arc<Sending>,
    own: SdkSpan,
    upstream: Option<SdkSpan>,
    /// It goes on with somebody else's trace.
    continues: bool,
}

/// What is told of a request that is over.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The request's name.
    pub request_id: &'a str,
    /// On whose host.
    pub agency: Option<&'a AgencyCode>,
    /// Why it went where it went.
    pub decision: Decision,
    /// What the browser got.
    pub status: u16,
}

impl Traces {
    /// Begins to send. Needs a runtime, which the requests to the collector run on.
    ///
    /// # Errors
    /// The address is none, or TLS cannot be set up.
    pub fn start(settings: &TraceSettings) -> Result<Self, TracesError> {
        let collector = collector::Collector::new().map_err(|error| TracesError(error.to_string()))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(&settings.endpoint)
            .with_timeout(collector::PATIENCE)
            .build()
            .map_err(|error| TracesError(error.to_string()))?;
        let batches = BatchConfigBuilder::default().with_max_queue_size(WAITING).with_scheduled_delay(LATEST).build();
        let resource = Resource::builder_empty()
            .with_service_name("vestibule")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let ratio = 1.0 / f64::from(settings.one_in.max(1));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))))
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("vestibule");
        Ok(Self(Some(Arc::new(Sending { provider, tracer }))))
    }

    /// Whether there are any.
    #[must_use]
    pub const fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// The spans of a request that comes; `parent` is the `traceparent` of a proxy that is trusted.
    #[must_use]
    pub fn begin(&self, parent: Option<&str>) -> Option<Box<RequestTrace>> {
        let sending = Arc::clone(self.0.as_ref()?);
        let parent = parent.and_then(read);
        let context = parent.as_ref().map_or_else(Context::new, of);
        let own = sending.start("request", SpanKind::Server, &context);
        Some(Box::new(RequestTrace { sending, own, upstream: None, continues: parent.is_some() }))
    }

    /// Sends what waits. Blocks for some seconds at most.
    pub fn stop(&self) {
        if let Some(sending) = &self.0
            && let Err(error) = sending.provider.shutdown_with_timeout(PATIENCE)
        {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

impl Sending {
    fn start(&self, name: &'static str, kind: SpanKind, parent: &Context) -> SdkSpan {
        self.tracer.build_with_context(SpanBuilder::from_name(name).with_kind(kind), parent)
    }
}

impl RequestTrace {
    /// The request goes to the extranet: what it is told as `traceparent`. A second try has a span of its own.
    pub fn forwarded(&mut self) -> String {
        let span = self.sending.start("extranet", SpanKind::Client, &of(self.own.span_context()));
        let told = write(span.span_context());
        self.upstream = Some(span);
        told
    }

    /// Whether it goes on with the trace of a proxy that is trusted, whose `tracestate` stays then.
    #[must_use]
    pub const fn continues(&self) -> bool {
        self.continues
    }

    /// The extranet's answer has begun.
    pub fn answered(&mut self, status: u16) {
        if let Some(mut span) = self.upstream.take() {
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
            if status >= 500 {
                span.set_status(Status::error(""));
            }
            span.end();
        }
    }

    /// The request is over.
    pub fn end(mut self: Box<Self>, told: &Told<'_>) {
        if let Some(mut span) = self.upstream.take() {
            span.set_status(Status::error(""));
            span.end();
        }
        let span = &mut self.own;
        if !span.is_recording() {
            return;
        }
        span.set_attribute(KeyValue::new("vestibule.request_id", told.request_id.to_owned()));
        if let Some(agency) = told.agency {
            span.set_attribute(KeyValue::new("vestibule.agency", agency.to_string()));
        }
        span.set_attribute(KeyValue::new("vestibule.decision", told.decision.word()));
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(told.status)));
        if told.status >= 500 {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// The context whose spans are children of this one.
fn of(parent: &SpanContext) -> Context {
    Context::new().with_remote_span_context(parent.clone())
}

/// A `traceparent` (W3C Trace Context, version 00); None where it is none.
fn read(text: &str) -> Option<SpanContext> {
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    // A later version may have more parts, which are to be overlooked.
    let known = version == "00" && parts.next().is_none() || hex(version, 2) && version != "00" && version != "ff";
    if !(known && hex(trace, 32) && hex(span, 16) && hex(flags, 2)) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let context =
        SpanContext::new(TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

fn write(context: &SpanContext) -> String {
    format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e08_a_traceparent_is_read_as_w3c_writes_it_and_nothing_else_is() {
        let right = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(read(right).as_ref().map(write).as_deref(), Some(right));
        assert!(read("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").is_some());
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-é1",
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
