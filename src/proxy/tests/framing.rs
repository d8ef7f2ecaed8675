//! What no browser sends is refused before it reaches an extranet.

use tokio::io::AsyncWriteExt;

use super::{House, RESIDENT, read_to_end};

/// Sends each head as it is, and expects a refusal that never reaches the extranet and ends the connection.
async fn all_refused(heads: &[&str], statuses: &[u16]) {
    let house = House::plain().await;
    for head in heads {
        let raw = format!(
            "{head}{RESIDENT}\r\n5\r\nhello\r\n0\r\n\r\nGET /private HTTP/1.1\r\nHost: a.test\r\n{RESIDENT}\r\n"
        );
        let answer = house.send(raw).await;
        assert!(statuses.contains(&answer.status), "{head:?}: {answer:?}");
        assert_eq!(answer.text().matches("HTTP/1.1").count(), 0, "one answer, then the end: {head:?}");
        assert_eq!(house.seen().len(), 0, "{head:?}");
    }
}

#[tokio::test]
async fn sec_101_to_109_a_body_that_could_end_in_two_places_is_refused() {
    let framings = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5_0\r\n",
        "Content-Length: 1Z\r\n",
        "Content-Length: 010\r\n",
        "Content-Length:\r\n",
        "Content-Length:\r\nContent-Length: 5\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: ,chunked\r\n",
        "Transfer-Encoding: chunked;x\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
    ];
    let heads: Vec<String> =
        framings.iter().map(|lines| format!("POST /a HTTP/1.1\r\nHost: a.test\r\n{lines}")).collect();
    all_refused(&heads.iter().map(String::as_str).collect::<Vec<_>>(), &[400]).await;
}

#[tokio::test]
async fn sec_111_to_122_a_crooked_line_is_refused() {
    all_refused(
        &[
            "POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding:\r\n chunked\r\n",
            "GET /a HTTP/1.1\r\nHost: a.test\r\nX-Extranet-User: a\r\n b\r\n",
            "POST /a HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n",
            // Its body would end with the connection (SEC-112).
            "POST /a HTTP/1.0\r\nHost: a.test\r\n",
            "GET /a HTTP/1.1\nHost: a.test\r\n",
            "GET /a HTTP/1.1\r\nHost: a.test\r\nX-A: b\0c\r\n",
            "GET /a HTTP/1.1\r\nHost: a.test\r\nX-\0A: b\r\n",
            "GET /a HTTP/1.1\r\nHost: a.test\r\nno colon\r\n",
            "GET /a HTTP/1.1\r\n Host: a.test\r\n",
        ],
        &[400],
    )
    .await;
}

#[tokio::test]
async fn sec_124_not_exactly_one_host_is_refused() {
    all_refused(
        &[
            "GET /a HTTP/1.1\r\n",
            "GET /a HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n",
            "GET /a HTTP/1.1\r\nHost: a b\r\n",
            "GET /a HTTP/1.1\r\nHost: a.test,b\r\n",
            "GET /a HTTP/1.1\r\nHost: gw@a.test\r\n",
            "GET /a HTTP/1.1\r\nHost: a.test\0.b\r\n",
            "GET /a HTTP/1.1\r\nHost:\r\n",
        ],
        &[400],
    )
    .await;
}

#[tokio::test]
async fn sec_126_unknown_methods_are_refused() {
    let long = format!("{} /a HTTP/1.1\r\nHost: a.test\r\n", "A".repeat(10_000));
    let heads = ["G=\":<>(e),[T];?\" /a HTTP/1.1\r\nHost: a.test\r\n", "get /a HTTP/1.1\r\nHost: a.test\r\n", &long];
    all_refused(&heads, &[400, 501]).await;
    let heads = ["TRACE /a HTTP/1.1\r\nHost: a.test\r\n", "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n"];
    all_refused(&heads, &[405]).await;
}

