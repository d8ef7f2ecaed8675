use super::odd::{AMBIGUOUS, CLIMBS, CLIMBS_SOMEWHERE};
use super::*;

#[test]
fn f08_climbing_paths_are_refused_in_every_spelling() {
    for climbing in [
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/%2E%2e%2fprivate",
        "/public/..;/private",
        "/public//../private",
        "/public%2f..%2fprivate",
        "/public/..%5cprivate",
        "/public\\..\\private",
        "/public/./../private",
        "/public/%252e%252e/private",
        "/a/.",
        "/..",
        "/public/%2e/x",
    ] {
        assert_eq!(NormalisedPath::read(climbing), Err(TargetError::Climbs), "{climbing}");
    }
}

#[test]
fn f08_malformed_targets_are_refused() {
    for (target, error) in [
        ("/%", TargetError::BrokenEscape),
        ("/%zz", TargetError::BrokenEscape),
        ("/a b", TargetError::Control),
        ("/\u{ff}", TargetError::Control),
        ("/a%00", TargetError::Control),
        ("/a%0d%0a", TargetError::Control),
        ("/private#/public/a.png", TargetError::Fragment),
        ("*", TargetError::NotAPath),
        ("", TargetError::NotAPath),
        ("//", TargetError::NotAPath),
        ("//evil.tld/a", TargetError::NotAPath),
    ] {
        assert_eq!(NormalisedPath::read(target), Err(error), "{target:?}");
    }
}

#[test]
fn f08_the_short_way_for_plain_paths_says_what_the_long_way_says() {
    let signs = ["/", ".", "a", "Z", "0", "-", "_", "%", "%2e", "%2f", ";", "\\", "~", "#", " ", "\u{e9}"];
    let closed = rules(&["/0/"], &["/a", "/z/0"], &["/0a"], &["/-"]);
    let pick = |number: usize, place: u32| signs[number / signs.len().pow(place) % signs.len()];
    for number in 0..signs.len().pow(4) {
        let path: String = ["/"].into_iter().chain((0..4).map(|place| pick(number, place))).collect();
        // What reads like a host is refused before either way is gone.
        let close =
            if path.starts_with("//") { Err(TargetError::NotAPath) } else { NormalisedPath::read_closely(&path) };
        let said = |path: Result<NormalisedPath, TargetError>| {
            path.map(|path| (closed.class(&path, None), path.is_clear, path.decoded))
        };
        assert_eq!(said(NormalisedPath::read(&path)), said(close), "{path}");
    }
}

#[test]
fn a_sign_in_only_returns_to_the_agencys_own_host() {
    for foreign in [
        "//evil.tld",
        "/\\evil.tld",
        "https://evil.tld",
        "/\t/evil.tld",
        "evil",
        "",
        "/a\r\nb",
        "/%2f/evil.tld",
        "/.vestibule/logout",
        "/a/../b",
        "///evil.tld",
        "/%5cevil.tld",
        "/a#b",
        "javascript:alert(1)",
    ] {
        let there = ReturnPath::parse_or_home(foreign);
        assert!(there == ReturnPath::home() || there.as_str().starts_with("/%"), "{foreign}: {there:?}");
        assert!(!there.as_str().starts_with("//"));
    }
    assert_eq!(ReturnPath::parse_or_home("/admin/?next=%2Fx&y=1").as_str(), "/admin/?next=%2Fx&y=1");
}

fn rules(public: &[&str], login: &[&str], logout: &[&str], account: &[&str]) -> PathRules {
    let read = |rules: &[&str]| rules.iter().map(|text| PathRule::parse(text).expect("a rule")).collect();
    let public = public.iter().map(|text| PathRule::parse_opening(text).expect("a rule")).collect();
    PathRules { public, login: read(login), logout: read(logout), account: read(account), ..PathRules::default() }
}

fn class(rules: &PathRules, target: &str) -> PathClass {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    rules.class(&NormalisedPath::read(path).unwrap_or_else(|error| panic!("{target}: {error}")), query)
}

