//! What we lean on in pingora and cannot set: these fail when an update changes it (`proxy::front::engine` has the list).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Answer, House, PATIENCE, RESIDENT, TrustedProxies, read_more, read_to_end, request};

/// A house in front of an extranet that is played by the test.
async fn played() -> (House, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (House::in_front_of(port, |_| {}, std::sync::Arc::default(), TrustedProxies::default()).await, listener)
}

#[tokio::test]
async fn engine_speaks_neither_http_0_9_nor_cleartext_http_2_nor_connect() {
    for head in [
        "GET /a\r\n\r\n",
        "GET /a HTTP/0.9\r\nHost: a.test\r\n\r\n",
        "GET /a HTTP/2.0\r\nHost: a.test\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n",
    ] {
        let house = House::plain().await;
        let answer = house.send(head).await;
        assert!(matches!(answer.status, 0 | 400 | 405), "{head:?}: {answer:?}");
        assert_eq!(house.seen().len(), 0, "{head:?}");
    }
}

#[tokio::test]
async fn engine_closes_a_connection_whose_body_was_not_read_when_the_answer_came() {
    let (house, listener) = played().await;
    let mut client = house.connect().await;
    let head = format!("POST /up HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n{RESIDENT}\r\nabc");
    client.write_all(head.as_bytes()).await.expect("to write");
    let (mut extranet, _) = listener.accept().await.expect("a connection");
    let mut seen = Vec::new();
    read_more(&mut extranet, &mut seen).await.expect("a head");
    extranet.write_all(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno").await.expect("to write");
    let mut raw = Vec::new();
    while !raw.ends_with(b"no") {
        tokio::time::timeout(PATIENCE, read_more(&mut client, &mut raw)).await.expect("in time").expect("more");
    }
    let answer = Answer::parse(&raw);
    assert_eq!((answer.status, answer.header("connection").as_deref()), (413, Some("close")));
}

#[tokio::test]
async fn engine_lets_the_extranet_know_that_a_client_has_gone() {
    let (house, listener) = played().await;
    let mut client = house.connect().await;
    client.write_all(request("GET", "/slow", RESIDENT, "").as_bytes()).await.expect("to write");
    let (mut extranet, _) = listener.accept().await.expect("a connection");
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        read_more(&mut extranet, &mut seen).await.expect("a head");
    }
    drop(client);
    assert_eq!(read_to_end(&mut extranet).await, b"", "closed, in time");
}

#[tokio::test]
async fn engine_repeats_no_request_whose_body_an_extranet_has_had() {
    let (house, listener) = played().await;
    let asked = tokio::spawn(async move { house.send(request("POST", "/pay", RESIDENT, "amount=1")).await });
    let (mut extranet, _) = listener.accept().await.expect("a connection");
    let mut seen = Vec::new();
    while !seen.ends_with(b"amount=1") {
        read_more(&mut extranet, &mut seen).await.expect("a body");
    }
    drop(extranet);
    assert_eq!(asked.await.expect("an answer").status, 502);
    let again = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await;
    assert!(again.is_err(), "nothing was sent twice");
}

#[tokio::test]
async fn engine_changes_no_protocol_that_nobody_asked_to_change() {
    let house = House::answering(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    for lines in ["", "Connection: Upgrade\r\nUpgrade: h2c\r\n"] {
        let answer = house.get("/a", &format!("{lines}{RESIDENT}")).await;
        assert_eq!(answer.status, 502, "{lines:?}: {answer:?}");
    }
}

/// What pingora takes of an extranet's chunks reaches a client in frames of our own: no byte of an extension, or of a trailer.
/// What it does not take is never a whole answer.
#[tokio::test]
async fn engine_frames_answers_anew_and_ends_none_that_it_cannot_read() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let said = |body: &'static str| async move {
        let house = House::with(|_| {}, move |_| format!("{HEAD}{body}").into_bytes()).await;
        let mut client = house.connect().await;
        client.write_all(request("GET", "/a", RESIDENT, "").as_bytes()).await.expect("to write");
        let mut raw = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, client.read_to_end(&mut raw)).await.expect("an end in time");
        Answer::parse(&raw)
    };
    for taken in [
        "5\r\nhello\r\n0\r\n\r\n",
        "5;a=b\r\nhello\r\n0\r\n\r\n",
        "5;\nx\r\nhello\r\n0\r\n\r\n",
        "5;\0\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\nX: y\r\n\r\n",
    ] {
        assert_eq!(said(taken).await.text(), "5\r\nhello\r\n0\r\n\r\n", "{taken:?}");
    }
    for refused in [
        "5\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "11111111111111111\r\nhello\r\n0\r\n\r\n",
    ] {
        let answer = said(refused).await;
        assert!(!answer.text().ends_with("0\r\n\r\n") || answer.status == 502, "{refused:?}: {answer:?}");
    }
}
