//! Cookies, read as RFC 6265, section 5 says: the one reading of `Set-Cookie` and of `Cookie` for everybody here.
//!
//! Bytes stay as they are. A `Domain` is not looked at: to the browser all of an extranet is one host, ours, and to the
//! extranet we are its only visitor.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name and value together, bytes: what browsers take.
const LONGEST: usize = 4096;
/// Longest value of an attribute, bytes; a longer one is passed over.
const LONGEST_ATTRIBUTE: usize = 1024;
/// How the names of our cookies begin, compared without case.
const OURS: [&[u8]; 3] = [b"vestibule", b"__host-vestibule", b"__secure-vestibule"];

/// Bytes as somebody else wrote them: text mostly, and kept where they are none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Octets(Vec<u8>);

impl Octets {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Octets {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<&str> for Octets {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(&self.0), f)
    }
}

impl Serialize for Octets {
    /// A text where it is one, so that it reads; else its bytes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_seq(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Octets;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or bytes")
            }
            fn visit_str<E>(self, text: &str) -> Result<Octets, E> {
                Ok(text.into())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Octets, A::Error> {
                let mut read = Vec::new();
                while let Some(byte) = bytes.next_element()? {
                    read.push(byte);
                }
                Ok(Octets(read))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The attribute of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// Never from another site.
    Strict,
    /// From another site only by following a link.
    Lax,
    /// Always.
    None,
}

/// Why a cookie was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// It has no name.
    Nameless,
    /// Its name and value are longer than any browser takes.
    TooLong,
    /// It would pass for one of ours.
    Ours,
    /// There is no room for it beside the others.
    NoRoom,
}

impl Dropped {
    /// In words, for the log.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Nameless => "it has no name",
            Self::TooLong => "it is longer than 4096 bytes",
            Self::Ours => "its name is one of the gateway's",
            Self::NoRoom => "there are too many, or they are too large together",
        }
    }
}

/// What a `Set-Cookie` line says (5.2).
#[derive(Clone, PartialEq, Eq)]
pub struct SetCookie<'l> {
    /// Its name; never empty.
    pub name: &'l [u8],
    /// Its value, with its quotes.
    pub value: &'l [u8],
    /// Where it is sent, if that is said.
    pub path: Option<&'l [u8]>,
    /// Hidden from scripts.
    pub http_only: bool,
    /// Only over TLS.
    pub secure: bool,
    /// Sent from other sites' pages or not; nothing said is the browser's own choice.
    pub same_site: Option<SameSite>,
    /// End of its life, seconds since 1970; none is the end of the browser's session.
    pub expires: Option<i64>,
}

impl<'l> SetCookie<'l> {
    /// Reads a line that came now. Of several attributes of one name the last that can be read counts, and `Max-Age`
    /// before `Expires`.
    ///
    /// # Errors
    /// It is no cookie that a browser would take.
    pub fn read(line: &'l [u8], now: Timestamp) -> Result<Self, Dropped> {
        let mut parts = line.split(|byte| *byte == b';');
        let Pair { name, value } = Pair::read(parts.next().unwrap_or_default());
        if name.is_empty() {
            return Err(Dropped::Nameless);
        }
        if name.len() + value.len() > LONGEST {
            return Err(Dropped::TooLong);
        }
        let mut cookie =
            Self { name, value, path: None, http_only: false, secure: false, same_site: None, expires: None };
        let mut max_age = None;
        for part in parts {
            let (key, value) = attribute(part);
            let is = |known: &str| key.eq_ignore_ascii_case(known.as_bytes());
            if value.len() > LONGEST_ATTRIBUTE {
            } else if is("max-age") {
                max_age = seconds(value).map(|seconds| ends(seconds, now)).or(max_age);
            } else if is("expires") {
                cookie.expires = date(value).or(cookie.expires);
            } else if is("path") {
                cookie.path = value.starts_with(b"/").then_some(value);
            } else if is("httponly") {
                cookie.http_only = true;
            } else if is("secure") {
                cookie.secure = true;
            } else if is("samesite") {
                cookie.same_site = same_site(value);
            }
        }
        cookie.expires = max_age.or(cookie.expires);
        Ok(cookie)
    }

    /// Whether it is set only to be deleted.
    #[must_use]
    pub fn is_deleted(&self, now: Timestamp) -> bool {
        has_ended(self.expires, now)
    }
}

impl fmt::Debug for SetCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie").field("name", &Octets::from(self.name)).finish_non_exhaustive()
    }
}

/// Whether a cookie's life is over.
#[must_use]
pub fn has_ended(expires: Option<i64>, now: Timestamp) -> bool {
    expires.is_some_and(|expires| expires <= now.as_second())
}

/// One cookie of a `Cookie` line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pair<'l> {
    /// Its name; empty where a browser sends one that has none.
    pub name: &'l [u8],
    /// Its value, with its quotes.
    pub value: &'l [u8],
}

impl<'l> Pair<'l> {
    fn read(pair: &'l [u8]) -> Self {
        match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => Self { name: trim(&pair[..at]), value: trim(&pair[at + 1..]) },
            None => Self { name: b"", value: trim(pair) },
        }
    }
}