/// Spellings of a path that one server or another takes for the path itself, or for something below it.
fn spellings(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches('/');
    let (first, rest) = inner.split_at(1);
    let escaped = format!("%{:02x}", first.as_bytes()[0]);
    let capital = inner.to_uppercase();
    let mut all = Vec::new();
    for begin in ["", "(S(abc))/", "(A(x)F(y))/", "%28S(abc))/", "%2f", "%5c", ";x/", "x/..%20/", "%c0%af", ".%20/"] {
        all.push(format!("/{begin}{inner}"));
    }
    for end in [
        "/",
        "//",
        ".",
        "..",
        "%20",
        "%20.",
        "+",
        "%09",
        "::$DATA",
        "%3a%3a$data",
        ":",
        ";x=1",
        "%3Bx",
        "/x",
        "/x/y.css",
        "%2fx",
        "%5cx",
        "%252f",
        "%3fx",
        "%23x",
        "%2500.png",
        "/;x",
        "/%20",
        "%e2%80%8b",
        "%c2%a0",
        "%a0",
        "%ef%bc%8f",
        "%c0%af",
        "%c0%2fx",
        "/..%20/x",
        "%u002f",
        "%e2%88%95x",
    ] {
        all.extend([format!("/{inner}{end}"), format!("/{capital}{end}")]);
    }
    let wide = char::from_u32(u32::from(first.as_bytes()[0]) + 0xfee0).expect("a wide letter");
    let wide = wide.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let twice = escaped.replace('%', "%25");
    let thrice = twice.replace('%', "%25");
    for begin in [escaped.clone(), escaped.to_uppercase(), twice, thrice, wide, format!("%25u00{}", &escaped[1..])] {
        all.push(format!("/{begin}{rest}"));
    }
    // `%u0069` is no escape to us, and refused before any rule is asked.
    all.retain(|path| NormalisedPath::read(path).is_ok());
    all
}

#[test]
fn review_b3_att_20_att_22_what_restricts_covers_every_spelling_and_what_is_below() {
    for path in
        ["/identification.php", "/Identification", "/extranet/deconnexion.aspx", "/index.php/session/mot-de-passe"]
    {
        for closed in [path.to_owned(), format!("{path}/")] {
            let all = spellings(path);
            assert!(all.len() > 70, "{}", all.len());
            for (rules, is) in [
                (rules(&[], &[&closed], &[], &[]), PathClass::Login),
                (rules(&[], &[], &[&closed], &[]), PathClass::Logout),
                (rules(&[], &[], &[], &[&closed]), PathClass::Account),
            ] {
                for spelling in &all {
                    assert_eq!(class(&rules, spelling), is, "{closed}: {spelling}");
                }
                for other in
                    ["/", "/x", "/identifications.php", "/identification.php2", "/xidentification", "/extranet/"]
                {
                    assert_eq!(class(&rules, other), PathClass::Private, "{closed}: {other}");
                }
            }
        }
    }
}

#[test]
fn review_b3_a_page_is_closed_under_the_names_that_servers_complete_shorten_or_lose_something_of() {
    for (rule, covered, others) in [
        (
            "/espace/identification",
            vec![
                // Formats of Rails, pages without their ending (`MultiViews`, friendly URLs), names of DOS.
                "/espace/identification.json",
                "/espace/Identification.XML",
                "/espace/identification.aspx",
                "/espace/identification.do/",
                "/espace/identification.php;x=1",
                "/espace/identification%2ehtml",
                "/ESPACE/IDENTI~1",
                "/espace/identi~3.",
                "/espace/ident~12",
                "/espace/id3F2A~1",
                "/espace/IDENTI~1/x",
                // What a server cannot read, or has no letter for.
                "/espace/identification%ff",
                "/espace/id%fe%ffentification",
                "/%ff/espace/identification",
                "/espace/identification%e2%98%83",
                "/espace/id%f0%9f%98%80entification",
                "/espace/identification%25ff",
                // The nearest letter of Windows-1252.
                "/espace/i%ce%b4entification",
                "/espace/id%ce%b5%e2%88%a9%cf%84ification",
                "/espace/identi%c6%92ication",
                "/espace/%c6%97den%c5%a7ification",
            ],
            vec![
                "/espace/identification.css",
                "/espace/identification.js",
                "/espace/identification.png",
                "/espace/identifications.json",
                "/espace/identification-2.php",
                "/espace/ident~1",
                "/espace/autres~1",
                "/espace/~identification",
                "/espace/identi~x",
                "/espace.json/identification",
                "/espace/ident%ffite",
            ],
        ),
        (
            "/MotDePasse.php",
            vec![
                "/motdepasse",
                "/MOTDEPASSE/",
                "/motdepasse.",
                "/motdepasse.php5",
                "/motdepasse.html",
                "/MOTDEP~1.PHP",
                "/%ff/motdepasse",
            ],
            vec!["/motdepasse/aide", "/motdepasse.css", "/motdep~1", "/motdep~1.htm", "/motdepasse.php2"],
        ),
        ("/compte.jsp", vec!["/compte", "/compte.do"], vec!["/compte/factures.jsp", "/comptes", "/compte~1.jsp"]),
    ] {
        for closed in [rules(&[], &[rule], &[], &[]), rules(&["/espace/"], &[rule], &[], &[])] {
            for path in &covered {
                assert_eq!(class(&closed, path), PathClass::Login, "{rule}: {path}");
            }
            for path in &others {
                assert_ne!(class(&closed, path), PathClass::Login, "{rule}: {path}");
            }
        }
        let exact = rules(&[], &[&format!("={rule}")], &[], &[]);
        for path in covered {
            assert_eq!(class(&exact, path), PathClass::Private, "={rule}: {path}");
        }
    }
}

