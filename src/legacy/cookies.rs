//! The extranet's cookies: kept during a conversation or in a session, and handed over as a browser would hold them.

use std::fmt;

use http::HeaderValue;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::{Deserialize, Serialize};

use crate::domain::cookie::{self, Dropped, Octets, SameSite, SetCookie};

/// Most cookies of one session: what browsers take of one host.
const MOST: usize = 50;
/// Most bytes of all names, values and paths together: more does not fit into a request's head.
const MOST_BYTES: usize = 16 * 1024;

/// A cookie of the extranet, without its domain: on the agency's public host it belongs to that host alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamCookie {
    /// Its name.
    pub name: Octets,
    /// Its value, as good as a password while the session lives.
    pub value: Octets,
    /// Where it is sent.
    pub path: Octets,
    /// Hidden from scripts.
    pub http_only: bool,
    /// Only over TLS.
    pub secure: bool,
    /// Sent from other sites' pages or not; nothing said is the browser's own choice.
    pub same_site: Option<SameSite>,
    /// End of its life, seconds since 1970; none is the end of the browser's session.
    pub expires: Option<i64>,
}

impl UpstreamCookie {
    fn of(set: &SetCookie<'_>, asked: &[u8]) -> Self {
        Self {
            name: set.name.into(),
            value: set.value.into(),
            path: set.path.unwrap_or_else(|| cookie::default_path(asked)).into(),
            http_only: set.http_only,
            secure: set.secure,
            same_site: set.same_site,
            expires: set.expires,
        }
    }

    /// The `Set-Cookie` value that gives it to the browser on the agency's public host. It is never printed.
    #[must_use]
    pub fn to_set_cookie(&self, public_is_https: bool) -> Option<HeaderValue> {
        let mut line = [self.name.as_bytes(), self.value.as_bytes()].join(&b'=');
        if self.http_only {
            line.extend_from_slice(b"; HttpOnly");
        }
        let is_secure = self.secure && public_is_https;
        match self.same_site {
            Some(SameSite::Strict) => line.extend_from_slice(b"; SameSite=Strict"),
            Some(SameSite::Lax) => line.extend_from_slice(b"; SameSite=Lax"),
            // Browsers refuse it without Secure.
            Some(SameSite::None) if is_secure => line.extend_from_slice(b"; SameSite=None"),
            Some(SameSite::None) | None => {}
        }
        if is_secure {
            line.extend_from_slice(b"; Secure");
        }
        line.extend_from_slice(b"; Path=");
        line.extend_from_slice(self.path.as_bytes());
        if let Some(date) = self.expires.and_then(written_date) {
            line.extend_from_slice(b"; Expires=");
            line.extend_from_slice(date.as_bytes());
        }
        let mut value = HeaderValue::from_bytes(&line).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.path == other.path
    }

    fn size(&self) -> usize {
        self.name.as_bytes().len() + self.value.as_bytes().len() + self.path.as_bytes().len()
    }

    /// Emptied, with quotes or without: a ticket of nothing.
    fn is_empty(&self) -> bool {
        matches!(self.value.as_bytes(), b"" | b"\"\"")
    }
}

impl fmt::Debug for UpstreamCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamCookie").field("name", &self.name).field("path", &self.path).finish_non_exhaustive()
    }
}

/// None where no date says it: then the browser's session ends first.
fn written_date(seconds: i64) -> Option<String> {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::from_second(seconds).ok()?).ok()
}

/// What an answer did to a jar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The names of the cookies that it set and neither deleted nor emptied.
    pub live: Vec<Octets>,
    /// What it set and was not taken.
    pub dropped: Vec<Dropped>,
}

/// Cookies as a browser holds them (RFC 6265, 5.3 and 5.4), oldest first.
///
/// It behaves as the browser does behind the gateway: every cookie belongs to the one host, and `Secure` ones are sent
/// even where the last hop is plain, because the resident's own hop is not.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<UpstreamCookie>);

impl Jar {
    /// A jar that holds what was handed over earlier.
    #[must_use]
    pub fn holding(cookies: &[UpstreamCookie]) -> Self {
        Self(cookies.to_vec())
    }

