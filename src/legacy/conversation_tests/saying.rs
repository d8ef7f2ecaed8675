//! What the requests of a sign-in say besides what they ask for.

use super::*;

/// What was said with each request of a sign-in, in order.
async fn said(forwarded: Forwarded, form: &FormLogin) -> Vec<(String, HeaderMap)> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let upstream = extranet(move |_, asked| {
        noted.lock().unwrap().push((format!("{} {}", asked.method, asked.target), asked.headers.clone()));
        match asked.method.as_str() {
            "POST" => to("/menu", &[]),
            _ => login_page(),
        }
    })
    .await;
    let upstream = Upstream { forwarded, host_header: "extranet.example".into(), ..upstream };
    assert!(matches!(verify(&upstream, form, PASSWORD).await, Ok(Verdict::Accepted { .. })));
    seen.lock().unwrap().clone()
}

fn entering() -> FormLogin {
    FormLogin { success: vec![Rule::Redirect("/menu".into())], ..declared() }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn review_case_22_a_sign_in_says_what_a_forwarded_request_says() {
    let seen = said(Forwarded::Public, &entering()).await;
    let asked: Vec<&str> = seen.iter().map(|(asked, _)| asked.as_str()).collect();
    assert_eq!(asked, ["GET /identification.php", "POST /identification.php", "GET /menu"]);
    for (asked, headers) in &seen {
        for (name, value) in BROWSER.into_iter().chain([
            ("host", "extranet.example"),
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "agence.example"),
            ("x-request-id", "00c0ffee"),
            ("upgrade-insecure-requests", "1"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-user", "?1"),
        ]) {
            assert_eq!(text(headers, name), Some(value), "{asked} {name}");
        }
        assert!(text(headers, "accept").unwrap().starts_with("text/html,"), "{asked}");
    }
    let page = "http://extranet.example/identification.php";
    let told = |at: usize| ["sec-fetch-site", "referer", "origin"].map(|name| text(&seen[at].1, name));
    assert_eq!(told(0), [Some("none"), None, None]);
    assert_eq!(told(1), [Some("same-origin"), Some(page), Some("http://extranet.example")]);
    assert_eq!(told(2), [Some("same-origin"), Some(page), None]);
}

#[tokio::test]
async fn f7_a_sign_in_tells_an_extranet_of_its_own_name_or_of_nothing_where_it_is_declared() {
    let names = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-for"];
    for (forwarded, told) in [
        (Forwarded::Upstream, [Some("http"), Some("extranet.example"), Some("192.0.2.7")]),
        (Forwarded::None, [None; 3]),
    ] {
        for (asked, headers) in said(forwarded, &entering()).await {
            assert_eq!(names.map(|name| text(&headers, name)), told, "{asked} {forwarded:?}");
        }
    }
}

#[tokio::test]
async fn review_case_22_an_extranet_that_wants_https_is_entered_under_whatever_name_it_writes() {
    for place in ["https://extranet.example/menu", "http://extranet.example/menu", "https://agence.example/menu"] {
        let upstream = extranet(move |_, asked| {
            let host = asked.header("host").to_owned();
            match asked.method.as_str() {
                _ if asked.header("x-forwarded-proto") != "https" => {
                    to(&format!("https://{host}{}", asked.target), &[])
                }
                "POST" => to(place, &["sid=s1; Secure"]),
                _ if asked.target == "/menu" && asked.header("cookie") != "sid=s1" => endless(),
                _ => login_page(),
            }
        })
        .await;
        let upstream = Upstream { host_header: "extranet.example".into(), ..upstream };
        assert!(matches!(verify(&upstream, &entering(), PASSWORD).await, Ok(Verdict::Accepted { .. })), "{place}");
        // One that is told nothing of it sends everybody there for ever.
        let deaf = Upstream { forwarded: Forwarded::None, ..upstream };
        assert_eq!(verify(&deaf, &entering(), PASSWORD).await, Err(NoVerdict::FormChanged));
    }
}

#[test]
fn who_is_no_browser_says_what_a_plain_one_says_and_a_browser_only_what_it_said() {
    let told = |said: &Browser| {
        let mut headers = HeaderMap::new();
        said.tell(&mut headers);
        headers
    };
    let plain = told(&Browser::default());
    assert!(text(&plain, "user-agent").is_some_and(|name| name.starts_with("Mozilla/5.0 ")));
    assert_eq!(text(&plain, "accept-encoding"), Some("gzip, deflate"));
    assert!(text(&plain, "accept-language").is_some_and(|language| language.starts_with("fr")));
    let silent = told(&Browser::of(&HeaderMap::new()));
    assert!(["user-agent", "accept-encoding", "accept-language"].iter().all(|name| text(&silent, name).is_none()));
}