#[test]
fn section_20_an_exact_rule_is_for_its_path_alone() {
    let rules = rules(&["=/login/logo.png", "=/"], &["=/app/", "/login/", "=/auth?step=1"], &[], &[]);
    for (target, is) in [
        ("/app/", PathClass::Login),
        ("/%61pp/", PathClass::Login),
        ("/app", PathClass::Private),
        ("/app/x", PathClass::Private),
        ("/App/", PathClass::Private),
        ("/app/;x", PathClass::Private),
        ("/login/logo.png", PathClass::Public),
        ("/login/%6cogo.png", PathClass::Public),
        ("/login/LOGO.png", PathClass::Login),
        ("/login/logo.png/", PathClass::Login),
        ("/login/logo.png;x", PathClass::Login),
        ("/login/", PathClass::Login),
        ("/", PathClass::Public),
        ("/auth?step=1", PathClass::Login),
        ("/auth?step=2", PathClass::Private),
    ] {
        assert_eq!(class(&rules, target), is, "{target}");
    }
}

#[test]
fn f4_rules_are_compared_by_what_they_say_and_not_by_where_they_stand() {
    for rules in [
        rules(&[], &["/compte/entrer"], &["/compte"], &["/compte/entrer/motdepasse"]),
        rules(&[], &["/compte/entrer"], &["/compte/entrer/motdepasse/sortir"], &["/compte"]),
        rules(&[], &["/compte"], &["/compte/entrer"], &["/compte/entrer/motdepasse"]),
    ] {
        let special = class(&rules, "/compte/entrer/x");
        let general = class(&rules, "/compte/x");
        assert_eq!(class(&rules, "/compte/entrer"), special, "{rules:?}");
        assert_ne!(special, general, "{rules:?}");
        let deepest = class(&rules, "/compte/entrer/motdepasse/sortir");
        assert!(deepest != special && deepest != general, "{rules:?}");
    }
    // One path that is both open and closed by name is closed.
    let both = rules(&["=/entrer"], &["=/entrer"], &[], &[]);
    assert_eq!(class(&both, "/entrer"), PathClass::Login);
}

#[test]
fn sec_027_names_of_which_a_server_takes_something_off_are_no_strangers() {
    let rules = rules(&["/public/"], &[], &[], &[]);
    for name in [
        "a%20",
        "%20a",
        "a.",
        "+a",
        "a+",
        "a%20/b",
        "a./b",
        "x::$DATA",
        "x:",
        "x:$i30:$INDEX_ALLOCATION",
        "c:",
        "C:/x",
        "c:x",
        "ab:",
    ] {
        assert_eq!(class(&rules, &format!("/public/{name}")), PathClass::Private, "{name}");
    }
    for name in ["a", "a%20b", "a.b", ".htaccess", "a+b", "heure:12", "a/b/"] {
        assert_eq!(class(&rules, &format!("/public/{name}")), PathClass::Public, "{name}");
    }
}