    /// Takes the `Set-Cookie` lines of an answer to what was asked. What was in the jar before stays, as far as there is
    /// room; then comes what is new.
    pub fn take<'l>(&mut self, lines: impl IntoIterator<Item = &'l [u8]>, asked: &[u8], now: Timestamp) -> Taken {
        let asked = path_of(asked);
        let before = self.0.clone();
        let (mut set, mut dropped): (Vec<UpstreamCookie>, Vec<Dropped>) = (Vec::new(), Vec::new());
        for line in lines {
            let read = SetCookie::read(line, now);
            match read.and_then(|read| if cookie::is_ours(read.name) { Err(Dropped::Ours) } else { Ok(read) }) {
                Ok(read) => {
                    let fresh = UpstreamCookie::of(&read, asked);
                    set.retain(|earlier| !earlier.is_same(&fresh));
                    self.put(fresh.clone(), read.is_deleted(now));
                    set.push(fresh);
                }
                Err(why) => dropped.push(why),
            }
        }
        self.0.retain(|held| !cookie::has_ended(held.expires, now));
        dropped.extend(self.make_room(&before));
        let live = |cookie: &&UpstreamCookie| !cookie.is_empty() && self.0.iter().any(|held| held.is_same(cookie));
        Taken { live: set.iter().filter(live).map(|cookie| cookie.name.clone()).collect(), dropped }
    }

    /// Takes what a page's script sets (RFC 6265, 5.3, 10 and 11): it neither makes nor changes a cookie that is hidden from
    /// scripts.
    pub fn take_of_script(&mut self, line: &str, asked: &[u8], now: Timestamp) {
        let Ok(read) = SetCookie::read(line.as_bytes(), now) else { return };
        let fresh = UpstreamCookie::of(&read, path_of(asked));
        let is_hidden = read.http_only || self.0.iter().any(|held| held.is_same(&fresh) && held.http_only);
        if !is_hidden && !line.contains(char::is_control) {
            self.take([line.as_bytes()], asked, now);
        }
    }

    /// One that is set again keeps its place.
    fn put(&mut self, fresh: UpstreamCookie, is_deleted: bool) {
        match self.0.iter().position(|held| held.is_same(&fresh)) {
            Some(at) if is_deleted => drop(self.0.remove(at)),
            Some(at) => self.0[at] = fresh,
            None if is_deleted => {}
            None => self.0.push(fresh),
        }
    }

    fn make_room(&mut self, before: &[UpstreamCookie]) -> Vec<Dropped> {
        if self.0.len() <= MOST && self.0.iter().map(UpstreamCookie::size).sum::<usize>() <= MOST_BYTES {
            return Vec::new();
        }
        let is_old = |cookie: &UpstreamCookie| before.iter().any(|old| old.is_same(cookie));
        let (old, new): (Vec<_>, Vec<_>) = self.0.drain(..).partition(is_old);
        let (mut bytes, mut dropped) = (0, Vec::new());
        for cookie in old.into_iter().chain(new) {
            if self.0.len() < MOST && bytes + cookie.size() <= MOST_BYTES {
                bytes += cookie.size();
                self.0.push(cookie);
            } else {
                dropped.push(Dropped::NoRoom);
            }
        }
        dropped
    }

    /// The `Cookie` header for what is asked, longest paths first and then the oldest; none if there is nothing to send.
    /// It is never printed.
    #[must_use]
    pub fn header(&self, asked: &[u8], now: Timestamp) -> Option<HeaderValue> {
        let asked = path_of(asked);
        let goes = |cookie: &&UpstreamCookie| {
            !cookie::has_ended(cookie.expires, now) && cookie::path_matches(cookie.path.as_bytes(), asked)
        };
        let mut cookies: Vec<&UpstreamCookie> = self.0.iter().filter(goes).collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.as_bytes().len()));
        let pairs: Vec<Vec<u8>> =
            cookies.iter().map(|cookie| [cookie.name.as_bytes(), cookie.value.as_bytes()].join(&b'=')).collect();
        if pairs.is_empty() {
            return None;
        }
        let mut value = HeaderValue::from_bytes(&pairs.join(&b"; "[..])).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// All that a browser would hold.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The cookies.
    #[must_use]
    pub fn into_cookies(self) -> Vec<UpstreamCookie> {
        self.0
    }
}

/// What was asked, without its query.
fn path_of(asked: &[u8]) -> &[u8] {
    let path = asked.split(|byte| *byte == b'?').next().unwrap_or_default();
    if path.starts_with(b"/") { path } else { b"/" }
}

#[cfg(test)]
mod tests;
