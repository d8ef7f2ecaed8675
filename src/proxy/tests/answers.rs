//! What a browser is told of an extranet's answers.

use super::{Answer, CookieMode, House, RESIDENT, form_replay, request};

/// An extranet that answers with these header lines, in front of which the public side has TLS.
async fn said(lines: &str) -> Answer {
    let raw = format!("HTTP/1.1 302 Found\r\n{lines}Content-Length: 0\r\n\r\n");
    let house =
        House::with(|agency| agency.public = super::origin("https://a.test"), move |_| raw.clone().into_bytes()).await;
    house.get("/a", "Cookie: __Host-vestibule=resident\r\n").await
}

#[tokio::test]
async fn a15_the_extranets_own_addresses_become_the_public_one() {
    for (inner, public) in [
        ("https://extranet.old.test/x?y=1#z", "https://a.test/x?y=1#z"),
        ("HTTPS://EXTRANET.old.test:443/x", "https://a.test/x"),
        ("//127.0.0.1:1/x", "//127.0.0.1:1/x"),
        ("http://a.test/x", "https://a.test/x"),
        ("https://extranet.old.test", "https://a.test"),
        ("/x", "/x"),
        ("x.php", "x.php"),
        ("https://bank.test/pay", "https://bank.test/pay"),
        ("https://extranet.old.test.evil.tld/", "https://extranet.old.test.evil.tld/"),
        ("https://extranet.old.test@evil.tld/", "https://extranet.old.test@evil.tld/"),
    ] {
        let answer = said(&format!("Location: {inner}\r\nContent-Location: {inner}\r\n")).await;
        assert_eq!(answer.header("location").as_deref(), Some(public));
        assert_eq!(answer.header("content-location").as_deref(), Some(public));
    }
    let refresh = said("Refresh: 5; URL='https://extranet.old.test/x'\r\n").await;
    assert_eq!(refresh.header("refresh").as_deref(), Some("5; URL='https://a.test/x'"));
    for (written, read) in [
        ("0;https://extranet.old.test/x", "0;https://a.test/x"),
        ("0, url = \"https://extranet.old.test\"", "0, url = \"https://a.test\""),
        ("1.5 //extranet.old.test/x", "1.5 //extranet.old.test/x"),
        ("3; url=/x?u=https://extranet.old.test/", "3; url=/x?u=https://extranet.old.test/"),
        ("3; url=https://ailleurs.test/", "3; url=https://ailleurs.test/"),
    ] {
        let answer = said(&format!("Refresh: {written}\r\n")).await;
        assert_eq!(answer.header("refresh").as_deref(), Some(read), "{written}");
    }
    let link =
        said("Link: <https://extranet.old.test/a.css>; rel=preload, <https://cdn.test/b.css>; rel=preload\r\n").await;
    assert_eq!(
        link.header("link").as_deref(),
        Some("<https://a.test/a.css>; rel=preload, <https://cdn.test/b.css>; rel=preload")
    );
}

#[tokio::test]
async fn a15_the_upstreams_own_address_is_translated_whichever_port_it_has() {
    let house = House::with(
        |_| {},
        |seen| {
            let host = seen.folded("host").remove(0);
            format!("HTTP/1.1 302 Found\r\nLocation: //{host}/x\r\nContent-Length: 0\r\n\r\n").into_bytes()
        },
    )
    .await;
    let answer = house.get("/a", RESIDENT).await;
    assert_eq!(answer.header("location").as_deref(), Some("http://a.test:8080/x"));
}

#[tokio::test]
async fn a15_cookies_become_the_public_hosts_own() {
    let answer = said(
        "Set-Cookie: PHPSESSID=7; path=/; Domain=extranet.old.test; Secure; HttpOnly\r\n\
         Set-Cookie: a=\"b c\"; domain=.old.test\r\nSet-Cookie: plain=1; Path=/x; SameSite=Lax\r\n\
         Set-Cookie: __Host-vestibule=stolen; Path=/; Secure\r\nSet-Cookie: Vestibule-csrf=x\r\n\
         Set-Cookie: =vestibule=x\r\nSet-Cookie: a=b; Max-Age=18446744073709551615\r\n",
    )
    .await;
    assert_eq!(
        answer.headers("set-cookie"),
        [
            "PHPSESSID=7; path=/; Secure; HttpOnly",
            "a=\"b c\"",
            "plain=1; Path=/x; SameSite=Lax",
            "a=b; Max-Age=18446744073709551615",
        ]
    );
}

