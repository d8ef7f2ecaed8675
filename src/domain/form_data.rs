//! The forms that browsers send: their fields, and, read as loosely as any server reads them, the names of these.

use super::text::folded;

/// Fields beyond these are of no honest form.
const MOST_FIELDS: usize = 200;

/// A field that somebody filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, as the form has it.
    pub name: String,
    /// What was written.
    pub text: String,
}

/// Whether a browser's form of this type has fields that can be read.
#[must_use]
pub fn has_fields(content_type: &str) -> bool {
    is_urlencoded(content_type) || boundary(content_type).is_some()
}

/// The text fields of a whole form, without its files; none of what is no form.
#[must_use]
pub fn fields(content_type: &str, body: &[u8]) -> Vec<Field> {
    match boundary(content_type) {
        Some(boundary) => multipart(body, &boundary),
        None if is_urlencoded(content_type) => urlencoded(body),
        None => Vec::new(),
    }
}

/// A name without its case, accents and signs.
#[must_use]
pub fn bare(name: &str) -> String {
    folded(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// How the fields of a body are told from each other, by its type; none where no server takes it for a form.
#[must_use]
pub fn shape(content_type: &str) -> Option<Shape> {
    // PHP ends the name of a type at any of these.
    let name = content_type.trim_start().split([';', ',', ' ', '\t']).next().unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        // Some servers take what has no type for a form (Rack).
        "" | "application/x-www-form-urlencoded" | "text/plain" => Some(Shape::Pairs),
        _ if name.starts_with("multipart/") => Some(Shape::Parts),
        _ => None,
    }
}

/// How the fields of a form are told from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `name=value&…`, or in lines.
    Pairs,
    /// Parts with heads (RFC 7578).
    Parts,
}

/// The names in a form or in the beginning of one, as they are written there.
#[must_use]
pub fn names(shape: Shape, body: &[u8]) -> Vec<&[u8]> {
    match shape {
        Shape::Pairs => pair_names(body).collect(),
        Shape::Parts => part_names(body),
    }
}

/// Old servers end a pair with `;`, too (HTML 4.01, B.2.2).
pub fn pair_names(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let pairs = text.split(|byte| matches!(byte, b'&' | b';' | b'\r' | b'\n'));
    pairs.filter_map(|pair| pair.split(|byte| *byte == b'=').next()).filter(|name| !name.is_empty())
}

/// Wherever a part's head says its name: servers differ in what separates parts.
fn part_names(body: &[u8]) -> Vec<&[u8]> {
    const HEAD: &[u8] = b"content-disposition";
    let mut names = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.windows(HEAD.len()).position(|window| window.eq_ignore_ascii_case(HEAD)) {
        rest = &rest[at + HEAD.len()..];
        let blank = rest.windows(2).position(|two| two == b"\n\n" || two == b"\n\r").unwrap_or(rest.len());
        names.extend(parameters(&rest[..blank]));
    }
    names
}

/// The values of every `name=` and `name*=`, quoted or not.
fn parameters(head: &[u8]) -> Vec<&[u8]> {
    let mut values = Vec::new();
    let mut rest = head;
    while let Some(at) = rest.windows(4).position(|word| word.eq_ignore_ascii_case(b"name")) {
        let is_whole = at.checked_sub(1).is_none_or(|before| !rest[before].is_ascii_alphanumeric());
        rest = &rest[at + 4..];
        let value = rest.trim_ascii_start();
        let value = value.strip_prefix(b"*").unwrap_or(value).trim_ascii_start();
        let Some(value) = value.strip_prefix(b"=").filter(|_| is_whole) else { continue };
        let value = value.trim_ascii_start();
        let ends_at = |ends: fn(&u8) -> bool, from: usize| {
            value.iter().skip(from).position(ends).map_or(value.len(), |end| from + end)
        };
        values.push(match value.first() {
            Some(b'"') => &value[1..ends_at(|byte| *byte == b'"', 1)],
            Some(b'\'') => &value[1..ends_at(|byte| *byte == b'\'', 1)],
            _ => &value[..ends_at(|byte| *byte == b';' || byte.is_ascii_whitespace(), 0)],
        });
    }
    values
}

fn is_urlencoded(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn boundary(content_type: &str) -> Option<String> {
    if !essence(content_type).eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(content_type, "boundary")?;
    (!boundary.is_empty() && boundary.len() <= 200).then(|| boundary.to_owned())
}

/// A parameter of a header's value, as browsers write them.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|part| {
        let (found, value) = part.trim().split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

fn urlencoded(body: &[u8]) -> Vec<Field> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).take(MOST_FIELDS);
    pairs
        .map(|pair| {
            let middle = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let decoded = |bytes: &[u8]| {
                let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
                text(&percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>())
            };
            Field { name: decoded(&pair[..middle]), text: decoded(pair.get(middle + 1..).unwrap_or_default()) }
        })
        .collect()
}

/// The text fields of a form with files (RFC 7578): what is not whole is not there.
fn multipart(body: &[u8], boundary: &str) -> Vec<Field> {
    let line = format!("\r\n--{boundary}").into_bytes();
    let mut fields = Vec::new();
    // The first line stands at the very beginning.
    let mut rest = match body.strip_prefix(&line[2..]) {
        Some(rest) => rest,
        None => match find(body, &line) {
            Some(at) => &body[at + line.len()..],
            None => return fields,
        },
    };
    while let Some(part) = rest.strip_prefix(b"\r\n")
        && let Some(end) = find(part, &line)
        && fields.len() < MOST_FIELDS
    {
        fields.extend(field(&part[..end]));
        rest = &part[end + line.len()..];
    }
    fields
}

fn field(part: &[u8]) -> Option<Field> {
    let head_ends = find(part, b"\r\n\r\n")?;
    let head = text(&part[..head_ends]);
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let is_file = disposition.to_ascii_lowercase().contains("filename");
    let name = quoted(disposition, "name=\"").or_else(|| parameter(disposition, "name"))?;
    let name = name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
    (!is_file).then(|| Field { name: printable(&name), text: text(&part[head_ends + 4..]) })
}

/// What stands in quotes after a mark: a name may hold a semicolon.
fn quoted<'a>(value: &'a str, mark: &str) -> Option<&'a str> {
    let from = value.find(mark)? + mark.len();
    value.get(from..)?.split('"').next()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// What old pages send is often ISO-8859-1, as browsers read it: windows-1252.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    printable(&std::str::from_utf8(bytes).map_or_else(|_| latin(bytes), str::to_owned))
}

fn printable(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The signs between 0x80 and 0x9f, where windows-1252 is not ISO-8859-1.
const BETWEEN: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn latin(bytes: &[u8]) -> String {
    let sign = |byte: &u8| BETWEEN.get(usize::from(byte.wrapping_sub(0x80))).copied().unwrap_or(char::from(*byte));
    bytes.iter().map(|byte| if (0x80..0xa0).contains(byte) { sign(byte) } else { char::from(*byte) }).collect()
}
