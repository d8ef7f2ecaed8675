//! Paths: what may be forwarded at all, what a path rule is matched on, and where a sign-in may return to.

mod names;
#[cfg(test)]
pub(crate) mod odd;
mod readings;
mod rule;
mod rules;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use readings::Readings;
pub use rule::{FieldRule, PathRule, RuleError};
pub use rules::{FormPage, Idle, PathClass, PathRules, logout_rule, sign_in_rule};

/// Why a request target is refused with 400, whatever the agency (f08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not `/…`, or `//…`, which some read as the name of a host.
    #[error("the request target is not an absolute path")]
    NotAPath,
    /// A control byte, blank or byte above ASCII, raw or percent-encoded control.
    #[error("the request target has a control byte")]
    Control,
    /// A `#`, which no client sends (SEC-024).
    #[error("the request target has a fragment")]
    Fragment,
    /// `%` without two hexadecimal digits (SEC-025).
    #[error("the request target has a broken escape")]
    BrokenEscape,
    /// `..` or `.` as a segment, in any spelling (SEC-020).
    #[error("the request target climbs")]
    Climbs,
}

/// A path that passed the refusals of [`NormalisedPath::read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalisedPath {
    /// Decoded once.
    decoded: String,
    /// As sent, where more than one reading of it is to be thought of.
    raw: Option<String>,
    is_clear: bool,
}

impl NormalisedPath {
    /// Reads the path of a request target (the part before `?`), and refuses what climbs or is no path (SEC-020, SEC-021,
    /// SEC-024, SEC-025). What only some servers would read as climbing is not refused: no rule opens it.
    ///
    /// # Errors
    /// Tells which rule refuses the target.
    pub fn read(raw_path: &str) -> Result<Self, TargetError> {
        if !raw_path.starts_with('/') || raw_path.starts_with("//") {
            return Err(TargetError::NotAPath);
        }
        if is_plain(raw_path) {
            return Ok(Self { decoded: raw_path.to_owned(), raw: None, is_clear: readings::is_clear(raw_path) });
        }
        Self::read_closely(raw_path)
    }

    fn read_closely(raw_path: &str) -> Result<Self, TargetError> {
        if raw_path.contains('#') {
            return Err(TargetError::Fragment);
        }
        if raw_path.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err(TargetError::Control);
        }
        let decoded = decode_once(raw_path)?;
        if decoded.iter().any(|byte| *byte < b' ' || *byte == 0x7f) {
            return Err(TargetError::Control);
        }
        let twice = readings::decode(&decoded);
        if [&decoded, &twice].into_iter().any(|bytes| climbs(&String::from_utf8_lossy(bytes))) {
            return Err(TargetError::Climbs);
        }
        let hides_a_slash = raw_path.contains("%2f") || raw_path.contains("%2F");
        let is_clear = !hides_a_slash && std::str::from_utf8(&decoded).is_ok_and(readings::is_clear);
        Ok(Self { decoded: readings::text_of(&decoded), raw: Some(raw_path.to_owned()), is_clear })
    }

    /// The decoded path: what exact rules and those that open are matched on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.decoded
    }

    /// Whether every server reads the path like this; only then may a rule open it.
    #[must_use]
    pub const fn is_clear(&self) -> bool {
        self.is_clear
    }

    /// Whatever servers may read it as: what rules that restrict are matched on.
    fn readings(&self) -> Readings<'_> {
        self.raw.as_deref().map_or(Readings::Plain(&self.decoded), Readings::of)
    }
}

/// Names of letters, digits, `-`, `_` and dots (not in front) between single slashes: most paths, on which none of the
/// rules of [`NormalisedPath::read`] has anything to say.
fn is_plain(path: &str) -> bool {
    let mut before = 0;
    path.bytes().all(|byte| {
        let plain = match byte {
            b'/' | b'.' => before != b'/',
            _ => byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_',
        };
        before = byte;
        plain
    })
}

/// Percent-decodes one time; a broken escape is an error.
fn decode_once(text: &str) -> Result<Vec<u8>, TargetError> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
            return Err(TargetError::BrokenEscape);
        };
        decoded.push(u8::try_from(high * 16 + low).unwrap_or(0));
    }
    Ok(decoded)
}

/// A segment that is `.` or `..` once its `;parameters` are cut off, between slashes or backslashes.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}

/// A place on an agency's own host to return to after sign-in: an absolute path of that host and nothing else
/// (SEC-030, SEC-031).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The longest that is taken, in bytes.
    pub const MAX: usize = 2000;

    /// The start page of the extranet.
    #[must_use]
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// Takes a path with query if it is surely one; anything else leads to the start page.
    #[must_use]
    pub fn parse_or_home(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(Self::home)
    }

    /// Whether it is where one comes without having asked for a page.
    #[must_use]
    pub fn is_home(&self) -> bool {
        self.0 == "/"
    }

    /// A page of the extranet with query, if it is surely one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let second = text.as_bytes().get(1);
        let local = text.starts_with('/') && !matches!(second, Some(b'/' | b'\\'));
        let clean = text.len() <= Self::MAX
            && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
            && !text.contains(['\\', '#', '"', '<', '>', '`']);
        let path = text.split('?').next().unwrap_or_default();
        let readable = NormalisedPath::read(path).is_ok_and(|path| !path.as_str().starts_with("//"));
        let ours = path.starts_with("/.vestibule");
        (local && clean && readable && !ours).then(|| Self(text.to_owned()))
    }

    /// As it goes into `Location`, after the origin.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
