//! Where a request's body ends, and what becomes of what comes behind it.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::{Answer, House, RESIDENT, read_to_end};

/// The hosts that read bodies: an extranet's, ours, and our pages on an extranet's.
const READERS: [(&str, &str); 3] = [("a.test", "/up"), ("www.test", "/login"), ("a.test", "/.vestibule/logout")];

fn upload((host, path): (&str, &str), body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n{RESIDENT}\r\n{body}")
}

#[tokio::test]
async fn sec_115_a_chunk_that_two_could_read_differently_is_refused_and_ends_the_connection() {
    let long = format!("2;a={}\r\nxx\r\n0\r\n\r\n", "b".repeat(70_000));
    let trailers = format!("0\r\nX: {}\r\n\r\n", "b".repeat(70_000));
    let bodies = [
        "2;\nxx\r\n3d\r\n0\r\n\r\n",
        "2;\r\nxx\r\n0\r\n\r\n",
        "2;a;\r\nxx\r\n0\r\n\r\n",
        "2;[\r\nxx\r\n0\r\n\r\n",
        "2;bad[=x\r\nxx\r\n0\r\n\r\n",
        "2;a=\"\n\"\r\nxx\r\n0\r\n\r\n",
        "2;a=\"\r\"\r\nxx\r\n0\r\n\r\n",
        "2;a=\"b\r\nxx\r\n0\r\n\r\n",
        "2;a\rX\r\nxx\r\n0\r\n\r\n",
        "2;\0a\r\nxx\r\n0\r\n\r\n",
        "2;a=b \r\nxx\r\n0\r\n\r\n",
        "2 \r\nxx\r\n0\r\n\r\n",
        " 2\r\nxx\r\n0\r\n\r\n",
        "+2\r\nxx\r\n0\r\n\r\n",
        "-1\r\nxx\r\n0\r\n\r\n",
        "0x2\r\nxx\r\n0\r\n\r\n",
        "2_\r\nxx\r\n0\r\n\r\n",
        "\r\nxx\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF0\r\nxx\r\n0\r\n\r\n",
        "2\nxx\r\n0\r\n\r\n",
        "2\rxx\r\n0\r\n\r\n",
        "2\r\nxx\n0\r\n\r\n",
        "2\r\nxxx\r\n0\r\n\r\n",
        "2\r\nxx0\r\n\r\n",
        "0;x\n\r\n\r\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\nX: \0\r\n\r\n",
        "0\r\nX: y\r\n z\r\n\r\n",
        &long,
        &trailers,
    ];
    let next = format!("GET /smuggled HTTP/1.1\r\nHost: a.test\r\n{RESIDENT}\r\n");
    let house = House::plain().await;
    for reader in READERS {
        for body in bodies {
            for later in [false, true] {
                let mut stream = house.connect().await;
                let whole = upload(reader, body) + &next;
                // At once, or the chunks in a segment of their own.
                let at = if later { whole.find("\r\n\r\n").expect("an end") + 4 } else { whole.len() };
                stream.write_all(&whole.as_bytes()[..at]).await.expect("to write");
                if later {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    // It may have been refused before all of it is sent.
                    let _ = stream.write_all(&whole.as_bytes()[at..]).await;
                }
                let answer = Answer::parse(&read_to_end(&mut stream).await);
                let what = format!("{reader:?} {:?}, later: {later}", &body[..body.len().min(40)]);
                assert_eq!(answer.status, 400, "{what}: {answer:?}");
                assert_eq!(answer.text().matches("HTTP/1.1").count(), 0, "one answer, then the end: {what}");
            }
        }
    }
    assert_eq!(house.seen().len(), 0, "no whole request: {:?}", house.seen());
}

#[tokio::test]
async fn sec_115_chunks_that_everybody_reads_the_same_pass() {
    for body in [
        "5\r\nhello\r\n0\r\n\r\n",
        "5;a\r\nhello\r\n0;b=c\r\n\r\n",
        "2 ; a=\"b;\\\"\" ;c\r\nhe\r\n003\r\nllo\r\n000\r\nX-A: b\r\n\r\n",
    ] {
        for reader in READERS {
            let house = House::plain().await;
            let close = upload(reader, body).replacen("\r\n", "\r\nConnection: close\r\n", 1);
            let answer = house.send(close).await;
            assert_eq!(answer.status, 200, "{body:?}: {answer:?}");
            let said = house.seen().first().map(|seen| String::from_utf8_lossy(&seen.body).replace("\r\n", " "));
            match said {
                Some(body) => assert!(!body.contains("X-A") && !body.contains(';'), "framed anew: {body}"),
                None => assert!(answer.text().ends_with("body hello"), "{answer:?}"),
            }
        }
    }
}

