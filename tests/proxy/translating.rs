//! Both sides believe that they speak to the other directly.

use url::form_urlencoded;

use crate::support::{
    person::{Person, Request},
    town::Town,
};

/// What the extranet is asked to answer with.
fn answer(headers: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(headers).finish();
    format!("/answer?{query}")
}

#[test]
fn a15_redirects_to_the_extranets_own_address_become_ours() {
    let town = Town::build_with_agency(
        |site| site,
        |agency| agency.set("upstream.aliases", vec!["http://intern.agence.example:8080"]),
    );
    let mut alice = town.alice();
    let own = town.a.origin().to_owned();
    let public = town.at_a("").trim_end_matches('/').to_owned();
    for (from, to) in [
        (format!("{own}/membre/y?a=1"), format!("{public}/membre/y?a=1")),
        (own.clone(), public.clone()),
        ("http://intern.agence.example:8080/x".to_owned(), format!("{public}/x")),
        ("/membre/y".to_owned(), format!("{public}/membre/y")),
        ("https://elsewhere.example/x".to_owned(), "https://elsewhere.example/x".to_owned()),
        ("http://127.0.0.1.evil.tld/x".to_owned(), "http://127.0.0.1.evil.tld/x".to_owned()),
        ("http://127.0.0.1:1/x".to_owned(), "http://127.0.0.1:1/x".to_owned()),
    ] {
        let there = alice.get(town.at_a(&answer(&[("status", "302"), ("location", &from)])), &[]);
        let location = there.header("location");
        let absolute = there.url.join(location).expect("an address").to_string();
        assert_eq!(absolute.trim_end_matches('/'), to.trim_end_matches('/'), "Location: {from} came as {location}");
    }
    let there = alice.get(
        town.at_a(&answer(&[
            ("status", "201"),
            ("content-location", &format!("{own}/membre/y")),
            ("refresh", &format!("5; url={own}/membre/z")),
        ])),
        &[],
    );
    assert!(!there.header("content-location").contains(&own), "{}", there.header("content-location"));
    assert!(!there.header("refresh").contains(&own), "{}", there.header("refresh"));
    assert!(there.header("refresh").contains("/membre/z"), "{}", there.header("refresh"));
}

#[test]
fn a15_cookies_of_the_extranet_live_on_our_host_and_ours_are_not_overwritten() {
    let town = Town::build();
    let mut alice = town.alice();
    let cookies = [
        "SID=1; Path=/; Domain=127.0.0.1; HttpOnly",
        "other=2; Path=/membre/; Max-Age=60",
        "wide=3; Domain=.localhost; Path=/",
        "vestibule=stolen; Path=/",
        "Vestibule=stolen; Path=/",
        "__Host-vestibule=stolen; Path=/; Secure",
        "vestibule_csrf=stolen; Path=/",
    ];
    let pairs: Vec<(&str, &str)> = cookies.iter().map(|cookie| ("set-cookie", *cookie)).collect();
    let there = alice.get(town.at_a(&answer(&pairs)), &[]);
    let lines: Vec<_> = there.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
    assert!(lines.iter().any(|line| line.starts_with("SID=1") && line.contains("HttpOnly")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("other=2") && line.contains("Path=/membre/")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.to_ascii_lowercase().contains("domain=")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("stolen")), "{lines:?}");
    alice.open(town.at_a("/membre/x")).see("alice-77");
}

#[test]
fn f16_origin_and_referer_are_translated_from_our_own_origin_only() {
    let town = Town::build();
    let mut alice = town.alice();
    let public = town.at_a("").trim_end_matches('/').to_owned();
    let own = town.a.origin().to_owned();
    let url = town.gateway.agency("agence-a", "/membre/form");
    let post = Request::get(url).method(reqwest::Method::POST).body("a=1").header("sec-fetch-site", "same-origin");
    let right = post.clone().header("origin", &public).header("referer", &format!("{public}/membre/x?y=1"));
    assert_eq!(alice.ask(right).status, 200);
    let seen = town.a.last();
    assert_eq!(seen.values("Origin"), [own.as_str()]);
    assert_eq!(seen.values("Referer"), [format!("{own}/membre/x?y=1")]);
    assert_eq!(seen.values("Host"), [own.trim_start_matches("http://")]);
    alice.get(town.at_a("/membre/x"), &[("referer", "https://elsewhere.example/page")]);
    assert_ne!(town.a.last().values("Referer"), [format!("{own}/page")], "a foreign page stays foreign");
}

#[test]
fn f16_a_form_from_elsewhere_is_refused_before_the_extranet() {
    let town = Town::build();
    let mut alice = town.alice();
    let public = town.at_a("").trim_end_matches('/').to_owned();
    let url = town.gateway.agency("agence-a", "/membre/form");
    let lookalike = format!("{public}.evil.tld");
    let portal = town.gateway.portal("").to_string();
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let post = Request::get(url.clone()).method(method.parse().expect("a method")).body("a=1");
        for origin in ["https://evil.tld", "null", lookalike.as_str(), portal.trim_end_matches('/'), "", "file://"] {
            let answer = alice.ask(post.clone().header("origin", origin));
            assert_eq!(answer.status, 403, "{method} from {origin:?}");
        }
        let answer = alice.ask(post.without("origin").header("sec-fetch-site", "cross-site"));
        assert_eq!(answer.status, 403, "{method} from a page elsewhere");
    }
    let upgrade = Request::get(url)
        .header("origin", "https://evil.tld")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(alice.ask(upgrade).status, 403, "a WebSocket from elsewhere");
    town.a.assert_untouched("forms from elsewhere");
}

#[test]
fn f17_the_browsers_authorization_stays_outside_unless_the_agency_says_so() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.get(town.at_a("/membre/x"), &[("authorization", "Basic YTpi")]);
    assert_eq!(town.a.last().values("Authorization"), [""; 0]);
    let town = Town::build_with_agency(|site| site, |agency| agency.set("keep_authorization", true));
    let mut alice = town.alice();
    alice.get(town.at_a("/membre/x"), &[("authorization", "Basic YTpi")]);
    assert_eq!(town.a.last().values("Authorization"), ["Basic YTpi"]);
}

#[test]
fn a_page_passes_byte_by_byte() {
    let town = Town::build();
    let mut alice = town.alice();
    let there = alice.get(
        town.at_a(&answer(&[
            ("body", "Bonjour à tous <b>&amp;</b>"),
            ("content-type", "text/html"),
            ("cache-control", "max-age=5"),
            ("server", "Apache/2"),
        ])),
        &[],
    );
    assert_eq!(there.text(), "Bonjour à tous <b>&amp;</b>");
    assert_eq!((there.header("content-type"), there.header("cache-control")), ("text/html", "max-age=5"));
    for status in [404, 410, 422, 500, 503] {
        assert_eq!(alice.get(town.at_a(&answer(&[("status", &status.to_string())])), &[]).status, status);
    }
}

#[test]
fn f08_a_semicolon_passes_where_no_rule_could_mean_it() {
    let town = Town::build();
    let mut alice = town.alice();
    for target in ["/membre/x;jsessionid=1A2B", "/membre/a%2Fb", "/membre//x", "/membre/%C3%A9?q=%26+%2B", "/membre/x?"]
    {
        alice.get(town.at_a(target), &[]);
        assert_eq!(town.a.last().target, target, "forwarded as it was asked");
    }
    let mut stranger = Person::new(&town.gateway);
    town.forget();
    stranger.get(town.at_a("/public;x/logo.png"), &[]);
    town.a.assert_untouched("a spelling that could mean a public path");
}
