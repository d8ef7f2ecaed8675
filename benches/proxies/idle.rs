//! What an idle connection costs in memory: many of them, each after one request.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::contenders::Contender;
use crate::residents::Resident;
use crate::{COOKIE_NAME, Failed, Size};

/// How many connections are left open.
const CONNECTIONS: usize = 2000;
/// Time in which a contender that is going to give memory back, or to close, has done so.
const SETTLE: Duration = Duration::from_millis(700);

/// KiB of memory for each of many connections that are idle.
pub fn memory(contender: &Contender, residents: &[Resident]) -> Result<f64, Failed> {
    let asked = |turn: usize| {
        let resident = &residents[turn % residents.len()];
        let cookie = format!("Cookie: {COOKIE_NAME}={}\r\n", resident.cookie);
        get(contender.address, &resident.host, &format!("/{}/{}", resident.login, Size::Small.name()), &cookie)
    };
    // What is made once, by the first requests, does not count.
    for turn in 0..residents.len() {
        asked(turn)?;
    }
    std::thread::sleep(SETTLE);
    let before = contender.memory_kib()?;
    let open = (0..CONNECTIONS).map(|turn| asked(turn).map(|(stream, _)| stream)).collect::<Result<Vec<_>, _>>()?;
    std::thread::sleep(SETTLE);
    let after = contender.memory_kib()?;
    for mut stream in &open {
        stream.set_nonblocking(true)?;
        let still_open = stream.read(&mut [0; 1]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        if !still_open {
            return Err("an idle connection was closed while it was measured".into());
        }
    }
    drop(open);
    std::thread::sleep(SETTLE);
    Ok((after - before) / count(CONNECTIONS))
}

/// One GET on a connection of its own, which is left open; the body of what is a success.
pub fn get(address: SocketAddr, host: &str, path: &str, lines: &str) -> Result<(TcpStream, String), Failed> {
    let (stream, head, body) = ask(address, host, path, lines)?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("{address} answered {}", head.lines().next().unwrap_or_default()).into());
    }
    Ok((stream, body))
}

/// One GET, whatever the answer: its head and its body.
pub fn ask(address: SocketAddr, host: &str, path: &str, lines: &str) -> Result<(TcpStream, String, String), Failed> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n").as_bytes())?;
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece)?;
        answer.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if length.is_some_and(|length| body.len() >= length) {
                return Ok((stream, head.to_owned(), body.to_owned()));
            }
        }
        if read == 0 {
            return Err(format!("{address} closed the connection").into());
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
const fn count(number: usize) -> f64 {
    number as f64
}
