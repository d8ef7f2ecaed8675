//! What an extranet is told about who asks, and what nobody else can make it believe.

use super::{House, RESIDENT, TrustedProxies, origin, request};

#[tokio::test]
async fn sec_001_and_006_every_spelling_of_our_headers_is_taken_out_and_ours_is_there_once() {
    let house = House::plain().await;
    let forged = "X-Extranet-User: eve\r\nX_Extranet_User: eve\r\nX-EXTRANET_USER: eve\r\nx_extranet-user: eve\r\n\
                  X.Extranet.User: eve\r\nX~Extranet'User: eve\r\nX.Harmless: 1\r\n\
                  x-extranet-name: Eve\r\nX_EXTRANET_NAME: Eve\r\nX-Vestibule-Id: 1\r\nx_vestibule_id: 1\r\n";
    assert_eq!(house.get("/a", &format!("{forged}{RESIDENT}")).await.status, 200);
    let seen = house.only();
    assert_eq!(seen.folded("x-extranet-user"), ["durand"]);
    assert_eq!(seen.folded("x-extranet-client"), ["SPI31"]);
    assert_eq!(seen.folded("x-extranet-name"), [""; 0], "SEC-002: no value of ours, so none at all");
    assert_eq!(seen.folded("x-vestibule-id"), [""; 0]);
    assert!(!seen.head.contains("eve"), "{seen:?}");
    assert_eq!(seen.folded("x.harmless"), ["1"]);
}

#[tokio::test]
async fn credentials_can_depend_on_the_request_and_what_cannot_be_signed_is_not_sent() {
    let house = House::plain().await;
    let signed = "Cookie: vestibule=signed\r\nAuthorization: Basic eve\r\n";
    for (method, path) in [("GET", "/a?b=%2F"), ("POST", "/a"), ("DELETE", "/%7e")] {
        let known = house.seen().len();
        assert_eq!(house.send(request(method, path, signed, "")).await.status, 200, "{method} {path}");
        let seen = house.seen()[known].clone();
        let host = seen.folded("host").concat();
        assert_eq!(seen.folded("authorization"), [format!("{method} {path} {host} durand")]);
    }
    let known = house.seen().len();
    assert_eq!(house.get("/unsigned", signed).await.status, 500);
    assert_eq!(house.seen().len(), known);
    assert_eq!(house.get("/public/a.png", signed).await.status, 200);
    assert_eq!(house.seen()[known].folded("authorization"), [""; 0], "nobody is signed for on a public path");
}

/// Every name that some server folds to one of the three, by the signs that a name may be written with.
pub(super) fn spellings() -> Vec<String> {
    let signs = ["-", "_", ".", "~", "'", "!", "#", "$", "%", "&", "*", "+", "^", "`", "|", "--", "_-", ".~"];
    let edges = [("", ""), ("-", ""), ("", "_"), (".", "~")];
    let mut names: Vec<String> = signs.iter().map(|sign| format!("x{sign}extranet{sign}user")).collect();
    names.extend(edges.iter().map(|(front, behind)| format!("{front}x-extranet-user{behind}")));
    names.extend(["x_extranet-client", "x.extranet_client", "x~extranet~name", "_x_extranet_name_"].map(str::to_owned));
    names
}

#[tokio::test]
async fn review_b1_no_spelling_of_an_identity_header_comes_from_a_stranger_or_a_resident() {
    let house = House::plain().await;
    let names = spellings();
    let lines = |name: fn(&str) -> String| {
        names.iter().map(|text| format!("{}: eve\r\n", name(text))).collect::<Vec<_>>().concat()
    };
    let capital = |text: &str| text.to_uppercase();
    for forged in [lines(str::to_owned), lines(capital)] {
        for (path, cookie, ours) in [("/public/a.png", "", None), ("/a", RESIDENT, Some("durand".to_owned()))] {
            let known = house.seen().len();
            assert_eq!(house.get(path, &format!("{forged}{cookie}")).await.status, 200, "{path}");
            let seen = house.seen()[known].clone();
            assert!(!seen.head.contains("eve"), "{path}: {seen:?}");
            assert_eq!(seen.folded("x-extranet-user").into_iter().next(), ours);
        }
    }
}

