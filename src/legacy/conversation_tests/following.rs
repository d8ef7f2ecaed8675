//! Where a sign-in is led, and in which shapes answers come.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::legacy::coding::tests::{bare, named};

const FORM: &str =
    "<form method=post action=/entrer><input name=identifiant><input type=password name=motdepasse></form>";

/// An extranet whose answer to the form leads on in this way to `/ouvre`, where the session's cookie is.
async fn leading(on: impl Fn(&str) -> Response + Send + Sync + 'static) -> Upstream {
    extranet(move |own, asked| match asked.target.as_str() {
        "/entrer" => on(own),
        "/ouvre" => to("/menu", &["SESS=abc; path=/"]),
        "/identification.php" => html(FORM).into_response(),
        _ => html("<p>Menu</p>").into_response(),
    })
    .await
}

fn entering() -> FormLogin {
    let success = vec![Rule::Text("instant".into()), Rule::Status(302), Rule::Status(307), Rule::Status(308)];
    FormLogin { success, failure: vec![Rule::Element("b.ko".into())], ..declared() }
}

/// The cookies' names after a sign-in; none if there was none.
async fn signed_in(upstream: &Upstream, form: &FormLogin) -> Option<Vec<String>> {
    with_attempt(PASSWORD, async |legacy, attempt| match legacy.enter(upstream, &replaying(form), &attempt).await {
        Ok(SignIn::In { cookies, .. }) => {
            Some(cookies.iter().map(|cookie| String::from_utf8_lossy(cookie.name.as_bytes()).into_owned()).collect())
        }
        _ => None,
    })
    .await
}

#[tokio::test]
async fn review_case_03_what_follows_a_sign_in_is_followed_to_the_page_that_has_the_session() {
    for wait in [
        "<META HTTP-EQUIV=\"Refresh\" CONTENT=\"0; URL=/ouvre\">",
        "<meta content=\"3;url='/ouvre'\" http-equiv=refresh>",
        "<meta http-equiv=refresh content='1;URL=http://OWN/ouvre'>",
        "<meta http-equiv=refresh content='1;URL=https://agence.example/ouvre'>",
        "<script>window.location.replace(\"/ouvre\")</script>",
        "<script language=javascript><!--\nsetTimeout(\"top.location='ouvre'\", 1000);\n//--></script>",
        "<body onload=\"location.href='/ouvre'\">",
    ] {
        let upstream = leading(move |own| html(&format!("Un instant {}", wait.replace("OWN", own))).into_response());
        assert_eq!(signed_in(&upstream.await, &entering()).await.as_deref(), Some(&["SESS".to_owned()][..]), "{wait}");
    }
    for refresh in ["0;url=/ouvre", "2; URL=\"ouvre\"", "0;http://OWN/ouvre", "0, url = https://agence.example/ouvre"] {
        let upstream = leading(move |own| ([("refresh", refresh.replace("OWN", own))], "Un instant").into_response());
        assert_eq!(signed_in(&upstream.await, &entering()).await.map(|names| names.len()), Some(1), "{refresh}");
    }
    for location in
        ["/ouvre", "ouvre", "//OWN/ouvre", "http://OWN/ouvre", "https://OWN/ouvre#a", " /ouvre ", "./x/../ouvre"]
    {
        for status in [StatusCode::FOUND, StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT] {
            let upstream = leading(move |own| (status, [("location", location.replace("OWN", own))]).into_response());
            let names = signed_in(&upstream.await, &entering()).await;
            assert_eq!(names.map(|names| names.len()), Some(1), "{status} {location}");
        }
    }
}

