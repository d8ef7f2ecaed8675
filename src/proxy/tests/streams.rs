//! What is long or large: uploads, downloads, `WebSocket`s, long polls, and a stop in the middle of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Answer, House, PATIENCE, RESIDENT, TrustedProxies, read_more, read_to_end, request};

const HUNDRED_MB: usize = 100 * 1024 * 1024;

/// A house in front of an extranet that is played by the test.
async fn played() -> (House, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let house = House::in_front_of(port, |_| {}, Arc::default(), TrustedProxies::default()).await;
    (house, listener)
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    while !raw.windows(end.len()).any(|part| part == end) {
        tokio::time::timeout(PATIENCE, read_more(stream, &mut raw)).await.expect("in time").expect("more");
    }
    raw
}

/// The memory of this process, KiB.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

#[tokio::test]
async fn a21_an_upload_and_a_download_of_100_mb_pass_with_flat_memory() {
    let (house, listener) = played().await;
    let extranet = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let head = read_until(&mut stream, b"\r\n\r\n").await;
        let at = head.windows(4).position(|part| part == b"\r\n\r\n").expect("an end") + 4;
        let mut received = head.len() - at;
        let mut piece = vec![0; 64 * 1024];
        while received < HUNDRED_MB {
            received += stream.read(&mut piece).await.expect("bytes");
        }
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {HUNDRED_MB}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("to write");
        for _ in 0..HUNDRED_MB / piece.len() {
            stream.write_all(&piece).await.expect("to write");
        }
        stream.flush().await.expect("to flush");
        received
    });
    let before = resident_kib();
    let mut client = house.connect().await;
    let head = format!(
        "POST /up HTTP/1.1\r\nHost: a.test\r\nContent-Length: {HUNDRED_MB}\r\n{RESIDENT}Connection: close\r\n\r\n"
    );
    client.write_all(head.as_bytes()).await.expect("to write");
    let mut piece = vec![b'a'; 64 * 1024];
    for _ in 0..HUNDRED_MB / piece.len() {
        client.write_all(&piece).await.expect("to write");
    }
    let mut downloaded = 0;
    let mut most = 0;
    loop {
        let read = client.read(&mut piece).await.expect("bytes");
        most = most.max(resident_kib());
        downloaded += read;
        if read == 0 {
            break;
        }
    }
    assert!(downloaded > HUNDRED_MB && downloaded < HUNDRED_MB + 1000, "{downloaded}");
    assert_eq!(extranet.await.expect("an end"), HUNDRED_MB);
    assert!(most.saturating_sub(before) < 32 * 1024, "grew by {} KiB", most.saturating_sub(before));
}

#[tokio::test]
async fn a21_a_websocket_passes_both_ways_with_the_identity_and_without_our_cookie() {
    let (house, listener) = played().await;
    let extranet = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let head = String::from_utf8(read_until(&mut stream, b"\r\n\r\n").await).expect("text");
        let hello = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst";
        stream.write_all(hello).await.expect("to write");
        let echoed = read_until(&mut stream, b"ping").await;
        stream.write_all(&echoed).await.expect("to write");
        (head, stream)
    });
    let mut client = house.connect().await;
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://a.test:8080\r\n\
         Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n{RESIDENT}\r\n"
    );
    client.write_all(head.as_bytes()).await.expect("to write");
    let answer = String::from_utf8(read_until(&mut client, b"first").await).expect("text");
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("upgrade: websocket"), "{answer}");
    client.write_all(b"ping").await.expect("to write");
    assert_eq!(read_until(&mut client, b"ping").await, b"ping");
    let (seen, _open) = extranet.await.expect("an end");
    let seen = super::Seen { head: seen, body: Vec::new() };
    assert_eq!(seen.folded("upgrade"), ["websocket"]);
    assert_eq!(seen.folded("x-extranet-user"), ["durand"]);
    assert_eq!(seen.folded("sec-websocket-key"), ["x"]);
    assert_eq!(seen.folded("cookie"), [""; 0]);
}

#[tokio::test]
async fn sec_084_what_follows_a_refused_upgrade_is_not_forwarded() {
    let house = House::plain().await;
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n{RESIDENT}\r\nbody\
         GET /private HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
    );
    let _ = house.send(head).await;
    for seen in house.seen() {
        assert!(seen.first_line().starts_with("GET /ws "), "{seen:?}");
        assert!(
            !seen.head.contains("/private") && !String::from_utf8_lossy(&seen.body).contains("/private"),
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn expect_100_continue_is_answered_by_the_extranet_or_by_us() {
    let (house, listener) = played().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_until(&mut stream, b"\r\n\r\n").await;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.expect("to write");
        read_until(&mut stream, b"hello").await;
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("to write");
        read_to_end(&mut stream).await;
    });
    for (host, status) in [("a.test", " 204 "), ("www.test", " 200 ")] {
        let mut client = house.connect().await;
        let head = format!(
            "POST /up HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n{RESIDENT}\r\n"
        );
        client.write_all(head.as_bytes()).await.expect("to write");
        let first = String::from_utf8(read_until(&mut client, b"\r\n\r\n").await).expect("text");
        assert!(first.starts_with("HTTP/1.1 100 "), "{host}: {first}");
        client.write_all(b"hello").await.expect("to write");
        let last = String::from_utf8(read_to_end(&mut client).await).expect("text");
        assert!(last.contains(status), "{host}: {last}");
    }
}

