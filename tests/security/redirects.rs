//! After a sign-in one comes out where one came in, and nowhere else.

use reqwest::Method;
use url::{Url, form_urlencoded};

use crate::support::{
    page,
    person::{Person, Request},
    town::Town,
};

/// Ways to write an address elsewhere so that a careless check takes it for a path.
const ELSEWHERE: [&str; 64] = [
    // Schemes, and schemes that lose their slashes.
    "http://evil.tld",
    "https://evil.tld/",
    "HTTPS://EVIL.TLD",
    "https:evil.tld",
    "https:/evil.tld",
    "https:///evil.tld",
    "https:\\\\evil.tld",
    "https:/\\evil.tld",
    "ftp://evil.tld",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "\u{1}javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//javascript:alert(1)",
    // Addresses without a scheme.
    "//evil.tld",
    "///evil.tld",
    "////evil.tld",
    "//evil.tld/%2e%2e",
    "/\\evil.tld",
    "\\/evil.tld",
    "\\\\evil.tld",
    "\\evil.tld",
    "/\\/evil.tld",
    "//\\evil.tld",
    "/\\\\evil.tld",
    // Blanks and control bytes that browsers drop.
    "/\t/evil.tld",
    "/\n/evil.tld",
    "/\r\n/evil.tld",
    "\t//evil.tld",
    " //evil.tld",
    "/ /evil.tld",
    "//\u{0}evil.tld",
    "/\u{b}/evil.tld",
    "/\u{a0}/evil.tld",
    "/\u{3000}/evil.tld",
    "\u{feff}//evil.tld",
    // The same in escapes, once and twice.
    "/%09/evil.tld",
    "/%0a/evil.tld",
    "/%0d%0a/evil.tld",
    "%2f%2fevil.tld",
    "/%2fevil.tld",
    "/%5cevil.tld",
    "/%2f%2fevil.tld",
    "%2F%5Cevil.tld",
    "/%252fevil.tld",
    "%68ttps://evil.tld",
    "/.%2fevil.tld",
    // Climbing and dots.
    "/..//evil.tld",
    "/.//evil.tld",
    "/./\\evil.tld",
    "/a/..//evil.tld",
    "/a/../..//evil.tld",
    "/;/evil.tld",
    // Other characters that some parsers take for a slash or a dot.
    "/\u{2215}evil.tld",
    "/\u{ff0f}evil.tld",
    "//evil\u{3002}tld",
    "\u{ff0f}\u{ff0f}evil.tld",
    // User names, ports, fragments, and header injection.
    "//www.localhost@evil.tld",
    "https://agence-a.localhost:443@evil.tld",
    "//evil.tld#@agence-a.localhost",
    "/x\r\nLocation: https://evil.tld",
    "/%0d%0aSet-Cookie:%20a=b",
];

/// Addresses that begin or end like one of ours.
const LOOKALIKES: [&str; 10] = [
    "https://agence-a.localhost.evil.tld/",
    "https://evil-agence-a.localhost/",
    "https://agence-a.localhost@evil.tld",
    "https://agence-a.localhost:443@evil.tld",
    "http://agence-a.localhost:80%40evil.tld/",
    "http://agence-a.localhost%2eevil.tld/",
    "//agence-a.localhost.evil.tld/",
    "http://xn--agence-a.localhost/",
    "http://www.localhost.evil.tld/login",
    "http://evil.tld/http://agence-a.localhost/",
];

#[test]
fn sec_030_a_signed_in_resident_is_never_sent_elsewhere() {
    let town = Town::build();
    let mut alice = town.alice();
    for text in ELSEWHERE {
        for start in starts(&town, text) {
            assert_stays(&town, &mut alice, Request::get(start), text);
        }
    }
}

#[test]
fn sec_030_a_sign_in_is_never_followed_by_another_house() {
    let town = Town::build();
    town.alice();
    for text in ELSEWHERE.into_iter().step_by(5) {
        let mut alice = Person::new(&town.gateway);
        alice.open(starts(&town, text).remove(0)).fill("login", "alice@residents.example");
        alice.fill("password", crate::support::town::CHOSEN);
        let mut form = alice.form("Connexion");
        // The hidden field is only as good as the one who fills it in.
        form.set("return", text);
        let request = alice.request_of(&form);
        assert_stays(&town, &mut alice, request, text);
    }
}

#[test]
fn sec_030_neither_the_language_nor_the_way_out_leads_elsewhere() {
    let town = Town::build();
    let mut alice = town.alice();
    for text in ELSEWHERE {
        alice.open("/account");
        let mut form = page::form_to(&alice.here().text(), &alice.here().url.clone(), "/language").expect("languages");
        form.set("return", text);
        form.fields.push(("language".to_owned(), "fr".to_owned()));
        let request = alice.request_of(&form);
        assert_stays(&town, &mut alice, request, text);
    }
    for text in ELSEWHERE {
        let query = encoded(text);
        for path in ["/logout", "/terms", "/forgotten", "/confirm", "/account", "/"] {
            let url = town.gateway.portal(&format!("{path}?return={query}&next={query}&rd={query}&url={query}"));
            assert_stays(&town, &mut alice, Request::get(url), text);
        }
    }
}

#[test]
fn sec_031_an_address_that_begins_or_ends_like_ours_is_elsewhere() {
    let town = Town::build();
    let mut alice = town.alice();
    for text in LOOKALIKES {
        for start in starts(&town, text) {
            assert_stays(&town, &mut alice, Request::get(start), text);
        }
    }
}

/// The addresses that take a way back.
fn starts(town: &Town, text: &str) -> Vec<Url> {
    let text = encoded(text);
    vec![
        town.gateway.portal(&format!("/login?client=CA&societe=SA&return={text}")),
        town.gateway.portal(&format!("/terms?client=CA&societe=SA&return={text}")),
        town.gateway.agency("agence-a", &format!("/.vestibule/begin?return={text}")),
        town.gateway.agency("agence-a", &format!("/.vestibule/renew?return={text}")),
        town.gateway.agency("agence-a", &format!("/.vestibule/enter?code=none&return={text}")),
    ]
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Follows every redirect and fails if one leads to a host that is not ours, or is not an address at all.
fn assert_stays(town: &Town, person: &mut Person, request: Request, text: &str) {
    let ours = [town.gateway.portal("/").origin(), town.gateway.agency("agence-a", "/").origin()];
    let mut answer = person.ask(request);
    for _ in 0..10 {
        assert!(
            !answer.headers.contains_key("set-cookie") || !answer.header("set-cookie").starts_with("a=b"),
            "{text:?}"
        );
        let refresh = answer.header("refresh");
        assert!(!refresh.contains("evil"), "{text:?}: {refresh}");
        // Whoever renews again and again is told that the extranet refuses.
        let too_often = answer.status == 502 && answer.url.path() == "/.vestibule/renew";
        assert!(answer.status < 500 || too_often, "{text:?}: {} at {}", answer.status, answer.url);
        let Some(next) = answer.redirect() else { break };
        assert!(ours.contains(&next.origin()), "{text:?} leads to {next}");
        assert!(!answer.header("location").starts_with("//"), "{text:?}: {}", answer.header("location"));
        answer = person.ask(Request::get(next).method(Method::GET));
    }
    let page = answer.text();
    if answer.header("content-type").starts_with("text/html") {
        for link in page::links(&page, &answer.url) {
            let scheme = matches!(link.scheme(), "http" | "https" | "mailto" | "tel");
            assert!(scheme && !link.host_str().unwrap_or_default().ends_with("evil.tld"), "{text:?}: a link to {link}");
        }
    }
}