#[tokio::test]
async fn review_case_03_what_leads_elsewhere_or_round_and_round_takes_no_verdict_back() {
    for wait in [
        "<meta http-equiv=refresh content='0;url=https://ailleurs.example/'>",
        "<meta http-equiv=refresh content='0;url=/entrer'>",
        "<meta http-equiv=refresh content='900;url=/ouvre'>",
        "<script>function quitter() { location='/ouvre' }</script>",
        "<script>location='/ouvre'</script><form action=/recherche></form>",
        "<noscript><meta http-equiv=refresh content='0;url=/ouvre'></noscript>",
    ] {
        let upstream = leading(move |_| html(&format!("Un instant {wait}")).into_response()).await;
        assert_eq!(signed_in(&upstream, &entering()).await, Some(Vec::new()), "{wait}");
    }
}

#[tokio::test]
async fn review_case_03_the_form_is_found_behind_pages_that_lead_on() {
    for (at, page) in [
        "<meta http-equiv=refresh content='0;url=/cgi/login'>",
        "<script>location.replace('/cgi/login')</script>",
        "<script>document.cookie='essai=1'; location='/cgi/login'</script>",
    ]
    .into_iter()
    .enumerate()
    {
        let upstream = extranet(move |_, asked| match asked.target.as_str() {
            "/identification.php" => html(page).into_response(),
            "/cgi/login" if at < 2 || asked.header("cookie") == "essai=1" => html(FORM).into_response(),
            "/entrer" if asked.header("referer").ends_with("/cgi/login") => html("Un instant").into_response(),
            _ => StatusCode::FORBIDDEN.into_response(),
        })
        .await;
        assert!(signed_in(&upstream, &entering()).await.is_some(), "{page}");
    }
    let loops = extranet(|_, asked| {
        html(&format!("<meta http-equiv=refresh content='0;url={}x'>", asked.target)).into_response()
    });
    assert_eq!(verify(&loops.await, &entering(), PASSWORD).await, Err(NoVerdict::FormChanged));
}

#[tokio::test]
async fn review_case_03_a_page_that_leads_on_is_a_redirect_by_its_name_and_proves_nothing_else() {
    let page = "<meta http-equiv=refresh content='0;url=/menu'>";
    let judged = async |rule: Rule| {
        let upstream = answering(move || html(page).into_response()).await;
        verify(&upstream, &FormLogin { success: vec![rule], ..declared() }, PASSWORD).await
    };
    assert!(matches!(judged(Rule::Redirect("/menu".into())).await, Ok(Verdict::Accepted { .. })));
    let elsewhere = Rule::RedirectElsewhere("/identification.php".into());
    assert_eq!(judged(elsewhere).await, Err(NoVerdict::Unrecognised));
}

#[tokio::test]
async fn review_case_20_a_redirect_is_followed_with_its_bytes_as_they_are() {
    for (location, target) in [
        (&b"/entree.asp?nom=G\xe9raldine&ville=Orl\xe9ans"[..], "/entree.asp?nom=G%E9raldine&ville=Orl%E9ans"),
        ("/entrée.asp?nom=Géraldine".as_bytes(), "/entr%C3%A9e.asp?nom=G%C3%A9raldine"),
        (b"/a b?c=d e", "/a%20b?c=d%20e"),
        (b"/x?a=%e9%C3%A9", "/x?a=%e9%C3%A9"),
        (b"\\x\\y?z", "/x/y?z"),
        (b"/x?y=\x80#fin\xe9", "/x?y=%80"),
        (b"http://OWN/\xe9", "/%E9"),
        (b"?s=\xa0", "/entrer?s=%A0"),
    ] {
        let asked_for = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked_for);
        let upstream = extranet(move |own, asked| {
            noted.lock().unwrap().push(asked.target.clone());
            let mut answer = to("/", &[]);
            let location = location.to_vec();
            let at = location.windows(3).position(|name| name == b"OWN");
            let location = match at {
                Some(at) => [&location[..at], own.as_bytes(), &location[at + 3..]].concat(),
                None => location,
            };
            let location = axum::http::HeaderValue::from_bytes(&location).unwrap();
            answer.headers_mut().insert("location", location);
            match asked.target.as_str() {
                "/entrer" => answer,
                "/identification.php" => html(FORM).into_response(),
                _ => html("<p>Menu").into_response(),
            }
        })
        .await;
        assert!(signed_in(&upstream, &entering()).await.is_some());
        assert_eq!(asked_for.lock().unwrap().last().unwrap(), target);
    }
}

