//! Everything that was counted, as Prometheus reads it (text format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::Metrics;
use super::histogram::{BOUNDS_MS, Histogram};
use super::process::Process;
use super::requests::{ALARMS, ALARMS_ELSEWHERE};

/// What is not counted, but asked for when Prometheus asks.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Decided visitors in memory.
    pub cached: u64,
    /// Agencies of the configuration.
    pub agencies: u64,
    /// What this start went on with, and a reload does not.
    pub flaws: u64,
    /// Those whose files have vanished.
    pub missing: u64,
    /// Those that have gone by themselves, and of which no operator has said that they are to go.
    pub gone: u64,
    /// The readings that were put in force since the start.
    pub edition: u64,
    /// Of what was read.
    pub digest: u32,
    /// Whether the database may not be the one that is meant.
    pub is_doubtful: bool,
    /// Whether the last reload was refused.
    pub is_refused: bool,
    /// The outbox, if the database tells.
    pub outbox: Option<Outbox>,
    /// Log lines that were dropped.
    pub dropped_lines: u64,
    /// Parts that have to be ready, and whether they are.
    pub ready: Vec<Ready>,
    /// When the certificates that are shown end, by the names that they are for; seconds since 1970.
    pub certificates: Vec<(String, i64)>,
    /// When those end that are shown to the extranets of agencies, by their codes.
    pub own_certificates: Vec<(String, i64)>,
    /// When the process started, seconds since 1970.
    pub started: i64,
    /// Hashes that may wait.
    pub hash_queue: u64,
    /// Connections of clients that may be open.
    pub most_connections: u64,
}

/// Whether a part is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// `gateway`, `database`, `redis` or `mail`.
    pub part: &'static str,
    /// Whether it is.
    pub is_ready: bool,
}

/// Letters that wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outbox {
    /// To be sent.
    pub queued: u64,
    /// Waiting for a person.
    pub held: u64,
    /// Given up, and not yet thrown away.
    pub abandoned: u64,
    /// Seconds since the oldest of those to be sent was written.
    pub oldest_seconds: u64,
}

