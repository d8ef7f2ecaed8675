//! One reading of cookies: dates, attributes, names, and what is ours.

use super::*;

const NOW: Timestamp = Timestamp::constant(1_764_200_000, 0);

fn read(line: &str) -> Option<(String, Option<i64>)> {
    let cookie = SetCookie::read(line.as_bytes(), NOW).ok()?;
    Some((
        format!("{}={}", String::from_utf8_lossy(cookie.name), String::from_utf8_lossy(cookie.value)),
        cookie.expires,
    ))
}

fn is_deleted(attributes: &str) -> bool {
    SetCookie::read(format!("sid=x; {attributes}").as_bytes(), NOW).expect("a cookie").is_deleted(NOW)
}

#[test]
fn a_date_of_the_past_is_one_however_a_server_writes_it() {
    for (date, seconds) in [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thursday, 01-Jan-70 00:00:01 GMT", 1),
        ("Thu, 01-Jan-1970 00:00:01 GMT", 1),
        ("Thu Jan  1 00:00:00 1970", 0),
        ("Thu, 1 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 UTC", 0),
        ("Thu, 01 Jan 1970 00:00:00 +0000", 0),
        ("Thu 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu Jan 01 1970 00:00:00 GMT+0000 (UTC)", 0),
        ("Mon, 01-Jan-2001 0:0:0 GMT", 978_307_200),
        ("thu, 01 jan 1970 00:00:00 gmt", 0),
        ("Thu, 01 Jan 1970 00:00:00", 0),
        ("Fri, 01 Jan 1970 00:00:00 GMT", 0),
        ("\"Thu, 01 Jan 1970 00:00:00 GMT\"", 0),
        ("Thu,01-January-1970,00:00:00.000Z", 0),
        ("Wed Dec 12 2007 08:44:07 GMT-0500 (EST)", 1_197_449_047),
        ("Thu, 31 Dec 23:55:55 2037 GMT", 2_145_916_555),
        ("Mon, 01 Jan 1601 00:00:00 GMT", -11_644_473_600),
        ("Jeu, 01 Jan 1970 00:00:00 GMT", 0),
        ("1 jan 69 00:00:00", 3_124_224_000),
        ("29 Feb 2000 12:00:00 trailing 12:13:14", 951_825_600),
        ("1.1.1970 Jan 0:0:0", 0),
        ("1970 01 Jan 00:00:00", 0),
    ] {
        assert_eq!(super::date(date.as_bytes()), Some(seconds), "{date}");
        assert_eq!(read(&format!("sid=x; Expires={date}")), Some(("sid=x".into(), Some(seconds))), "{date}");
        assert_eq!(is_deleted(&format!("eXPIRES = {date}")), seconds < NOW.as_second(), "{date}");
    }
}

#[test]
fn what_is_no_date_says_nothing() {
    for date in [
        "",
        "0",
        "-1",
        "Thu, 01 Jan 1970",
        "Mon, 01-Jan-2011 00: 00:00 GMT",
        "Thu, 30 Feb 2012 00:00:00 GMT",
        "Thu, 32 Jan 1970 00:00:00 GMT",
        "Thu, 00 Jan 1970 00:00:00 GMT",
        "Thu, 01 Jan 1600 00:00:00 GMT",
        "Thu, 01 Jan 1970 24:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:60 GMT",
        "Thu, 01 Janvier",
        "1970-01-01T00:00:00Z",
        "Thu, 001 Jan 1970 00:00:00 GMT",
        "jeu. 1er janv. mil neuf cent 00:00:00",
    ] {
        assert_eq!(super::date(date.as_bytes()), None, "{date}");
        assert!(!is_deleted(&format!("Expires={date}")), "{date}");
    }
}

#[test]
fn the_age_comes_before_the_date_and_the_last_that_can_be_read_counts() {
    let (past, future) = ("Thu, 1 Jan 1970 00:00:00 GMT", "Fri, 1 Jan 2100 00:00:00 GMT");
    for (attributes, deleted) in [
        ("Max-Age=0".to_owned(), true),
        ("max-age=-1".to_owned(), true),
        ("MAX-AGE = -99999999999999999999999".to_owned(), true),
        ("Max-Age=99999999999999999999999".to_owned(), false),
        ("Max-Age=".to_owned(), false),
        ("Max-Age".to_owned(), false),
        ("Max-Age=+0".to_owned(), false),
        ("Max-Age=\"0\"".to_owned(), false),
        ("Max-Age=0.5".to_owned(), false),
        ("Max-Age=-".to_owned(), false),
        (format!("Max-Age=60; Expires={past}"), false),
        (format!("Expires={past}; Max-Age=60"), false),
        (format!("Max-Age=0; Expires={future}"), true),
        (format!("Max-Age=never; Expires={past}"), true),
        (format!("Expires={past}; Expires={future}"), false),
        (format!("Expires={future}; Expires={past}"), true),
        (format!("Expires={past}; Expires=never"), true),
        ("Max-Age=60; Max-Age=0".to_owned(), true),
        (format!("Expires={past}{}", " ".repeat(2000)), true),
        (format!("Expires={past}; Comment={}", "x".repeat(2000)), true),
    ] {
        assert_eq!(is_deleted(&attributes), deleted, "{attributes}");
    }
}

