//! `vestibule health`: asks the gateway that runs on this machine how it is, for container engines and scripts.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use super::configured::to_type;
use super::control;
use super::said::Said;
use super::terminal::say;
use super::{Ended, runtime};
use crate::config::{self, ControlPlaces, Glance};

/// Longest wait for each part of the answer; the listener itself gives a dependency two seconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks `/readyz`, or only `/healthz`, and says what the answer is.
///
/// Where it is told stands in the main file. A gateway that was started on another one, or a file that is broken, is no
/// reason to call a gateway ill: it is asked itself where it tells its health.
pub(super) fn run(config: &Path, alive: bool) -> Ended {
    let Glance { health, control } = config::glance(config);
    let path = if alive { "/healthz" } else { "/readyz" };
    let address = match health.map(reachable) {
        Some(address) if TcpStream::connect_timeout(&address, PATIENCE).is_ok() => address,
        said => match in_force(&control).map(reachable).or(said) {
            Some(address) => address,
            None => {
                return Ended::Failed(format!(
                    "{}: it does not say where the gateway tells its health, and no gateway answers on its control socket \
                     (hint: {})",
                    config.display(),
                    to_type("check")
                ));
            }
        },
    };
    match ask(address, path) {
        Ok((200, body)) => {
            say!("{}", body.trim_end());
            Ended::Done
        }
        Ok((status, body)) => Ended::Failed(format!("{path} answers {status}: {}", body.trim_end())),
        Err(error) => Ended::Failed(format!("nobody answers on {address}: {error} (is the gateway running?)")),
    }
}

/// Where the gateway that runs says that it tells its health.
fn in_force(places: &ControlPlaces) -> Option<SocketAddr> {
    match runtime(1).ok()?.block_on(control::ask(places, "health")) {
        Ok(Said::Done(text)) => text.parse().ok(),
        _ => None,
    }
}

/// A listener on every address is asked on this machine's own.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(std::io::ErrorKind::InvalidData)?;
    Ok((status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e09_a_listener_on_every_address_is_asked_on_this_machine() {
        let asked = |listener: &str| reachable(listener.parse().expect("an address")).to_string();
        assert_eq!(asked("0.0.0.0:8081"), "127.0.0.1:8081");
        assert_eq!(asked("[::]:8081"), "[::1]:8081");
        assert_eq!(asked("10.0.0.7:8081"), "10.0.0.7:8081");
    }
}
