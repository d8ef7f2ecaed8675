//! The extranet's cookies: kept during a conversation, and handed over as a browser would hold them.

use std::fmt;

use cookie::Cookie;
use cookie::time::OffsetDateTime;
use cookie_store::{CookieExpiration, CookieStore};
use serde::{Deserialize, Serialize};
use url::Url;

use super::site::Site;

/// A cookie of the extranet, without its domain: on the agency's public host it belongs to that host alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamCookie {
    /// Its name.
    pub name: String,
    /// Its value, as bytes on the wire; as good as a password while the session lives.
    pub value: String,
    /// Where it is sent.
    pub path: String,
    /// Hidden from scripts.
    pub http_only: bool,
    /// Only over TLS.
    pub secure: bool,
    /// Sent from other sites' pages or not; nothing said is the browser's own choice.
    pub same_site: Option<SameSite>,
    /// End of its life, seconds since 1970; none is the end of the browser's session.
    pub expires: Option<i64>,
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

impl UpstreamCookie {
    /// The cookies of a browser's `Cookie` header, of which only name and value are known; to end a relayed session.
    #[must_use]
    pub fn sent_by_browser(header: &str) -> Vec<Self> {
        let known = |cookie: Cookie<'_>| Self {
            name: cookie.name().to_owned(),
            value: cookie.value().to_owned(),
            path: "/".to_owned(),
            http_only: false,
            secure: false,
            same_site: None,
            expires: None,
        };
        Cookie::split_parse(header).filter_map(Result::ok).map(known).collect()
    }

    /// The `Set-Cookie` value that gives it to the browser on the agency's public host.
    #[must_use]
    pub fn to_set_cookie(&self, public_is_https: bool) -> String {
        let mut cookie = self.bare();
        if self.secure && public_is_https {
            cookie.set_secure(true);
        }
        match self.same_site {
            Some(SameSite::Strict) => cookie.set_same_site(cookie::SameSite::Strict),
            Some(SameSite::Lax) => cookie.set_same_site(cookie::SameSite::Lax),
            // Browsers refuse it without Secure.
            Some(SameSite::None) if self.secure && public_is_https => cookie.set_same_site(cookie::SameSite::None),
            Some(SameSite::None) | None => {}
        }
        cookie.to_string()
    }

    fn bare(&self) -> Cookie<'static> {
        let mut cookie = Cookie::new(self.name.clone(), self.value.clone());
        cookie.set_path(self.path.clone());
        if self.http_only {
            cookie.set_http_only(true);
        }
        if let Some(time) = self.expires.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()) {
            cookie.set_expires(time);
        }
        cookie
    }
}

impl fmt::Debug for UpstreamCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamCookie").field("name", &self.name).field("path", &self.path).finish_non_exhaustive()
    }
}

/// The cookies of one conversation (RFC 6265).
///
/// It behaves as the browser does behind the gateway: every cookie belongs to the one host, and `Secure` ones are sent
/// even where the last hop is plain, because the resident's own hop is not.
#[derive(Default)]
pub(super) struct Jar(CookieStore);

impl Jar {
    /// A jar that holds what was handed over earlier.
    pub(super) fn holding(cookies: &[UpstreamCookie], site: &Site) -> Self {
        let mut jar = Self::default();
        if let Some(url) = site.page("/").and_then(secured) {
            for cookie in cookies {
                // The error would only say that the cookie has expired.
                let _ = jar.0.insert_raw(&cookie.bare(), &url);
            }
        }
        jar
    }

    /// Takes the `Set-Cookie` values of an answer; returns the names of those that were set and not emptied.
    pub(super) fn take<'a>(&mut self, values: impl Iterator<Item = &'a str>, url: &Url, site: &Site) -> Vec<String> {
        let mut live: Vec<String> = Vec::new();
        let Some(url) = secured(url.clone()) else { return live };
        for cookie in values.filter_map(|value| Cookie::parse(value.to_owned()).ok()) {
            if cookie.domain().is_some_and(|domain| !site.covers(domain)) {
                continue;
            }
            let mut cookie = cookie;
            cookie.unset_domain();
            let (name, emptied) = (cookie.name().to_owned(), cookie.value().is_empty());
            let kept = matches!(
                self.0.insert_raw(&cookie, &url),
                Ok(cookie_store::StoreAction::Inserted | cookie_store::StoreAction::UpdatedExisting)
            );
            live.retain(|earlier| *earlier != name);
            if kept && !emptied {
                live.push(name);
            }
        }
        live
    }

    /// The `Cookie` header for a URL, longest paths first; none if there is nothing to send.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let url = secured(url.clone())?;
        let mut cookies = self.0.matches(&url);
        cookies.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.name().to_owned()));
        let pairs: Vec<String> = cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// All that a browser would hold now, in a steady order.
    pub(super) fn into_cookies(self) -> Vec<UpstreamCookie> {
        let mut cookies: Vec<UpstreamCookie> = self.0.iter_unexpired().map(handed_over).collect();
        cookies.sort_by(|a, b| (&a.path, &a.name).cmp(&(&b.path, &b.name)));
        cookies
    }
}