/// The text.
#[must_use]
pub fn text(metrics: &Metrics, kept: &Kept) -> String {
    let mut page = Page(String::with_capacity(16 * 1024));
    page.requests(metrics);
    page.upstream(metrics);
    page.refused(metrics);
    page.forms_beyond(metrics);
    page.words("sign_ins_total", "Sign-ins at the portal.", "outcome", metrics.sign_ins.all());
    page.words("wizard_steps_total", "Steps of the migration that were come to.", "step", metrics.wizard.all());
    page.words("throttled_total", "Guesses that were not tried.", "counter", metrics.throttled.all());
    page.words("letters_total", "Tries to send a letter.", "outcome", metrics.letters.all());
    page.words("events_total", "Lines of the trace.", "event", metrics.events.all());
    page.words("hashes_total", "Passwords that were hashed or compared.", "outcome", metrics.hashes.all());
    page.one("hashes_waiting", "Hashes that wait or are being made.", "gauge", metrics.hashing.now());
    page.one("hash_queue", "Hashes that may wait (argon2.queue).", "gauge", kept.hash_queue);
    page.one("connections", "Connections of clients that are open.", "gauge", metrics.connections.now());
    page.one("connections_limit", "Connections of clients that may be open.", "gauge", kept.most_connections);
    page.ready(kept);
    page.certificates(kept);
    page.words("clock_set_total", "How often the clock was set.", "to", metrics.clock_set.all());
    let cache = [("found", &metrics.cache.found), ("missed", &metrics.cache.missed)];
    let cache = cache.map(|(word, count)| (word, count.load(Ordering::Relaxed)));
    page.words("cache_looks_total", "Looks into memory for a decided visitor.", "outcome", cache.into());
    page.one("cache_entries", "Decided visitors in memory.", "gauge", kept.cached);
    page.outbox(kept);
    page.words("reloads_total", "Tries to take over new configuration.", "outcome", metrics.reloads.all());
    page.words("trace_batches_total", "Batches of spans for the collector.", "outcome", metrics.trace_batches.all());
    page.one("agencies", "Agencies of the configuration.", "gauge", kept.agencies);
    page.words(
        "agencies_removed_total",
        "Agencies that have gone, by whose word.",
        "by",
        metrics.agencies_removed.all(),
    );
    page.configuration(kept);
    page.one("log_lines_dropped_total", "Log lines that the sink did not take.", "counter", kept.dropped_lines);
    page.family("build_info", "The program.", "gauge");
    page.line("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.process(kept.started);
    page.0
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a String cannot fail; here and below.
        let _ = writeln!(self.0, "# HELP vestibule_{name} {help}\n# TYPE vestibule_{name} {kind}");
    }

    /// Names and values of labels hold nothing that has to be escaped: words of the code, and agencies' codes.
    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let _ = write!(self.0, "vestibule_{name}");
        for (at, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{text}\"", if at == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn one(&mut self, name: &str, help: &str, kind: &str, value: impl std::fmt::Display) {
        self.family(name, help, kind);
        self.line(name, &[], value);
    }

    fn words(&mut self, name: &str, help: &str, label: &str, words: BTreeMap<&'static str, u64>) {
        self.family(name, help, "counter");
        for (word, count) in words {
            self.line(name, &[(label, word)], count);
        }
    }

    fn ready(&mut self, kept: &Kept) {
        self.family("ready", "Whether a part is ready, as /readyz has it; mail is late where it is not.", "gauge");
        for Ready { part, is_ready } in &kept.ready {
            self.line("ready", &[("part", part)], u8::from(*is_ready));
        }
    }

    /// Names of hosts hold nothing that has to be escaped.
    fn certificates(&mut self, kept: &Kept) {
        const NAME: &str = "certificate_not_after_seconds";
        self.family(
            NAME,
            "When the certificate that is shown for a name, or to an agency's extranet, ends, seconds since 1970.",
            "gauge",
        );
        for (name, ends) in &kept.certificates {
            self.line(NAME, &[("name", name)], ends);
        }
        for (agency, ends) in &kept.own_certificates {
            self.line(NAME, &[("agency", agency)], ends);
        }
    }

    fn process(&mut self, started: i64) {
        let Process { resident, open_files, most_files } = Process::now();
        for (name, help, value) in [
            (
                "process_start_time_seconds",
                "When the process started, seconds since 1970.",
                u64::try_from(started).ok(),
            ),
            ("process_resident_memory_bytes", "Memory that the process holds.", resident),
            ("process_open_fds", "Open files, connections among them.", open_files),
            ("process_max_fds", "Open files that the process may have.", most_files),
        ] {
            if let Some(value) = value {
                self.one(name, help, "gauge", value);
            }
        }
    }

    fn requests(&mut self, metrics: &Metrics) {
        const NAME: &str = "requests_total";
        self.family(NAME, "Requests, by the agency on whose host, the decision and the class of status.", "counter");
        for (decision, class, count) in metrics.elsewhere.counted(&ALARMS_ELSEWHERE) {
            self.line(NAME, &[("agency", ""), ("decision", decision.word()), ("status", class)], count);
        }
        for (code, agency) in metrics.agencies() {
            let code = code.to_string();
            let alarms = if agency.requests.is_quiet() { &[][..] } else { &ALARMS };
            for (decision, class, count) in agency.requests.counted(alarms) {
                self.line(NAME, &[("agency", &code), ("decision", decision.word()), ("status", class)], count);
            }
        }
    }

    fn upstream(&mut self, metrics: &Metrics) {
        const NAME: &str = "upstream_seconds";
        const SIGN_INS: &str = "upstream_sign_in_seconds";
        self.family(NAME, "Until an extranet's answer began.", "histogram");
        let agencies: Vec<_> =
            metrics.agencies().into_iter().map(|(code, agency)| (code.to_string(), agency)).collect();
        for (code, agency) in &agencies {
            self.histogram(NAME, &[("agency", code)], &agency.upstream);
        }
        self.family(SIGN_INS, "Sign-ins at an extranet.", "histogram");
        for (code, agency) in &agencies {
            for (outcome, times) in agency.sign_ins.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                self.histogram(SIGN_INS, &[("agency", code), ("outcome", outcome)], times);
            }
        }
    }

    /// Only where there are some: most forms are short.
    fn forms_beyond(&mut self, metrics: &Metrics) {
        const NAME: &str = "forms_beyond_total";
        self.family(NAME, "Forms of which only the beginning was looked at for an old login.", "counter");
        for (code, agency) in metrics.agencies() {
            let count = agency.beyond.load(Ordering::Relaxed);
            if count > 0 {
                self.line(NAME, &[("agency", &code.to_string())], count);
            }
        }
    }

    /// Only where there are some: most extranets take what they took before.
    fn refused(&mut self, metrics: &Metrics) {
        const NAME: &str = "kept_passwords_refused";
        self.family(NAME, "Kept passwords that had worked and that an extranet refuses now.", "gauge");
        for (code, agency) in metrics.agencies() {
            let count = agency.refused.load(Ordering::Relaxed);
            if count > 0 {
                self.line(NAME, &[("agency", &code.to_string())], count);
            }
        }
    }

    /// Nothing where nothing was counted: most agencies are quiet.
    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], times: &Histogram) {
        let (counts, sum_us) = times.read();
        let [bounded @ .., all] = &counts;
        if *all == 0 {
            return;
        }
        let bucket = format!("{name}_bucket");
        for (bound, count) in BOUNDS_MS.iter().zip(bounded) {
            let bound = seconds(bound * 1000);
            self.line(&bucket, &[labels, &[("le", &bound)]].concat(), count);
        }
        self.line(&bucket, &[labels, &[("le", "+Inf")]].concat(), all);
        self.line(&format!("{name}_sum"), labels, seconds(sum_us));
        self.line(&format!("{name}_count"), labels, all);
    }

    fn configuration(&mut self, kept: &Kept) {
        let missing = "Agencies whose files have vanished: in force until `vestibule reload` says that they are to go, or missed.";
        self.one("agencies_missing", missing, "gauge", kept.missing);
        let gone = "Agencies that have gone by themselves, until they are back or `vestibule reload` says that they are to go.";
        self.one("agencies_gone", gone, "gauge", kept.gone);
        let doubtful =
            "Whether the database may not be the one that is meant: another one than before, or gone back in time.";
        self.one("database_in_doubt", doubtful, "gauge", u8::from(kept.is_doubtful));
        let refused = "Whether the last reload was refused: the files are not what is in force.";
        self.one("configuration_refused", refused, "gauge", u8::from(kept.is_refused));
        let flaws = "Problems that this start went on with, and a reload does not: certificates, mostly.";
        self.one("configuration_flaws", flaws, "gauge", kept.flaws);
        self.one("configuration_edition", "Readings put in force since the start.", "gauge", kept.edition);
        self.family("configuration_info", "What was read; the same on every node that read the same.", "gauge");
        self.line("configuration_info", &[("digest", &format!("{:08x}", kept.digest))], 1);
    }

    fn outbox(&mut self, kept: &Kept) {
        const NAME: &str = "outbox_letters";
        let Some(outbox) = kept.outbox else { return };
        self.family(NAME, "Letters in the outbox.", "gauge");
        for (state, letters) in [("queued", outbox.queued), ("held", outbox.held), ("abandoned", outbox.abandoned)] {
            self.line(NAME, &[("state", state)], letters);
        }
        let help = "Since the oldest letter that is to be sent was written; 0 where there is none.";
        self.one("outbox_oldest_seconds", help, "gauge", outbox.oldest_seconds);
    }
}