#[tokio::test]
async fn review_b1_an_identity_header_behind_the_body_is_not_passed_on() {
    let house = House::plain().await;
    let trailers = spellings().iter().take(40).map(|name| format!("{name}: eve\r\n")).collect::<Vec<_>>().concat();
    let request = format!(
        "POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n{RESIDENT}\r\n\
         3\r\na=1\r\n0\r\n{trailers}\r\n"
    );
    house.send(request).await;
    for seen in house.seen() {
        let text = format!("{}{}", seen.head, String::from_utf8_lossy(&seen.body));
        assert!(!text.contains("eve"), "{text}");
    }
}

#[tokio::test]
async fn review_b1_what_frames_signs_in_or_says_where_from_counts_in_no_other_spelling() {
    let house = House::plain().await;
    let lines = "Content_Length: eve\r\nTransfer.Encoding: eve\r\n_Authorization: eve\r\nCookie-: eve=1\r\n\
                 -Host: eve\r\nContent_Type: eve\r\nX.Forwarded.For: eve\r\n-X-Forwarded-For: eve\r\n\
                 X--Real~IP: eve\r\n_Proxy_: eve\r\nOrigin.: eve\r\nX'HTTP'Method'Override: eve\r\n";
    assert_eq!(house.get("/a", &format!("{lines}{RESIDENT}")).await.status, 200);
    assert!(!house.only().head.contains("eve"), "{:?}", house.only());
}

#[tokio::test]
async fn sec_002_a_public_path_is_asked_for_by_nobody() {
    let house = House::plain().await;
    let lines = format!("X-Extranet-User: eve\r\nx_extranet_client: eve\r\n{RESIDENT}");
    assert_eq!(house.get("/public/logo.png", &lines).await.status, 200);
    let seen = house.only();
    assert!(!seen.head.to_ascii_lowercase().contains("extranet-"), "{seen:?}");
    assert_eq!(seen.folded("cookie"), [""; 0]);
}

#[tokio::test]
async fn sec_004_a_nomination_never_takes_out_what_we_put_in() {
    for nomination in [
        "Connection: close, X-Extranet-User\r\n",
        "connection: x-extranet-user\r\nConnection: X-Extranet-Client\r\n",
        "Connection: close, X-Forwarded-For\r\n",
        "Connection: X-Request-Id, Cookie\r\n",
        "Connection: \"X-Extranet-User\"\r\n",
    ] {
        let house = House::plain().await;
        let head = format!(
            "GET /a HTTP/1.1\r\nHost: a.test\r\n{nomination}Keep-Alive: 5\r\nTE: trailers\r\nTrailer: X-A\r\n\
             Proxy-Connection: x\r\nProxy-Authorization: x\r\nProxy: x\r\n{RESIDENT}\r\n"
        );
        let mut stream = house.connect().await;
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.expect("to write");
        tokio::io::AsyncWriteExt::shutdown(&mut stream).await.ok();
        let answer = super::Answer::parse(&super::read_to_end(&mut stream).await);
        let Some(seen) = house.seen().first().cloned() else {
            assert_eq!(answer.status, 400, "{nomination}: {answer:?}");
            continue;
        };
        assert_eq!(seen.folded("x-extranet-user"), ["durand"], "{nomination}");
        assert_eq!(seen.folded("x-extranet-client"), ["SPI31"], "{nomination}");
        assert_eq!(seen.folded("x-forwarded-for"), ["127.0.0.1"], "{nomination}");
        for hop in ["connection", "keep-alive", "te", "trailer", "proxy-connection", "proxy-authorization", "proxy"] {
            assert_eq!(seen.folded(hop), [""; 0], "{nomination}: {hop}");
        }
    }
}

