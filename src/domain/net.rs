//! A net under an agency's path rules: what carries an old login's two fields together goes to no path (decision 57).
//!
//! It is a net, not a wall: only what servers take for a form is looked at, and only its first 64 KiB.

use std::borrow::Cow;

use super::adapter::LoginFields;
use super::form_data::{self, Shape, bare, pair_names};

/// How much of a body is looked at, bytes.
pub const LOOKED_AT: usize = 64 * 1024;

/// The two names, as any server folds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    login: String,
    password: String,
}

/// Which of the two were there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    login: bool,
    password: bool,
}

impl Seen {
    /// Whether both were.
    #[must_use]
    pub const fn both(self) -> bool {
        self.login && self.password
    }

    const fn or(self, other: Self) -> Self {
        Self { login: self.login || other.login, password: self.password || other.password }
    }
}

impl Net {
    /// The net for a login form; none where a field has no name that could be found.
    #[must_use]
    pub fn of(fields: LoginFields<'_>) -> Option<Self> {
        let (login, password) = (bare(without_index(fields.login)), bare(without_index(fields.password)));
        (!login.is_empty() && !password.is_empty()).then_some(Self { login, password })
    }

    /// Whether a form with fields of these names has both.
    #[must_use]
    pub fn is_called(&self, names: &[&str]) -> bool {
        // As they come in parts, where a name is written as it is.
        self.among(names.iter().map(|name| name.as_bytes()), Shape::Parts).both()
    }

    /// Which of the two a query has.
    #[must_use]
    pub fn in_query(&self, query: &str) -> Seen {
        self.among(pair_names(query.as_bytes()), Shape::Pairs)
    }

    /// Which of the two a form has, or the beginning of one.
    #[must_use]
    pub fn in_form(&self, shape: Shape, body: &[u8]) -> Seen {
        self.among(form_data::names(shape, body).into_iter(), shape)
    }

    /// Servers put query and body together.
    #[must_use]
    pub fn in_both(&self, query: Option<&str>, shape: Shape, body: &[u8]) -> bool {
        query.map_or_else(Seen::default, |query| self.in_query(query)).or(self.in_form(shape, body)).both()
    }

    fn among<'b>(&self, names: impl Iterator<Item = &'b [u8]>, shape: Shape) -> Seen {
        let mut seen = Seen::default();
        for name in names {
            seen.login |= is_called(name, shape, &self.login);
            seen.password |= is_called(name, shape, &self.password);
            if seen.both() {
                break;
            }
        }
        seen
    }
}

/// Whether some server reads the name so. Most names are plain, and cost nothing to compare.
fn is_called(name: &[u8], shape: Shape, wanted: &str) -> bool {
    if name.iter().all(|byte| byte.is_ascii() && !matches!(byte, b'%' | b'[' | 0)) {
        let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
        return letters.eq(wanted.bytes());
    }
    readings(name, shape).iter().any(|reading| {
        let until_nul = reading.split('\0').next().unwrap_or_default();
        [reading.as_str(), until_nul].iter().any(|reading| bare(without_index(reading)) == wanted)
    })
}

/// A name as servers decode it: by `%41`, and by ASP's `%u0041`.
fn readings(name: &[u8], shape: Shape) -> Vec<String> {
    let decoded = |bytes: &[u8]| Cow::from(percent_encoding::percent_decode(bytes)).into_owned();
    let plain = String::from_utf8_lossy(name);
    let mut readings = vec![text(&decoded(name)), text(&decoded(&wide(name)))];
    if shape == Shape::Parts {
        // As it is; and behind the charset of RFC 2231.
        readings.push(plain.clone().into_owned());
        readings.extend(plain.rsplit_once("''").map(|(_, name)| text(&decoded(name.as_bytes()))));
    }
    readings
}

/// UTF-8, or else what old pages send.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| form_data::text(bytes), str::to_owned)
}

/// With every `%uXXXX` as the letter that it is.
fn wide(name: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let letter = (*first == b'%' && matches!(after.first(), Some(b'u' | b'U')))
            .then(|| after.get(1..5).and_then(|digits| std::str::from_utf8(digits).ok()))
            .flatten()
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32);
        if let Some(letter) = letter {
            written.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &after[5..];
        } else {
            written.push(*first);
            rest = after;
        }
    }
    written
}

