//! Who cannot be named to an extranet is not forwarded (decision 43): two residents never arrive as one.

use std::{fs, path::PathBuf, time::Duration};

use crate::support::{
    echo::{Account, Echo},
    eventually,
    gateway::Gateway,
    person::{Person, Request},
    raw::Raw,
    site::{Agency, Site, rewrite},
    town::{self, CHOSEN, Town, try_sign_in},
};

/// They differ only by what ISO-8859-1 cannot write.
const OMEGA: (&str, &str) = ("Ωmega", "Old-1111");
const SIGMA: (&str, &str) = ("Σmega", "Old-2222");
const REFUSED: &str = "Votre identifiant ne peut pas être transmis";

fn echo() -> Echo {
    Echo::start(vec![
        Account::new(OMEGA.0, OMEGA.1, "Ω Martin", ""),
        Account::new(SIGMA.0, SIGMA.1, "Σ Martin", ""),
        Account::new("éric-4", "Old-3333", "Éric ł", ""),
    ])
}

/// An agency by its letter that says who is there as these lines tell.
fn agency(letter: &str, echo: &Echo, headers: &[(&str, &str, &str)]) -> Agency {
    let upper = letter.to_ascii_uppercase();
    let texts = headers.iter().map(|(name, value, encoding)| {
        format!("[[headers]]\nname = \"{name}\"\nvalue = \"{value}\"\nencoding = \"{encoding}\"\n")
    });
    let text = texts.collect::<Vec<_>>().concat();
    let headers =
        text.parse::<toml::Table>().expect("TOML").remove("headers").unwrap_or(toml::Value::Array(Vec::new()));
    town::agency(&format!("agence-{letter}"), &format!("C{upper}"), &format!("S{upper}"), "Agence du Port", echo)
        .set("headers", headers)
        .set("brand.support_phone", "05 61 00 00 00")
}

fn town_of(a: Echo, agencies: impl IntoIterator<Item = Agency>) -> Town {
    let site = agencies.into_iter().fold(Site::new(), Site::agency);
    Town { gateway: Gateway::start(&site), a, b: Echo::start(Vec::new()) }
}

fn file(town: &Town, letter: &str) -> PathBuf {
    town.gateway.folder().join(format!("agencies/agence-{letter}.toml"))
}

/// Somebody who has migrated, with an address of their own at each agency.
fn migrated(town: &Town, letter: &str, (login, password): (&str, &str), number: usize) -> Person {
    let mut person = Person::new(&town.gateway);
    let email = format!("{letter}{number}@residents.example");
    town.migrate_named(&mut person, letter, login, password, &email);
    town.forget();
    town.sign_in(&mut person, letter, &email, CHOSEN);
    person
}

/// Nothing of the extranet is seen, by no way, and the portal stays open.
fn stays_outside(town: &Town, person: &mut Person, letter: &str, login: &str) {
    let at = |path: &str| town.gateway.agency(&format!("agence-{letter}"), path);
    town.a.assert_untouched("a sign-in of who cannot be named");
    person.open(at("/membre/x")).see(REFUSED).see("05 61 00 00 00");
    assert_eq!(person.here().status, 403);
    let english = person.ask(Request::get(at("/membre/x")).header("accept-language", "en"));
    assert!(english.text().contains("Your identifier cannot be passed on"), "{}", english.text());
    for mode in ["cors", "no-cors"] {
        let part = person.ask(Request::get(at("/membre/x")).header("sec-fetch-mode", mode));
        assert_eq!((part.status, part.text().len() < 300), (403, true), "{mode}: {}", part.text());
    }
    let mut socket = Raw::connect(town.gateway.port());
    socket.send(format!(
        "GET /membre/socket HTTP/1.1\r\nHost: agence-{letter}.localhost:{}\r\nCookie: {}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        town.gateway.port(),
        person.cookie_line(&at("/"))
    ));
    assert_eq!(socket.answer().expect("an answer").status, 403, "a WebSocket");
    person.open(at("/.vestibule/renew?return=/membre/x")).see(REFUSED);
    town.a.assert_untouched("whatever who cannot be named asked for");
    person.ask(Request::get(at("/public/x")));
    let seen = town.a.last();
    assert!(seen.folded("x-extranet-user").is_empty() && seen.values("authorization").is_empty(), "a public path");
    person.open("/account").see("Agence du Port");
    // Access lines are written in batches.
    eventually("the decision in the access line", Duration::from_secs(10), || {
        town.gateway.log().contains("\"decision\":\"identity-unwritable\"").then_some(())
    });
    assert!(!town.gateway.log().contains(login), "{}", town.gateway.log());
}

