//! Bytes pass as they come, however many.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{
    echo::byte_at,
    person::{Person, Request},
    raw::Raw,
    town::Town,
    wait,
};

#[test]
fn a21_a_websocket_passes_in_both_directions() {
    let town = Town::build();
    let alice = town.alice();
    let url = town.gateway.agency("agence-a", "/membre/socket");
    let origin = town.at_a("").trim_end_matches('/').to_owned();
    let mut request = url.as_str().replace("http://", "ws://").into_client_request().expect("a request");
    let cookies = alice.cookie_line(&url);
    request.headers_mut().insert("cookie", HeaderValue::from_str(&cookies).expect("cookies"));
    request.headers_mut().insert("origin", HeaderValue::from_str(&origin).expect("an origin"));
    wait(async {
        let stream = TcpStream::connect(("127.0.0.1", town.gateway.port())).await.expect("a connection");
        let (mut socket, _) = client_async(request, stream).await.expect("a WebSocket");
        for message in
            [Message::text("Bonjour à tous"), Message::binary(vec![0, 255, 7]), Message::binary(vec![7; 200_000])]
        {
            socket.send(message.clone()).await.expect("sent");
            assert_eq!(socket.next().await.expect("an answer").expect("a message"), message);
        }
        socket.close(None).await.expect("closed");
    });
    let seen = town.a.last();
    assert_eq!(seen.folded("X-Extranet-User"), ["alice-77"]);
    assert_eq!(seen.values("Origin"), [town.a.origin()]);
    assert!(!seen.cookies().iter().any(|name| name.contains("vestibule")));
}

#[test]
fn a21_nobody_opens_a_websocket_without_a_sign_in() {
    let town = Town::build();
    let mut socket = Raw::connect(town.gateway.port());
    socket.send(format!(
        "GET /membre/socket HTTP/1.1\r\nHost: agence-a.localhost:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        town.gateway.port()
    ));
    assert_eq!(socket.answer().expect("an answer").status, 401);
    town.a.assert_untouched("a WebSocket of nobody");
}

#[test]
fn a21_a_download_can_be_resumed() {
    let town = Town::build();
    let mut alice = town.alice();
    let whole = alice.get(town.at_a("/bytes?n=3000000"), &[]);
    assert_eq!((whole.status, whole.body.len()), (200, 3_000_000));
    let rest = alice.get(town.at_a("/bytes?n=3000000"), &[("range", "bytes=2999990-"), ("if-range", "\"v1\"")]);
    assert_eq!((rest.status, rest.header("content-range")), (206, "bytes 2999990-2999999/3000000"));
    assert_eq!(rest.body, (2_999_990..3_000_000).map(byte_at).collect::<Vec<_>>());
    assert_eq!(rest.header("accept-ranges"), "bytes");
    let middle = alice.get(town.at_a("/bytes?n=3000000"), &[("range", "bytes=5-9")]);
    assert_eq!(middle.body, (5..10).map(byte_at).collect::<Vec<_>>());
}

#[test]
fn a21_head_tells_the_length_and_sends_nothing() {
    let town = Town::build();
    let alice = town.alice();
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let mut socket = Raw::connect(town.gateway.port());
    let head = |method: &str, target: &str| {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: agence-a.localhost:{}\r\nCookie: {cookies}\r\n\r\n",
            town.gateway.port()
        )
    };
    socket.send(head("HEAD", "/bytes?n=5000000"));
    let answer = socket.answer_to("HEAD").expect("an answer");
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("5000000")));
    socket.send(head("GET", "/membre/x"));
    assert_eq!(socket.answer().expect("the connection goes on").status, 200);
    let mut socket = Raw::connect(town.gateway.port());
    let portal = format!("Host: www.localhost:{}\r\n\r\n", town.gateway.port());
    socket.send(format!("HEAD /login?client=CA&societe=SA HTTP/1.1\r\n{portal}"));
    assert_eq!(socket.answer_to("HEAD").expect("an answer").status, 200);
    socket.send(format!("GET /login?client=CA&societe=SA HTTP/1.1\r\n{portal}"));
    assert!(socket.answer().expect("an answer").text().contains("Agence du Port"), "the connection goes on");
}