impl fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("name", &Octets::from(self.name)).finish_non_exhaustive()
    }
}

/// The cookies of a `Cookie` line, in order.
pub fn pairs(line: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let pairs = line.split(|byte| *byte == b';').filter(|pair| !trim(pair).is_empty());
    pairs.map(Pair::read)
}

/// The value of a cookie in `Cookie` lines. A name that comes twice counts as absent: nobody may be somebody by being
/// named twice (SEC-061).
#[must_use]
pub fn find<'l>(lines: impl IntoIterator<Item = &'l [u8]>, name: &str) -> Option<&'l [u8]> {
    let mut found = lines.into_iter().flat_map(pairs).filter(|pair| pair.name == name.as_bytes());
    let first = found.next()?;
    found.next().is_none().then_some(first.value)
}

/// Whether a `name=value` pair, or a name, is one of our cookies, on any host: extranets never see them and never set
/// them (a14, SEC-063). A browser sends a cookie without a name as its bare value, so `=vestibule=x` counts as ours too.
#[must_use]
pub fn is_ours(pair: &[u8]) -> bool {
    let start = pair.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'=')).unwrap_or(pair.len());
    let name = &pair[start..];
    OURS.iter().any(|ours| name.get(..ours.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(ours)))
}

/// Where a cookie belongs that says nothing of it: the folder of what was asked (5.1.4).
#[must_use]
pub fn default_path(asked: &[u8]) -> &[u8] {
    match asked.iter().rposition(|byte| *byte == b'/') {
        Some(last) if last > 0 && asked.starts_with(b"/") => &asked[..last],
        _ => b"/",
    }
}

/// Whether a cookie of this path goes with what is asked (5.1.4).
#[must_use]
pub fn path_matches(path: &[u8], asked: &[u8]) -> bool {
    asked.strip_prefix(path).is_some_and(|rest| rest.is_empty() || path.ends_with(b"/") || rest.starts_with(b"/"))
}

fn attribute(part: &[u8]) -> (&[u8], &[u8]) {
    match part.iter().position(|byte| *byte == b'=') {
        Some(at) => (trim(&part[..at]), trim(&part[at + 1..])),
        None => (trim(part), b""),
    }
}

/// Without blanks and tabs around it.
fn trim(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(is_text).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_text).map_or(start, |last| last + 1);
    &bytes[start..end]
}

fn same_site(value: &[u8]) -> Option<SameSite> {
    [("strict", SameSite::Strict), ("lax", SameSite::Lax), ("none", SameSite::None)]
        .into_iter()
        .find_map(|(name, same_site)| value.eq_ignore_ascii_case(name.as_bytes()).then_some(same_site))
}

/// The number of a `Max-Age`, however large (5.2.2).
fn seconds(value: &[u8]) -> Option<i64> {
    let (is_negative, digits) = value.strip_prefix(b"-").map_or((false, value), |digits| (true, digits));
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(if is_negative { -size } else { size })
}

fn ends(seconds: i64, now: Timestamp) -> i64 {
    if seconds <= 0 { i64::MIN } else { now.as_second().saturating_add(seconds) }
}

/// A date as servers and their libraries write it (5.1.1), seconds since 1970: the parts in any order, the weekday and
/// the zone passed over.
fn date(text: &[u8]) -> Option<i64> {
    let is_delimiter = |byte: &u8| matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e);
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none() && clock(token).is_some() {
            time = clock(token);
        } else if day.is_none() && number(token, 1..=2).is_some() {
            day = number(token, 1..=2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() {
            year = number(token, 2..=4);
        }
    }
    let (hour, minute, second) = time?;
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    if year < 1601 || second > 59 {
        return None;
    }
    let part = |number: i16| i8::try_from(number).ok();
    let civil = DateTime::new(year, month?, part(day?)?, part(hour)?, part(minute)?, part(second)?, 0).ok()?;
    // The last day that can be told at all lies beyond every session.
    Some(TimeZone::UTC.to_timestamp(civil).map_or(i64::MAX, Timestamp::as_second))
}

/// `1:2:03`, whatever follows that is no digit.
fn clock(token: &[u8]) -> Option<(i16, i16, i16)> {
    let mut fields = token.splitn(3, |byte| *byte == b':');
    let mut whole =
        || fields.next().filter(|field| field.iter().all(u8::is_ascii_digit)).and_then(|f| number(f, 1..=2));
    let (hour, minute) = (whole()?, whole()?);
    Some((hour, minute, number(fields.next()?, 1..=2)?))
}

/// So many digits, and then none.
fn number(token: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<i16> {
    let count = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = || token[..count].iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'));
    digits.contains(&count).then(value)
}

fn month_of(token: &[u8]) -> Option<i8> {
    const MONTHS: &[u8] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let begin = token.get(..3)?;
    let at = MONTHS.chunks(3).position(|month| month.eq_ignore_ascii_case(begin))?;
    i8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests;