#[test]
fn review_b13_two_residents_who_differ_by_what_cannot_be_written_never_arrive_as_one() {
    let cases = [
        ("a", "percent", "{login}", true),
        ("c", "utf8", "{client}-{login}", true),
        ("d", "base64", "{login} {name}", true),
        ("e", "latin1", "{client}-{login}", false),
        ("f", "latin1", "{login} {name}", false),
    ];
    let a = echo();
    let agencies = cases.map(|(letter, encoding, template, _)| {
        agency(letter, &a, &[("X-Extranet-Kind", "{kind}", "latin1"), ("X-Extranet-User", template, encoding)])
    });
    let town = town_of(a, agencies);
    for (letter, encoding, template, arrives) in cases {
        let mut values = Vec::new();
        for (number, who) in [OMEGA, SIGMA].into_iter().enumerate() {
            let mut person = migrated(&town, letter, who, number);
            if !arrives {
                stays_outside(&town, &mut person, letter, who.0);
                continue;
            }
            person.open(town.gateway.agency(&format!("agence-{letter}"), "/membre/x")).see(who.0);
            values.push(town.a.last().folded("X-Extranet-User").join("|"));
        }
        assert!(values.is_empty() || values[0] != values[1], "{encoding} {template}: {values:?}");
        assert_eq!(!values.is_empty(), arrives, "{encoding} {template}");
    }
    let log = town.gateway.log();
    let told = log.matches("a resident cannot be named to the extranet and is not forwarded").count();
    assert_eq!(told, 4, "once an hour of each account: {log}");
    assert!(log.contains("Ωm••a") && log.contains("\"by\":\"X-Extranet-User\""), "{log}");
}

#[test]
fn review_b13_a_name_that_cannot_be_written_is_left_out_and_told() {
    let a = echo();
    let headers = [("X-Extranet-User", "{login}", "latin1"), ("X-Extranet-Name", "{name}", "latin1")];
    let at_a = agency("a", &a, &headers);
    let town = town_of(a, [at_a]);
    let mut eric = migrated(&town, "a", ("éric-4", "Old-3333"), 1);
    eric.open(town.at_a("/membre/x")).see("éric-4");
    let seen = town.a.last();
    assert_eq!(seen.folded("X-Extranet-User"), ["éric-4"]);
    assert!(seen.folded("X-Extranet-Name").is_empty(), "{seen:?}");
    let log = town.gateway.log();
    let told = log.matches("a header about a resident cannot be written and is left out").count();
    assert_eq!(told, 1, "{log}");
}

#[test]
fn review_b13_credentials_that_an_extranets_alphabet_lacks_are_sent_nowhere_and_refused_like_others() {
    let a = echo();
    let form = agency("a", &a, &[]).set("sign_in.form.charset", "iso-8859-1");
    let basic = agency("c", &a, &[]);
    let basic =
        basic.without("sign_in").set("sign_in.adapter", "http-basic").set("sign_in.basic.page", "/basic/latin/x");
    let basic = basic.set("sign_in.basic.charset", "iso-8859-1").without("session_over");
    let town = town_of(a, [form, basic]);
    for letter in ["a", "c"] {
        let mut wrong = Person::new(&town.gateway);
        try_sign_in(&mut wrong, letter, "éric-4", "not-his-own");
        let like_others = wrong.words();
        town.forget();
        for (who, password) in [OMEGA, SIGMA, ("&#937;mega", OMEGA.1)] {
            let mut person = Person::new(&town.gateway);
            try_sign_in(&mut person, letter, who, password);
            assert_eq!(person.words(), like_others, "{letter} {who}");
        }
        let posted: Vec<_> = town.a.seen().into_iter().filter(|seen| seen.method == "POST").collect();
        let basic = town.a.seen().into_iter().filter(|seen| !seen.values("authorization").is_empty());
        assert_eq!(posted.len() + basic.count(), 1, "only what somebody typed to the letter");
    }
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM audit WHERE detail LIKE '%unwritable%'"), 4);
}

