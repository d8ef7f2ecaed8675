//! Content codings (RFC 9110, 8.4): servers compress whatever was asked for, and a body means what it says decoded
//! (decision 60).

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use flate2::write::{DeflateDecoder, GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};

/// Most codings of one body, one over the other.
const MOST_CODINGS: usize = 3;
/// Largest window that a body may want of us, a power of two: 8 MiB, as RFC 9659 has it.
const LARGEST_WINDOW: u32 = 23;
/// How much is decoded at once.
const PIECE: usize = 4096;

/// One that can be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    /// With the head and the sum of zlib, or bare: servers differ, and browsers take both.
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// What an answer says of its body: the codings in the order in which they were applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codings {
    applied: Vec<Coding>,
    unknown: Option<String>,
}

impl Codings {
    /// As the head has them. Where one is unknown, the body is taken as it is, as browsers do.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let lines: Vec<_> =
            headers.get_all(CONTENT_ENCODING).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        let names = lines.iter().flat_map(|line| line.split(',')).map(str::trim);
        let mut applied = Vec::new();
        for name in names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity")) {
            match Coding::named(name) {
                Some(coding) if applied.len() < MOST_CODINGS => applied.push(coding),
                Some(_) | None => {
                    let unknown = name.chars().take(40).map(|sign| if sign.is_control() { '?' } else { sign });
                    return Self { applied: Vec::new(), unknown: Some(unknown.collect()) };
                }
            }
        }
        Self { applied, unknown: None }
    }

    /// The one that nobody here can read, if there is one.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// Begins to decode a body, `most` bytes of it.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn decoder(&self, most: usize) -> io::Result<Decoder> {
        let out = Arc::new(Mutex::new(Vec::new()));
        let mut first = Bounded { inner: Box::new(Sink(Arc::clone(&out))), left: most, within: most };
        for coding in &self.applied {
            first = Bounded { inner: stage(*coding, first)?, left: usize::MAX, within: most };
        }
        Ok(Decoder { first, out })
    }

    /// A body of ours in these codings.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn encode(&self, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut coded = body.to_vec();
        for coding in &self.applied {
            coded = match coding {
                Coding::Gzip => written(GzEncoder::new(Vec::new(), Compression::fast()), &coded)?.finish()?,
                Coding::Deflate => written(ZlibEncoder::new(Vec::new(), Compression::fast()), &coded)?.finish()?,
                Coding::Brotli => {
                    written(brotli::CompressorWriter::new(Vec::new(), PIECE, 1, 18), &coded)?.into_inner()
                }
                Coding::Zstd => zstd::stream::encode_all(coded.as_slice(), 1)?,
            };
        }
        Ok(coded)
    }
}

fn written<W: Write>(mut writer: W, body: &[u8]) -> io::Result<W> {
    writer.write_all(body)?;
    writer.flush()?;
    Ok(writer)
}

/// The codings of an Accept-Encoding that can be read here; itself where these are all.
pub(super) fn readable(accepted: &HeaderValue) -> Option<HeaderValue> {
    let text = accepted.to_str().ok()?;
    let is_readable = |item: &&str| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let name = name.trim();
        let never = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0_f32));
        never || name.is_empty() || name.eq_ignore_ascii_case("identity") || Coding::named(name).is_some()
    };
    let kept: Vec<&str> = text.split(',').filter(is_readable).map(str::trim).collect();
    if kept.len() == text.split(',').count() {
        return Some(accepted.clone());
    }
    let kept = if kept.is_empty() { "identity".to_owned() } else { kept.join(", ") };
    HeaderValue::from_str(&kept).ok()
}

/// Why the rest of a body cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecodable {
    /// It is larger than it may be.
    TooLarge,
    /// It is not in the coding that is named.
    Garbled,
}

/// Decodes a body piece by piece. One that ends early gives what has come; what follows its end is passed over.
pub struct Decoder {
    first: Bounded,
    out: Arc<Mutex<Vec<u8>>>,
}

impl Decoder {
    /// Takes the next piece: what can be read now, and why nothing more can, if so.
    pub fn decode(&mut self, piece: &[u8]) -> (Vec<u8>, Option<Undecodable>) {
        let taken = self.first.write_all(piece).and_then(|()| self.first.flush());
        let out = std::mem::take(&mut *self.out.lock().unwrap_or_else(PoisonError::into_inner));
        let why = taken.err().map(|error| match error.kind() {
            io::ErrorKind::QuotaExceeded => Undecodable::TooLarge,
            _ => Undecodable::Garbled,
        });
        (out, why)
    }
}

/// The whole of a body that is here.
///
/// # Errors
/// It is larger than `most`, or not what it is called.
pub(super) fn decoded(codings: &Codings, body: Vec<u8>, most: usize) -> Result<Vec<u8>, Undecodable> {
    if codings.applied.is_empty() {
        return Ok(body);
    }
    match codings.decoder(most).map_err(|_| Undecodable::Garbled)?.decode(&body) {
        (decoded, None) => Ok(decoded),
        (_, Some(why)) => Err(why),
    }
}

type Writer = Box<dyn Write + Send>;

fn stage(coding: Coding, next: Bounded) -> io::Result<Writer> {
    let next = Bounded { left: next.within, ..next };
    Ok(match coding {
        Coding::Gzip => Box::new(Once(GzDecoder::new(next))),
        Coding::Deflate => Box::new(Inflate::Begins(Vec::new(), Some(next))),
        Coding::Brotli => Box::new(Once(brotli::DecompressorWriter::new(next, PIECE))),
        Coding::Zstd => {
            let mut decoder = zstd::stream::write::Decoder::new(next)?;
            decoder.window_log_max(LARGEST_WINDOW)?;
            Box::new(decoder)
        }
    })
}

