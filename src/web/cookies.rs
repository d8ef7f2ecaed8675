//! The cookies that we set: what they are called and how they are written (SEC-234, LAW-029).

use ::cookie::{Cookie, SameSite, time::Duration};
use http::header::{COOKIE, HeaderMap, HeaderValue};

use crate::domain::cookie;
use crate::domain::device::KNOWN_DAYS;
use crate::domain::origin::Scheme;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who is signed in; on the portal and on each agency's host, never the same value.
    Session,
    /// The browser from its first page on: form token and wizard hang on it.
    Browser,
    /// A device on which somebody has signed in (f02).
    Device,
    /// The language that was chosen.
    Language,
    /// Binds a hand-over to the browser on an agency's host (a24).
    Bind,
    /// Counts sign-ins upstream in a row, so that they end (REL-042).
    Renewals,
    /// Whose the extranet's cookies on an agency's host are, by the account's label (b17).
    Account,
    /// Which agency was signed in to last from this browser, by its codes; on the portal.
    Agency,
    /// How many sign-ins were refused in this browser, under its secret; on the portal (§17).
    Refusals,
    /// What a form was answered, until its page has shown it; on the portal.
    Answer,
}

impl Kind {
    /// Every one, in the order in which the page about personal data tells of them.
    pub const ALL: [Self; 10] = [
        Self::Session,
        Self::Browser,
        Self::Language,
        Self::Device,
        Self::Agency,
        Self::Account,
        Self::Refusals,
        Self::Answer,
        Self::Bind,
        Self::Renewals,
    ];

    /// How long a browser keeps it from the last time that it is set; None: until the browser is closed. A session whose
    /// « Garder ma session active » was ticked lasts as long as the agency lets it.
    #[must_use]
    pub const fn lasts(self) -> Option<Duration> {
        match self {
            Self::Device | Self::Agency | Self::Account => Some(Duration::days(KNOWN_DAYS as i64)),
            Self::Language => Some(Duration::days(365)),
            Self::Renewals => Some(Duration::seconds(20)),
            Self::Session | Self::Browser | Self::Bind | Self::Refusals | Self::Answer => None,
        }
    }

    /// What it is for, in a word: the end of its sentence's key.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Browser => "form",
            Self::Device => "device",
            Self::Language => "language",
            Self::Bind => "passage",
            Self::Renewals => "renewals",
            Self::Account => "account",
            Self::Agency => "agency",
            Self::Refusals => "refusals",
            Self::Answer => "answer",
        }
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Session => ("vestibule", "__Host-vestibule"),
            Self::Browser => ("vestibule-browser", "__Host-vestibule-browser"),
            Self::Device => ("vestibule-device", "__Host-vestibule-device"),
            Self::Language => ("vestibule-language", "__Host-vestibule-language"),
            Self::Bind => ("vestibule-bind", "__Host-vestibule-bind"),
            Self::Renewals => ("vestibule-renewals", "__Host-vestibule-renewals"),
            Self::Account => ("vestibule-account", "__Host-vestibule-account"),
            Self::Agency => ("vestibule-agency", "__Host-vestibule-agency"),
            Self::Refusals => ("vestibule-refusals", "__Host-vestibule-refusals"),
            Self::Answer => ("vestibule-answer", "__Host-vestibule-answer"),
        }
    }

    /// The cookie's name: with the `__Host-` prefix wherever the browser speaks TLS.
    #[must_use]
    pub const fn name(self, scheme: Scheme) -> &'static str {
        let (plain, prefixed) = self.names();
        match scheme {
            Scheme::Http => plain,
            Scheme::Https => prefixed,
        }
    }
}

/// The name of the session cookie, which the data plane looks for.
#[must_use]
pub const fn session_name(scheme: Scheme) -> &'static str {
    Kind::Session.name(scheme)
}

/// A `Set-Cookie` value. Without `max_age` it lasts as long as the browser is open.
#[must_use]
pub fn set(kind: Kind, scheme: Scheme, value: &str, max_age: Option<Duration>) -> String {
    let mut cookie = Cookie::build((kind.name(scheme), value.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(scheme == Scheme::Https);
    if let Some(max_age) = max_age {
        cookie = cookie.max_age(max_age);
    }
    cookie.build().to_string()
}

/// A `Set-Cookie` value that takes the cookie away.
#[must_use]
pub fn clear(kind: Kind, scheme: Scheme) -> String {
    set(kind, scheme, "", Some(Duration::ZERO))
}

/// The value of a cookie of ours, as a text; whatever else the browser sends beside it (ATT-07).
#[must_use]
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    std::str::from_utf8(cookie::find(lines, name)?).ok()
}

/// The value of a cookie of ours, if it has the form of a secret that we make.
#[must_use]
pub fn find_secret<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    find(headers, name).filter(|value| {
        value.len() == 43 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_234_cookies_carry_the_host_prefix_and_every_protection_under_tls() {
        let cookie = set(Kind::Session, Scheme::Https, "x", None);
        assert_eq!(cookie, "__Host-vestibule=x; HttpOnly; SameSite=Lax; Secure; Path=/");
        assert!(!set(Kind::Session, Scheme::Http, "x", None).contains("Secure"));
    }

    #[test]
    fn sec_061_a_cookie_that_comes_twice_or_malformed_counts_as_absent() {
        let headers = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("cookie", HeaderValue::from_bytes(text.as_bytes()).expect("a header"));
            headers
        };
        let good = "a".repeat(43);
        assert_eq!(find_secret(&headers(&format!("x=1; vestibule={good}")), "vestibule"), Some(good.as_str()));
        let beside = headers(&format!("nom=Amélie; vestibule={good}; \u{e9}"));
        assert_eq!(find_secret(&beside, "vestibule"), Some(good.as_str()));
        for bad in [
            format!("vestibule={good}; vestibule={good}"),
            "vestibule=%".into(),
            ";;=;".into(),
            format!("vestibule={}é", &good[2..]),
        ] {
            assert_eq!(find_secret(&headers(&bad), "vestibule"), None, "{bad}");
        }
    }
}
