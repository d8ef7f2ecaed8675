//! Who gets in, who is sent where, and what our own pages are asked.

use super::{House, RESIDENT, request};
use crate::domain::path::odd::{AMBIGUOUS, CLIMBS, CLIMBS_SOMEWHERE};

#[tokio::test]
async fn a01_a_resident_is_forwarded_and_a_stranger_is_sent_to_sign_in() {
    let house = House::plain().await;
    let answer = house.get("/admin/?next=%2Fx&y=1", "").await;
    assert_eq!(answer.status, 303);
    let location = answer.header("location").expect("a location");
    assert_eq!(location, "https://www.test/login?client=SPI31&societe=01&return=/admin/%3Fnext%3D%252Fx%26y%3D1");
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(house.seen().len(), 0);
    let answer = house.get("/admin/?next=%2Fx&y=1", RESIDENT).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    assert_eq!(house.only().first_line(), "GET /admin/?next=%2Fx&y=1 HTTP/1.1");
    let answer = house.send(request("HEAD", "/admin/", "", "")).await;
    assert_eq!((answer.status, answer.text().as_str()), (303, ""), "HEAD is a page load");
    assert_eq!(
        house.get("/admin/", "Cookie: vestibule=owes-terms\r\n").await.header("location").as_deref(),
        Some("https://www.test/terms?client=SPI31&societe=01&return=/admin/")
    );
}

