//! The request that a piece of work is done for: its spans hang below that request's, without being handed through every
//! function. Only what is off the hot path asks.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanContext, SpanKind};
use opentelemetry_sdk::trace::Span as SdkSpan;

use super::{RequestTrace, Sending, of};

tokio::task_local! {
    static CURRENT: Current;
}

/// Below which span the work is done.
#[derive(Debug, Clone)]
pub struct Current {
    sending: Arc<Sending>,
    parent: SpanContext,
}

/// A piece of work; it ends with this value.
#[derive(Debug)]
#[must_use = "the span ends with it"]
pub struct Step(Option<(Arc<Sending>, SdkSpan)>);

impl RequestTrace {
    /// What [`within`] takes; None where nobody would see it.
    #[must_use]
    pub fn current(&self) -> Option<Current> {
        let parent = self.own.span_context();
        parent.is_sampled().then(|| Current { sending: Arc::clone(&self.sending), parent: parent.clone() })
    }
}

/// Does work on behalf of a request.
pub async fn within<T>(current: Option<Current>, work: impl Future<Output = T>) -> T {
    match current {
        Some(current) => CURRENT.scope(current, work).await,
        None => work.await,
    }
}

/// The same work, done in a task of its own.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    within(CURRENT.try_with(Clone::clone).ok(), work)
}

/// A step of the work for the current request, if that one is traced.
pub fn step(name: &'static str) -> Step {
    let begin = |current: &Current| {
        (Arc::clone(&current.sending), current.sending.start(name, SpanKind::Internal, &of(&current.parent)))
    };
    Step(CURRENT.try_with(begin).ok())
}

/// What an extranet that is asked for the current request is told as `traceparent`, if that one is traced.
#[must_use]
pub fn traceparent() -> Option<String> {
    CURRENT.try_with(|current| super::write(&current.parent)).ok()
}

impl Step {
    /// What [`within`] takes for the work that is part of this step.
    #[must_use]
    pub fn current(&self) -> Option<Current> {
        let (sending, span) = self.0.as_ref()?;
        Some(Current { sending: Arc::clone(sending), parent: span.span_context().clone() })
    }

    /// Tells something of it: a word of a closed list.
    pub fn tell(&mut self, key: &'static str, word: &'static str) {
        if let Some((_, span)) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, word));
        }
    }
}
