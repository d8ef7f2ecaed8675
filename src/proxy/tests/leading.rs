//! Pages that say in their body that a session is over, in whatever coding they come.

use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};

use super::{Answer, House, RESIDENT, form_replay};
use crate::legacy::coding::Codings;

const CODINGS: [&str; 8] = ["identity", "gzip", "x-gzip", "deflate", "br", "zstd", "GZip", "deflate, gzip"];

fn codings(name: &str) -> Codings {
    Codings::of(&HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_str(name).expect("a header"))]))
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy)]
enum Framing {
    Length,
    Chunks,
    Close,
}

/// Asks for a page that an extranet answers so; a client of HTTP/1.0 gets it without chunks.
async fn shown(coding: &str, framing: Framing, element: Option<&str>, body: Vec<u8>) -> Answer {
    let mut raw = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {coding}\r\n").into_bytes();
    match framing {
        Framing::Length => {
            raw.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            raw.extend_from_slice(&body);
        }
        Framing::Chunks => {
            raw.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            // A server that tells the head of its coding before it has a page.
            for piece in [&body[..1], &body[1..]] {
                raw.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                raw.extend_from_slice(piece);
                raw.extend_from_slice(b"\r\n");
            }
            raw.extend_from_slice(b"0\r\n\r\n");
        }
        Framing::Close => {
            raw.extend_from_slice(b"\r\n");
            raw.extend_from_slice(&body);
        }
    }
    let element = element.map(str::to_owned);
    let house = House::with(
        move |agency| {
            agency.adapter = form_replay();
            agency.session_over.element = element;
        },
        move |_| raw.clone(),
    )
    .await;
    house.send(format!("GET /a HTTP/1.0\r\nHost: a.test:8080\r\n{RESIDENT}\r\n")).await
}

#[tokio::test]
async fn review_case_05_a_page_that_leads_to_the_login_is_replaced_in_every_coding() {
    for coding in CODINGS {
        for (framing, element) in [
            (Framing::Length, None),
            (Framing::Chunks, None),
            (Framing::Close, None),
            (Framing::Length, Some("form#connexion")),
        ] {
            for page in [
                "<html><script>top.location.href='/login.php?x'</script></html>",
                "<meta http-equiv=refresh content='0;url=/login.php'><p>Un instant…</p>",
                "<body onload=\"location.replace('\\/login.php')\">",
            ] {
                let what = format!("{coding}, {framing:?}, {element:?}: {page}");
                // One byte alone says nothing of a page that is not coded: such a one goes on.
                if matches!((coding, framing), ("identity", Framing::Chunks)) {
                    continue;
                }
                let codings = codings(coding);
                let sent = codings.encode(page.as_bytes()).expect("to encode");
                let answer = shown(coding, framing, element, sent).await;
                let mut decoder = codings.decoder(10_000).expect("a decoder");
                let (read, why) = decoder.decode(&answer.body);
                let read = String::from_utf8_lossy(&read).into_owned();
                assert!(why.is_none() && read.contains("/.vestibule/renew?return=%2Fa"), "{what}: {read}");
                assert_eq!(answer.header("content-encoding").as_deref(), Some(coding), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn review_case_05_another_page_goes_on_as_it_came() {
    let other = "<html><body><p>Bonjour</p><script>var x='/login.php'</script></body></html>";
    let explodes = " ".repeat(3_000_000) + "<script>location='/login.php'</script>";
    let garbled = b"<script>location='/login.php'</script>".to_vec();
    for coding in CODINGS.into_iter().filter(|coding| *coding != "identity") {
        let coded = |page: &str| codings(coding).encode(page.as_bytes()).expect("to encode");
        for framing in [Framing::Length, Framing::Chunks, Framing::Close] {
            for sent in [coded(other), coded(&explodes), garbled.clone()] {
                let answer = shown(coding, framing, None, sent.clone()).await;
                assert!(answer.body == sent, "{coding}, {framing:?}: {}", answer.text());
            }
        }
    }
    // Nobody knows what that says.
    let answer = shown("aes128gcm", Framing::Length, None, garbled.clone()).await;
    assert_eq!(answer.body, garbled);
}
