//! HTTP/2 frame by frame, as no client's library sends it: what cannot be said in HTTP/1.1 goes nowhere (SEC-142).

use std::sync::{Arc, Mutex};

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::Certificates;
use super::identity::spellings;
use super::{House, PATIENCE, Speaks, TrustedProxies, extranet, origin};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// What a client hears of its first stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Answer,
    Reset,
    /// The connection is over.
    End,
}

/// A house of https, and the certificate that it shows.
async fn house() -> (House, CertificateDer<'static>) {
    house_of(|_| {}).await
}

/// The same with an agency that is changed a little.
async fn house_of(change: impl FnOnce(&mut super::Agency)) -> (House, CertificateDer<'static>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let answer = |_: &super::Seen| b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec();
    tokio::spawn(extranet(listener, Arc::clone(&seen), Arc::new(answer)));
    let made = rcgen::generate_simple_self_signed(vec!["a.test".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let key = CertifiedKey::from_der(vec![certificate.clone()], key, &ring::default_provider()).expect("a pair");
    let (names, key) = (vec!["a.test".to_owned()], Arc::new(key));
    let certificates = Arc::new(Certificates::new([(names.as_slice(), &key)], false));
    let speaks = Speaks::Tls(certificates.server_config(true).expect("a configuration"));
    let https = |agency: &mut super::Agency| {
        agency.public = origin("https://a.test");
        change(agency);
    };
    (House::speaking(speaks, port, https, seen, TrustedProxies::default()).await, certificate)
}

async fn connect(house: &House, certificate: &CertificateDer<'static>) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a root");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = house.connect().await;
    stream.set_nodelay(true).expect("a socket");
    let name = ServerName::try_from("a.test").expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("to write");
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.expect("to write");
    stream
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Fields as literals that nobody looks at twice (RFC 7541, 6.2.2).
fn block(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).ok().filter(|length| *length < 127).expect("a short text"));
            block.extend(*text);
        }
    }
    block
}

/// Sends one request and tells what is heard of it.
async fn ask(house: &House, certificate: &CertificateDer<'static>, fields: &[(&[u8], &[u8])]) -> Heard {
    let mut stream = connect(house, certificate).await;
    stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(fields))).await.expect("to write");
    tokio::time::timeout(PATIENCE, hear(&mut stream)).await.expect("an answer in time")
}

async fn hear(stream: &mut TlsStream<TcpStream>) -> Heard {
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return Heard::End;
        }
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).await.is_err() {
            return Heard::End;
        }
        match head[3] {
            SETTINGS if head[4] & ACK == 0 => {
                let _ = stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await;
            }
            HEADERS | DATA => return Heard::Answer,
            RESET => return Heard::Reset,
            GO_AWAY => return Heard::End,
            _ => {}
        }
    }
}

const METHOD: (&[u8], &[u8]) = (b":method", b"GET");
const SCHEME: (&[u8], &[u8]) = (b":scheme", b"https");
const AUTHORITY: (&[u8], &[u8]) = (b":authority", b"a.test");
const PATH: (&[u8], &[u8]) = (b":path", b"/public/x");
const RESIDENT: (&[u8], &[u8]) = (b"cookie", b"__Host-vestibule=resident");

#[tokio::test]
async fn e13_cookies_in_pieces_are_one_line_again_and_ours_stays_here() {
    let (house, certificate) = house().await;
    let fields =
        [METHOD, SCHEME, AUTHORITY, (b":path", b"/a?b=c"), (b"cookie", b"one=1"), RESIDENT, (b"cookie", b"two=2")];
    assert_eq!(ask(&house, &certificate, &fields).await, Heard::Answer);
    let seen = house.only();
    assert_eq!(seen.first_line(), "GET /a?b=c HTTP/1.1");
    assert_eq!(seen.folded("cookie"), ["one=1; two=2"]);
    assert_eq!(seen.folded("x-extranet-user"), ["durand"]);
    let hosts = seen.folded("host");
    assert!(hosts.len() == 1 && hosts[0].starts_with("127.0.0.1:"), "as the extranet expects it: {hosts:?}");
    assert_eq!(seen.folded("x-forwarded-host"), ["a.test"]);
}

