//! The access line: one for each request, written without tracing, because every request pays for it.
//!
//! Its fields come from closed lists and numbers, so nothing has to be escaped, and there is no personal data: no path,
//! no query, no address, no name.

use std::io;
use std::sync::Arc;

use super::sink::{Hurry, Sink};
use super::{Clock, LogFormat};
use crate::domain::agency_code::AgencyCode;
use crate::domain::decision::Decision;

/// Who writes the access lines; a copy costs nothing.
#[derive(Clone, Default)]
pub struct AccessLog(Option<(Arc<Sink>, LogFormat)>);

/// What is told of a request.
#[derive(Debug, Clone, Copy)]
pub struct AccessLine<'a> {
    /// The request's number, written as [`super::RequestId`] is.
    pub request: u64,
    /// For whose host; none on the portal.
    pub agency: Option<&'a AgencyCode>,
    /// Why it went where it went.
    pub decision: Decision,
    /// What the browser got; 0 where nobody was there any more.
    pub status: u16,
    /// The whole.
    pub duration_ms: u64,
    /// Until the extranet's answer began.
    pub upstream_ms: Option<u64>,
    /// Bytes of the answer's body.
    pub bytes: usize,
    /// Why it failed, in words of a closed list; with every status of 5xx.
    pub fault: Option<&'static str>,
}

impl AccessLog {
    /// Lines into this sink; without one there are none.
    #[must_use]
    pub(super) const fn to(sink: Arc<Sink>, format: LogFormat) -> Self {
        Self(Some((sink, format)))
    }

    /// Lines into a sink of their own.
    ///
    /// # Errors
    /// Its thread cannot be started.
    pub fn into(out: impl io::Write + Send + 'static, format: LogFormat) -> io::Result<Self> {
        Ok(Self::to(Sink::start(out, usize::MAX)?, format))
    }

    /// Writes a line, if lines are written.
    pub fn write(&self, clock: Clock, line: &AccessLine<'_>) {
        let Some((sink, format)) = &self.0 else { return };
        let now = clock.now();
        sink.add(Hurry::Batch, |bytes, stamp| match format {
            LogFormat::Json => {
                bytes.extend_from_slice(b"{\"timestamp\":\"");
                stamp.write(now, bytes);
                bytes.extend_from_slice(b"\",\"level\":\"INFO\",\"request_id\":\"");
                line.append(bytes, &JSON);
                bytes.extend_from_slice(b",\"target\":\"access\"}\n");
            }
            LogFormat::Text => {
                stamp.write(now, bytes);
                bytes.extend_from_slice(b"  INFO access: request_id=");
                line.append(bytes, &TEXT);
                bytes.push(b'\n');
            }
        });
    }

    /// Waits until everything is written, for a while.
    #[must_use]
    pub fn flush(&self) -> bool {
        self.0.as_ref().is_none_or(|(sink, _)| sink.flush(super::FLUSH_PATIENCE))
    }
}

/// What stands between the values.
struct Form {
    agency: &'static str,
    decision: [&'static str; 2],
    status: &'static str,
    duration_ms: &'static str,
    upstream_ms: &'static str,
    bytes: &'static str,
    fault: &'static str,
}

const JSON: Form = Form {
    agency: "\",\"agency\":\"",
    decision: ["\",\"decision\":\"", "\""],
    status: ",\"status\":",
    duration_ms: ",\"duration_ms\":",
    upstream_ms: ",\"upstream_ms\":",
    bytes: ",\"bytes\":",
    fault: ",\"fault\":\"",
};

const TEXT: Form = Form {
    agency: " agency=",
    decision: [" decision=\"", "\""],
    status: " status=",
    duration_ms: " duration_ms=",
    upstream_ms: " upstream_ms=",
    bytes: " bytes=",
    fault: " fault=\"",
};

impl AccessLine<'_> {
    /// Appends everything from the request's name on.
    fn append(&self, bytes: &mut Vec<u8>, form: &Form) {
        super::append_hex(self.request, bytes);
        if let Some(agency) = self.agency {
            bytes.extend_from_slice(form.agency.as_bytes());
            // Letters, digits, `-` and `_`.
            bytes.extend_from_slice(agency.client().as_bytes());
            bytes.push(b'/');
            bytes.extend_from_slice(agency.societe().as_bytes());
        }
        bytes.extend_from_slice(form.decision[0].as_bytes());
        bytes.extend_from_slice(self.decision.word().as_bytes());
        bytes.extend_from_slice(form.decision[1].as_bytes());
        let mut number = |before: &str, value: u64| {
            bytes.extend_from_slice(before.as_bytes());
            bytes.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        };
        number(form.status, u64::from(self.status));
        number(form.duration_ms, self.duration_ms);
        if let Some(upstream_ms) = self.upstream_ms {
            number(form.upstream_ms, upstream_ms);
        }
        number(form.bytes, u64::try_from(self.bytes).unwrap_or(u64::MAX));
        if let Some(fault) = self.fault {
            bytes.extend_from_slice(form.fault.as_bytes());
            bytes.extend_from_slice(fault.as_bytes());
            bytes.push(b'"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sink::tests::Gate;
    use super::*;

    fn written(format: LogFormat, agency: Option<&AgencyCode>, upstream_ms: Option<u64>) -> String {
        let gate = Gate::opened();
        let log = AccessLog::into(gate.clone(), format).expect("a thread");
        let line = AccessLine {
            request: 0x0123_4567_89ab_cdef,
            agency,
            decision: Decision::SignedIn,
            status: 200,
            duration_ms: 17,
            upstream_ms,
            bytes: 1024,
            fault: upstream_ms.is_none().then_some("the extranet broke off"),
        };
        log.write(Clock, &line);
        assert!(log.flush());
        gate.text()
    }

    #[test]
    fn the_line_is_json_with_the_fields_that_a_tracing_line_has() {
        let agency = AgencyCode::parse("SPI31", "01");
        let line: serde_json::Value =
            serde_json::from_str(&written(LogFormat::Json, agency.as_ref(), Some(9))).expect("JSON");
        let fields = line.as_object().expect("an object");
        assert!(fields["timestamp"].as_str().expect("a time").parse::<jiff::Timestamp>().is_ok());
        let expected = serde_json::json!({
            "timestamp": fields["timestamp"], "level": "INFO", "request_id": "0123456789abcdef", "agency": "SPI31/01",
            "decision": "signed-in", "status": 200, "duration_ms": 17, "upstream_ms": 9, "bytes": 1024,
            "target": "access",
        });
        assert_eq!(line, expected);
        let line: serde_json::Value = serde_json::from_str(&written(LogFormat::Json, None, None)).expect("JSON");
        assert!(line.get("agency").is_none() && line.get("upstream_ms").is_none());
        assert_eq!(line["fault"], "the extranet broke off");
    }

    #[test]
    fn the_line_is_text_for_people() {
        let agency = AgencyCode::parse("SPI31", "01");
        let line = written(LogFormat::Text, agency.as_ref(), None);
        let told = " INFO access: request_id=0123456789abcdef agency=SPI31/01 decision=\"signed-in\" status=200 \
                    duration_ms=17 bytes=1024 fault=\"the extranet broke off\"\n";
        assert!(line.ends_with(told), "{line}");
    }
}
