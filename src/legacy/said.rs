//! What a request to an extranet says besides what it asks for: of the browser that it is made for, and of the gateway in
//! between. A forwarded request and a sign-in say the same (decision 59).

use std::net::IpAddr;

use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::coding;
use crate::domain::origin::Origin;
use crate::domain::upstream::{Forwarded, Upstream};

/// The request's name.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What a browser says of itself with every page that it asks for.
const OF_ITSELF: [HeaderName; 8] = [
    USER_AGENT,
    ACCEPT_LANGUAGE,
    ACCEPT_ENCODING,
    HeaderName::from_static("dnt"),
    HeaderName::from_static("sec-gpc"),
    HeaderName::from_static("sec-ch-ua"),
    HeaderName::from_static("sec-ch-ua-mobile"),
    HeaderName::from_static("sec-ch-ua-platform"),
];
/// What it says with a page that somebody opens by hand, or by a form.
const OF_A_PAGE: [(HeaderName, &str); 5] = [
    (ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (HeaderName::from_static("upgrade-insecure-requests"), "1"),
    (HeaderName::from_static("sec-fetch-mode"), "navigate"),
    (HeaderName::from_static("sec-fetch-user"), "?1"),
    (HeaderName::from_static("sec-fetch-dest"), "document"),
];

/// What a browser says of itself, as it says it.
#[derive(Debug, Clone)]
pub struct Browser(Vec<(HeaderName, HeaderValue)>);

impl Browser {
    /// As one of its requests has it. What it does not say is not said for it. It may take more codings of a body than can
    /// be read here: those are left out.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut said = Vec::new();
        for name in OF_ITSELF {
            let value = headers.get(&name);
            let value = if name == ACCEPT_ENCODING { value.and_then(coding::readable) } else { value.cloned() };
            said.extend(value.map(|value| (name, value)));
        }
        Self(said)
    }

    /// Its name.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == USER_AGENT).and_then(|(_, value)| value.to_str().ok())
    }

    /// Puts it into a request for a page.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        for (name, value) in OF_A_PAGE {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in &self.0 {
            headers.insert(name.clone(), value.clone());
        }
    }
}

impl Default for Browser {
    /// Nobody's browser asks: what a plain one would say.
    fn default() -> Self {
        const OURS: &str = concat!("Mozilla/5.0 (compatible; Vestibule/", env!("CARGO_PKG_VERSION"), ")");
        let plain =
            [(USER_AGENT, OURS), (ACCEPT_LANGUAGE, "fr-FR,fr;q=0.9,en;q=0.8"), (ACCEPT_ENCODING, "gzip, deflate")];
        Self(plain.map(|(name, value)| (name, HeaderValue::from_static(value))).to_vec())
    }
}

/// What an extranet is told of the gateway in front of it.
#[derive(Debug, Clone)]
pub struct Front {
    /// Scheme and host; none where nothing is told.
    asked_by: Option<(HeaderValue, HeaderValue)>,
}

impl Front {
    /// As its file declares it, where browsers are at `public`; none if that cannot be written in a header.
    #[must_use]
    pub fn of(upstream: &Upstream, public: &Origin) -> Option<Self> {
        let (scheme, host) = match upstream.forwarded {
            Forwarded::None => return Some(Self { asked_by: None }),
            Forwarded::Public => (public.scheme(), public.authority()),
            Forwarded::Upstream => (upstream.origin.scheme(), upstream.host_header.clone()),
        };
        let host = HeaderValue::from_str(&host).ok()?;
        Some(Self { asked_by: Some((HeaderValue::from_static(scheme.as_str()), host)) })
    }

    /// Puts it into a request that `client` made.
    pub fn tell(&self, headers: &mut HeaderMap, client: IpAddr) {
        let Some((scheme, host)) = &self.asked_by else { return };
        headers.insert(X_FORWARDED_FOR.clone(), written(client));
        headers.insert(X_FORWARDED_PROTO.clone(), scheme.clone());
        headers.insert(X_FORWARDED_HOST.clone(), host.clone());
    }
}

/// An address as a header's value; one of IPv4 without the formatting machinery, which costs ten times as much.
fn written(address: IpAddr) -> HeaderValue {
    const DIGITS: &str = "digits, letters, dots and colons";
    let IpAddr::V4(v4) = address else { return HeaderValue::from_str(&address.to_string()).expect(DIGITS) };
    let mut text = [0; 15];
    let mut length = 0;
    let mut push = |byte: u8| {
        text[length] = byte;
        length += 1;
    };
    for (at, octet) in v4.octets().into_iter().enumerate() {
        if at > 0 {
            push(b'.');
        }
        if octet >= 100 {
            push(b'0' + octet / 100);
        }
        if octet >= 10 {
            push(b'0' + octet / 10 % 10);
        }
        push(b'0' + octet % 10);
    }
    HeaderValue::from_bytes(&text[..length]).expect(DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(forwarded: Forwarded) -> Upstream {
        Upstream {
            origin: Origin::parse("http://10.0.0.5:8080").unwrap(),
            host_header: "extranet.example".into(),
            aliases: Vec::new(),
            connect_timeout_ms: 1000,
            read_timeout_ms: 1000,
            trust: crate::domain::trust::Trust::default(),
            forwarded,
        }
    }

    #[test]
    fn f7_an_extranet_is_told_of_the_public_name_of_its_own_or_of_nothing() {
        let public = Origin::parse("https://a.residents.example:8443").unwrap();
        let told = |forwarded, client: &str| {
            let mut headers = HeaderMap::new();
            Front::of(&upstream(forwarded), &public).unwrap().tell(&mut headers, client.parse().unwrap());
            let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            [&X_FORWARDED_FOR, &X_FORWARDED_PROTO, &X_FORWARDED_HOST].map(text)
        };
        let some = |texts: [&str; 3]| texts.map(|text| Some(text.to_owned()));
        let public_name = some(["192.0.2.7", "https", "a.residents.example:8443"]);
        assert_eq!(told(Forwarded::Public, "192.0.2.7"), public_name);
        assert_eq!(told(Forwarded::Upstream, "2001:db8::1"), some(["2001:db8::1", "http", "extranet.example"]));
        assert_eq!(told(Forwarded::None, "192.0.2.7"), [None, None, None]);
    }

    #[test]
    fn an_address_is_written_as_everybody_writes_it() {
        for text in ["0.0.0.0", "1.2.3.4", "10.20.30.40", "109.90.99.100", "255.255.255.255", "::1", "2001:db8::7"] {
            assert_eq!(written(text.parse().unwrap()), text);
        }
    }
}
