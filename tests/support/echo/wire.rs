//! HTTP/1.1 by hand: what came is kept byte by byte, and nothing is repaired.

use std::{
    borrow::Cow,
    io::{self, Write as _},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{House, Seen, answers, lock, manners};

/// As much of a body as is kept.
const KEPT: usize = 64 * 1024;

/// One connection, with what was read ahead.
pub struct Wire {
    pub stream: TcpStream,
    /// The content coding of pages.
    coding: Option<&'static str>,
    ahead: Vec<u8>,
}

/// Whether the connection goes on after an answer.
pub enum After {
    Next,
    Close,
}

pub async fn serve(listener: TcpListener, house: Arc<House>) {
    // Ends with this task, and every connection with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let house = Arc::clone(&house);
        connections.spawn(async move {
            // A peer that goes away is no failure of this extranet.
            let _ = converse(Wire { stream, coding: None, ahead: Vec::new() }, &house).await;
        });
    }
}

async fn converse(mut wire: Wire, house: &Arc<House>) -> io::Result<()> {
    while let Some(head) = wire.head().await? {
        let mut seen = parse(head);
        if seen.values("expect").iter().any(|value| value.eq_ignore_ascii_case("100-continue")) {
            wire.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        wire.body(&mut seen).await?;
        lock(&house.seen).push(seen.clone());
        wire.coding = lock(&house.manners).coding;
        if seen.values("upgrade").iter().any(|value| value.eq_ignore_ascii_case("websocket")) {
            if !manners::lets_in(&seen) {
                wire.answer(&seen, 403, &[], b"not from there").await?;
                break;
            }
            return answers::websocket(wire, &seen).await;
        }
        match answers::answer(&mut wire, house, &seen).await? {
            After::Next => {}
            After::Close => break,
        }
    }
    wire.stream.shutdown().await
}

impl Wire {
    /// Writes an answer with a length.
    pub async fn answer(
        &mut self,
        seen: &Seen,
        status: u16,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> io::Result<After> {
        let is_page =
            headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-type") && value.contains("html"));
        let coding = self.coding.filter(|_| is_page);
        let body = &*coding.map_or(Cow::Borrowed(body), |coding| coded(coding, body).into());
        let mut head = format!("HTTP/1.1 {status} Because\r\nContent-Length: {}\r\n", body.len()).into_bytes();
        if let Some(coding) = coding {
            head.extend_from_slice(format!("Content-Encoding: {coding}\r\n").as_bytes());
        }
        for (name, value) in headers {
            head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        if seen.method != "HEAD" {
            head.extend_from_slice(body);
        }
        self.stream.write_all(&head).await?;
        Ok(After::Next)
    }

    async fn head(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.ahead.split_off(end + 4);
                return Ok(Some(std::mem::replace(&mut self.ahead, rest)));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// Reads the body, keeps its beginning and counts the rest.
    async fn body(&mut self, seen: &mut Seen) -> io::Result<()> {
        let chunked =
            seen.values("transfer-encoding").iter().any(|value| value.to_ascii_lowercase().contains("chunked"));
        if !chunked {
            let length = seen.values("content-length").first().and_then(|value| value.trim().parse().ok()).unwrap_or(0);
            return self.take(length, seen).await;
        }
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().and_then(|size| u64::from_str_radix(size.trim(), 16).ok());
            let size = size.ok_or(io::ErrorKind::InvalidData)?;
            self.take(size, seen).await?;
            self.line().await?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, mut length: u64, seen: &mut Seen) -> io::Result<()> {
        while length > 0 {
            if self.ahead.is_empty() && !self.more().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let part = usize::try_from(length).unwrap_or(usize::MAX).min(self.ahead.len());
            let room = KEPT.saturating_sub(seen.body.len()).min(part);
            seen.body.extend_from_slice(&self.ahead[..room]);
            seen.body_length += part as u64;
            length -= part as u64;
            self.ahead.drain(..part);
        }
        Ok(())
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.ahead.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.ahead.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
            if !self.more().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn more(&mut self) -> io::Result<bool> {
        let mut buffer = vec![0; 64 * 1024];
        let length = self.stream.read(&mut buffer).await?;
        self.ahead.extend_from_slice(&buffer[..length]);
        Ok(length > 0)
    }
}

fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" | "x-gzip" => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(body).and_then(|()| writer.finish()).expect("a page in memory")
        }
        "deflate" => {
            // Bare, as some servers have it.
            let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(body).and_then(|()| writer.finish()).expect("a page in memory")
        }
        "br" => {
            let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20);
            writer.write_all(body).expect("a page in memory");
            writer.into_inner()
        }
        _ => zstd::stream::encode_all(body, 3).expect("a page in memory"),
    }
}

fn parse(raw: Vec<u8>) -> Seen {
    let text: String = raw.iter().map(|byte| char::from(*byte)).collect();
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default().to_owned(), first.next().unwrap_or_default().to_owned());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Seen { raw, method, target, headers, body_length: 0, body: Vec::new() }
}
