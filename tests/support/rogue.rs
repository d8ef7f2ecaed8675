//! An extranet that does everything wrong that one can do on a wire; what it does stands in the asked path.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

use super::{RUNTIME, site::Agency, wait};

/// A running one; it ends with this value.
pub struct Rogue {
    address: SocketAddr,
    asked: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Rogue {
    /// Starts on a free port.
    pub fn start() -> Self {
        let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(AtomicU64::new(0));
        let task = RUNTIME.spawn(serve(listener, Arc::clone(&asked))).abort_handle();
        Self { address, asked, task }
    }

    /// The agency in front of it, at `<label>.localhost`: everything below `/public/` is open to strangers.
    pub fn agency(&self, label: &str) -> Agency {
        agency(label, &format!("http://{}", self.address))
    }

    /// How many requests have reached it.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An agency whose extranet is at this address, where there may be nothing at all.
pub fn agency(label: &str, upstream: &str) -> Agency {
    let text = r#"
        client = "ROGUE"
        [upstream]
        connect_timeout_ms = 400
        read_timeout_ms = 1000
        [sign_in]
        adapter = "trusted-headers"
        verifier = "roster"
        [[headers]]
        name = "X-Extranet-User"
        value = "{login}"
        [paths]
        public = ["/public/"]
    "#;
    let societe = label.to_ascii_uppercase();
    Agency::from_toml(label, text)
        .set("societe", societe)
        .set("name", format!("Agence {label}"))
        .set("upstream.url", upstream)
}

async fn serve(listener: TcpListener, asked: Arc<AtomicU64>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let asked = Arc::clone(&asked);
        connections.spawn(async move {
            // A gateway that hangs up on such an extranet is in its right.
            let _ = converse(stream, &asked).await;
        });
    }
}

async fn converse(mut stream: TcpStream, asked: &AtomicU64) -> io::Result<()> {
    let mut ahead = Vec::new();
    for earlier in 0.. {
        // A close on bytes that were never read is a reset.
        let mut peeked = [0; 64];
        let length = if ahead.is_empty() { stream.peek(&mut peeked).await? } else { 0 };
        if peeked[..length].starts_with(b"GET /public/reset ") {
            asked.fetch_add(1, Ordering::SeqCst);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this").await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            return Ok(());
        }
        let end = loop {
            if let Some(end) = ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut ahead).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&ahead[..end]).into_owned();
        ahead.drain(..end);
        asked.fetch_add(1, Ordering::SeqCst);
        let what = head.split(' ').nth(1).and_then(|path| path.strip_prefix("/public/")).unwrap_or_default();
        // As if it had closed just before the request came.
        let closed = what == "once" && earlier > 0;
        if closed || !misbehave(&mut stream, what).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the connection goes on.
async fn misbehave(stream: &mut TcpStream, what: &str) -> io::Result<bool> {
    match what {
        "fine" | "once" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine").await?;
            return Ok(true);
        }
        "garbage" => stream.write_all(&[0x16, 0x03, 0xff, 0x00, b'\n', 0x80].repeat(400)).await?,
        "silence" => tokio::time::sleep(Duration::from_secs(30)).await,
        "half" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this").await?;
            stream.shutdown().await?;
            // Half-closed: it still listens, and says nothing more.
            let mut rest = [0; 64];
            while stream.read(&mut rest).await? > 0 {}
        }
        "cut" => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this").await?,
        "cut-chunks" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n").await?;
        }
        "longer" => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfineHTTP/1.1 200 OK\r\nX: smuggled\r\n")
                .await?;
            stream.write_all(b"Content-Length: 8\r\n\r\nsmuggled").await?;
            return Ok(true);
        }
        "headers" => {
            let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(1024 * 1024));
            stream.write_all(long.as_bytes()).await?;
        }
        "endless-header" => endless(stream).await?,
        "cookies" => {
            let mut head = String::from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
            for number in 0..10_000 {
                head.extend(["Set-Cookie: c", &number.to_string(), "=v; Path=/\r\n"]);
            }
            head.push_str("\r\n");
            stream.write_all(head.as_bytes()).await?;
        }
        "bomb" => {
            // Ten kilobytes that would unpack to ten megabytes: nobody on the way is to unpack them.
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n";
            let body = vec![0x1f; 10 * 1024];
            stream.write_all(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes()).await?;
            stream.write_all(&body).await?;
            return Ok(true);
        }
        "hints" => {
            for _ in 0..100 {
                stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n").await?;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine").await?;
            return Ok(true);
        }
        "endless-hints" => loop {
            stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n").await?;
        },
        "empty-with-body" => {
            stream.write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 8\r\n\r\nsmuggled").await?;
            return Ok(true);
        }
        "drip" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n").await?;
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(150)).await;
                stream.write_all(b".").await?;
            }
            return Ok(true);
        }
        _ => return Err(ErrorKind::InvalidInput.into()),
    }
    Ok(false)
}

async fn endless(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
    loop {
        stream.write_all(b"X-More: and more and more and more and more\r\n").await?;
    }
}