#[tokio::test]
async fn review_case_05_pages_are_read_in_whatever_coding_they_come() {
    for name in ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "identity", "bare"] {
        let coded = move |text: &str| {
            let (label, bytes) = match name {
                "bare" => ("deflate", bare(text.as_bytes())),
                name => (name, named(name).encode(text.as_bytes()).unwrap()),
            };
            ([("content-type", "text/html"), ("content-encoding", label)], bytes).into_response()
        };
        let upstream = extranet(move |_, asked| match asked.target.as_str() {
            "/entrer" if asked.has("motdepasse=faux") => coded(&format!("{FORM}<b class=ko>Refus</b>")),
            "/entrer" => coded("Un instant"),
            _ => coded(FORM),
        })
        .await;
        assert!(matches!(verify(&upstream, &entering(), PASSWORD).await, Ok(Verdict::Accepted { .. })), "{name}");
        assert_eq!(verify(&upstream, &entering(), "faux").await, Ok(Verdict::Refused), "{name}");
    }
    let garbled = answering(|| ([("content-encoding", "gzip")], "Un instant").into_response()).await;
    assert_eq!(verify(&garbled, &entering(), PASSWORD).await, Err(NoVerdict::Unrecognised));
    let unknown = answering(|| ([("content-encoding", "none")], "Un instant").into_response()).await;
    assert!(matches!(verify(&unknown, &entering(), PASSWORD).await, Ok(Verdict::Accepted { .. })), "as browsers do");
    let bomb = named("gzip").encode(&vec![b'x'; 30_000_000]).unwrap();
    let bomb = answering(move || ([("content-encoding", "gzip")], bomb.clone()).into_response()).await;
    assert_eq!(verify(&bomb, &entering(), PASSWORD).await, Err(NoVerdict::Unrecognised));
}

#[tokio::test]
async fn review_case_04_cookies_that_a_script_sets_or_that_are_declared_go_with_the_form() {
    let sent_with = async |page: &'static str, form: &FormLogin| {
        let sent = Arc::new(Mutex::new(String::new()));
        let noted = Arc::clone(&sent);
        let upstream = extranet(move |_, asked| {
            if asked.method == Method::POST {
                *noted.lock().unwrap() = asked.header("cookie").to_owned();
                return html("Un instant").into_response();
            }
            let mut answer = html(&format!("{page}{FORM}")).into_response();
            answer.headers_mut().append("set-cookie", "cache=x; HttpOnly".parse().unwrap());
            answer.headers_mut().append("set-cookie", "vu=0".parse().unwrap());
            answer
        })
        .await;
        assert!(signed_in(&upstream, form).await.is_some(), "{page}");
        sent.lock().unwrap().clone()
    };
    for (page, cookies) in [
        ("<script>document.cookie = \"essai=1; path=/\";</script>", "cache=x; vu=0; essai=1"),
        ("<body onload='document.cookie=\"essai=1\"'>", "cache=x; vu=0; essai=1"),
        ("<script>document.cookie='vu=1'</script>", "cache=x; vu=1"),
        ("<script>document.cookie='a=1; path=/ailleurs'</script>", "cache=x; vu=0"),
        ("<script>document.cookie='a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT'</script>", "cache=x; vu=0"),
        ("<script>document.cookie='vu=; Max-Age=0'</script>", "cache=x"),
        ("<script>document.cookie='a=1; HttpOnly'</script>", "cache=x; vu=0"),
        ("<script>document.cookie='cache=y'</script>", "cache=x; vu=0"),
        ("<script>document.cookie='vestibule_session=y'</script>", "cache=x; vu=0"),
        ("<script>document.cookie='a\\nb=1'</script>", "cache=x; vu=0"),
        ("<script>document.cookie='heure=' + new Date()</script>", "cache=x; vu=0"),
    ] {
        assert_eq!(sent_with(page, &entering()).await, cookies, "{page}");
    }
    let set_cookies = vec![("essai".to_owned(), "1".to_owned()), ("vu".to_owned(), "2 3".to_owned())];
    assert_eq!(sent_with("", &FormLogin { set_cookies, ..entering() }).await, "essai=1; vu=2 3; cache=x");
}

