//! Who is really there, behind a balancer that speaks the PROXY protocol, version 1 or 2.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use ppp::{v1, v2};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// The longest header of version 1, with its line end.
const LONGEST_V1: usize = 107;
/// The longest part of version 2 that is read: addresses and what balancers add to them.
const LONGEST_V2: usize = 2048;
/// How version 2 begins.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The balancers in front of a listener: who is one begins with a PROXY header, and nobody else is let in.
#[derive(Debug, Clone)]
pub struct Balancers(pub Arc<[IpNet]>);

/// The client's address by the PROXY header that a balancer sends first; the balancer's own for its health checks.
///
/// # Errors
/// The peer is no balancer, or sends no such header.
pub async fn client_behind(stream: &mut TcpStream, peer: SocketAddr, balancers: &Balancers) -> io::Result<SocketAddr> {
    let wrong = |what: &'static str| io::Error::new(io::ErrorKind::InvalidData, what);
    let address = peer.ip().to_canonical();
    if !balancers.0.iter().any(|network| network.contains(&address)) {
        return Err(wrong("not from a balancer that is listed"));
    }
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        header.resize(16, 0);
        stream.read_exact(&mut header[12..]).await?;
        let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
        if length > LONGEST_V2 {
            return Err(wrong("a PROXY header that is too long"));
        }
        header.resize(16 + length, 0);
        stream.read_exact(&mut header[16..]).await?;
        let header = v2::Header::try_from(&header[..]).map_err(|_| wrong("no PROXY header"))?;
        return Ok(match header.addresses {
            _ if header.command == v2::Command::Local => peer,
            v2::Addresses::IPv4(pair) => (IpAddr::from(pair.source_address), pair.source_port).into(),
            v2::Addresses::IPv6(pair) => (IpAddr::from(pair.source_address).to_canonical(), pair.source_port).into(),
            v2::Addresses::Unspecified | v2::Addresses::Unix(_) => peer,
        });
    }
    if !header.starts_with(b"PROXY ") {
        return Err(wrong("no PROXY header"));
    }
    while !header.ends_with(b"\r\n") {
        if header.len() >= LONGEST_V1 {
            return Err(wrong("a PROXY header that is too long"));
        }
        header.push(stream.read_u8().await?);
    }
    let header = v1::Header::try_from(&header[..]).map_err(|_| wrong("no PROXY header"))?;
    Ok(match header.addresses {
        v1::Addresses::Tcp4(pair) => (IpAddr::from(pair.source_address), pair.source_port).into(),
        v1::Addresses::Tcp6(pair) => (IpAddr::from(pair.source_address).to_canonical(), pair.source_port).into(),
        v1::Addresses::Unknown => peer,
    })
}