#[tokio::test]
async fn sec_024_and_025_a_target_that_is_no_plain_path_is_refused() {
    let targets = [
        "/private#/public/a.png",
        "/%",
        "/%zz",
        "/a b",
        "/a\tb",
        "http://[",
        "*",
        "",
        "?",
        "http://a.test/a",
        "https://a.test/a",
        "//a.test@b/..",
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/%2e%2e%2fprivate",
        "/public/..;/private",
        "/public//../private",
        "/public%2f..%2fprivate",
        "/public/..%5cprivate",
        "/public\\..\\private",
        "/public/./../private",
        "/a%00",
        "/a%0d%0aX: y",
    ];
    let heads: Vec<String> =
        targets.iter().map(|target| format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n")).collect();
    all_refused(&heads.iter().map(String::as_str).collect::<Vec<_>>(), &[400]).await;
}

#[tokio::test]
async fn sec_025_bytes_above_ascii_are_refused_in_path_and_query() {
    let house = House::plain().await;
    for target in [b"/\xff".as_slice(), b"/?q=\xe9", "/é".as_bytes()] {
        let head = [b"GET ", target, b" HTTP/1.1\r\nHost: a.test\r\n", RESIDENT.as_bytes(), b"\r\n"].concat();
        assert_eq!(house.send(head).await.status, 400);
    }
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn sec_025_sec_120_a_byte_that_means_something_to_others_is_refused_anywhere_in_the_first_line() {
    let house = House::plain().await;
    for place in
        ["GET /a?b@c HTTP/1.1", "GET /a?@ HTTP/1.1", "GET /a@ HTTP/1.1", "G@ET /a HTTP/1.1", "GET /a HTTP/1.1@"]
    {
        for byte in (0..=b' ').chain(0x7f..=u8::MAX).filter(|byte| *byte != b'\n') {
            let mut head: Vec<u8> = place.bytes().map(|sign| if sign == b'@' { byte } else { sign }).collect();
            head.extend_from_slice(format!("\r\nHost: a.test\r\nConnection: close\r\n{RESIDENT}\r\n").as_bytes());
            assert_eq!(house.send(head).await.status, 400, "{place} {byte:#x}");
        }
    }
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn a_head_beyond_the_limits_is_refused() {
    let house = House::plain().await;
    assert_eq!(house.get(&format!("/{}", "a".repeat(9000)), RESIDENT).await.status, 414);
    assert_eq!(house.get("/", &format!("X-A: {}\r\n", "a".repeat(66_000))).await.status, 431);
    assert_eq!(house.get("/", &"X-A: b\r\n".repeat(120)).await.status, 431);
    let cookies = format!("Cookie: {}\r\n", "a=b; ".repeat(10_000));
    assert_eq!(house.get("/", &cookies).await.status, 303, "SEC-062: many cookies are only many");
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn sec_128_what_is_pipelined_is_never_let_in_by_the_first_request() {
    let house = House::plain().await;
    let first = format!("GET /one HTTP/1.1\r\nHost: a.test\r\n{RESIDENT}\r\n");
    let second = "GET /two HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let last = "GET /two HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    let _ = house.send(format!("{first}{second}{last}")).await;
    assert!(house.seen().iter().all(|request| request.first_line().starts_with("GET /one ")), "{:?}", house.seen());
}

#[tokio::test]
async fn a_connection_is_kept_between_requests_and_each_is_decided_on_its_own() {
    let house = House::plain().await;
    let mut stream = house.connect().await;
    for (path, cookie, status) in [("/one", RESIDENT, "200"), ("/two", "", "303"), ("/three", RESIDENT, "200")] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n{cookie}\r\n");
        stream.write_all(head.as_bytes()).await.expect("to write");
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    stream.write_all(b"GET /a b HTTP/1.1\r\nHost: a.test\r\n\r\n").await.expect("to write");
    let last = String::from_utf8(read_to_end(&mut stream).await).expect("text");
    assert!(last.starts_with("HTTP/1.1 400 "), "the watch on the request line is set again: {last}");
    assert_eq!(house.seen().len(), 2);
}

/// One answer with a `Content-Length`.
async fn read_answer(stream: &mut tokio::net::TcpStream) -> String {
    let mut raw = Vec::new();
    loop {
        let answer = super::Answer::parse(&raw);
        let whole = raw.windows(4).any(|part| part == b"\r\n\r\n");
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if whole && answer.body.len() >= length {
            return String::from_utf8(raw).expect("text");
        }
        tokio::time::timeout(super::PATIENCE, super::read_more(stream, &mut raw))
            .await
            .expect("in time")
            .expect("more");
    }
}

#[tokio::test]
async fn sec_113_and_117_a_crooked_chunk_is_refused_and_trailers_are_dropped() {
    let upload = |body: &str| {
        format!(
            "POST /up HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n{RESIDENT}\r\n{body}"
        )
    };
    for size in ["", "0x5", "+5", "-1", "0_2e", "11111111111111111"] {
        let house = House::plain().await;
        let answer = house.send(upload(&format!("{size}\r\nhello\r\n0\r\n\r\n"))).await;
        assert_eq!(answer.status, 400, "{size:?}: {answer:?}");
        assert_eq!(house.seen().len(), 0, "no whole request: {size:?}");
    }
    let house = House::plain().await;
    let answer = house.send(upload("5\r\nhello\r\n0\r\nX-Extranet-User: eve\r\nHost: evil\r\n\r\n")).await;
    assert_eq!(answer.status, 200);
    let seen = house.only();
    assert_eq!(seen.folded("x-extranet-user"), ["durand"]);
    assert!(!String::from_utf8_lossy(&seen.body).contains("eve"), "{seen:?}");
}
