//! Which cookies are ours, in both directions (a14, SEC-061, SEC-063).

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// How the names of our cookies begin, compared without case.
const OURS: [&[u8]; 3] = [b"vestibule", b"__host-vestibule", b"__secure-vestibule"];

/// Whether a `name=value` pair is one of our cookies. A browser sends a cookie without a name as its bare value, so
/// `=vestibule=x` counts as ours too.
#[must_use]
pub fn is_ours(pair: &[u8]) -> bool {
    let start = pair.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'=')).unwrap_or(pair.len());
    let name = &pair[start..];
    OURS.iter().any(|ours| name.get(..ours.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(ours)))
}

/// What a request's session cookie says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCookie {
    /// There is none, or more than one, or it is no text: a stranger.
    None,
    /// It is in this header, at these bytes.
    At(HeaderValue, std::ops::Range<usize>),
}

impl SessionCookie {
    /// Finds the cookie of this name. Two of them are none: nobody may be somebody by being named twice.
    #[must_use]
    pub fn find(headers: &HeaderMap, name: &str) -> Self {
        let mut found = Self::None;
        for line in headers.get_all(COOKIE) {
            let mut start = 0;
            for pair in line.as_bytes().split(|byte| *byte == b';') {
                let end = start + pair.len();
                let trimmed = pair.trim_ascii();
                if trimmed.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"=")) {
                    if found != Self::None {
                        return Self::None;
                    }
                    let from = start + (pair.len() - pair.trim_ascii_start().len());
                    found = Self::At(line.clone(), from + name.len() + 1..from + trimmed.len());
                }
                start = end + 1;
            }
        }
        found
    }

    /// The value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::At(line, range) => std::str::from_utf8(line.as_bytes().get(range.clone())?).ok(),
        }
    }
}

/// A `Cookie` line without our cookies; the others stay as they are, in order. None where nothing is left.
#[must_use]
pub fn without_ours(line: &HeaderValue) -> Option<HeaderValue> {
    let pairs = line.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty());
    let mut kept = Vec::with_capacity(line.len());
    let mut all = true;
    for pair in pairs {
        if is_ours(pair) {
            all = false;
            continue;
        }
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    if all {
        // To the letter, with its blanks and empty pairs.
        return Some(line.clone());
    }
    if kept.is_empty() { None } else { HeaderValue::from_maybe_shared(bytes::Bytes::from(kept)).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_str(line).expect("a header value"))).collect()
    }

    #[test]
    fn a14_our_cookies_are_taken_out_and_the_others_stay_in_order() {
        let kept = |line: &str| without_ours(&HeaderValue::from_str(line).expect("a value"));
        assert_eq!(kept("a=1; __Host-vestibule=x; b=2").expect("a line"), "a=1; b=2");
        assert_eq!(kept("VESTIBULE-csrf=x;PHPSESSID=7").expect("a line"), "PHPSESSID=7");
        assert_eq!(kept("vestibule=x; __Secure-vestibule-known=y"), None);
        assert_eq!(kept("a=\"b c\"; d").expect("a line"), "a=\"b c\"; d");
        assert_eq!(kept("=vestibule=x; a=1").expect("a line"), "a=1");
        assert_eq!(
            kept("vestibulaire=1; my-vestibule=2; a=vestibule").expect("a line"),
            "vestibulaire=1; my-vestibule=2; a=vestibule"
        );
    }

    #[test]
    fn sec_061_a_cookie_that_is_named_twice_is_nobody() {
        let find = |lines: &[&str]| SessionCookie::find(&headers(lines), "vestibule").value().map(str::to_owned);
        assert_eq!(find(&["a=1; vestibule=tok ; b=2"]).as_deref(), Some("tok"));
        assert_eq!(find(&["a=1", "vestibule=tok"]).as_deref(), Some("tok"));
        assert_eq!(find(&["vestibule=a; vestibule=b"]), None);
        assert_eq!(find(&["vestibule=a", "vestibule=a"]), None);
        assert_eq!(find(&["vestibule-csrf=a; xvestibule=b"]), None);
        assert_eq!(find(&["vestibule"]), None);
        assert_eq!(find(&["vestibule="]).as_deref(), Some(""));
    }

    #[test]
    fn sec_062_strange_cookie_lines_do_no_harm() {
        let many = "a=b; ".repeat(10_000);
        for line in ["", ";", ";;;=", "=;;;", many.as_str()] {
            let value = HeaderValue::from_str(line).expect("a value");
            assert_eq!(SessionCookie::find(&headers(&[line]), "vestibule").value(), None);
            let _ = without_ours(&value);
        }
    }
}
