//! From where a request comes: the socket's address, or what trusted proxies say (f07, SEC-008, SEC-009).

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// More hops than any real chain has; what stands further left is not read.
const MAX_HOPS: usize = 32;

/// The proxies in front of us whose `X-Forwarded-For` is believed; nobody by default (SEC-011).
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// What this peer says of the trace that a request belongs to, if it is trusted.
    #[must_use]
    pub fn trace_of<'h>(&self, peer: IpAddr, headers: &'h HeaderMap) -> Option<&'h str> {
        let said = headers.get("traceparent").filter(|_| self.hold(peer.to_canonical()))?;
        said.to_str().ok()
    }

    /// The client's address: the right-most one in `X-Forwarded-For` that is no trusted proxy, if the peer is one.
    ///
    /// Something that is no address ends the walk: who wrote it is not believed, and the nearest proxy that was
    /// counts as the client, so that rubbish never skips a step.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        if !self.hold(nearest) {
            return nearest;
        }
        let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().map(|v| v.to_str().unwrap_or("?")).collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')).take(MAX_HOPS) {
            let Some(address) = address(hop.trim()) else { break };
            nearest = address;
            if !self.hold(nearest) {
                break;
            }
        }
        nearest
    }
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header value"));
        }
        let trusted = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        TrustedProxies::new(trusted).client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn sec_008_a_stranger_cannot_choose_its_address() {
        assert_eq!(client("203.0.113.9", &["1.2.3.4"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["1.2.3.4"], &[]), "203.0.113.9");
    }

    #[test]
    fn sec_008_from_a_trusted_proxy_the_right_most_untrusted_address_counts() {
        let trusted = ["10.0.0.0/8", "::1/128"];
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.2"], &trusted), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "1.2.3.4"], &trusted), "1.2.3.4");
        assert_eq!(client("::ffff:10.0.0.1", &["1.2.3.4:80"], &trusted), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["10.0.0.7"], &trusted), "10.0.0.7");
        assert_eq!(client("10.0.0.1", &[], &trusted), "10.0.0.1");
        assert_eq!(client("::1", &["[2001:db8::7]:443"], &trusted), "2001:db8::7");
    }

    #[test]
    fn sec_009_rubbish_from_a_trusted_proxy_ends_the_walk() {
        let long = "x".repeat(10_000);
        for rubbish in ["a", "'", "", "é", "1.2.3.4.5", &long] {
            let value = http::HeaderValue::from_bytes(rubbish.as_bytes()).expect("a header value");
            let mut headers = HeaderMap::new();
            headers.append("x-forwarded-for", value);
            let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().expect("a network")]);
            assert_eq!(trusted.client([10, 0, 0, 1].into(), &headers).to_string(), "10.0.0.1");
        }
        assert_eq!(client("10.0.0.1", &["1.2.3.4, a"], &["10.0.0.0/8"]), "10.0.0.1");
    }
}
