//! A PDF that is made once and served like a file: whole, in ranges, or not again.

use std::ops::RangeInclusive;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use encoding_rs::WINDOWS_1252;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};

/// A document for download, cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Document {
    content: Bytes,
    disposition: HeaderValue,
    etag: HeaderValue,
}

impl Document {
    /// A page with a few lines, made heavier by `filler` bytes that no reader shows; the same each time.
    pub(super) fn pdf(file_name: &str, lines: &[&str], filler: usize) -> Self {
        let content = Bytes::from(write_pdf(lines, filler));
        let etag = format!("\"{}\"", HEXLOWER.encode(&Sha256::digest(&content)[..12]));
        let disposition = format!("attachment; filename=\"{file_name}\"");
        Self {
            content,
            disposition: HeaderValue::from_str(&disposition).expect("a file name of ours is plain ASCII"),
            etag: HeaderValue::from_str(&etag).expect("a quoted hexadecimal text is a header value"),
        }
    }

    /// The answer to a request with these headers (RFC 9110 §13 and §14; one range at most).
    pub(super) fn answer(&self, asked: &HeaderMap) -> Response {
        let size = self.content.len();
        let mut response = if asked.get(header::IF_NONE_MATCH) == Some(&self.etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            match self.slice(asked) {
                Slice::Whole => Body::from(self.content.clone()).into_response(),
                Slice::Part(part) => {
                    let place = format!("bytes {}-{}/{size}", part.start(), part.end());
                    let content = Body::from(self.content.slice(part));
                    (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, place)], content).into_response()
                }
                Slice::Outside => {
                    let place = format!("bytes */{size}");
                    (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, place)]).into_response()
                }
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
        headers.insert(header::CONTENT_DISPOSITION, self.disposition.clone());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
    }

    fn slice(&self, asked: &HeaderMap) -> Slice {
        let outdated = asked.get(header::IF_RANGE).is_some_and(|known| *known != self.etag);
        match asked.get(header::RANGE).and_then(|range| range.to_str().ok()) {
            Some(range) if !outdated => Slice::read(range, self.content.len()),
            _ => Slice::Whole,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Slice {
    Whole,
    Part(RangeInclusive<usize>),
    Outside,
}

impl Slice {
    /// A range that is malformed, or several at once, is as good as none.
    fn read(range: &str, size: usize) -> Self {
        let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
            return Self::Whole;
        };
        match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) if first > last => Self::Whole,
            (Ok(first), _) if first >= size && (last.is_empty() || last.parse::<usize>().is_ok()) => Self::Outside,
            (Ok(first), Ok(last)) => Self::Part(first..=last.min(size - 1)),
            (Ok(first), Err(_)) if last.is_empty() => Self::Part(first..=size - 1),
            (Err(_), Ok(0)) if first.is_empty() => Self::Outside,
            (Err(_), Ok(length)) if first.is_empty() => Self::Part(size.saturating_sub(length)..=size - 1),
            _ => Self::Whole,
        }
    }
}

fn write_pdf(lines: &[&str], filler: usize) -> Vec<u8> {
    let mut text = b"BT /F1 16 Tf 60 780 Td 24 TL\n".to_vec();
    for line in lines {
        text.push(b'(');
        for &byte in WINDOWS_1252.encode(line).0.iter() {
            if matches!(byte, b'(' | b')' | b'\\') {
                text.push(b'\\');
            }
            text.push(byte);
        }
        text.extend_from_slice(b") Tj T*\n");
    }
    text.extend_from_slice(b"ET");

    let mut noise = vec![0; filler];
    StdRng::seed_from_u64(1).fill_bytes(&mut noise);

    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R \
          /Resources << /Font << /F1 4 0 R >> >> >>"
            .to_vec(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
        stream(&text),
        stream(&noise),
    ];

    let mut file = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::with_capacity(objects.len());
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let (start, entries) = (file.len(), objects.len() + 1);
    file.extend_from_slice(format!("xref\n0 {entries}\n0000000000 65535 f \n").as_bytes());
    for place in places {
        file.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let trailer = format!("trailer\n<< /Size {entries} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(trailer.as_bytes());
    file
}

fn stream(content: &[u8]) -> Vec<u8> {
    let mut object = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
    object.extend_from_slice(content);
    object.extend_from_slice(b"\nendstream");
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_at_the_end_and_never_runs_over_it() {
        assert_eq!(Slice::read("bytes=0-4", 10), Slice::Part(0..=4));
        assert_eq!(Slice::read("bytes=4-", 10), Slice::Part(4..=9));
        assert_eq!(Slice::read("bytes=4-99", 10), Slice::Part(4..=9));
        assert_eq!(Slice::read("bytes=-3", 10), Slice::Part(7..=9));
        assert_eq!(Slice::read("bytes=-99", 10), Slice::Part(0..=9));
        assert_eq!(Slice::read("bytes=10-", 10), Slice::Outside);
        assert_eq!(Slice::read("bytes=-0", 10), Slice::Outside);
    }

    #[test]
    fn an_odd_range_gives_the_whole_document() {
        for odd in ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=0-1,4-5", "lines=1-2", ""] {
            assert_eq!(Slice::read(odd, 10), Slice::Whole, "{odd}");
        }
    }

    #[test]
    fn a_document_is_the_same_each_time() {
        let (one, two) = (Document::pdf("a.pdf", &["Relevé (1)"], 50), Document::pdf("a.pdf", &["Relevé (1)"], 50));
        assert_eq!(one.content, two.content);
        assert!(one.content.windows(11).any(|bytes| bytes == b"Relev\xe9 \\(1\\"));
    }
}
