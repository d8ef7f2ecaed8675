//! What servers make of a path: they decode it once or several times, in one alphabet or another, fold case and look-alikes,
//! and take off parameters, streams, blanks and dots, each as it likes.

use super::names::{is_page_of, is_short_for};
use crate::domain::text::folded;

/// As many times is a path decoded by the servers that are out there, one behind the other.
const MOST_DECODED: usize = 4;
/// Beyond this many readings of one text, nobody means it well.
const MOST_READINGS: usize = 32;

/// A path's segments as the most forgiving server would have them.
type Segments = Vec<String>;

/// Everything that a path may be to a server, as far as rules that restrict have to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Readings<'p> {
    /// There is one, by its case and by dots at the ends of names.
    Plain(&'p str),
    /// Each of these; and, where what is escaped ends the path, these queries.
    Several(Vec<Segments>, Vec<String>),
    /// Too many to be told.
    Anything,
}

impl Readings<'_> {
    /// All readings of a path that is not plain, as it was sent.
    pub(super) fn of(raw: &str) -> Self {
        let (mut all, mut queries) = (Vec::new(), Vec::new());
        let mut text = raw.to_owned();
        for _ in 0..MOST_DECODED {
            let bytes = decode(text.as_bytes());
            let decoded = look(&text_of(&bytes));
            for read in lossy(&bytes).iter().chain([&decoded]) {
                let (path, query) = read.split_once('?').map_or((&**read, None), |(path, query)| (path, Some(query)));
                queries.extend(query.map(str::to_owned));
                // Where what was decoded ends the path, or does not.
                for part in [path.split('#').next().unwrap_or_default(), read] {
                    let Some(readings) = resolved(part) else { return Self::Anything };
                    all.extend(readings);
                }
            }
            if decoded == text {
                break;
            }
            text = decoded;
        }
        all.sort();
        all.dedup();
        Self::Several(all, queries)
    }

    /// Whether it may be the place of these segments, or, if `below`, one below it.
    pub(super) fn may_be(&self, place: &[String], below: bool) -> bool {
        match self {
            Self::Plain(path) => {
                let names = path.split('/').filter(|name| !name.is_empty());
                covers(place, names.map(|name| name.trim_end_matches('.')), below)
            }
            Self::Several(all, _) => all.iter().any(|path| covers(place, path.iter().map(String::as_str), below)),
            Self::Anything => true,
        }
    }

    /// The queries that it may hold beside the one that was sent.
    pub(super) fn queries(&self) -> &[String] {
        if let Self::Several(_, queries) = self { queries } else { &[] }
    }
}

/// Whether these names lead to a place or, if `below`, below it. The last one may be spelled as servers complete it.
fn covers<'n>(place: &[String], mut names: impl Iterator<Item = &'n str>, below: bool) -> bool {
    for (at, ours) in place.iter().enumerate() {
        let Some(theirs) = names.next() else { return false };
        if !theirs.eq_ignore_ascii_case(ours) && !is_short_for(theirs, ours) {
            return at + 1 == place.len() && names.next().is_none() && is_page_of(theirs, ours);
        }
    }
    below || names.next().is_none()
}

/// What is left of bytes beyond ASCII where a server loses those that are no UTF-8, or all that it has no letter for.
fn lossy(bytes: &[u8]) -> Vec<String> {
    if bytes.is_ascii() {
        return Vec::new();
    }
    let readable = String::from_utf8_lossy(bytes).replace(char::REPLACEMENT_CHARACTER, "");
    let ascii: String = readable.chars().filter(char::is_ascii).collect();
    vec![look(&readable), look(&ascii)]
}

/// Percent-decodes one time as servers do that let pass what they cannot read; `%u002e` is IIS's.
pub(super) fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        let wide = (byte == b'%' && matches!(behind.first(), Some(b'u' | b'U'))).then(|| number(behind.get(1..5)?));
        let narrow = (byte == b'%').then(|| number(behind.get(..2)?));
        if let Some(c) = wide.flatten().and_then(char::from_u32) {
            decoded.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &behind[5..];
        } else if let Some(value) = narrow.flatten().and_then(|value| u8::try_from(value).ok()) {
            decoded.push(value);
            rest = &behind[2..];
        } else {
            decoded.push(byte);
            rest = behind;
        }
    }
    decoded
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

/// Bytes as text: UTF-8, also where it is longer than it has to be (`%c0%ae` for a dot), and Latin-1 for what is none.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let valid = std::str::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
        text.push_str(std::str::from_utf8(&rest[..valid]).unwrap_or_default());
        rest = &rest[valid..];
        if let Some(first) = rest.first() {
            let (c, length) = overlong(rest).unwrap_or((char::from(*first), 1));
            text.push(c);
            rest = &rest[length..];
        }
    }
    text
}

/// A character that is written with more bytes than it needs, and how many those are.
fn overlong(bytes: &[u8]) -> Option<(char, usize)> {
    let (&lead, behind) = bytes.split_first()?;
    let length = usize::try_from(lead.leading_ones()).ok().filter(|length| (2..=6).contains(length))?;
    let following = behind.get(..length - 1)?;
    let number =
        following.iter().fold(u32::from(lead) & (0x7f >> length), |number, byte| number << 6 | u32::from(byte & 0x3f));
    let continued = following.iter().all(|byte| byte & 0xc0 == 0x80);
    // Old decoders did not look whether a byte is one that continues (`%c0%2f`).
    let unchecked = length == 2 && matches!(number, 0x2e | 0x2f | 0x5c);
    char::from_u32(number).filter(|_| continued || unchecked).map(|c| (c, length))
}