fn handed_over(cookie: &cookie_store::Cookie<'static>) -> UpstreamCookie {
    UpstreamCookie {
        name: cookie.name().to_owned(),
        value: cookie.value().to_owned(),
        path: String::from(&cookie.path),
        http_only: cookie.http_only().unwrap_or(false),
        secure: cookie.secure().unwrap_or(false),
        same_site: cookie.same_site().map(|same_site| match same_site {
            cookie::SameSite::Strict => SameSite::Strict,
            cookie::SameSite::Lax => SameSite::Lax,
            cookie::SameSite::None => SameSite::None,
        }),
        expires: match &cookie.expires {
            CookieExpiration::AtUtc(time) => Some(time.unix_timestamp()),
            CookieExpiration::SessionEnd => None,
        },
    }
}

/// The URL as the resident's browser sees it: over TLS.
fn secured(mut url: Url) -> Option<Url> {
    // The default port goes with the scheme; another one stays, cookies do not look at it.
    url.set_scheme("https").ok()?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::super::site::tests::site;
    use super::*;

    fn jar(values: &[&str]) -> (Jar, Vec<String>) {
        let site = site();
        let mut jar = Jar::default();
        let live = jar.take(values.iter().copied(), &site.page("/admin/login/").unwrap(), &site);
        (jar, live)
    }

    #[test]
    fn what_the_extranet_deletes_is_gone() {
        let (jar, live) = jar(&[
            "a=1; Path=/",
            "b=2; Path=/",
            "a=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/",
            "empty=; Path=/",
        ]);
        assert_eq!(live, ["b"]);
        assert_eq!(jar.into_cookies().into_iter().map(|cookie| cookie.name).collect::<Vec<_>>(), ["b", "empty"]);
    }

    #[test]
    fn cookies_go_where_their_path_says_longest_first() {
        let (jar, _) = jar(&["a=1; Path=/", "a=2; Secure", "c=3; Path=/other", "d=4; Domain=evil.example"]);
        let header = |path: &str| jar.header(&site().page(path).unwrap());
        assert_eq!(header("/admin/login/x").as_deref(), Some("a=2; a=1"));
        assert_eq!(header("/").as_deref(), Some("a=1"));
    }

    #[test]
    fn the_browser_gets_them_for_the_public_host() {
        let (jar, _) = jar(&[
            "sid=a\"b=; Domain=.extranet.example; HttpOnly; Secure; SameSite=None; Path=/wiki/",
            "seen=1; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT; SameSite=Lax",
        ]);
        let cookies = jar.into_cookies();
        let relayed = |https| cookies.iter().map(|cookie| cookie.to_set_cookie(https)).collect::<Vec<_>>();
        assert_eq!(
            relayed(true),
            [
                "seen=1; SameSite=Lax; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT",
                "sid=a\"b=; HttpOnly; SameSite=None; Secure; Path=/wiki/"
            ]
        );
        assert_eq!(relayed(false)[1], "sid=a\"b=; HttpOnly; Path=/wiki/");
    }

    #[test]
    fn a_jar_is_filled_again_from_what_was_stored() {
        let (jar, _) = jar(&["sid=s3cret; HttpOnly; Path=/wiki/"]);
        let cookies = jar.into_cookies();
        let stored = serde_json::to_string(&cookies).unwrap();
        let read: Vec<UpstreamCookie> = serde_json::from_str(&stored).unwrap();
        let jar = Jar::holding(&read, &site());
        assert_eq!(jar.header(&site().page("/wiki/doku.php").unwrap()).as_deref(), Some("sid=s3cret"));
        assert_eq!(jar.header(&site().page("/").unwrap()), None);
        assert!(!format!("{cookies:?}").contains("s3cret"));
    }

    #[test]
    fn a_jar_is_filled_from_what_the_browser_sent() {
        let cookies = UpstreamCookie::sent_by_browser("sid=a=b; bad; seen=1");
        let jar = Jar::holding(&cookies, &site());
        assert_eq!(jar.header(&site().page("/any/where").unwrap()).as_deref(), Some("seen=1; sid=a=b"));
    }
}