/// PHP makes a list of `name[]` and `name[0]`.
fn without_index(name: &str) -> &str {
    let index = name.strip_suffix(']').and_then(|open| open.rsplit_once('['));
    match index {
        Some((list, index)) if index.chars().all(|c| c.is_ascii_digit()) => list,
        Some(_) | None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URLENCODED: &str = "application/x-www-form-urlencoded";

    fn net() -> Net {
        Net::of(LoginFields { login: "user_name", password: "pass" }).unwrap()
    }

    fn catches(kind: &str, query: &str, body: &str) -> bool {
        let Some(shape) = form_data::shape(kind) else { return false };
        net().in_both(Some(query).filter(|query| !query.is_empty()), shape, body.as_bytes())
    }

    #[test]
    fn s1_both_fields_are_found_in_every_spelling_that_a_server_reads_so() {
        for login in [
            "user_name",
            "user.name",
            "user+name",
            "user%20name",
            "USER_NAME",
            "User_Name",
            "++user_name",
            "user[name",
            "user_name[]",
            "user_name[0]",
            "user_name%5B%5D",
            "u%73er_name",
            "%75%73%65%72_name",
            "%u0075ser_name",
            "user_name%00",
            "user_name%00x",
            "%EF%BD%95ser_name",
            "us%C2%ADer_name",
            "ùser_name",
            "%F9ser_name",
        ] {
            for (kind, body) in [
                (URLENCODED, format!("{login}=a&pass=b")),
                (URLENCODED, format!("x=1;{login}=a;pass=b")),
                (URLENCODED, format!("pass&{login}")),
                ("Application/X-WWW-Form-urlencoded;charset=x", format!("pass=b&{login}=a")),
                ("application/x-www-form-urlencoded, x", format!("pass=b&{login}=a")),
                ("text/plain", format!("{login}=a\r\npass=b\r\n")),
                ("", format!("{login}=a&pass=b")),
            ] {
                assert!(catches(kind, "", &body), "{kind} {body}");
            }
            assert!(catches(URLENCODED, &format!("{login}=a"), "pass=b"), "{login} in the query");
            assert!(catches(URLENCODED, "pass=b", &format!("{login}=a")), "{login} in the body");
            assert!(net().in_query(&format!("a=b&{login}=x&pass=y")).both(), "{login}");
        }
    }

    #[test]
    fn s1_parts_are_found_however_their_heads_are_written() {
        for head in [
            "Content-Disposition: form-data; name=\"user_name\"",
            "content-disposition:form-data;name=user_name",
            "CONTENT-DISPOSITION: form-data; NAME='User.Name'",
            "Content-Disposition: form-data;\r\n name=\"user_name\"",
            "Content-Disposition: form-data; filename=\"x\"; name=\"user_name\"",
            "Content-Disposition: form-data; name*=UTF-8''user%5Fname",
            "Content-Type: text/plain\r\nContent-Disposition: form-data; name = \"user_name\"",
        ] {
            let body =
                format!("--x\r\n{head}\r\n\r\na\r\n--x\r\nContent-Disposition: form-data; name=\"pass\"\r\n\r\nb");
            assert!(catches("multipart/form-data; boundary=x", "", &body), "{head}");
            assert!(catches("multipart/form-data", "", &body.replace("\r\n", "\n")), "{head}, bare line feeds");
        }
        let only_files = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"user_name\"\r\n\r\npass";
        assert!(!catches("multipart/form-data; boundary=x", "", only_files));
    }

    #[test]
    fn s1_other_forms_and_other_types_go_on() {
        for body in
            ["user_name=a", "pass=b", "username2=a&pass=b", "a=user_name&b=pass", "user_names=a&pass=b", "", "&&="]
        {
            assert!(!catches(URLENCODED, "", body), "{body}");
        }
        assert!(!catches("application/json", "", "user_name=a&pass=b"));
        assert!(Net::of(LoginFields { login: "[]", password: "pass" }).is_none());
    }
}
