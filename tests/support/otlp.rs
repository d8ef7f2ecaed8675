//! A collector of traces: takes OTLP over HTTP as JSON, and tells what it was sent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A collector; its thread ends with the test's process.
pub struct Collector {
    port: u16,
    spans: Arc<Mutex<Vec<Span>>>,
    raw: Arc<Mutex<String>>,
}

/// A span, as it was sent.
#[derive(Debug, Clone)]
pub struct Span {
    pub name: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    attributes: Vec<(String, Value)>,
}

impl Collector {
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (spans, raw) = (Arc::<Mutex<Vec<Span>>>::default(), Arc::<Mutex<String>>::default());
        let (its_spans, its_raw) = (Arc::clone(&spans), Arc::clone(&raw));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (spans, raw) = (Arc::clone(&its_spans), Arc::clone(&its_raw));
                std::thread::spawn(move || {
                    let mut stream = BufReader::new(stream.expect("a connection"));
                    while let Some(body) = read(&mut stream) {
                        let sent: Value = serde_json::from_str(&body).expect("JSON");
                        raw.lock().expect("what was sent").push_str(&body);
                        spans.lock().expect("the spans").extend(spans_of(&sent));
                        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
                        stream.get_mut().write_all(answer.as_bytes()).expect("to answer");
                    }
                });
            }
        });
        Self { port, spans, raw }
    }

    /// The address for traces.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/v1/traces", self.port)
    }

    /// Every span so far.
    pub fn spans(&self) -> Vec<Span> {
        self.spans.lock().expect("the spans").clone()
    }

    /// Everything that was sent, as text.
    pub fn raw(&self) -> String {
        self.raw.lock().expect("what was sent").clone()
    }
}

impl Span {
    /// An attribute, as text.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let (_, value) = self.attributes.iter().find(|(key, _)| key == name)?;
        let value = value.as_object()?.values().next()?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }
}

/// One request's body; None when the connection ends.
fn read(stream: &mut BufReader<std::net::TcpStream>) -> Option<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

fn spans_of(sent: &Value) -> Vec<Span> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let scopes = list(sent, "resourceSpans").into_iter().flat_map(|resource| list(&resource, "scopeSpans"));
    let spans = scopes.flat_map(|scope| list(&scope, "spans"));
    spans
        .map(|span| Span {
            name: text(&span["name"]),
            trace: text(&span["traceId"]),
            id: text(&span["spanId"]),
            parent: text(&span["parentSpanId"]),
            attributes: list(&span, "attributes")
                .into_iter()
                .map(|attribute| (text(&attribute["key"]), attribute["value"].clone()))
                .collect(),
        })
        .collect()
}