#[test]
fn a21_a_long_poll_waits_and_a_slow_download_comes_as_it_is_made() {
    let town = Town::build();
    let mut alice = town.alice();
    let begin = Instant::now();
    let answer = alice.get(town.at_a("/slow?ms=2500"), &[]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "at last"));
    assert!(begin.elapsed() >= Duration::from_millis(2500));
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    wait(async {
        let begin = Instant::now();
        let url = format!("http://127.0.0.1:{}/drip?n=6&ms=400", town.gateway.port());
        let host = format!("agence-a.localhost:{}", town.gateway.port());
        let response = client.get(url).header("host", host).header("cookie", cookies).send().await.expect("an answer");
        let mut pieces = response.bytes_stream();
        pieces.next().await.expect("a piece").expect("bytes");
        assert!(begin.elapsed() < Duration::from_millis(1800), "the first piece does not wait for the last one");
        while pieces.next().await.is_some() {}
        assert!(begin.elapsed() >= Duration::from_millis(2200));
    });
}

#[test]
fn a21_rel_048_an_upload_of_a_hundred_megabytes_takes_no_memory() {
    const PIECE: usize = 256 * 1024;
    const PIECES: u64 = 400;
    let town = Town::build();
    let alice = town.alice();
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let origin = town.at_a("").trim_end_matches('/').to_owned();
    let before = town.gateway.memory_kib();
    let (done, highest) = (AtomicBool::new(false), AtomicU64::new(before));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                highest.fetch_max(town.gateway.memory_kib(), Ordering::SeqCst);
                thread::sleep(Duration::from_millis(5));
            }
        });
        let piece = vec![b'x'; PIECE];
        let mut socket = Raw::connect(town.gateway.port());
        socket.send(format!(
            "POST /membre/upload HTTP/1.1\r\nHost: agence-a.localhost:{}\r\nCookie: {cookies}\r\nOrigin: {origin}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            town.gateway.port(),
            PIECE as u64 * PIECES
        ));
        for _ in 0..PIECES {
            socket.send(&piece);
        }
        let answer = socket.answer();
        done.store(true, Ordering::SeqCst);
        assert_eq!(answer.expect("an answer").status, 200);
    });
    assert_eq!(town.a.last().body_length, PIECE as u64 * PIECES);
    let grown = highest.load(Ordering::SeqCst).saturating_sub(before);
    assert!(grown < 20 * 1024, "{grown} KiB more than before");
}

#[test]
fn a21_an_upload_in_chunks_passes() {
    let town = Town::build();
    let alice = town.alice();
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let mut socket = Raw::connect(town.gateway.port());
    socket.send(format!(
        "POST /membre/upload HTTP/1.1\r\nHost: agence-a.localhost:{}\r\nCookie: {cookies}\r\nOrigin: {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        town.gateway.port(),
        town.at_a("").trim_end_matches('/')
    ));
    assert_eq!(socket.answer().expect("an answer").status, 200);
    assert_eq!((town.a.last().body_length, town.a.last().body.as_slice()), (11, b"hello world".as_slice()));
}

#[test]
fn an_extranet_that_breaks_off_or_is_gone_is_a_calm_page_and_no_end_of_the_session() {
    let mut town = Town::build();
    let mut alice = town.alice();
    let cut = Request::get(town.gateway.agency("agence-a", "/membre/x"));
    town.a = crate::support::echo::Echo::start(Vec::new());
    let answer = alice.ask(cut);
    assert!(matches!(answer.status, 502..=504), "{}", answer.status);
    assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.header("content-type"));
    assert!(!answer.text().contains("127.0.0.1"), "the extranet's address stays inside: {}", answer.text());
    alice.open("/account").see("alice@residents.example");
    let mut stranger = Person::new(&town.gateway);
    assert_ne!(stranger.get(town.at_a("/membre/x"), &[]).status, 200);
}