#[test]
fn names_values_and_attributes_are_what_a_browser_reads() {
    for (line, meant) in [
        ("sid=1", Some("sid=1")),
        ("  sid\t = \"a b\" \t; Path=/", Some("sid=\"a b\"")),
        ("sid===; x", Some("sid===")),
        ("sid=", Some("sid=")),
        ("a b=1", Some("a b=1")),
        ("z=y, a=b", Some("z=y, a=b")),
        ("$Version=1; sid=2", Some("$Version=1")),
        ("nom=Amélie", Some("nom=Amélie")),
        ("sid", None),
        ("=x", None),
        (" = ", None),
        ("", None),
        ("; sid=1", None),
    ] {
        assert_eq!(read(line).map(|(pair, _)| pair).as_deref(), meant, "{line:?}");
    }
    let cookie = SetCookie::read(b"n\xe9=\xff; PATH = /\xe9 ; secure=no; HttpOnly ;SameSite=laX;;=", NOW).expect("one");
    assert_eq!((cookie.name, cookie.value, cookie.path), (&b"n\xe9"[..], &b"\xff"[..], Some(&b"/\xe9"[..])));
    assert!(cookie.secure && cookie.http_only && cookie.same_site == Some(SameSite::Lax));
    for (attributes, path) in
        [("Path=", None), ("Path=x", None), ("Path=/a; Path", None), ("Path=/a; Path=/b", Some("/b"))]
    {
        let line = format!("a=b; {attributes}");
        assert_eq!(SetCookie::read(line.as_bytes(), NOW).expect("one").path, path.map(str::as_bytes), "{line}");
    }
}

#[test]
fn a_cookie_has_the_size_that_browsers_take() {
    let line = |size: usize| format!("sid={}; Path=/", "x".repeat(size - 3));
    assert!(SetCookie::read(line(4096).as_bytes(), NOW).is_ok());
    assert_eq!(SetCookie::read(line(4097).as_bytes(), NOW), Err(Dropped::TooLong));
}

#[test]
fn a_path_ends_at_a_slash() {
    for (asked, default) in
        [("/a/b.php", "/a"), ("/a/", "/a"), ("/a", "/"), ("/", "/"), ("", "/"), ("*", "/"), ("x/y", "/")]
    {
        assert_eq!(default_path(asked.as_bytes()), default.as_bytes(), "{asked}");
    }
    let matches = |path: &str, asked: &str| path_matches(path.as_bytes(), asked.as_bytes());
    assert!(matches("/", "/x") && matches("/a", "/a") && matches("/a", "/a/b") && matches("/a/", "/a/b"));
    assert!(!matches("/a", "/ab") && !matches("/a/", "/a") && !matches("/A", "/a"));
}

#[test]
fn a14_every_cookie_of_ours_is_known_by_its_name() {
    for name in [
        "vestibule",
        "Vestibule-x",
        "__Host-vestibule=1",
        "__HOST-vestibule-browser",
        "__Secure-vestibule",
        " =\tvestibule=x",
    ] {
        assert!(is_ours(name.as_bytes()), "{name}");
    }
    for name in ["PHPSESSID", "vest", "__Host-x", "xvestibule", "vestibulaire=1", "a=vestibule", "", "\u{e9}"] {
        assert!(!is_ours(name.as_bytes()), "{name}");
    }
}

#[test]
fn sec_061_att_07_a_name_that_comes_twice_is_nobodys_and_bytes_hide_nothing() {
    let find = |lines: &[&[u8]]| find(lines.iter().copied(), "vestibule").map(<[u8]>::to_vec);
    let tok = Some(b"tok".to_vec());
    for lines in [
        &[&b"vestibule=tok"[..]][..],
        &[b"nom=Am\xe9lie; vestibule=tok"],
        &[b"vestibule=tok; nom=Am\xc3\xa9lie; \xff"],
        &[b"\xff=\xfe", b"vestibule=tok ;;= ; x"],
        &[b" vestibule = tok "],
        &[b"vestibule-csrf=a; vestibule=tok; Vestibule=b; xvestibule=c; =vestibule=d; vestibule"],
    ] {
        assert_eq!(find(lines), tok, "{lines:?}");
    }
    for lines in [
        &[&b"vestibule=tok; vestibule=tok"[..]][..],
        &[b"vestibule=a", b"vestibule=b"],
        &[b"vestibule"],
        &[b"vestibules=tok"],
        &[b""],
    ] {
        assert_eq!(find(lines), None, "{lines:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_kept_too() {
    for bytes in [&b"plain"[..], "Amélie".as_bytes(), b"Am\xe9lie", b"\xff\x80", b""] {
        let stored = serde_json::to_string(&Octets::from(bytes)).expect("JSON");
        assert_eq!(serde_json::from_str::<Octets>(&stored).expect("bytes"), Octets::from(bytes), "{stored}");
    }
}