#[tokio::test]
async fn a20_a_script_gets_401_with_the_logins_address() {
    let house = House::plain().await;
    for lines in [
        "Sec-Fetch-Mode: cors\r\nAccept: */*\r\n",
        "Accept: application/json\r\n",
        "X-Requested-With: XMLHttpRequest\r\n",
    ] {
        let answer = house.get("/api", lines).await;
        assert_eq!(answer.status, 401, "{lines}");
        let json: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(json["error"], "sign_in_required");
        assert_eq!(json["login"], "https://www.test/login?client=SPI31&societe=01");
        assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(answer.header("location"), None);
    }
    let image = house.get("/logo.png", "Sec-Fetch-Mode: no-cors\r\nAccept: image/png\r\n").await;
    assert_eq!(image.status, 401);
    assert!(image.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    let post = house.send(request("POST", "/form", "", "a=1")).await;
    assert_eq!(post.status, 401, "a form of a stranger is no page load");
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn review_b13_who_cannot_be_named_is_forwarded_by_no_method_and_to_no_use() {
    let house = House::plain().await;
    let unnamed = "Cookie: vestibule=unnamed\r\n";
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        for lines in ["", "Sec-Fetch-Mode: navigate\r\n", "Sec-Fetch-Mode: cors\r\n", "Accept: application/json\r\n"] {
            for path in ["/admin/", "/api", "/", "/logo.png"] {
                let answer = house.send(request(method, path, &format!("{unnamed}{lines}"), "")).await;
                assert_eq!(answer.status, 403, "{method} {path} {lines}");
            }
        }
    }
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n";
    assert_eq!(house.get("/socket", &format!("{unnamed}{upgrade}")).await.status, 403);
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn a23_the_extranets_login_never_answers() {
    let house = House::plain().await;
    for cookie in ["", RESIDENT] {
        let answer = house.get("/login.php?x=1", cookie).await;
        assert_eq!(answer.header("location").as_deref(), Some("https://www.test/login?client=SPI31&societe=01"));
        assert_eq!(house.get("/%6cogin.php", cookie).await.status, 303);
        assert_eq!(house.send(request("POST", "/login.php", cookie, "a=1")).await.status, 403);
        assert_eq!(house.get("//login.php", cookie).await.status, 400, "this may be the name of a host");
    }
    assert_eq!(house.seen().len(), 0);
}

/// Spellings of what stands behind the first sign of `/xyz.php`.
const SPELLINGS: [&str; 20] = [
    "/{}",
    "/{}/",
    "/{}/x",
    "/{}/x.css",
    "/{};x=1",
    "/{}.",
    "/{}%20",
    "/{}::$DATA",
    "/{}%3a%3a$data",
    "/(S(abc))/{}",
    "/{}%2fx",
    "/{}%252e",
    "/x/..%20/{}",
    "/%c0%af{}",
    "/{}%2500.png",
    "/;x/{}",
    "/{}%e2%80%8b",
    "/{}%3fx",
    "/{}%5cx",
    "/%5c{}",
];

#[tokio::test]
async fn review_b3_att_20_what_restricts_is_closed_in_every_spelling_and_by_every_method() {
    let house = House::plain().await;
    for name in ["login.php", "LOGIN.Php", "%256cogin.php", "Logout.php", "password.php"] {
        for spelling in SPELLINGS {
            let path = spelling.replace("{}", name);
            for (cookie, method) in [RESIDENT, ""]
                .into_iter()
                .flat_map(|who| ["GET", "HEAD", "POST", "DELETE", "PROPFIND"].map(|method| (who, method)))
            {
                let body = if method == "POST" { "user=bob&pass=x" } else { "" };
                let answer = house.send(request(method, &path, cookie, body)).await;
                assert!(matches!(answer.status, 303 | 307 | 401 | 403), "{method} {path}: {answer:?}");
                assert!(house.seen().is_empty(), "{method} {path}: {:?}", house.seen());
            }
        }
    }
}

#[tokio::test]
async fn review_b3_nor_under_a_name_that_a_server_completes_shortens_or_loses_something_of() {
    let house = House::plain().await;
    for path in [
        "/login",
        "/Login.",
        "/LOGOUT.html",
        "/password/",
        "/password.php7;x",
        "/%70assword",
        "/login%ff.php",
        "/lo%fe%ffgout.php",
        "/password.php%e2%98%83",
        "/login.%cf%80hp",
        "/%ff/login",
    ] {
        for cookie in [RESIDENT, ""] {
            for method in ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PROPFIND"] {
                let body = if method == "POST" { "user=bob&pass=x" } else { "" };
                let answer = house.send(request(method, path, cookie, body)).await;
                assert!(matches!(answer.status, 303 | 307 | 401 | 403), "{method} {path}: {answer:?}");
                assert!(house.seen().is_empty(), "{method} {path}: {:?}", house.seen());
            }
        }
    }
    for path in ["/login.css", "/password.js", "/logout/x", "/logins"] {
        assert_eq!(house.get(path, RESIDENT).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn f3_a_page_that_shows_the_login_form_to_strangers_only_is_open_to_residents_and_takes_no_post() {
    let page = |agency: &mut super::Agency| {
        let paths = std::sync::Arc::make_mut(&mut agency.paths);
        paths.form_page = Some(crate::domain::path::FormPage::of("/app/"));
    };
    let house = House::with(page, |_| b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec()).await;
    assert_eq!(house.get("/app/", "").await.status, 303);
    for path in ["/app/", "/app/", "/app/x", "/app/index.php?page=2"] {
        assert_eq!(house.get(path, RESIDENT).await.status, 200, "{path}");
    }
    let passed = house.seen().len();
    for path in ["/app/", "/App", "/app/;x=1", "/app/%20", "/%61pp/"] {
        for cookie in [RESIDENT, ""] {
            assert_eq!(house.send(request("POST", path, cookie, "user=bob&pass=x")).await.status, 403, "{path}");
        }
    }
    assert_eq!(house.seen().len(), passed);
    assert_eq!(house.send(request("POST", "/app/avis", RESIDENT, "a=1")).await.status, 200, "its other forms are sent");
}

#[tokio::test]
async fn f3_a_front_page_that_shows_the_login_form_takes_from_residents_what_is_no_login() {
    let page = |agency: &mut super::Agency| {
        agency.adapter = super::form_replay();
        let paths = std::sync::Arc::make_mut(&mut agency.paths);
        paths.form_page = Some(crate::domain::path::FormPage::of("/app/"));
    };
    let house = House::with(page, |_| b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec()).await;
    for path in ["/app/", "/App", "/app/;x=1", "/%61pp/", "/app/?route=/x"] {
        for (body, status) in [
            ("action=note&texte=x", 200),
            ("login=bob", 200),
            ("login=bob&password=x", 403),
            ("PASSWORD=x&action=login&Login=bob", 403),
        ] {
            let passed = house.seen().len();
            let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
            let answer = house.send(request("POST", path, &format!("{RESIDENT}{kind}"), body)).await;
            assert_eq!(
                (answer.status, house.seen().len() - passed),
                (status, usize::from(status == 200)),
                "{path} {body}"
            );
            let stranger = house.send(request("POST", path, kind, body)).await;
            assert!(matches!(stranger.status, 401 | 403) && house.seen().len() - passed <= 1, "{path} {body}");
        }
    }
}

#[tokio::test]
async fn sec_027_att_15_case_10_what_some_server_reads_as_climbing_is_a_residents_as_it_was_sent_and_no_strangers() {
    let house = House::plain().await;
    let odd = CLIMBS_SOMEWHERE.into_iter().chain(AMBIGUOUS);
    for (passed, odd) in odd.enumerate() {
        let path = format!("/public/{odd}");
        for method in ["GET", "HEAD", "POST"] {
            let body = if method == "POST" { "a=1" } else { "" };
            let answer = house.send(request(method, &path, "", body)).await;
            assert_eq!(answer.status, if method == "POST" { 401 } else { 303 }, "{method} {path}");
            let part = house.send(request(method, &path, "Sec-Fetch-Mode: no-cors\r\n", body)).await;
            assert_eq!(part.status, 401, "{method} {path}");
        }
        assert_eq!(house.seen().len(), passed, "{path}");
        assert_eq!(house.get(&path, RESIDENT).await.status, 200, "{path}");
        let seen = house.seen().last().expect("a request").clone();
        assert_eq!(seen.first_line(), format!("GET {path} HTTP/1.1"));
        assert_eq!(seen.folded("x-extranet-user"), ["durand"]);
    }
    assert_eq!(house.get(&format!("/public/{CLIMBS}"), RESIDENT).await.status, 400, "what climbs for all is refused");
}

#[tokio::test]
async fn a18_the_extranets_logout_and_account_pages_become_ours() {
    let house = House::plain().await;
    assert_eq!(house.get("/logout.php", RESIDENT).await.header("location").as_deref(), Some("/.vestibule/logout"));
    assert_eq!(
        house.get("/password.php", RESIDENT).await.header("location").as_deref(),
        Some("https://www.test/account")
    );
    assert_eq!(house.send(request("POST", "/password.php", RESIDENT, "a=1")).await.status, 403);
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn f08_and_a22_a_public_rule_opens_nothing_else() {
    let house = House::plain().await;
    assert_eq!(house.get("/%70ublic/logo.png", "").await.status, 200);
    assert_eq!(house.only().first_line(), "GET /%70ublic/logo.png HTTP/1.1");
    for path in
        ["/%70rivate", "/private?x=/public/", "/private/?/public/logo.png", "/private%23/public/a.png", "/publicity"]
    {
        assert_eq!(house.get(path, "").await.status, 303, "{path}");
    }
    for path in ["/public;/private", "/public%2fprivate", "/public%2Fprivate", "/public%5cprivate", "/public%5Cprivate"]
    {
        assert_eq!(house.get(path, "").await.status, 303, "{path}");
        assert_eq!(house.get(path, "Sec-Fetch-Mode: no-cors\r\n").await.status, 401, "{path}");
    }
    assert_eq!(house.get("/private;/public/", "").await.status, 303);
    assert_eq!(house.seen().len(), 1);
    assert_eq!(house.get("/private;jsessionid=1", RESIDENT).await.status, 200, "where no rule applies it passes");
}

#[tokio::test]
async fn sec_061_a_cookie_that_is_none_of_ours_is_a_stranger() {
    let house = House::plain().await;
    let long = "x".repeat(8000);
    for value in ["%", "{", long.as_str(), "é", "=;;;", "resident2", "", "resident; vestibule=resident"] {
        let answer = house.get("/private", &format!("Cookie: vestibule={value}\r\n")).await;
        assert_eq!(answer.status, 303, "{value}");
    }
    assert_eq!(house.seen().len(), 0);
    let beside = house.get("/private", "Cookie: old=\u{e9}; vestibule=resident\r\n").await;
    assert_eq!(beside.status, 200, "a strange cookie of the extranet's does not sign anybody out");
}

#[tokio::test]
async fn when_the_session_store_is_down_nobody_is_forwarded_and_no_cookie_is_cleared() {
    let house = House::plain().await;
    let answer = house.get("/private", "Cookie: vestibule=store-is-down\r\n").await;
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn our_own_pages_are_answered_in_process() {
    let house = House::plain().await;
    let own = house.get("/.vestibule/logout?x=1", "X-Forwarded-For: 6.6.6.6\r\n").await;
    assert_eq!(own.status, 200);
    assert!(own.text().starts_with("page GET /.vestibule/logout?x=1 from 127.0.0.1 id "), "{}", own.text());
    assert_eq!(own.header("cache-control").as_deref(), Some("no-store"));
    let encoded = house.get("/%2evestibule/logout", RESIDENT).await;
    assert!(encoded.text().starts_with("page GET"), "another spelling of our paths is no path of the extranet's");
    let portal = "POST /login HTTP/1.1\r\nHost: www.test\r\nContent-Length: 9\r\nConnection: close\r\n\r\nlogin=abc";
    assert!(house.send(portal).await.text().ends_with("body login=abc"));
    let chunked = "POST /login HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
                   5\r\nlogin\r\n4\r\n=abc\r\n0\r\n\r\n";
    assert!(house.send(chunked).await.text().ends_with("body login=abc"));
    let head = house.send("HEAD /login HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(house.seen().len(), 0);
}

#[tokio::test]
async fn a_form_of_ours_that_is_too_large_is_refused_and_the_connection_ends() {
    let house = House::plain().await;
    let declared =
        format!("POST /login HTTP/1.1\r\nHost: www.test\r\nContent-Length: 70000\r\n\r\n{}", "a".repeat(70_000));
    let answer = house.send(declared).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.header("connection").as_deref(), Some("close"));
    let chunk = format!("{:x}\r\n{}\r\n", 40_000, "a".repeat(40_000));
    let chunked =
        format!("POST /login HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n");
    assert_eq!(house.send(chunked).await.status, 413);
    let refused = request("POST", "/form", "", &"a".repeat(500_000));
    assert_eq!(house.send(refused).await.status, 401, "the answer is seen although the body was not wanted");
}

#[tokio::test]
async fn a_page_of_ours_that_panics_is_told_with_the_requests_identifier() {
    let house = House::plain().await;
    let answer = house.get("/.vestibule/panic", RESIDENT).await;
    assert_eq!(answer.status, 500);
    let id = answer.text().lines().nth(1).map(str::to_owned).expect("an identifier");
    assert_eq!(id.len(), 16, "{answer:?}");
}