/// Microseconds as seconds, without the detour over a binary fraction.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::agency_code::AgencyCode;
    use crate::domain::decision::Decision;

    #[test]
    fn what_was_counted_is_written_as_prometheus_reads_it() {
        let metrics = Metrics::new();
        let agency = metrics.agency(&AgencyCode::parse("SPI31", "01").expect("codes"));
        agency.requests.count(Decision::SignedIn, 200);
        agency.upstream.observe(Duration::from_micros(1500));
        agency.signed_in_upstream("refused", Duration::from_secs(20));
        metrics.elsewhere.count(Decision::Portal, 303);
        metrics.sign_ins.add("throttled");
        let written = text(&metrics, &Kept { outbox: Some(Outbox::default()), ..Kept::default() });
        for line in [
            "# TYPE vestibule_requests_total counter",
            "vestibule_requests_total{agency=\"\",decision=\"portal\",status=\"3xx\"} 1",
            "vestibule_requests_total{agency=\"SPI31/01\",decision=\"signed-in\",status=\"2xx\"} 1",
            "vestibule_upstream_seconds_bucket{agency=\"SPI31/01\",le=\"0.001\"} 0",
            "vestibule_upstream_seconds_bucket{agency=\"SPI31/01\",le=\"0.002\"} 1",
            "vestibule_upstream_seconds_sum{agency=\"SPI31/01\"} 0.0015",
            "vestibule_upstream_sign_in_seconds_bucket{agency=\"SPI31/01\",outcome=\"refused\",le=\"10\"} 0",
            "vestibule_upstream_sign_in_seconds_bucket{agency=\"SPI31/01\",outcome=\"refused\",le=\"+Inf\"} 1",
            "vestibule_sign_ins_total{outcome=\"throttled\"} 1",
            "vestibule_outbox_oldest_seconds 0",
        ] {
            assert!(written.lines().any(|written| written == line), "{line} is missing in\n{written}");
        }
    }
}