/// An extranet that answers in these bytes, whole, and closes the connection.
async fn writing(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Upstream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut read, mut piece) = (Vec::new(), [0; 4096]);
            while let Ok(length @ 1..) = stream.read(&mut piece).await {
                read.extend_from_slice(&piece[..length]);
                let text = String::from_utf8_lossy(&read);
                if text.contains("\r\n\r\n") && (text.starts_with("GET") || text.contains("motdepasse=")) {
                    break;
                }
            }
            let _ = stream.write_all(&answer(&String::from_utf8_lossy(&read))).await;
        }
    });
    upstream(&format!("http://{address}"))
}

/// How a server writes a page.
type Shape = Box<dyn Fn(&str) -> String + Send + Sync>;

#[tokio::test]
async fn a_sign_in_reads_the_wire_as_real_servers_write_it() {
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let shapes: [(&str, Shape); 11] = [
        ("no length", Box::new(|body| format!("HTTP/1.1 200 OK\r\n\r\n{body}"))),
        ("HTTP/1.0", Box::new(|body| format!("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{body}"))),
        ("no reason", Box::new(|body| format!("HTTP/1.1 200\r\n\r\n{body}"))),
        ("bare lines", Box::new(|body| format!("HTTP/1.1 200 OK\nContent-Length: {}\n\n{body}", body.len()))),
        (
            "100 unasked",
            Box::new(|body| {
                let early = "HTTP/1.1 100 Continue\r\n\r\n";
                format!("{early}{early}HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            }),
        ),
        (
            "103 before",
            Box::new(|body| format!("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{body}")),
        ),
        (
            "chunks",
            Box::new(move |body| {
                format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk(body))
            }),
        ),
        (
            "chunks without an end",
            Box::new(move |body| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunk(body))),
        ),
        (
            "a length that is too long",
            Box::new(|body| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 9)),
        ),
        (
            "keep-alive that closes",
            Box::new(|body| {
                format!("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            }),
        ),
        (
            "one length twice",
            Box::new(|body| {
                format!("HTTP/1.1 200 OK\r\nContent-Length: {0}\r\nContent-Length: {0}\r\n\r\n{body}", body.len())
            }),
        ),
    ];
    for (name, shape) in shapes {
        let upstream = writing(move |asked| {
            let page = match () {
                () if asked.contains("motdepasse=faux") => "<html><b class=ko>Refus</b></html>".to_owned(),
                () if asked.starts_with("POST") => "<html>Un instant</html>".to_owned(),
                () => format!("<html>{FORM}</html>"),
            };
            shape(&page).into_bytes()
        })
        .await;
        let verdict = verify(&upstream, &entering(), PASSWORD).await;
        assert!(matches!(verdict, Ok(Verdict::Accepted { .. })), "{name}: {verdict:?}");
        assert_eq!(verify(&upstream, &entering(), "faux").await, Ok(Verdict::Refused), "{name}");
    }
}

#[tokio::test]
async fn b03_a_page_that_broke_off_is_no_evidence() {
    let upstream = writing(|asked| {
        let (length, page) =
            if asked.starts_with("POST") { (500, "<html>Un instant".to_owned()) } else { (0, FORM.into()) };
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len() + length).into_bytes()
    })
    .await;
    assert_eq!(verify(&upstream, &entering(), PASSWORD).await, Err(NoVerdict::Unreachable));
}
