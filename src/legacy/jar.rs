//! The extranet's cookies where they live in the session and never in a browser (a13).

use http::HeaderValue;

use super::cookies::{Jar, UpstreamCookie};
use super::site::Site;
use crate::domain::upstream::Upstream;

/// Longest name and value together, bytes: what browsers take (RFC 6265, 6.1).
const LONGEST: usize = 4096;
/// Most cookies of one session: what browsers take of one host.
const MOST: usize = 50;
/// Most bytes of all names, values and paths together: more does not fit into a request's head.
const MOST_BYTES: usize = 16 * 1024;

/// An extranet, as far as its cookies have to know it.
#[derive(Debug, Clone)]
pub struct JarSite(Site);

/// A jar after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// What is in it now.
    pub cookies: Vec<UpstreamCookie>,
    /// How many did not fit, or could not be read.
    pub dropped: usize,
}

impl JarSite {
    /// None if the upstream's host header is not a host; the configuration has been checked for that.
    #[must_use]
    pub fn of(upstream: &Upstream) -> Option<Self> {
        Site::of(upstream).map(Self)
    }

    /// The `Cookie` header of a request for this target; none if there is nothing to send. It is never printed.
    #[must_use]
    pub fn header(&self, cookies: &[UpstreamCookie], target: &str) -> Option<HeaderValue> {
        let url = self.0.page(target)?;
        let line = Jar::holding(cookies, &self.0).header(&url)?;
        let mut value = HeaderValue::from_bytes(line.as_bytes()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// What is in the jar after an answer to a request for this target set these cookies.
    #[must_use]
    pub fn merged<'l>(
        &self,
        cookies: &[UpstreamCookie],
        target: &str,
        set: impl IntoIterator<Item = &'l HeaderValue>,
    ) -> Merged {
        let Some(url) = self.0.page(target) else { return Merged { cookies: cookies.to_vec(), dropped: 0 } };
        let mut jar = Jar::holding(cookies, &self.0);
        let mut dropped = 0;
        for value in set {
            let pair = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            match std::str::from_utf8(value.as_bytes()) {
                Ok(text) if pair.len() <= LONGEST => drop(jar.take(std::iter::once(text), &url, &self.0)),
                _ => dropped += 1,
            }
        }
        let (cookies, left_out) = within_bounds(jar.into_cookies(), cookies);
        Merged { cookies, dropped: dropped + left_out }
    }
}

/// What was there before stays, as far as there is room; then what is new.
fn within_bounds(all: Vec<UpstreamCookie>, before: &[UpstreamCookie]) -> (Vec<UpstreamCookie>, usize) {
    let size = |cookie: &UpstreamCookie| cookie.name.len() + cookie.value.len() + cookie.path.len();
    if all.len() <= MOST && all.iter().map(size).sum::<usize>() <= MOST_BYTES {
        return (all, 0);
    }
    let is_old = |cookie: &UpstreamCookie| before.iter().any(|old| old.name == cookie.name && old.path == cookie.path);
    let (old, new): (Vec<_>, Vec<_>) = all.into_iter().partition(is_old);
    let (mut kept, mut bytes, mut dropped) = (Vec::new(), 0, 0);
    for cookie in old.into_iter().chain(new) {
        if kept.len() < MOST && bytes + size(&cookie) <= MOST_BYTES {
            bytes += size(&cookie);
            kept.push(cookie);
        } else {
            dropped += 1;
        }
    }
    kept.sort_by(|a, b| (&a.path, &a.name).cmp(&(&b.path, &b.name)));
    (kept, dropped)
}

#[cfg(test)]
mod tests {
    use super::super::site::tests::site;
    use super::*;

    fn merged(cookies: &[UpstreamCookie], target: &str, set: &[&str]) -> Merged {
        let lines: Vec<HeaderValue> = set.iter().map(|line| HeaderValue::from_str(line).unwrap()).collect();
        JarSite(site()).merged(cookies, target, &lines)
    }

    fn sent(cookies: &[UpstreamCookie], target: &str) -> Option<String> {
        JarSite(site()).header(cookies, target).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a13_one_name_on_two_paths_is_two_cookies_and_the_longer_path_goes_first() {
        let jar = merged(&[], "/wiki/doku.php?id=x", &["a=root; Path=/", "a=wiki", "b=2; Path=/wiki/lib"]).cookies;
        assert_eq!(sent(&jar, "/wiki/page").as_deref(), Some("a=wiki; a=root"));
        assert_eq!(sent(&jar, "/wiki/lib/exe").as_deref(), Some("b=2; a=wiki; a=root"));
        assert_eq!(sent(&jar, "/wikis").as_deref(), Some("a=root"), "a path ends at a slash");
        let jar = merged(
            &jar,
            "/",
            &["a=gone; Path=/wiki; Max-Age=0", "b=; Path=/wiki/lib; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        );
        assert_eq!(sent(&jar.cookies, "/wiki/lib/exe").as_deref(), Some("a=root"), "deleted where they were set");
    }

    #[test]
    fn a13_a_cookie_for_another_domain_is_not_taken_and_one_for_our_own_is() {
        let jar =
            merged(&[], "/", &["a=1; Domain=extranet.example", "b=2; Domain=evil.example", "c=3; Domain=example"]);
        assert_eq!(sent(&jar.cookies, "/").as_deref(), Some("a=1; c=3"));
    }

    #[test]
    fn a13_a_jar_has_bounds_and_what_is_in_it_goes_before_what_is_new() {
        let long = format!("long={}", "x".repeat(5000));
        let jar = merged(&[], "/", &["sid=1; Path=/", &long]);
        assert_eq!((jar.cookies.len(), jar.dropped), (1, 1));
        let many: Vec<String> = (0..60).map(|number| format!("c{number}=v; Path=/")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let full = merged(&jar.cookies, "/", &many);
        assert_eq!((full.cookies.len(), full.dropped), (50, 11));
        assert!(full.cookies.iter().any(|cookie| cookie.name == "sid"), "the session is not pushed out");
        let large = "y".repeat(4000);
        let large: Vec<String> = (0..6).map(|number| format!("l{number}={large}; Path=/")).collect();
        let large: Vec<&str> = large.iter().map(String::as_str).collect();
        let full = merged(&jar.cookies, "/", &large);
        assert!(full.dropped > 0 && full.cookies.iter().any(|cookie| cookie.name == "sid"));
    }
}
