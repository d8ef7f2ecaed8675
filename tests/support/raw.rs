//! A bare socket, for requests that no client would send.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection to the gateway.
pub struct Raw {
    stream: TcpStream,
    ahead: Vec<u8>,
}

/// One answer from the wire.
#[derive(Debug, Clone)]
pub struct RawAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Raw {
    /// Connects.
    pub fn connect(port: u16) -> Self {
        Self::try_connect(port).expect("a connection")
    }

    /// Connects, if anybody listens.
    pub fn try_connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, ahead: Vec::new() })
    }

    /// Sends these bytes as they are; a gateway that has hung up is no failure.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(bytes.as_ref());
        self
    }

    /// The next answer, or none where the gateway hangs up instead.
    pub fn answer(&mut self) -> Option<RawAnswer> {
        self.answer_to("GET")
    }

    /// The next answer to a request with this method.
    pub fn answer_to(&mut self, method: &str) -> Option<RawAnswer> {
        let end = loop {
            if let Some(end) = self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if !self.more() {
                return None;
            }
        };
        let head: Vec<u8> = self.ahead.drain(..end).collect();
        let head: String = head.iter().map(|byte| char::from(*byte)).collect();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = RawAnswer { status, headers, body: Vec::new() };
        if (100..200).contains(&status) && status != 101 {
            return self.answer_to(method);
        }
        if method != "HEAD" && !matches!(status, 101 | 204 | 304) {
            answer.body = self.body(&answer);
        }
        Some(answer)
    }

    /// Whether the gateway hangs up now, without a further byte.
    pub fn is_closed(&mut self) -> bool {
        self.ahead.is_empty() && !self.more()
    }

    /// So many bytes, or none where the gateway hangs up before.
    pub fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.ahead.len() < length {
            if !self.more() {
                return None;
            }
        }
        Some(self.ahead.drain(..length).collect())
    }

    /// Every further byte, until the gateway hangs up.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.ahead)
    }

    fn body(&mut self, answer: &RawAnswer) -> Vec<u8> {
        if let Some(length) = answer.header("content-length").and_then(|text| text.parse::<usize>().ok()) {
            while self.ahead.len() < length && self.more() {}
            let length = length.min(self.ahead.len());
            return self.ahead.drain(..length).collect();
        }
        let mut body = Vec::new();
        if answer.header("transfer-encoding").is_some() {
            while let Some(line) = self.line() {
                let Ok(size) = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16) else {
                    break;
                };
                while self.ahead.len() < size && self.more() {}
                body.extend(self.ahead.drain(..size.min(self.ahead.len())));
                self.line();
                if size == 0 {
                    break;
                }
            }
            return body;
        }
        while self.more() {}
        std::mem::take(&mut self.ahead)
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.ahead.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.ahead.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line).trim().to_owned());
            }
            if !self.more() {
                return None;
            }
        }
    }

    fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(length) => {
                self.ahead.extend_from_slice(&buffer[..length]);
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the gateway neither answers nor hangs up")
            }
            Err(_) => false,
        }
    }
}

impl RawAnswer {
    /// The first header of this (small-letter) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
