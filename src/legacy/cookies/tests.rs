//! A jar as a browser's, with what it takes, sends and hands over.

use super::*;

const NOW: Timestamp = Timestamp::constant(1_764_200_000, 0);

fn filled(lines: &[&str]) -> (Jar, Taken) {
    let mut jar = Jar::default();
    let taken = jar.take(lines.iter().map(|line| line.as_bytes()), b"/admin/login/", NOW);
    (jar, taken)
}

fn sent(jar: &Jar, asked: &str) -> Option<String> {
    jar.header(asked.as_bytes(), NOW).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn then(jar: &mut Jar, asked: &str, lines: &[&str]) -> Taken {
    jar.take(lines.iter().map(|line| line.as_bytes()), asked.as_bytes(), NOW)
}

fn names(cookies: &[Octets]) -> Vec<&str> {
    cookies.iter().map(|name| std::str::from_utf8(name.as_bytes()).unwrap()).collect()
}

#[test]
fn what_the_extranet_deletes_is_gone() {
    let (jar, taken) = filled(&[
        "a=1; Path=/",
        "b=2; Path=/",
        "a=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/",
        "empty=; Path=/",
        "quoted=\"\"; Path=/",
        "old=x; Path=/; Expires=Thu, 1 Jan 1970 00:00:00 GMT",
    ]);
    assert_eq!(names(&taken.live), ["b"]);
    assert_eq!(sent(&jar, "/").as_deref(), Some("b=2; empty=; quoted=\"\""));
}

#[test]
fn one_that_is_deleted_elsewhere_lives_where_it_was_set() {
    let (jar, taken) = filled(&["sid=new; Path=/", "sid=; Path=/old; Max-Age=0"]);
    assert_eq!((names(&taken.live), sent(&jar, "/")), (vec!["sid"], Some("sid=new".to_owned())));
    let (_, taken) = filled(&["sid=; Path=/; Max-Age=0", "sid=new; Path=/"]);
    assert_eq!(names(&taken.live), ["sid"]);
    let (_, taken) = filled(&["sid=new; Path=/", "sid=x; Path=/; Max-Age=0"]);
    assert!(taken.live.is_empty());
}

#[test]
fn cookies_go_where_their_path_says_longest_first_and_then_oldest_first() {
    let (mut jar, _) = filled(&["z=1; Path=/", "a=2; Secure", "c=3; Path=/other", "b=4; Domain=evil.example"]);
    assert_eq!(sent(&jar, "/admin/login/x?y=/other").as_deref(), Some("a=2; b=4; z=1"));
    assert_eq!(sent(&jar, "/").as_deref(), Some("z=1"));
    assert_eq!(sent(&jar, "//other/x").as_deref(), Some("z=1"));
    then(&mut jar, "/", &["y=5", "z=6"]);
    assert_eq!(sent(&jar, "/").as_deref(), Some("z=6; y=5"), "one that is set again keeps its place");
    assert_eq!(jar.header(b"/", Timestamp::MAX).map(|value| value.len()), Some(8), "the browser's session has no end");
    then(&mut jar, "/", &["y=5; Max-Age=60"]);
    let later = NOW + jiff::SignedDuration::from_secs(60);
    assert_eq!(jar.header(b"/", later).map(|value| value.len()), Some(3), "its minute is over");
}

#[test]
fn the_browser_gets_them_for_the_public_host() {
    let (jar, _) = filled(&[
        "seen=1; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT; SameSite=Lax",
        "sid=a\"b=; Domain=.extranet.example; HttpOnly; Secure; SameSite=None; Path=/wiki/",
        "far=1; Max-Age=99999999999999",
    ]);
    let cookies = jar.into_cookies();
    let relayed = |https| cookies.iter().map(|cookie| cookie.to_set_cookie(https).unwrap()).collect::<Vec<_>>();
    assert_eq!(
        relayed(true),
        [
            "seen=1; SameSite=Lax; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT",
            "sid=a\"b=; HttpOnly; SameSite=None; Secure; Path=/wiki/",
            "far=1; Path=/admin/login"
        ]
    );
    assert_eq!(relayed(false)[1], "sid=a\"b=; HttpOnly; Path=/wiki/");
}

#[test]
fn att_07_bytes_that_are_no_text_stay_as_they_are() {
    let mut jar = Jar::default();
    let lines = [&b"nom=Am\xe9lie; Path=/"[..], b"Am\xe9lie=\xff; Path=/\xe9", "ville=Sète; Path=/".as_bytes()];
    let taken = jar.take(lines, b"/", NOW);
    assert_eq!((taken.live.len(), taken.dropped.len()), (3, 0));
    let stored = serde_json::to_string(&jar.into_cookies()).unwrap();
    let jar = Jar::holding(&serde_json::from_str::<Vec<UpstreamCookie>>(&stored).unwrap());
    let held = jar.header(b"/\xe9/x", NOW).unwrap();
    assert_eq!(held.as_bytes(), [&b"Am\xe9lie=\xff; nom=Am\xe9lie; ville="[..], "Sète".as_bytes()].concat());
    let relayed = jar.into_cookies()[0].to_set_cookie(true).unwrap();
    assert_eq!(relayed.as_bytes(), b"nom=Am\xe9lie; Path=/");
}

#[test]
fn a_jar_is_filled_again_from_what_was_stored() {
    let (jar, _) = filled(&["sid=s3cret; HttpOnly; Path=/wiki/"]);
    let cookies = jar.into_cookies();
    let stored = serde_json::to_string(&cookies).unwrap();
    assert!(stored.contains(r#""name":"sid","value":"s3cret","path":"/wiki/""#), "as versions before wrote it");
    let read: Vec<UpstreamCookie> = serde_json::from_str(&stored).unwrap();
    let jar = Jar::holding(&read);
    assert_eq!(sent(&jar, "/wiki/doku.php").as_deref(), Some("sid=s3cret"));
    assert_eq!(sent(&jar, "/"), None);
    assert!(!format!("{cookies:?}").contains("s3cret"));
}

#[test]
fn a13_one_name_on_two_paths_is_two_cookies_and_the_longer_path_goes_first() {
    let mut jar = Jar::default();
    then(&mut jar, "/wiki/doku.php?id=x", &["a=root; Path=/", "a=wiki", "b=2; Path=/wiki/lib"]);
    assert_eq!(sent(&jar, "/wiki/page").as_deref(), Some("a=wiki; a=root"));
    assert_eq!(sent(&jar, "/wiki/lib/exe").as_deref(), Some("b=2; a=wiki; a=root"));
    assert_eq!(sent(&jar, "/wikis").as_deref(), Some("a=root"), "a path ends at a slash");
    let gone = ["a=gone; Path=/wiki; Max-Age=0", "b=; Path=/wiki/lib; Expires=Thu, 01 Jan 1970 00:00:00 GMT"];
    then(&mut jar, "/", &gone);
    assert_eq!(sent(&jar, "/wiki/lib/exe").as_deref(), Some("a=root"), "deleted where they were set");
}

#[test]
fn a13_whatever_domain_it_names_a_cookie_is_the_extranets() {
    let (jar, _) = filled(&[
        "a=1; Path=/; Domain=extranet.example",
        "b=2; Path=/; Domain=10.1.2.3",
        "c=3; Path=/; Domain=.ancien-nom.example",
        "d=4; Path=/; Domain=com",
    ]);
    assert_eq!(sent(&jar, "/").as_deref(), Some("a=1; b=2; c=3; d=4"));
}

#[test]
fn a13_a_jar_has_bounds_and_what_is_in_it_goes_before_what_is_new() {
    let long = format!("long={}", "x".repeat(5000));
    let (jar, taken) = filled(&["sid=1; Path=/", &long]);
    assert_eq!((jar.0.len(), taken.dropped), (1, vec![Dropped::TooLong]));
    let many: Vec<String> = (0..60).map(|number| format!("c{number}=v; Path=/")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut full = jar.clone();
    let taken = then(&mut full, "/", &many);
    assert_eq!((full.0.len(), taken.live.len(), taken.dropped), (50, 49, vec![Dropped::NoRoom; 11]));
    assert_eq!(full.0[0].name, "sid".into(), "the session is not pushed out");
    let large = "y".repeat(4000);
    let large: Vec<String> = (0..6).map(|number| format!("l{number}={large}; Path=/")).collect();
    let large: Vec<&str> = large.iter().map(String::as_str).collect();
    let mut full = jar.clone();
    assert!(!then(&mut full, "/", &large).dropped.is_empty() && full.0[0].name == "sid".into());
}

#[test]
fn a13_what_has_ended_is_not_in_the_way_of_what_is_new() {
    let few: Vec<String> = (0..50).map(|number| format!("c{number}=v; Path=/; Max-Age=1")).collect();
    let few: Vec<&str> = few.iter().map(String::as_str).collect();
    let (mut jar, taken) = filled(&few);
    assert_eq!((jar.0.len(), taken.live.len()), (50, 50));
    let late = NOW.checked_add(jiff::SignedDuration::from_secs(2)).expect("a time");
    let taken = jar.take([&b"new=1; Path=/"[..]], b"/", late);
    assert_eq!((names(&taken.live), taken.dropped), (vec!["new"], vec![]));
    assert_eq!(jar.into_cookies().len(), 1);
}

#[test]
fn sec_063_an_extranet_sets_none_of_ours_and_nothing_without_a_name() {
    let (jar, taken) =
        filled(&["vestibule=x", "__HOST-Vestibule-device=x; Path=/", "=vestibule=x", "vestibule", "a=1"]);
    assert_eq!(names(&taken.live), ["a"]);
    assert_eq!(taken.dropped, [Dropped::Ours, Dropped::Ours, Dropped::Nameless, Dropped::Nameless]);
    assert_eq!(jar.into_cookies().len(), 1);
}

/// The IETF's own cases for RFC 6265 (github.com/abarth/http-state), where their folder `tests/data` is named.
#[test]
fn the_ietfs_cases_for_cookies_are_read_as_it_says() {
    const DATA: &str = "HTTP_STATE_DATA";
    #[expect(clippy::disallowed_methods, reason = "the cases of others are not part of this repository")]
    let Ok(data) = std::env::var(DATA) else { return };
    let cases = std::fs::read_to_string(format!("{data}/parser.json")).expect("parser.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(&cases).expect("cases");
    // The cases are of 2010; a date that was yet to come then has not come.
    let then = Timestamp::constant(1_280_000_000, 0);
    let mut failed = Vec::new();
    for case in &cases {
        let name = case["test"].as_str().unwrap();
        // A domain is not looked at, and Secure ones are sent (the hop to the browser has TLS). What they disabled
        // themselves cannot be written in a header.
        let lines: Vec<&str> = case["received"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let on_purpose = lines.iter().any(|line| {
            let line = line.to_ascii_lowercase();
            line.contains("domain") || line.contains("secure")
        });
        if on_purpose || name.starts_with("DISABLED") || name.starts_with("DOMAIN") {
            continue;
        }
        let to = case["sent-to"].as_str().unwrap_or("/cookie-parser-result");
        let mut jar = Jar::default();
        jar.take(lines.iter().map(|line| line.as_bytes()), format!("/cookie-parser?{name}").as_bytes(), then);
        let pairs: Vec<String> = case["sent"].as_array().unwrap().iter().map(pair).collect();
        let header = jar.header(to.as_bytes(), then);
        let header = header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default();
        if header != pairs.join("; ") {
            failed.push(format!("{name}: {lines:?} gave {header:?}, not {pairs:?}"));
        }
    }
    assert!(cases.len() > 200 && failed.is_empty(), "{}", failed.join("\n"));
}

fn pair(sent: &serde_json::Value) -> String {
    format!("{}={}", sent["name"].as_str().unwrap(), sent["value"].as_str().unwrap())
}
