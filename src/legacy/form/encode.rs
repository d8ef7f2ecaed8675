//! How a form's entries are written into a request: the three ways that HTML knows.

use encoding_rs::Encoding;
use http::HeaderValue;
use zeroize::Zeroizing;

use super::super::charset;
use super::entries::Entry;

/// How a form is written (`enctype`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enctype {
    UrlEncoded,
    Multipart,
    Plain,
}

impl Enctype {
    /// What an attribute says; what it cannot say is the first.
    pub(super) fn of(written: &str) -> Self {
        match written.to_ascii_lowercase().as_str() {
            "multipart/form-data" => Self::Multipart,
            "text/plain" => Self::Plain,
            _ => Self::UrlEncoded,
        }
    }
}

/// The body and its type. It may hold a password: it is wiped.
pub(super) fn body(
    entries: Vec<Entry>,
    enctype: Enctype,
    encoding: &'static Encoding,
) -> (HeaderValue, Zeroizing<Vec<u8>>) {
    match enctype {
        Enctype::UrlEncoded => {
            let pairs: Vec<_> = entries.into_iter().map(|entry| (entry.name, entry.value)).collect();
            let written = HeaderValue::from_static("application/x-www-form-urlencoded");
            (written, charset::urlencode(&pairs, encoding))
        }
        Enctype::Multipart => multipart(&entries, encoding),
        Enctype::Plain => {
            let pieces = entries.iter().flat_map(|entry| {
                [encoded(&entry.name, encoding), literal("="), encoded(&entry.value, encoding), literal("\r\n")]
            });
            (HeaderValue::from_static("text/plain"), joined(&pieces.collect::<Vec<_>>()))
        }
    }
}

fn multipart(entries: &[Entry], encoding: &'static Encoding) -> (HeaderValue, Zeroizing<Vec<u8>>) {
    let parts: Vec<[Zeroizing<Vec<u8>>; 4]> = entries
        .iter()
        .map(|entry| {
            let name = entry.name.replace("\r\n", "%0D%0A").replace('"', "%22");
            let after = if entry.is_file {
                "\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            } else {
                "\"\r\n\r\n"
            };
            let before = literal("\r\nContent-Disposition: form-data; name=\"");
            [before, encoded(&name, encoding), literal(after), encoded(&entry.value, encoding)]
        })
        .collect();
    let boundary = boundary(&joined(&parts.iter().flatten().cloned().collect::<Vec<_>>()));
    let mut pieces = Vec::new();
    for part in parts {
        pieces.push(literal(&format!("--{boundary}")));
        pieces.extend(part);
        pieces.push(literal("\r\n"));
    }
    pieces.push(literal(&format!("--{boundary}--\r\n")));
    let written =
        HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}")).expect("letters and digits");
    (written, joined(&pieces))
}

/// One that stands nowhere in what it divides.
fn boundary(text: &[u8]) -> String {
    let candidates = (0_u32..).map(|number| format!("----VestibuleForm{number:08}"));
    let is_free = |candidate: &String| !text.windows(candidate.len()).any(|window| window == candidate.as_bytes());
    candidates.into_iter().find(is_free).expect("a text has an end")
}

/// What the encoding cannot write becomes `&#NNN;`, as in browsers.
fn encoded(text: &str, encoding: &'static Encoding) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(encoding.output_encoding().encode(text).0.into_owned())
}

fn literal(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_bytes().to_vec())
}

/// In a buffer that does not grow: one that does leaves copies of the password behind.
fn joined(pieces: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
    for piece in pieces {
        whole.extend_from_slice(piece);
    }
    whole
}