/// A text as the most forgiving server compares it: [`folded`], without what ends a text in C, and with one sign for what
/// is turned into a slash, a dot or a colon where there is no better one.
pub(super) fn look(text: &str) -> String {
    let text = text.split('\0').next().unwrap_or_default();
    let signs = folded(text);
    signs
        .chars()
        .filter(|c| !c.is_control() && *c != '+')
        .map(|c| match c {
            '\\' | '\u{2044}' | '\u{2215}' | '\u{2216}' | '\u{2571}' | '\u{29f5}' | '\u{29f8}' | '\u{29f9}'
            | '\u{a5}' | '\u{20a9}' => '/',
            '\u{b7}' | '\u{2219}' | '\u{22c5}' | '\u{3002}' => '.',
            '\u{2236}' | '\u{2d0}' | '\u{a789}' => ':',
            c => c,
        })
        .collect()
}

/// The segments of a text that is folded by [`look`], where none climbs.
pub(super) fn segments(text: &str) -> Segments {
    text.split('/').filter_map(name).filter(|name| !is_dots(name)).map(str::to_owned).collect()
}

/// Each path that it may be, by whether a server takes what is only dots for a step, and which; none if they are too many.
fn resolved(text: &str) -> Option<Vec<Segments>> {
    let mut paths = vec![Segments::new()];
    for name in text.split('/').filter_map(name) {
        if !is_dots(name) {
            for path in &mut paths {
                path.push(name.to_owned());
            }
        } else if name.len() > 1 {
            let mut above = paths.clone();
            for path in &mut above {
                path.pop();
            }
            paths.extend(above);
            paths.sort();
            paths.dedup();
            if paths.len() > MOST_READINGS {
                return None;
            }
        }
    }
    Some(paths)
}

/// A segment's name without parameters, a stream of NTFS and dots at its end; none for what is no name.
fn name(segment: &str) -> Option<&str> {
    let segment = segment.split(';').next().unwrap_or_default();
    let stream = segment.match_indices(':').find(|(at, _)| {
        let behind = &segment[at + 1..];
        behind.is_empty() || behind.starts_with([':', '$'])
    });
    let segment = stream.map_or(segment, |(at, _)| &segment[..at]);
    let trimmed = segment.trim_end_matches('.');
    match (segment.is_empty() || is_cookieless(segment), trimmed.is_empty()) {
        (true, _) => None,
        (false, true) => Some(segment),
        (false, false) => Some(trimmed),
    }
}

fn is_dots(name: &str) -> bool {
    name.bytes().all(|byte| byte == b'.')
}

/// What ASP.NET puts into paths instead of a cookie: `(S(…))`, `(A(…)F(…))`.
fn is_cookieless(segment: &str) -> bool {
    let inside = segment.strip_prefix('(').and_then(|rest| rest.strip_suffix("))"));
    inside.is_some_and(|inside| {
        let mut signs = inside.chars();
        signs.next().is_some_and(|sign| sign.is_ascii_alphabetic()) && signs.next() == Some('(')
    })
}

/// Whether every server reads the path like this, so that a rule may open it.
///
/// Nothing in it is decoded a second time, looks like a sign that has a meaning in paths, or is a blank or dot at the end
/// of a name; and where a server loses what it cannot write, no step upwards is left.
pub(super) fn is_clear(path: &str) -> bool {
    let names = path.strip_prefix('/').unwrap_or(path);
    let folder = names.strip_suffix('/').unwrap_or(names);
    folder.is_empty() || folder.split('/').all(is_clear_name)
}

fn is_clear_name(name: &str) -> bool {
    let is_blank = |c: char| c.is_whitespace() || c == '+';
    let lost = |c: char| is_blank(c) || !c.is_ascii();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-._~!$&'()+,=@: ".contains(c) || is_letter(c));
    let ends = name.starts_with(is_blank) || name.ends_with(is_blank) || name.ends_with('.');
    let left: String = name.split(':').next().unwrap_or_default().chars().filter(|c| !lost(*c)).collect();
    let whole = left.bytes().any(|byte| byte != b'.') || (left.is_empty() && !name.contains([':', '.']));
    // `c:` is a drive.
    let drive = name.contains(':') && left.len() < 2;
    let streams = name.ends_with(':') || name.contains("::") || name.contains(":$");
    plain && !name.is_empty() && !ends && whole && !drive && !streams
}

/// A letter or digit beyond ASCII that no server takes for a sign.
fn is_letter(c: char) -> bool {
    let stays = |c: char| c.is_alphanumeric() && !matches!(c, '\u{1c0}'..='\u{1c3}' | '\u{2b0}'..='\u{2ff}');
    !c.is_ascii()
        && (stays(c) || matches!(c, '\u{300}'..='\u{36f}'))
        && folded(c.encode_utf8(&mut [0; 4])).chars().all(stays)
}
