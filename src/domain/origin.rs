//! Web origins (RFC 6454): scheme, host and port, written in one way only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Without TLS: demo, tests, and the last hop to an extranet.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// As written in URLs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that is left out.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, lower-case host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Origin {
    /// Reads `https://host[:port]`, with nothing after it but one slash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if bare { Self::of(&url) } else { None }
    }

    /// The origin of an absolute http(s) URL.
    #[must_use]
    pub fn of(url: &url::Url) -> Option<Self> {
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then(|| Self { scheme, host, port: url.port().unwrap_or(scheme.default_port()) })
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host alone, lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, written or not.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The origin of a name below this one's host.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { scheme: self.scheme, host: format!("{name}.{}", self.host), port: self.port }
    }

    /// The same host without TLS, where this is with it: what a server writes that does not know of the TLS in front.
    #[must_use]
    pub fn plain(&self) -> Option<Self> {
        match self.scheme {
            Scheme::Https => {
                Some(Self { scheme: Scheme::Http, host: self.host.clone(), port: Scheme::Http.default_port() })
            }
            Scheme::Http => None,
        }
    }

    /// `host[:port]`, the port left out where it is the scheme's own: what a Host header carries.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

impl Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The host of a `Host` header, as routes are looked up: lower case, without port and final dot (SEC-015).
///
/// None for what no browser sends: blanks, commas, `@`, control bytes, an empty host (SEC-124).
#[must_use]
pub fn host_of_authority(authority: &str) -> Option<String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(']') || !port.is_empty() => (host, port),
        _ => (authority, ""),
    };
    let port_fits = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let host_fits = !host.is_empty()
        && host.len() <= 253
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && !host.starts_with('.')
        && !host.contains("..");
    (port_fits && host_fits).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_in_one_way_only() {
        let text = |text: &str| Origin::parse(text).map(|origin| origin.to_string());
        assert_eq!(text("HTTPS://Www.Example:443/").as_deref(), Some("https://www.example"));
        assert_eq!(text("http://127.0.0.1:8080").as_deref(), Some("http://127.0.0.1:8080"));
        for wrong in ["www.example", "ftp://a", "http://a/b", "http://u@a", "http://a/?q", ""] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_spelling_of_a_host_is_the_same_host() {
        for spelling in ["gw.example", "GW.EXAMPLE", "gw.example.", "gw.example:443", "gw.example:8443"] {
            assert_eq!(host_of_authority(spelling).as_deref(), Some("gw.example"), "{spelling}");
        }
        for wrong in ["", "a b", "a,b", "a@b", "a:b", "..", "a..b", ".a", "[::1", "a\0.b"] {
            assert_eq!(host_of_authority(wrong), None, "{wrong:?}");
        }
    }
}