#[tokio::test]
async fn review_b13_who_cannot_be_named_is_not_forwarded_over_http_2_either() {
    let (house, certificate) = house().await;
    let unnamed: (&[u8], &[u8]) = (b"cookie", b"__Host-vestibule=unnamed");
    for method in [b"GET".as_slice(), b"POST", b"PUT"] {
        let fields = [(METHOD.0, method), SCHEME, AUTHORITY, (b":path", b"/a"), unnamed];
        assert_eq!(ask(&house, &certificate, &fields).await, Heard::Answer);
    }
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn s1_an_old_login_goes_nowhere_over_http_2_however_its_form_is_framed() {
    let (house, certificate) = house_of(|agency| agency.adapter = super::form_replay()).await;
    let kind: (&[u8], &[u8]) = (b"content-type", b"application/x-www-form-urlencoded");
    let base = [(METHOD.0, b"POST".as_slice()), SCHEME, AUTHORITY, (b":path", b"/a"), RESIDENT, kind];
    let measured = [base.as_slice(), &[(b"content-length", b"18")]].concat();
    for (pieces, goes_on) in [
        ([b"login=a&p".as_slice(), b"assword=b"], false),
        ([b"login=a&passwor", b"d=b"], false),
        ([b"login=a&p", b"asswerd=b"], true),
    ] {
        for fields in [&base, measured.as_slice()] {
            let known = house.seen().len();
            let mut stream = connect(&house, &certificate).await;
            stream.write_all(&frame(HEADERS, END_HEADERS, 1, &block(fields))).await.expect("to write");
            stream.write_all(&frame(DATA, 0, 1, pieces[0])).await.expect("to write");
            stream.write_all(&frame(DATA, END_STREAM, 1, pieces[1])).await.expect("to write");
            let heard = tokio::time::timeout(PATIENCE, hear(&mut stream)).await.expect("an answer in time");
            assert_eq!(heard, Heard::Answer);
            assert_eq!(house.seen().len(), known + usize::from(goes_on), "{pieces:?}");
        }
    }
    let sent = house.seen();
    assert!(sent.iter().all(|seen| seen.text().contains("login=a")), "{sent:#?}");
    assert_eq!(house.access().matches("credentials-post").count(), 4);
}

#[tokio::test]
async fn sec_142_what_would_be_read_otherwise_in_http_1_goes_nowhere() {
    let (house, certificate) = house().await;
    let base = [METHOD, SCHEME, AUTHORITY, PATH];
    let with = |field: (&'static [u8], &'static [u8])| [base.as_slice(), &[field]].concat();
    let mut cases: Vec<Vec<(&[u8], &[u8])>> = vec![
        with((b"x-a", b"b\r\nX-Extranet-User: mallory")),
        with((b"x-a", b"b\nc")),
        with((b"x-a", b"b\rc")),
        with((b"x-a", b"b\0c")),
        with((b"X-Upper", b"b")),
        with((b"", b"b")),
        with((b"x-a: b\r\nx-c", b"d")),
        with((b"x a", b"b")),
        with((b"transfer-encoding", b"chunked")),
        with((b"connection", b"x-extranet-user")),
        with((b"upgrade", b"h2c")),
        with((b":path", b"/public/y")),
        with((b":unknown", b"x")),
        with((b"host", b"b.test")),
        with((b"content-length", b"5")),
        with((b"content-length", b"+0")),
    ];
    for (at, value) in [
        (0, b"GET /private HTTP/1.1\r\nX-A: b".as_slice()),
        (0, b"get"),
        (0, b""),
        (2, b"a.test\r\nX-A: b"),
        (2, b"mallory@a.test"),
        (2, b"a.test:x"),
        (2, b""),
        (3, b"/public/x HTTP/1.1\r\nX-A: b\r\n\r\n"),
        (3, b"/public/ x"),
        // Where a fragment begins, the path has ended for everybody.
        (3, b"/private#/public/x"),
        (3, b"/public/\xc3\xa9"),
        (3, b"/public/../private"),
        (3, b"public/x"),
        (3, b"*"),
        (3, b""),
        (3, b"http://b.test/public/x"),
    ] {
        let mut fields = base.to_vec();
        fields[at].1 = value;
        cases.push(fields);
    }
    for at in 0..4 {
        let mut fields = base.to_vec();
        fields.remove(at);
        if at != 1 {
            cases.push(fields);
        }
    }
    for fields in &cases {
        let heard = ask(&house, &certificate, fields).await;
        let seen = house.seen();
        let sent: Vec<_> = fields
            .iter()
            .map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
            .collect();
        assert!(seen.is_empty(), "{sent:?}: {heard:?} and forwarded as {seen:?}");
    }
    assert_eq!(ask(&house, &certificate, &base).await, Heard::Answer, "the base itself is fine");
    assert_eq!(house.only().first_line(), "GET /public/x HTTP/1.1");
}

#[tokio::test]
async fn review_b1_no_spelling_of_an_identity_header_comes_in_by_http_2_or_behind_a_body() {
    let (house, certificate) = house().await;
    let names = spellings();
    let forged: Vec<(&[u8], &[u8])> = names.iter().map(|name| (name.as_bytes(), b"eve".as_slice())).collect();
    for (path, cookie) in [(b"/public/x".as_slice(), (b"x-a".as_slice(), b"b".as_slice())), (b"/a", RESIDENT)] {
        let known = house.seen().len();
        let base = [METHOD, SCHEME, AUTHORITY, (b":path".as_slice(), path), cookie];
        assert_eq!(ask(&house, &certificate, &[base.as_slice(), &forged].concat()).await, Heard::Answer);
        let seen = house.seen()[known].clone();
        assert!(!seen.head.contains("eve"), "{seen:?}");
        let mut stream = connect(&house, &certificate).await;
        let post = [(b":method".as_slice(), b"POST".as_slice()), SCHEME, AUTHORITY, base[3], cookie];
        stream.write_all(&frame(HEADERS, END_HEADERS, 1, &block(&post))).await.expect("to write");
        stream.write_all(&frame(DATA, 0, 1, b"a=1")).await.expect("to write");
        stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(&forged))).await.expect("to write");
        tokio::time::timeout(PATIENCE, hear(&mut stream)).await.expect("an answer in time");
    }
    for seen in house.seen() {
        let text = format!("{}{}", seen.head, String::from_utf8_lossy(&seen.body));
        assert!(!text.contains("eve"), "{text}");
    }
}