#[tokio::test]
async fn sec_235_an_interim_answer_is_translated_as_the_last_one_is() {
    const SAID: &str = "Set-Cookie: a=1; Domain=extranet.old.test; Path=/\r\nSet-Cookie: __Host-vestibule=x; Path=/; Secure\r\n\
        Set-Cookie: VESTIBULE=x\r\nSet-Cookie: =vestibule-device=x\r\n\
        Link: <https://extranet.old.test/a.css>; rel=preload\r\nLocation: https://extranet.old.test/x\r\n\r\n";
    for status in ["100 Continue", "102 Processing", "103 Early Hints", "199 Whatever"] {
        for mode in [CookieMode::Relay, CookieMode::Jar] {
            let raw = format!("HTTP/1.1 {status}\r\n{SAID}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
            let change = move |agency: &mut crate::domain::agency::Agency| agency.cookies = mode;
            let house = House::with(change, move |_| raw.clone().into_bytes()).await;
            let interim = house.get("/a", RESIDENT).await;
            let own: &[&str] = if mode == CookieMode::Relay { &["a=1; Path=/"] } else { &[] };
            let told = format!("{status} {mode:?}: {}{}", interim.head, interim.text());
            assert!(!told.to_ascii_lowercase().contains("vestibule=x") && !told.contains("old.test"), "{told}");
            assert!(told.contains("hello"), "{told}");
            assert!(interim.status < 200, "{told}");
            assert_eq!(interim.headers("set-cookie"), own, "{told}");
            let link = interim.header("link");
            assert_eq!(link.as_deref(), Some("<http://a.test:8080/a.css>; rel=preload"), "{told}");
        }
    }
}

#[tokio::test]
async fn on_a_public_side_without_tls_secure_is_taken_off_and_hsts_too() {
    let house = House::answering(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Secure; Path=/\r\nStrict-Transport-Security: max-age=1\r\nKeep-Alive: timeout=5\r\n\
         Upgrade: h2,h2c\r\nServer: Apache/1.3\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let answer = house.get("/a", RESIDENT).await;
    assert_eq!(answer.header("set-cookie").as_deref(), Some("a=1; Path=/"));
    assert_eq!(answer.header("strict-transport-security"), None);
    assert_eq!((answer.header("keep-alive"), answer.header("upgrade")), (None, None));
    assert_eq!(answer.header("server").as_deref(), Some("Apache/1.3"));
}

#[tokio::test]
async fn a12_an_ended_session_is_signed_in_again_and_a_form_is_never_lost_silently() {
    for said in [
        "HTTP/1.1 302 Found\r\nLocation: login.php?expired=1\r\nContent-Length: 9\r\n\r\ntoo late!",
        "HTTP/1.1 302 Found\r\nLocation: https://extranet.old.test/login.php\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ntoo late!\r\n0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\n\r\ntoo late!",
    ] {
        let house = House::with(|agency| agency.adapter = form_replay(), move |_| said.as_bytes().to_vec()).await;
        let answer = house.get("/list.php?p=2", RESIDENT).await;
        assert_eq!((answer.status, answer.text().as_str()), (303, ""), "{said}");
        assert_eq!(answer.header("location").as_deref(), Some("/.vestibule/renew?return=%2Flist%2Ephp%3Fp%3D2"));
        assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
        let answer = house.send(request("POST", "/form.php", RESIDENT, "a=1")).await;
        assert_eq!(answer.header("location").as_deref(), Some("/.vestibule/not-sent"), "{said}");
        let head = house.send(request("HEAD", "/list.php", RESIDENT, "")).await;
        assert_eq!(head.status, 303);
        let public = house.get("/public/a", RESIDENT).await;
        assert!(public.status != 303, "on a public path nothing is renewed: {public:?}");
    }
}

#[tokio::test]
async fn a12_where_we_cannot_sign_in_again_the_answer_stays() {
    let house = House::answering("HTTP/1.1 302 Found\r\nLocation: /login.php\r\nContent-Length: 0\r\n\r\n").await;
    let answer = house.get("/a", RESIDENT).await;
    assert_eq!((answer.status, answer.header("location").as_deref()), (302, Some("/login.php")));
}

#[tokio::test]
async fn an_extranet_that_is_not_there_is_told_calmly_with_the_requests_identifier() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let house = House::in_front_of(port, |_| {}, std::sync::Arc::default(), super::TrustedProxies::default()).await;
    let answer = house.get("/a", RESIDENT).await;
    assert_eq!(answer.status, 502);
    assert!(
        answer.text().starts_with("page GET /.vestibule/problem/extranet-unavailable from 127.0.0.1 id "),
        "{answer:?}"
    );
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    let script = house.get("/a", &format!("Sec-Fetch-Mode: cors\r\n{RESIDENT}")).await;
    assert_eq!(script.status, 502);
    assert!(script.text().contains("The extranet does not answer."), "{script:?}");
}

#[tokio::test]
async fn an_extranet_that_is_too_slow_is_504() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let change = |agency: &mut crate::domain::agency::Agency| {
        std::sync::Arc::make_mut(&mut agency.upstream).read_timeout_ms = 300;
    };
    let house = House::in_front_of(port, change, std::sync::Arc::default(), super::TrustedProxies::default()).await;
    let answer = house.get("/a", RESIDENT).await;
    assert_eq!(answer.status, 504);
    drop(listener);
}