/// So much of what a stage writes, and no more: a small body can become a very large one in each.
struct Bounded {
    inner: Writer,
    left: usize,
    within: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fitting = bytes.len().min(self.left);
        self.inner.write_all(&bytes[..fitting])?;
        self.left -= fitting;
        if fitting < bytes.len() { Err(io::ErrorKind::QuotaExceeded.into()) } else { Ok(fitting) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A decoder that takes nothing more once its stream is over: what follows is passed over, as browsers do.
struct Once<W>(W);

impl<W: Write> Write for Once<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.0.write(bytes)?;
        Ok(if taken == 0 { bytes.len() } else { taken })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// `deflate`, of which the first two bytes tell which of the two it is.
enum Inflate {
    Begins(Vec<u8>, Option<Bounded>),
    Zlib(Once<ZlibDecoder<Bounded>>),
    Bare(Once<DeflateDecoder<Bounded>>),
}

impl Write for Inflate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zlib(decoder) => return decoder.write(bytes),
            Self::Bare(decoder) => return decoder.write(bytes),
            Self::Begins(begun, next) => {
                begun.extend_from_slice(bytes);
                let [first, second, ..] = begun[..] else { return Ok(bytes.len()) };
                let (begun, Some(next)) = (std::mem::take(begun), next.take()) else { return Ok(bytes.len()) };
                let is_zlib = first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]) % 31 == 0;
                *self = if is_zlib {
                    Self::Zlib(Once(ZlibDecoder::new(next)))
                } else {
                    Self::Bare(Once(DeflateDecoder::new(next)))
                };
                self.write_all(&begun)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Begins(..) => Ok(()),
            Self::Zlib(decoder) => decoder.flush(),
            Self::Bare(decoder) => decoder.flush(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn named(text: &str) -> Codings {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, text.parse().expect("a value"));
        Codings::of(&headers)
    }

    /// Deflate without the head and the sum of zlib.
    pub(crate) fn bare(body: &[u8]) -> Vec<u8> {
        let encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::fast());
        written(encoder, body).and_then(flate2::write::DeflateEncoder::finish).expect("to encode")
    }

    const PAGE: &str = "<p class=erreur>Identifiant ou mot de passe incorrect, é</p>";

    #[test]
    fn review_case_05_a_page_is_read_in_every_coding_wherever_its_pieces_break() {
        let page = PAGE.repeat(50);
        let coded = |name: &str| (name.to_owned(), named(name).encode(page.as_bytes()).expect("to encode"));
        let mut all: Vec<_> = [
            "gzip",
            "X-GZip",
            "deflate",
            "br",
            "zstd",
            "identity",
            "gzip, br",
            "deflate, gzip",
            "br,identity,zstd,gzip",
        ]
        .map(coded)
        .to_vec();
        all.push(("deflate".into(), bare(page.as_bytes())));
        let (_, mut followed) = coded("gzip");
        followed.extend_from_slice(b"\0\0what nobody asked for");
        all.push(("gzip".into(), followed));
        for (name, bytes) in all {
            for size in [1, 7, 100_000] {
                let mut decoder = named(&name).decoder(100_000).expect("a decoder");
                let read: Vec<u8> = bytes
                    .chunks(size)
                    .flat_map(|piece| {
                        let (read, why) = decoder.decode(piece);
                        assert_eq!(why, None, "{name}");
                        read
                    })
                    .collect();
                assert!(read == page.as_bytes(), "{name} in pieces of {size}: {}", String::from_utf8_lossy(&read));
            }
        }
    }

    #[test]
    fn sec_080_a_body_that_explodes_is_given_up_and_one_that_is_something_else_is_not_read() {
        let zeros = vec![b'0'; 4_000_000];
        for name in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "br, zstd"] {
            let bomb = named(name).encode(&zeros).expect("to encode");
            assert!(bomb.len() < 100_000, "{name}");
            assert_eq!(decoded(&named(name), bomb, 100_000), Err(Undecodable::TooLarge), "{name}");
            assert_eq!(decoded(&named(name), PAGE.into(), 100_000), Err(Undecodable::Garbled), "{name}");
        }
        let whole = named("gzip").encode(PAGE.repeat(100).as_bytes()).expect("to encode");
        let part = decoded(&named("gzip"), whole[..whole.len() / 2].to_vec(), 100_000).expect("what has come");
        assert!(PAGE.repeat(100).as_bytes().starts_with(&part));
    }

    #[test]
    fn a_coding_that_nobody_knows_is_told_and_the_body_taken_as_it_is() {
        for (name, unknown) in [
            ("none", Some("none")),
            ("gzip, aes128gcm", Some("aes128gcm")),
            ("UTF-8", Some("UTF-8")),
            ("gzip,gzip,gzip,gzip", Some("gzip")),
            ("identity", None),
            (", gzip ,", None),
        ] {
            assert_eq!(named(name).unknown(), unknown, "{name}");
        }
        assert_eq!(decoded(&named("none"), PAGE.into(), 100), Ok(PAGE.into()));
    }

    #[test]
    fn only_what_can_be_read_is_asked_for() {
        let asked = |text: &str| readable(&text.parse().expect("a value")).expect("a value");
        for whole in ["gzip, deflate, br, zstd", "gzip;q=1.0, identity; q=0.5, *;q=0", "", "br"] {
            assert_eq!(asked(whole), whole);
        }
        assert_eq!(asked("gzip, deflate, br, zstd, dcb, dcz"), "gzip, deflate, br, zstd");
        assert_eq!(asked("*"), "identity");
        assert_eq!(asked("lzma, *;q=0.1, gzip;q=0.9"), "gzip;q=0.9");
    }
}
