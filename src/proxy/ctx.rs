//! What is known of one request, from its first step to its line in the log.

use std::net::Ipv4Addr;
use std::time::Instant;

use pingora::{Error, Result};

use super::fault::{self, ProxyError, Whose};
use super::gate::Answered;
use super::passage::forward::Forward;
use super::request_id::{RequestNumber, Source};
use super::steady;
use crate::telemetry::traces::{self, RequestTrace};

/// What is known of one request.
pub struct Ctx {
    /// From whom; the unspecified address until the head is read.
    pub source: Source,
    /// When it began.
    pub start: Instant,
    /// What became of it.
    pub fate: Fate,
    /// Why it failed, where it did.
    pub fault: Option<&'static str>,
    /// Its spans, where there are any.
    pub trace: Option<Box<RequestTrace>>,
}

/// What became of a request.
pub enum Fate {
    /// Nothing yet.
    Undecided,
    /// It is answered here.
    Answered(Answered),
    /// It is on its way to an extranet.
    Forward(Box<Forward>),
}

impl Ctx {
    /// Before its head is read.
    pub fn new(id: RequestNumber) -> Self {
        let source = Source { client: Ipv4Addr::UNSPECIFIED.into(), id };
        Self { source, start: steady::now(), fate: Fate::Undecided, fault: None, trace: None }
    }

    /// An undecided request is an error, never a default.
    pub fn forward(&mut self) -> Result<&mut Forward> {
        let Fate::Forward(forward) = &mut self.fate else { return Err(ProxyError::Undecided.into()) };
        Ok(forward)
    }

    /// Writes down what went wrong, once, where somebody has to look at it: a client's own doing stands in its access line.
    pub fn note(&self, error: &Error) {
        let id = self.source.id;
        match (&self.fate, fault::whose(error)) {
            (Fate::Forward(forward), Whose::Extranets) => forward.extranet.backend.has_failed(error, id),
            (_, Whose::Clients) => tracing::debug!(request = %id, %error, "a client went away or was refused"),
            (_, Whose::Extranets | Whose::Ours) => {
                tracing::error!(request_id = %id, fault = %error, "a request failed");
            }
        }
    }

    /// What its pieces of work hang below, where it is traced.
    pub fn current(&self) -> Option<traces::Current> {
        self.trace.as_ref()?.current()
    }
}