#[tokio::test]
async fn sec_131_a_crooked_answer_is_502_and_the_next_one_is_right() {
    let crooked = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 abc OK\r\nContent-Length: 5\r\n\r\nhello",
    ];
    for said in crooked {
        let answer = move |seen: &super::Seen| {
            if seen.first_line().contains("/bad") { said } else { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright" }
        };
        let house = House::with(|_| {}, move |seen| answer(seen).as_bytes().to_vec()).await;
        assert_eq!(house.get("/bad", RESIDENT).await.status, 502, "{said:?}");
        assert_eq!(house.get("/good", RESIDENT).await.text(), "right");
    }
}

#[tokio::test]
async fn a_post_is_never_sent_twice() {
    let house = House::with(|_| {}, |_| Vec::new()).await;
    let answer = house.send(request("POST", "/pay", RESIDENT, "amount=1")).await;
    assert_eq!(answer.status, 502);
    assert_eq!(house.seen().len(), 1);
}

#[tokio::test]
async fn case_28_heads_that_browsers_read_pass_and_lines_that_are_no_header_do_not() {
    const TABLE: [(&str, bool); 14] = [
        ("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", true),
        ("HTTP/1.1 200 Trouv\u{e9}\r\nContent-Length: 5\r\n\r\nhello", true),
        ("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", true),
        ("HTTP/1.1 200 OK\r\nX-Generator : cgi\r\nContent-Length: 5\r\n\r\nhello", true),
        ("HTTP/1.1 200 OK\r\nX-Note: un\r\n deux\r\nContent-Length: 5\r\n\r\nhello", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", true),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", true),
        ("HTTP/1.1 200 OK\r\nX Generator: cgi\r\nContent-Length: 5\r\n\r\nhello", false),
        ("HTTP/1.1 200 OK\r\nWarning in /a.php on line 3\r\nContent-Length: 5\r\n\r\nhello", false),
        ("HTTP/1.1 200 OK\r\n: nothing\r\nContent-Length: 5\r\n\r\nhello", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!", false),
        ("HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello", false),
        ("200 OK\r\nContent-Length: 5\r\n\r\nhello", false),
    ];
    for (said, passes) in TABLE {
        let house = House::with(|_| {}, move |_| said.as_bytes().to_vec()).await;
        let answer = house.get("/a", RESIDENT).await;
        assert_eq!(answer.status, if passes { 200 } else { 502 }, "{said:?}");
        if passes {
            assert_eq!(answer.text(), "hello", "{said:?}");
            assert_eq!(answer.header("content-length").as_deref(), Some("5"), "{said:?}");
        }
        let read = is_read_at_sign_in(said).await;
        assert_eq!(read, passes, "the sign-in reads what a forward reads: {said:?}");
    }
}

/// Whether the gateway's own sign-in reads such an answer.
async fn is_read_at_sign_in(said: &'static str) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut asked = [0; 4096];
        let _ = stream.read(&mut asked).await;
        let _ = stream.write_all(said.as_bytes()).await;
        let _ = stream.shutdown().await;
    });
    let upstream = super::agency(port).upstream;
    let home = crate::domain::path::ReturnPath::home();
    let looked = crate::legacy::Legacy::new().expect("TLS").look_at_page(&upstream, &home, &upstream.origin).await;
    server.abort();
    looked.is_some()
}