#[tokio::test]
async fn sec_008_and_011_where_from_and_where_to_is_said_by_nobody_but_us() {
    let house = House::plain().await;
    let lines = "X-Forwarded-For: 1.2.3.4\r\nX_Forwarded_For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n\
                 True-Client-IP: 1.2.3.4\r\nCF-Connecting-IP: 1.2.3.4\r\nX-Forwarded-Uri: /login\r\n\
                 X-Original-URL: /login\r\nX-Rewrite-URL: /login\r\nX-Forwarded-Path: /login\r\nX-Forwarded-Host: evil\r\n\
                 X-HTTP-Method-Override: OPTIONS\r\nX-Request-Id: mine\r\nX-Forwarded-Proto: https\r\n";
    assert_eq!(house.get("/private", lines).await.status, 303, "no way in by a header");
    assert_eq!(house.seen().len(), 0);
    assert_eq!(house.get("/private", &format!("{lines}{RESIDENT}")).await.status, 200);
    let seen = house.only();
    assert_eq!(seen.folded("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.folded("x-forwarded-host"), ["a.test:8080"]);
    assert_eq!(seen.folded("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.folded("x-request-id").len(), 1);
    assert!(!seen.head.contains("1.2.3.4") && !seen.head.contains("/login") && !seen.head.contains("mine"), "{seen:?}");
}

/// Every server in front of which applications stand has a name of its own for these.
#[tokio::test]
async fn sec_008_and_011_nor_under_any_name_that_a_server_in_front_is_known_for() {
    const TOLD: &str = "1.2.3.4";
    let names = [
        "Client-IP",
        "Remote-Addr",
        "Remote-Host",
        "X-Remote-IP",
        "X-Remote-Addr",
        "X-Originating-IP",
        "X-ProxyUser-Ip",
        "Forwarded-For",
        "X-Forward-For",
        "X-Forwarded",
        "Proxy-Client-IP",
        "WL-Proxy-Client-IP",
        "X-Azure-ClientIP",
        "X-Azure-SocketIP",
        "X-Envoy-External-Address",
        "X-AppEngine-User-IP",
        "X-Original-Forwarded-For",
        "X-Original-Remote-Addr",
        "X-Vercel-Forwarded-For",
        "X-Amzn-Remapped-Host",
        "Ali-Cdn-Real-Ip",
        "X-Real-Port",
        "Front-End-Https",
        "X-Scheme",
        "X-Proto",
        "X-Original-Proto",
        "X-Original-Method",
        "X-Override-URL",
        "X-Script-Name",
        "Script-Name",
        "Path-Info",
        "X-Path-Info",
        "Request-Uri",
        "X-Server-Name",
        "X-Backend-Host",
        "X-Sendfile-Type",
        "X-Accel-Mapping",
        "X-Accel-Redirect",
        "X-Sendfile",
    ];
    let house = House::plain().await;
    for name in names {
        for spelling in [name.to_owned(), name.replace('-', "_"), name.replace('-', "."), name.to_uppercase()] {
            let answer = house.get("/private", &format!("{spelling}: {TOLD}\r\n{RESIDENT}")).await;
            assert_eq!(answer.status, 200, "{spelling}");
            let seen = house.seen().pop().expect("it is forwarded");
            assert!(!seen.head.contains(TOLD), "{spelling}: {seen:?}");
        }
    }
    // What is an application's own is none of these.
    for name in [
        "X-Requested-With",
        "X-CSRF-Token",
        "Client-Id",
        "Remote-Control",
        "X-Ship-To",
        "Ip-Plan",
        "X-Scheme-Of-Colours",
    ] {
        house.get("/private", &format!("{name}: {TOLD}\r\n{RESIDENT}")).await;
        let seen = house.seen().pop().expect("it is forwarded");
        assert_eq!(seen.folded(&name.to_ascii_lowercase()), [TOLD], "{name}");
    }
}

#[tokio::test]
async fn f07_a_trusted_proxy_says_who_the_client_is() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = std::sync::Arc::default();
    let answer = |_: &super::Seen| b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    tokio::spawn(super::extranet(listener, std::sync::Arc::clone(&seen), std::sync::Arc::new(answer)));
    let trusted = TrustedProxies::new(vec!["127.0.0.0/8".parse().expect("a network")]);
    let house = House::in_front_of(port, |_| {}, seen, trusted).await;
    for (said, taken) in [
        ("6.6.6.6, 203.0.113.7, 127.0.0.9", "203.0.113.7"),
        ("a", "127.0.0.1"),
        ("'", "127.0.0.1"),
        ("1.2.3.4:80", "1.2.3.4"),
        ("", "127.0.0.1"),
    ] {
        let answer = house.get("/a", &format!("X-Forwarded-For: {said}\r\n{RESIDENT}")).await;
        assert_eq!(answer.status, 200, "{said}");
        let last = house.seen().last().expect("a request").clone();
        assert_eq!(last.folded("x-forwarded-for"), [taken], "{said}");
    }
}

#[tokio::test]
async fn a14_and_sec_063_our_cookies_and_f17_the_authorization_stay_with_us() {
    let house = House::plain().await;
    let lines = "Cookie: PHPSESSID=7; vestibule=resident; vestibule-csrf=x; a=b\r\n\
                 Cookie: __Host-vestibule=y\r\nAuthorization: Bearer secret\r\n";
    assert_eq!(house.get("/a", lines).await.status, 200);
    assert_eq!(house.only().folded("cookie"), ["PHPSESSID=7; a=b"]);
    assert_eq!(house.only().folded("authorization"), [""; 0]);
    let hello = |_: &super::Seen| b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    let house = House::with(|agency| agency.keep_authorization = true, hello).await;
    assert_eq!(house.get("/a", &format!("Authorization: Basic eA==\r\n{RESIDENT}")).await.status, 200);
    assert_eq!(house.only().folded("authorization"), ["Basic eA=="]);
}

#[tokio::test]
async fn f16_only_our_own_origin_is_translated_and_a_foreign_one_changes_nothing() {
    let hello = |_: &super::Seen| b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    let house =
        House::with(|agency| std::sync::Arc::make_mut(&mut agency.upstream).host_header = "old.intern".into(), hello)
            .await;
    let lines = format!("Origin: http://a.test:8080\r\nReferer: http://a.test:8080/form?x=1\r\n{RESIDENT}");
    assert_eq!(house.send(request("POST", "/form", &lines, "a=1")).await.status, 200);
    let seen = house.only();
    assert_eq!(seen.folded("host"), ["old.intern"]);
    assert_eq!(seen.folded("origin"), ["http://old.intern"]);
    assert_eq!(seen.folded("referer"), ["http://old.intern/form?x=1"]);
    assert_eq!(seen.body, b"a=1");
    for foreign in ["null", "https://evil.test", "http://a.test", "http://a.test:8080, http://a.test:8080"] {
        let answer = house.send(request("POST", "/form", &format!("Origin: {foreign}\r\n{RESIDENT}"), "a=1")).await;
        assert_eq!(answer.status, 403, "{foreign}");
    }
    let twice = format!("Origin: http://a.test:8080\r\nOrigin: https://evil.test\r\n{RESIDENT}");
    assert_eq!(house.send(request("DELETE", "/form", &twice, "")).await.status, 403);
    let upgrade = format!("Upgrade: websocket\r\nOrigin: https://evil.test\r\n{RESIDENT}");
    assert_eq!(house.get("/ws", &upgrade).await.status, 403);
    assert_eq!(house.seen().len(), 1, "nothing of it reached the extranet");
}

#[tokio::test]
async fn a_referer_with_codes_of_ours_is_not_passed_on_and_others_are() {
    let house = House::plain().await;
    for (referer, passed) in [
        ("https://www.test/login?client=SPI31", ""),
        ("http://a.test:8080/.vestibule/enter?code=secret", ""),
        ("https://search.test/?q=agence", "https://search.test/?q=agence"),
    ] {
        assert_eq!(house.get("/a", &format!("Referer: {referer}\r\n{RESIDENT}")).await.status, 200);
        let last = house.seen().last().expect("a request").clone();
        assert_eq!(last.folded("referer").join(""), passed, "{referer}");
    }
}

#[tokio::test]
async fn sec_015_every_spelling_of_the_host_is_decided_alike() {
    let house = House::plain().await;
    for host in ["A.TEST", "a.test.", "a.test:443", "a.test:8443"] {
        let answer = house.send(format!("GET /private HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(answer.status, 303, "{host}");
    }
    let answer = house.send("GET / HTTP/1.1\r\nHost: evil.tld\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answer.status, 421);
    assert_eq!(house.seen().len(), 0);
    assert_eq!(origin("http://a.test:8080").host(), "a.test");
}

#[tokio::test]
async fn sec_085_no_upgrade_but_websocket_goes_on() {
    let house = House::plain().await;
    let lines = format!("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n{RESIDENT}");
    assert_eq!(house.get("/a", &lines).await.status, 200);
    let seen = house.only();
    assert_eq!(seen.folded("upgrade"), [""; 0]);
    assert_eq!(seen.folded("http2-settings"), [""; 0]);
}