#[tokio::test]
async fn e13_who_resets_streams_as_fast_as_it_opens_them_holds_nobody_else_up() {
    let (house, certificate) = house().await;
    let mut stream = connect(&house, &certificate).await;
    let asked = block(&[METHOD, SCHEME, AUTHORITY, PATH]);
    let flood = async {
        for number in 0..3_000_u32 {
            let id = 1 + 2 * number;
            let mut frames = frame(HEADERS, END_STREAM | END_HEADERS, id, &asked);
            frames.extend(frame(RESET, 0, id, &8_u32.to_be_bytes()));
            if stream.write_all(&frames).await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, flood).await.expect("an end in time");
    assert_eq!(ask(&house, &certificate, &[METHOD, SCHEME, AUTHORITY, PATH]).await, Heard::Answer, "others are served");
}

#[tokio::test]
async fn e13_who_takes_back_what_the_extranet_is_asked_for_already_is_soon_asked_to_stop() {
    let (house, certificate) = house().await;
    let mut stream = connect(&house, &certificate).await;
    let asked = block(&[METHOD, SCHEME, AUTHORITY, PATH]);
    let patient = async {
        for number in 0..1_000_u32 {
            let id = 1 + 2 * number;
            if stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, id, &asked)).await.is_err() {
                return;
            }
            // Each one is let through: until then nothing counts it.
            let before = house.seen().len();
            while house.seen().len() == before {
                let mut heard = [0; 4096];
                let moment = std::time::Duration::from_millis(5);
                if let Ok(Ok(0) | Err(_)) = tokio::time::timeout(moment, stream.read(&mut heard)).await {
                    return;
                }
            }
            if stream.write_all(&frame(RESET, 0, id, &8_u32.to_be_bytes())).await.is_err() {
                return;
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, patient).await;
    let reached = house.seen().len();
    assert!(ended.is_ok(), "an end in time: the extranet was asked {reached} times");
    assert!((150..500).contains(&reached), "the extranet was asked {reached} times");
    assert_eq!(ask(&house, &certificate, &[METHOD, SCHEME, AUTHORITY, PATH]).await, Heard::Answer, "others are served");
}

#[tokio::test]
async fn e13_a_name_of_another_house_is_misdirected() {
    let (house, certificate) = house().await;
    let fields = [METHOD, SCHEME, (b":authority".as_slice(), b"www.test".as_slice()), PATH];
    assert_eq!(ask(&house, &certificate, &fields).await, Heard::Answer);
    assert!(house.seen().is_empty());
    let access = house.access();
    assert!(access.contains("misdirected"), "{access}");
}
