//! Where requests come from, as far as they are counted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A client to count by: an IPv4 address, or the /64 of an IPv6 one. That is the smallest network that a household gets,
/// and each of its devices may change its address within it at will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        let IpAddr::V6(six) = address else { return Self(address) };
        if let Some(four) = within(six) {
            return Self(IpAddr::V4(four));
        }
        let [a, b, c, d, ..] = six.segments();
        Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
    }
}

/// The IPv4 address that an IPv6 one only carries: mapped by a socket for both (RFC 4291), or translated in front of a
/// server that has IPv6 only (RFC 6052). By their /64 all of them would be one client.
fn within(six: Ipv6Addr) -> Option<Ipv4Addr> {
    const TRANSLATED: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];
    let [.., high, low] = six.segments();
    let is_translated = six.segments().starts_with(&TRANSLATED);
    let carried = || Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    six.to_ipv4_mapped().or_else(|| is_translated.then(carried))
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn review_b11_whoever_has_a_network_is_one_client() {
        let told = |address: &str| Client::from(address.parse::<IpAddr>().expect("an address")).to_string();
        for (address, client) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:c000:207", "192.0.2.7"),
            ("64:ff9b::192.0.2.7", "192.0.2.7"),
            ("64:ff9b:1::192.0.2.7", "64:ff9b:1::/64"),
            ("::1", "::/64"),
        ] {
            assert_eq!(told(address), client, "{address}");
        }
    }
}