#[tokio::test]
async fn a_chunked_body_a_range_and_a_close_delimited_answer_pass() {
    let house = House::with(
        |_| {},
        |seen| match seen.folded("range").first() {
            Some(_) => {
                b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/5\r\nContent-Length: 2\r\n\r\nhe".to_vec()
            }
            None => b"HTTP/1.0 200 OK\r\n\r\nuntil the end".to_vec(),
        },
    )
    .await;
    let chunked = format!(
        "POST /up HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n{RESIDENT}\r\n5\r\nhello\r\n0\r\n\r\n"
    );
    let answer = house.send(chunked).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("until the end"), "{answer:?}");
    assert!(String::from_utf8_lossy(&house.only().body).contains("hello"));
    let range = house.get("/file", &format!("Range: bytes=0-1\r\n{RESIDENT}")).await;
    assert_eq!((range.status, range.text().as_str()), (206, "he"));
    assert_eq!(range.header("content-range").as_deref(), Some("bytes 0-1/5"));
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_no_chunks() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for said in [chunked, "HTTP/1.0 200 OK\r\n\r\nhello"] {
        let house = House::answering(said).await;
        let answer = house.send(format!("GET /a HTTP/1.0\r\nHost: a.test\r\n{RESIDENT}\r\n")).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"), "{answer:?}");
        assert_eq!(answer.header("transfer-encoding"), None);
    }
}

#[tokio::test]
async fn a_head_request_has_no_body_and_keeps_the_length() {
    let house = House::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await;
    let answer = house.send(request("HEAD", "/a", RESIDENT, "")).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-length").as_deref(), Some("5"));
}

#[tokio::test]
async fn a_stop_lets_requests_finish_and_idle_connections_go() {
    let (mut house, listener) = played().await;
    let mut idle = house.connect().await;
    let mut client = house.connect().await;
    client.write_all(request("GET", "/slow", RESIDENT, "").as_bytes()).await.expect("to write");
    let (mut stream, _) = listener.accept().await.expect("a connection");
    read_until(&mut stream, b"\r\n\r\n").await;
    house.stop.send(true).expect("to stop");
    assert_eq!(read_to_end(&mut idle).await, b"", "an idle connection ends at once");
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone").await.expect("to write");
    let answer = Answer::parse(&read_to_end(&mut client).await);
    assert_eq!((answer.status, answer.text().as_str()), (200, "done"));
    let run = house.run.take().expect("a server");
    tokio::time::timeout(PATIENCE, run).await.expect("an end in time").expect("no panic");
    assert!(TcpStream::connect(house.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_long_poll_waits_as_long_as_the_agency_says() {
    let (house, listener) = played().await;
    let asked = tokio::spawn(async move { house.get("/poll", RESIDENT).await });
    let (mut stream, _) = listener.accept().await.expect("a connection");
    read_until(&mut stream, b"\r\n\r\n").await;
    tokio::time::timeout(Duration::from_millis(400), stream.read_u8()).await.expect_err("nobody hangs up");
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnews").await.expect("to write");
    assert_eq!(asked.await.expect("an answer").text(), "news");
}

#[tokio::test]
async fn att_23_a_stream_that_was_opened_before_a_sign_out_ends_after_it() {
    let head = |lines: &str| format!("GET /live HTTP/1.1\r\nHost: a.test\r\n{lines}{RESIDENT}\r\n");
    let websocket =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://a.test:8080\r\nSec-WebSocket-Key: x\r\n";
    for (what, asked, begins) in [
        (
            "a WebSocket",
            head(websocket),
            "101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst",
        ),
        ("events", head(""), "200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n\r\ndata: first"),
        (
            "events in chunks",
            head(""),
            "200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
        ),
    ] {
        let (house, listener) = played().await;
        let mut client = house.connect().await;
        client.write_all(asked.as_bytes()).await.expect("to write");
        let (mut extranet, _) = listener.accept().await.expect("a connection");
        read_until(&mut extranet, b"\r\n\r\n").await;
        extranet.write_all(format!("HTTP/1.1 {begins}").as_bytes()).await.expect("to write");
        read_until(&mut client, b"first").await;
        tokio::time::timeout(Duration::from_millis(1500), client.read_u8()).await.expect_err("it goes on");
        house.is_out.store(true, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(read_to_end(&mut client).await, b"", "{what} is cut off, though nobody says anything");
        assert_eq!(read_to_end(&mut extranet).await, b"", "{what}: the extranet sees it");
    }
}