#[test]
fn f4_the_more_special_rule_wins_and_what_opens_wins_over_nothing() {
    let rules = rules(
        &["/public/", "/login.php"],
        &["/login.php", "/public/login"],
        &["/login.php?action=logout", "/login.php/logout"],
        &["/login.php/logout/password"],
    );
    for (target, is) in [
        ("/login.php", PathClass::Login),
        ("/login.php?action=login", PathClass::Login),
        ("/login.php?action=logout", PathClass::Logout),
        ("/login.php/x?action=logout", PathClass::Logout),
        ("/LOGIN.php?Action=LOGOUT", PathClass::Logout),
        ("/login.php/logout", PathClass::Logout),
        ("/login.php/logout/password", PathClass::Account),
        ("/public/login", PathClass::Login),
        ("/public/login.css", PathClass::Public),
    ] {
        assert_eq!(class(&rules, target), is, "{target}");
    }
}

#[test]
fn f4_rules_that_can_never_hold_are_told() {
    let rules = rules(
        &["/login/img/", "/static/", "/static/", "=/login/a.png", "/.vestibule/x"],
        &["/login/", "/LOGIN", "=/app"],
        &["/login", "/login?a=b"],
        &["=/app", "/app"],
    );
    let told: Vec<_> = rules.idle().iter().map(|idle| (idle.list, idle.rule.text(), idle.before)).collect();
    let expected = [
        ("login", "/LOGIN", "/login/"),
        ("logout", "/login", "/login/"),
        ("account", "=/app", "=/app"),
        ("public", "/login/img/", "/login/"),
        ("public", "/static/", "/static/"),
        ("public", "/.vestibule/x", "/.vestibule/"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn f1_a18_a_rule_with_a_query_names_a_page_of_a_front_controller_in_every_spelling() {
    for (rule, covered, others) in [
        (
            "/app/index.php?route=/logout",
            vec![
                "/app/index.php?route=/logout",
                "/app/index.php?route=%2Flogout&token=1",
                "/app/index.php?db=1&route=/Logout/",
                "/app/?route=/logout",
                "/app/index.php?a;route=/logout",
                "/APP/index.php/?Route=/logout",
                "/app/index.php?route=%2flog%6Fut",
                "/app/index.php?route=//logout",
            ],
            vec!["/app/index.php?route=/logouts", "/app/index.php?route=/", "/x?route=/logout", "/app/index.php"],
        ),
        (
            "/?_task=logout",
            vec![
                "/?_task=logout&_token=x",
                "/index.php?_task=logout",
                "/?.task=logout",
                "/?_task=LOGOUT",
                "/?%5ftask=logout",
            ],
            vec!["/?_task=mail", "/", "/?task=logout", "/?_task=logout2", "/?x_task=logout"],
        ),
        (
            "/x/?@action=logout",
            vec!["/x/?@action=logout", "/x/index.html?%40action=logout", "/x?@action=logout"],
            vec!["/x/"],
        ),
        (
            "/w/index.php?title=Special:UserLogout",
            vec![
                "/w/index.php?title=Special:UserLogout",
                "/w/index.php?title=special%3Auserlogout&returnto=x",
                "/w/?title=Special:UserLogout/x",
            ],
            vec!["/w/index.php?title=Special:UserLogin", "/w/index.php?title=Special"],
        ),
        (
            "/wiki/doku.php?do=logout",
            vec![
                "/wiki/doku.php?id=start&do=logout&sectok=1",
                "/wiki/doku.php?do=show&do=logout",
                "/wiki/doku.php?%64o=log%6Fut",
                "/wiki/doku.php?do[]=logout",
                "/wiki/doku.php?do%5B0%5D=logout",
                "/wiki/doku.php?%2564o=log%256Fut",
                "/wiki/doku.php??do=logout",
                "/wiki/doku.php?id=start&amp;do=logout",
                "/wiki/doku.php%3fdo=logout",
                "/wiki/doku.php%253Fid=1&do=logout?x=1",
            ],
            vec![
                "/wiki/doku.php?xdo=logout",
                "/wiki/doku.php?do=logout2",
                "/wiki/?do=logout",
                "/wiki/doku.php?do[x]=logout",
                "/wiki/doku.php?id=%26do=logout",
                "/wiki/doku.php%3fdo=show",
            ],
        ),
        ("/?logout", vec!["/?logout", "/?logout=1", "/x.php?logout"], vec!["/", "/?log"]),
        (
            "/index.php?title=Sp%C3%A9cial:D%E9connexion",
            vec!["/index.php?title=Spécial:Déconnexion", "/index.php?title=Sp%E9cial:D%C3%A9connexion"],
            vec!["/index.php?title=Connexion"],
        ),
    ] {
        let rules = rules(&[], &[], &[rule], &[]);
        for target in covered {
            assert_eq!(class(&rules, target), PathClass::Logout, "{rule}: {target}");
        }
        for target in others {
            assert_eq!(class(&rules, target), PathClass::Private, "{rule}: {target}");
        }
    }
}

#[test]
fn f5_a_path_beyond_ascii_is_named_as_it_is_read_or_escaped() {
    for rule in [
        "/index.php/Spécial:Déconnexion",
        "/index.php/Sp%C3%A9cial:D%C3%A9connexion",
        "/index.php/Sp%E9cial:D%E9connexion",
        "/index.php/Spe\u{301}cial:De\u{301}connexion",
    ] {
        let closed = rules(&[], &[], &[rule], &[]);
        for path in [
            "/index.php/Sp%C3%A9cial:D%C3%A9connexion",
            "/index.php/Sp%c3%a9cial%3AD%c3%a9connexion",
            "/index.php/Sp%E9cial:D%E9connexion",
            "/index.php/Spe%CC%81cial:De%CC%81connexion",
            "/index.php/sp%C3%89cial:D%C3%89connexion/",
        ] {
            assert_eq!(class(&closed, path), PathClass::Logout, "{rule}: {path}");
        }
        assert_eq!(class(&closed, "/index.php/Accueil"), PathClass::Private);
    }
    let open = rules(&["/médias/"], &[], &[], &[]);
    assert_eq!(class(&open, "/m%C3%A9dias/r%C3%A9sidence.png"), PathClass::Public);
    assert_eq!(class(&open, "/m%E9dias/x.png"), PathClass::Private, "in Latin-1 it may be another one");
}

#[test]
fn what_is_no_rule_is_told_why() {
    for (rule, error) in [
        ("login", RuleError::NotAPath),
        ("=login", RuleError::NotAPath),
        ("?a=b", RuleError::NotAPath),
        ("/", RuleError::Everything),
        ("/a;b", RuleError::Unclear),
        ("/a#b", RuleError::Unclear),
        ("/a\\b", RuleError::Unclear),
        ("//a", RuleError::Unclear),
        ("/a/../b", RuleError::Unclear),
        ("/a/./b", RuleError::Unclear),
        ("/(S(x))/", RuleError::Unclear),
        ("/%zz", RuleError::Unclear),
        ("/%252f", RuleError::Unclear),
        ("/a%00", RuleError::Unclear),
        ("/a?", RuleError::Pair),
        ("/a?=c", RuleError::Pair),
        ("/a?b=c&d=e", RuleError::Pair),
        ("/a?b=%20", RuleError::Pair),
        ("/a?b=%z", RuleError::Pair),
    ] {
        assert_eq!(PathRule::parse(rule).map(|_| ()), Err(error), "{rule}");
    }
    for (rule, error) in [
        ("/a?b=c", RuleError::Query),
        ("/a./", RuleError::Unclear),
        ("/a /", RuleError::Unclear),
        ("/a\u{2215}b/", RuleError::Unclear),
        ("/a%2e%2e::$DATA", RuleError::Unclear),
    ] {
        assert_eq!(PathRule::parse_opening(rule).map(|_| ()), Err(error), "{rule}");
    }
}

#[test]
fn f3_a_login_page_that_has_another_face_stays_open() {
    for (page, closed, open) in [
        ("/app/", vec!["/app/", "/app", "/App//", "/%61pp/"], vec!["/app/x", "/app/index.php", "/app/?route=/x"]),
        (
            "/index.php",
            vec!["/index.php", "/INDEX.php/", "/index.php;x"],
            vec!["/index.php/wiki", "/index.php?page=2", "/"],
        ),
        ("/", vec!["/"], vec!["/x", "/?_task=mail"]),
        ("/compte", vec!["/compte", "/compte?x=1", "/Compte/"], vec!["/compte/avis"]),
        (
            "/a.php?page=espace&x=1",
            vec!["/a.php?x=1&page=espace", "/A.php?x=1&y&page=Espace"],
            vec!["/a.php", "/a.php?x=1"],
        ),
    ] {
        assert_eq!(sign_in_rule(page), None, "{page}");
        let rules = PathRules { form_page: Some(FormPage::of(page)), ..PathRules::default() };
        for target in closed {
            assert_eq!(class(&rules, target), PathClass::FormPage, "{page}: {target}");
        }
        for target in open {
            assert_eq!(class(&rules, target), PathClass::Private, "{page}: {target}");
        }
    }
    for (page, rule) in [
        ("/identification.php", "/identification.php"),
        ("/admin/login/", "/admin/login/"),
        ("/users/sign_in", "/users/sign_in"),
        ("/espace/connexion", "/espace/connexion"),
        ("/wiki/doku.php?do=login&id=start", "/wiki/doku.php?do=login"),
        ("/app/index.php?route=/login", "/app/index.php?route=/login"),
    ] {
        assert_eq!(sign_in_rule(page).as_ref().map(PathRule::text), Some(rule), "{page}");
    }
    assert_eq!(sign_in_rule("/deconnexion"), None);
}

type Decoder = fn(&[u8]) -> Vec<u8>;

/// What servers make of a path before they look for the file: each a way that one of them is known for.
fn decoders() -> Vec<Decoder> {
    fn once(bytes: &[u8]) -> Vec<u8> {
        readings::decode(bytes)
    }
    fn latin1(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes()
    }
    fn overlong(bytes: &[u8]) -> Vec<u8> {
        readings::text_of(bytes).into_bytes()
    }
    fn best_fit(bytes: &[u8]) -> Vec<u8> {
        use unicode_normalization::UnicodeNormalization as _;
        let fit = |c| match c {
            '\u{2215}' | '\u{2044}' | '\u{29f8}' => '/',
            '\u{2216}' | '\u{a5}' | '\u{20a9}' => '\\',
            '\u{3002}' | '\u{b7}' => '.',
            c => c,
        };
        String::from_utf8_lossy(bytes).nfkc().map(fit).collect::<String>().into_bytes()
    }
    fn ascii_only(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().copied().filter(u8::is_ascii).collect()
    }
    fn plus_is_blank(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect()
    }
    fn each(bytes: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
        String::from_utf8_lossy(bytes)
            .replace('\\', "/")
            .split('/')
            .map(change)
            .collect::<Vec<_>>()
            .join("/")
            .into_bytes()
    }
    fn trim(bytes: &[u8]) -> Vec<u8> {
        each(bytes, |name| {
            let name = name.trim_matches(|c: char| c.is_whitespace() || "\u{200b}\u{ad}\u{feff}".contains(c));
            if name.starts_with("..") && name.trim_matches(|c| c == '.' || c == ' ').is_empty() {
                "..".to_owned()
            } else {
                name.trim_end_matches(['.', ' ']).to_owned()
            }
        })
    }
    fn without_parameters(bytes: &[u8]) -> Vec<u8> {
        each(bytes, |name| name.split(';').next().unwrap_or_default().to_owned())
    }
    fn without_streams(bytes: &[u8]) -> Vec<u8> {
        each(bytes, |name| name.split(':').next().unwrap_or_default().to_owned())
    }
    fn until_nul(bytes: &[u8]) -> Vec<u8> {
        bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
    }
    vec![
        once,
        latin1,
        overlong,
        best_fit,
        ascii_only,
        plus_is_blank,
        trim,
        without_parameters,
        without_streams,
        until_nul,
    ]
}

/// Where a path ends, with slashes collapsed and steps taken.
fn place(path: &[u8]) -> Vec<String> {
    let mut place: Vec<String> = Vec::new();
    for name in String::from_utf8_lossy(path).split(['/', '\\']) {
        match name {
            "" | "." => {}
            ".." => drop(place.pop()),
            name => place.push(name.to_owned()),
        }
    }
    place
}

#[test]
fn sec_027_att_15_no_decoder_leads_out_of_a_public_folder() {
    let rules = rules(&["/public/"], &[], &[], &[]);
    let signs = [
        ".",
        "..",
        "%2e",
        "%252e",
        "%25252e",
        "%c0%ae",
        "%e0%80%ae",
        "%f0%80%80%ae",
        "%c0%2e",
        "%ef%bc%8e",
        "%e2%80%a4",
        "%e3%80%82",
        "%25u002e",
        "/",
        "%2f",
        "%5c",
        "%255c",
        "%c0%af",
        "%c1%9c",
        "%ef%bc%8f",
        "%e2%88%95",
        "%c2%a5",
        "%25c0%25ae",
        "%20",
        "+",
        "%a0",
        "%c2%a0",
        "%e2%80%8b",
        "%c2%ad",
        "%09",
        ";",
        ";x",
        ":",
        "::$DATA",
        "%c3%a9",
        "%e9",
        "x",
        "~",
        "%25zz",
        "%2500",
        "%3f",
        "%cc%81",
        "\"",
        "%e2%80%a5",
    ];
    let pick = |number: usize, at: u32| signs[number / signs.len().pow(at) % signs.len()];
    let decoders = decoders();
    let mut public = 0_u32;
    for number in 0..signs.len().pow(3) {
        let middle: String = (0..3).map(|at| pick(number, at)).collect();
        let raw = format!("/public/{middle}/private");
        let Ok(path) = NormalisedPath::read(&raw) else { continue };
        if rules.class(&path, None) != PathClass::Public {
            continue;
        }
        public += 1;
        // Each decoder before and behind each other one, and once more.
        for first in &decoders {
            for second in &decoders {
                let twice = second(&first(raw.as_bytes()));
                for third in &decoders {
                    let read = place(&third(&twice));
                    assert!(read.first().is_some_and(|name| name == "public"), "{raw}: {read:?}");
                }
            }
        }
    }
    assert!(public > 50, "some are public: {public}");
}

#[test]
fn sec_027_att_15_b23_what_some_server_climbs_by_is_private_or_refused() {
    let rules = rules(&["/public/"], &[], &[], &[]);
    let more =
        [CLIMBS, "%25zz/%25252e%25252e/private", "%25u002e%25u002e/private", ".%cc%81./private", ".%c3%a9./private"];
    for climbing in CLIMBS_SOMEWHERE.into_iter().chain(more) {
        let path = NormalisedPath::read(&format!("/public/{climbing}"));
        assert!(!path.is_ok_and(|path| rules.class(&path, None) == PathClass::Public), "{climbing}");
    }
    assert_eq!(NormalisedPath::read(&format!("/public/{CLIMBS}")), Err(TargetError::Climbs));
}

#[test]
fn case_10_what_is_ambiguous_only_for_a_public_rule_is_private() {
    let rules = rules(&["/static/"], &["/login.php"], &[], &[]);
    for path in
        AMBIGUOUS.map(|odd| format!("/static/{odd}")).into_iter().chain(["/static%2fx".into(), "/static%2Fx".into()])
    {
        assert_eq!(class(&rules, &path), PathClass::Private, "{path}");
    }
    for path in [
        "/static/a%20b(1)!.css",
        "/static/l'appel,&@=~$.pdf",
        "/static/R%C3%A9sidence.pdf",
        "/static/v1..v2.pdf",
        "/static/",
    ] {
        assert_eq!(class(&rules, path), PathClass::Public, "{path}");
    }
}

#[test]
fn a_path_that_can_be_read_in_too_many_ways_is_closed_where_anything_is() {
    for (path, is) in [("/a/..%20/b/..%20/x", PathClass::Private), ("/a/..%20/b/..%20/login", PathClass::Login)] {
        assert_eq!(class(&rules(&[], &["/login"], &[], &[]), path), is, "{path}");
    }
    let path = (0..40).map(|number| format!("/{number}/x/..%20")).collect::<Vec<_>>().concat();
    assert_eq!(class(&rules(&[], &["/login"], &[], &[]), &path), PathClass::Login);
    assert_eq!(class(&rules(&["/x/"], &[], &[], &[]), &path), PathClass::Private);
}