#[test]
fn review_b13_an_extranet_whose_alphabet_is_another_by_now_is_not_signed_in_to() {
    let a = echo();
    let form = agency("a", &a, &[]);
    let basic = agency("c", &a, &[]).without("sign_in").without("session_over");
    let basic = basic.set("sign_in.adapter", "http-basic").set("sign_in.basic.page", "/basic/x");
    let mut town = town_of(a, [form, basic.set("sign_in.basic.charset", "utf-8")]);
    let mut people = ["a", "c"].map(|letter| (letter, migrated(&town, letter, OMEGA, 1)));
    for (letter, key, charset) in
        [("a", "sign_in.form.charset", "iso-8859-1"), ("c", "sign_in.basic.charset", "iso-8859-1")]
    {
        rewrite(&file(&town, letter), key, charset);
    }
    town.gateway.restart();
    // Of another time than just now: one that is fresh serves whoever asks.
    town.gateway.rewrite("UPDATE upstream_cookies SET signed_in_at = signed_in_at - 60000");
    for (letter, person) in &mut people {
        town.forget();
        let at = |path: &str| town.gateway.agency(&format!("agence-{letter}"), path);
        person.open(at("/.vestibule/renew?return=/membre/x")).see(REFUSED);
        let seen = town.a.seen();
        let sent =
            |seen: &&crate::support::echo::Seen| seen.method == "POST" || !seen.values("authorization").is_empty();
        assert!(!seen.iter().any(|seen| sent(&seen)), "{letter}: {seen:?}");
    }
    town.forget();
    stays_outside(&town, &mut people[1].1, "c", OMEGA.0);
}

#[test]
fn review_b13_check_and_import_tell_what_cannot_be_written() {
    let a = echo();
    let at_a = agency("a", &a, &[("X-Extranet-User", "{login}", "latin1"), ("X-Extranet-Name", "{name}", "latin1")]);
    let town = town_of(a, [at_a.set("sign_in.verifier", "roster")]);
    let done = town.gateway.run("check", &["--offline"]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
    assert!(told.contains("is not forwarded") && told.contains("is left out"), "{told}");
    let roster = town.gateway.folder().join("roster.csv");
    fs::write(&roster, "identifiant;mot de passe;nom;clos\nD1;Prov-4471-x;Ana\nΩmega;Prov-4472-x;Ana\nD2;Prov-4473-x;Łuk\nΣmega;;;oui\n")
        .expect("a roster");
    let done = town.gateway.run("import", &["--agency", "CA/SA", roster.to_str().expect("a path")]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(told.contains(":3: the header X-Extranet-User names the account"), "{told}");
    assert!(told.contains(":4: the header X-Extranet-Name cannot be written, and is left out"), "{told}");
    assert!(told.contains("2 accounts taken, 1 lines refused, 1 headers left out"), "{told}");
    rewrite(&file(&town, "a"), "headers", {
        let text = "[[headers]]\nname = \"X-U\"\nvalue = \"Ω-{login}\"\nencoding = \"latin1\"\n";
        text.parse::<toml::Table>().expect("TOML").remove("headers").expect("headers")
    });
    let done = town.gateway.run("check", &["--offline"]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("latin1 cannot write it, whoever the resident is"), "{told}");
}