/// What a client that sends several requests in one breath is answered, each by its first line.
async fn answers(house: &House, requests: &str) -> Vec<String> {
    let mut stream = house.connect().await;
    stream.write_all(requests.as_bytes()).await.expect("to write");
    let raw = String::from_utf8(read_to_end(&mut stream).await).expect("text");
    raw.match_indices("HTTP/1.1 ").map(|(at, _)| raw[at + 9..at + 12].to_owned()).collect()
}

#[tokio::test]
async fn sec_129_requests_in_one_breath_are_answered_in_their_order_and_none_is_lost() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n{RESIDENT}\r\n");
    let last = format!("GET /last HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n{RESIDENT}\r\n");
    let sized = |body: &str| {
        let length = body.len();
        format!("POST /sized HTTP/1.1\r\nHost: a.test\r\nContent-Length: {length}\r\n{RESIDENT}\r\n{body}")
    };
    let chunked = upload(("a.test", "/chunked"), "3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n");
    let portal = "POST /login HTTP/1.1\r\nHost: www.test\r\nContent-Length: 3\r\n\r\nabc".to_owned();
    let portal_chunked = upload(("www.test", "/login"), "3\r\nabc\r\n0\r\n\r\n");
    let head = format!("HEAD /head HTTP/1.1\r\nHost: a.test\r\n{RESIDENT}\r\n");
    // A refused upgrade with a body in front of the next.
    let upgrade = format!(
        "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n{RESIDENT}\r\nabc"
    );
    let large = sized(&"x".repeat(200_000));
    let rows: [(&str, Vec<String>, &[&str]); 10] = [
        ("POST CL 0", vec![sized("")], &["POST /sized"]),
        ("POST CL 3", vec![sized("abc")], &["POST /sized"]),
        ("chunked", vec![chunked.clone()], &["POST /chunked"]),
        ("GET + GET", vec![get("/one"), get("/two")], &["GET /one", "GET /two"]),
        ("empty lines between", vec![get("/one"), "\r\n\r\n".to_owned(), get("/two")], &["GET /one", "GET /two"]),
        ("HEAD", vec![head, get("/one")], &["HEAD /head", "GET /one"]),
        ("portal", vec![portal.clone(), get("/one"), portal_chunked], &["GET /one"]),
        ("upgrade refused", vec![upgrade, get("/one")], &["GET /ws", "GET /one"]),
        ("large", vec![large.clone(), sized("abc"), large], &["POST /sized", "POST /sized", "POST /sized"]),
        (
            "all",
            vec![sized("abc"), chunked.clone(), get("/one"), sized(""), portal],
            &["POST /sized", "POST /chunked", "GET /one", "POST /sized"],
        ),
    ];
    for (what, requests, ran) in rows {
        let house = House::plain().await;
        let breath = requests.concat() + &last;
        let asked = requests.iter().filter(|request| request.contains("HTTP/1.1")).count() + 1;
        let answers = answers(&house, &breath).await;
        assert_eq!(answers, vec!["200"; asked], "{what}");
        let seen: Vec<String> = house.seen().iter().map(|seen| seen.first_line().to_owned()).collect();
        let ran: Vec<String> = ran.iter().chain(&["GET /last"]).map(|line| format!("{line} HTTP/1.1")).collect();
        assert_eq!(seen, ran, "{what}");
    }
}

#[tokio::test]
async fn sec_129_a_next_request_is_judged_as_strictly_as_a_first_one() {
    let first = format!("POST /one HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n{RESIDENT}\r\n");
    for (next, status) in [
        ("GET /a b HTTP/1.1\r\nHost: a.test\r\n\r\n", "400"),
        ("GET /two HTTP/1.1\nHost: a.test\r\n\r\n", "400"),
        (
            "POST /two HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        ("rubbish\r\n\r\n", "400"),
        ("GET /two HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n", "303"),
    ] {
        let house = House::plain().await;
        assert_eq!(answers(&house, &format!("{first}{next}")).await, ["200", status], "{next:?}");
        assert_eq!(house.only().first_line(), "POST /one HTTP/1.1");
    }
}
