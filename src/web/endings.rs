//! An extranet's cookies in a browser, ended by name: nobody told us their paths, and `Clear-Site-Data` would reach over
//! the whole registrable domain (SEC-250, SEC-251).

use http::HeaderValue;

use crate::domain::cookie::{is_ours, pairs};
use crate::domain::origin::Scheme;

/// Names that are looked at: more than browsers keep for a site.
const MOST_NAMES: usize = 60;
/// Lines that an answer may grow by.
const MOST_LINES: usize = 120;

/// `Set-Cookie` values that take away what a browser sent with a request for `path`, except for ours. A cookie came because
/// its path begins this one: that of the site first, then each that is deeper.
#[must_use]
pub fn endings<'a>(sent: impl Iterator<Item = &'a [u8]>, path: &[u8], scheme: Scheme) -> Vec<HeaderValue> {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in sent.flat_map(pairs).map(|pair| pair.name) {
        if !is_ours(name) && !names.contains(&name) && names.len() < MOST_NAMES {
            names.push(name);
        }
    }
    let paths = paths_to(path);
    let all = paths.iter().flat_map(|path| names.iter().map(move |name| (name, path)));
    all.take(MOST_LINES).filter_map(|(name, path)| ending(name, path, scheme)).collect()
}

/// A `Set-Cookie` value that takes a cookie of the extranet's away; None where no header can say it.
#[must_use]
pub fn ending(name: &[u8], path: &[u8], scheme: Scheme) -> Option<HeaderValue> {
    let is_prefixed =
        |prefix: &str| name.get(..prefix.len()).is_some_and(|is| is.eq_ignore_ascii_case(prefix.as_bytes()));
    // A cookie that promises to be secure is only taken away by one that promises the same. And browsers look at nothing
    // that has neither name nor value.
    let promises = scheme == Scheme::Https || is_prefixed("__host-") || is_prefixed("__secure-");
    let secure: &[u8] = if promises { b"; Secure" } else { b"" };
    let value: &[u8] = if name.is_empty() { b"gone" } else { b"" };
    HeaderValue::from_bytes(&[name, b"=", value, b"; Path=", path, b"; Max-Age=0", secure].concat()).ok()
}

/// Each path whose cookies come with this one (RFC 6265, 5.1.4).
fn paths_to(path: &[u8]) -> Vec<&[u8]> {
    let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
    let mut paths: Vec<&[u8]> = vec![b"/"];
    for at in (1..path.len()).filter(|at| path[*at] == b'/') {
        paths.extend([&path[..at], &path[..=at]]);
    }
    paths.push(path);
    paths.retain(|path| path.starts_with(b"/") && !path.iter().any(|byte| *byte == b';' || *byte <= b' '));
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_251_cookies_end_by_name_at_every_path_that_they_can_have() {
        let sent: [&[u8]; 2] = [b"sid=1; vestibule=x; __Host-vestibule-device=y", b"theme=a=b;sid=2; ;"];
        let ended = |path: &str, scheme| endings(sent.into_iter(), path.as_bytes(), scheme);
        assert_eq!(ended("/", Scheme::Http), ["sid=; Path=/; Max-Age=0", "theme=; Path=/; Max-Age=0"]);
        let deep = ended("/app/x/page?a=/b/", Scheme::Https);
        for path in ["/", "/app", "/app/", "/app/x", "/app/x/", "/app/x/page"] {
            let line = HeaderValue::try_from(format!("sid=; Path={path}; Max-Age=0; Secure")).expect("a value");
            assert!(deep.contains(&line), "{path}: {deep:?}");
        }
        assert_eq!(deep.len(), 12, "{deep:?}");
        let many = format!("{}x=1", "a=1; ".repeat(3));
        assert_eq!(endings([many.as_bytes()].into_iter(), b"/", Scheme::Http).len(), 2);
        let crowd = (0..500).map(|number| format!("c{number}=1")).collect::<Vec<_>>().join("; ");
        assert!(endings([crowd.as_bytes()].into_iter(), b"/a/b/c/d", Scheme::Http).len() <= MOST_LINES);
    }

    #[test]
    fn b17_a_cookie_is_taken_away_whatever_its_name_is() {
        let away = |name: &[u8], path: &[u8]| ending(name, path, Scheme::Http).expect("a value").as_bytes().to_vec();
        assert_eq!(away(b"sid", b"/"), b"sid=; Path=/; Max-Age=0");
        assert_eq!(away(b"Am\xe9lie", b"/\xe9"), b"Am\xe9lie=; Path=/\xe9; Max-Age=0");
        assert_eq!(away(b"__HOST-sid", b"/"), b"__HOST-sid=; Path=/; Max-Age=0; Secure");
        assert_eq!(away(b"__Secure-sid", b"/x"), b"__Secure-sid=; Path=/x; Max-Age=0; Secure");
        assert_eq!(away(b"", b"/"), b"=gone; Path=/; Max-Age=0");
    }
}
